package program

// The operations that move elements without computing: copies between strided views.

import (
	"fmt"

	"paragon/reference/tensor"
)

var movements = []definition{
	{"constant", 0, []attribute{attrDType, attrShape, attrWord}, constantRule, constant},
	{"reshape", 1, []attribute{attrShape}, reshapeRule, reshape},
	{"transpose", 1, []attribute{attrAxes}, transposeRule, transpose},
	{"broadcast", 1, []attribute{attrShape}, broadcastRule, broadcast},
	{"slice", 1, []attribute{attrStart, attrStop, attrStep}, sliceRule, slice},
	{"pad", 1, []attribute{attrLow, attrHigh, attrInterior, attrWord}, padRule, pad},
	{"concat", oneOrMore, []attribute{attrAxis}, concatRule, concat},
}

var (
	attrStart    = integers("start", 0)
	attrStop     = integers("stop", 0)
	attrStep     = integers("step", 1)
	attrLow      = integers("low", 0)
	attrHigh     = integers("high", 0)
	attrInterior = integers("interior", 0)
)

// rowMajor is the strides of a dense array.
func rowMajor(s tensor.Shape) []int {
	strides, n := make([]int, len(s)), 1
	for k := len(s) - 1; k >= 0; k-- {
		strides[k] = n
		n *= s[k]
	}
	return strides
}

// broadcastStrides reads an array of shape own as one of shape wide, to which it broadcasts.
func broadcastStrides(own, wide tensor.Shape) []int {
	strides, dense := make([]int, len(wide)), rowMajor(own)
	for k, dim := range own {
		if dim != 1 {
			strides[len(wide)-len(own)+k] = dense[k]
		}
	}
	return strides
}

// copyStrided copies the elements of a shape from one strided view to another.
func copyStrided(s tensor.Shape, to []uint32, toAt int, toStrides []int, from []uint32, fromAt int, fromStrides []int) {
	switch len(s) {
	case 0:
		to[toAt] = from[fromAt]
	case 1:
		t, f := toStrides[0], fromStrides[0]
		if t == 1 && f == 1 {
			copy(to[toAt:toAt+s[0]], from[fromAt:])
			return
		}
		for i := 0; i < s[0]; i++ {
			to[toAt+i*t] = from[fromAt+i*f]
		}
	default:
		for i := 0; i < s[0]; i++ {
			copyStrided(s[1:], to, toAt+i*toStrides[0], toStrides[1:], from, fromAt+i*fromStrides[0], fromStrides[1:])
		}
	}
}

// permuted is x with its axes in another order: axis i of the result is axis order[i] of x.
func permuted(x *tensor.Tensor, order []int) []uint32 {
	strides, s := make([]int, len(order)), make(tensor.Shape, len(order))
	dense, sorted := rowMajor(x.Shape), true
	for i, axis := range order {
		strides[i], s[i] = dense[axis], x.Shape[axis]
		sorted = sorted && axis == i
	}
	if sorted || len(x.Words) == 0 {
		return x.Words
	}
	words := make([]uint32, len(x.Words))
	copyStrided(s, words, 0, rowMajor(s), x.Words, 0, strides)
	return words
}

func transposeRule(x []Kind, a Attributes) (Kind, error) {
	axes := attrAxes.of(a)
	if err := needEntries(x[0], axes); err != nil {
		return Kind{}, err
	}
	seen := map[int]bool{}
	out := make(tensor.Shape, len(axes))
	for k, axis := range axes {
		if axis >= len(out) || seen[axis] {
			return Kind{}, fmt.Errorf("%v is not a permutation of the axes of %v", axes, x[0])
		}
		seen[axis] = true
		out[k] = x[0].Shape[axis]
	}
	return Kind{x[0].DType, out}, nil
}

func transpose(x []*tensor.Tensor, a Attributes, out *tensor.Tensor) {
	copy(out.Words, permuted(x[0], attrAxes.of(a)))
}

func constantRule(_ []Kind, a Attributes) (Kind, error) {
	return Kind{attrDType.of(a), attrShape.of(a)}, nil
}

func constant(_ []*tensor.Tensor, a Attributes, out *tensor.Tensor) { fill(out.Words, attrWord.of(a)) }

func fill(words []uint32, word uint32) {
	for i := range words {
		words[i] = word
	}
}

func reshapeRule(x []Kind, a Attributes) (Kind, error) {
	shape := attrShape.of(a)
	if x[0].Shape.Elements() != shape.Elements() {
		return Kind{}, fmt.Errorf("%v does not have the elements of %v", x[0], shape)
	}
	return Kind{x[0].DType, shape}, nil
}

func reshape(x []*tensor.Tensor, _ Attributes, out *tensor.Tensor) { copy(out.Words, x[0].Words) }

func broadcastRule(x []Kind, a Attributes) (Kind, error) {
	shape := attrShape.of(a)
	s, err := broadcastShapes(x[0].Shape, shape)
	if err != nil || !s.Equal(shape) {
		return Kind{}, fmt.Errorf("%v does not broadcast to %v", x[0], shape)
	}
	return Kind{x[0].DType, s}, nil
}

func broadcast(x []*tensor.Tensor, _ Attributes, out *tensor.Tensor) {
	copyStrided(out.Shape, out.Words, 0, rowMajor(out.Shape), x[0].Words, 0, broadcastStrides(x[0].Shape, out.Shape))
}

func sliceRule(x []Kind, a Attributes) (Kind, error) {
	start, stop, step := attrStart.of(a), attrStop.of(a), attrStep.of(a)
	if err := needEntries(x[0], start, stop, step); err != nil {
		return Kind{}, err
	}
	out := make(tensor.Shape, len(start))
	for k, dim := range x[0].Shape {
		if start[k] > stop[k] || stop[k] > dim {
			return Kind{}, fmt.Errorf("start %v, stop %v are not within %v", start, stop, x[0])
		}
		if length := stop[k] - start[k]; length > 0 {
			out[k] = (length-1)/step[k] + 1
		}
	}
	return Kind{x[0].DType, out}, nil
}

func slice(x []*tensor.Tensor, a Attributes, out *tensor.Tensor) {
	start, step := attrStart.of(a), attrStep.of(a)
	at, strides := 0, rowMajor(x[0].Shape)
	for k := range strides {
		at += start[k] * strides[k]
		if out.Shape[k] > 1 { // else the step, which may be huge, is not taken
			strides[k] *= step[k]
		}
	}
	copyStrided(out.Shape, out.Words, 0, rowMajor(out.Shape), x[0].Words, at, strides)
}

func padRule(x []Kind, a Attributes) (Kind, error) {
	low, high, interior := attrLow.of(a), attrHigh.of(a), attrInterior.of(a)
	if err := needEntries(x[0], low, high, interior); err != nil {
		return Kind{}, err
	}
	out := make(tensor.Shape, len(low))
	for k, dim := range x[0].Shape {
		out[k] = low[k] + high[k]
		if dim > 0 {
			out[k] += dim + (dim-1)*interior[k] // at most 2^62
		}
	}
	return Kind{x[0].DType, out}, nil
}

func pad(x []*tensor.Tensor, a Attributes, out *tensor.Tensor) {
	low, interior := attrLow.of(a), attrInterior.of(a)
	fill(out.Words, attrWord.of(a))
	if len(x[0].Words) == 0 {
		return
	}
	at, strides := 0, rowMajor(out.Shape)
	for k := range strides {
		at += low[k] * strides[k]
		if x[0].Shape[k] > 1 { // else the gap, which may be huge, is not taken
			strides[k] *= 1 + interior[k]
		}
	}
	copyStrided(x[0].Shape, out.Words, at, strides, x[0].Words, 0, rowMajor(x[0].Shape))
}

func concatRule(x []Kind, a Attributes) (Kind, error) {
	axis := attrAxis.of(a)
	if err := needSameDType(x); err != nil {
		return Kind{}, err
	}
	if err := needAxis(x[0], axis); err != nil {
		return Kind{}, err
	}
	out := append(tensor.Shape{}, x[0].Shape...)
	for _, k := range x[1:] {
		same := append(tensor.Shape{}, k.Shape...)
		if len(same) == len(out) {
			same[axis] = x[0].Shape[axis]
		}
		if !same.Equal(x[0].Shape) {
			return Kind{}, fmt.Errorf("%v and %v differ in more than axis %d", x[0], k, axis)
		}
		out[axis] += k.Shape[axis]
	}
	return Kind{x[0].DType, out}, nil
}

func concat(x []*tensor.Tensor, a Attributes, out *tensor.Tensor) {
	axis := attrAxis.of(a)
	at, strides := 0, rowMajor(out.Shape)
	for _, part := range x {
		if len(part.Words) > 0 {
			copyStrided(part.Shape, out.Words, at, strides, part.Words, 0, rowMajor(part.Shape))
		}
		at += part.Shape[axis] * strides[axis]
	}
}
