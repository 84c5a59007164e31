package program

// The operations that move elements without computing: all but gather are copies between strided views.

import "paragon/reference/tensor"

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

func transpose(x []*tensor.Tensor, a *Attributes, out *tensor.Tensor) {
	copy(out.Words, permuted(x[0], a.Axes))
}

func constant(_ []*tensor.Tensor, a *Attributes, out *tensor.Tensor) { fill(out.Words, a.Word) }

func fill(words []uint32, word uint32) {
	for i := range words {
		words[i] = word
	}
}

func reshape(x []*tensor.Tensor, _ *Attributes, out *tensor.Tensor) { copy(out.Words, x[0].Words) }

func broadcast(x []*tensor.Tensor, _ *Attributes, out *tensor.Tensor) {
	copyStrided(out.Shape, out.Words, 0, rowMajor(out.Shape), x[0].Words, 0, broadcastStrides(x[0].Shape, out.Shape))
}

func slice(x []*tensor.Tensor, a *Attributes, out *tensor.Tensor) {
	at, strides := 0, rowMajor(x[0].Shape)
	for k := range strides {
		at += a.Start[k] * strides[k]
		if out.Shape[k] > 1 { // else the step, which may be huge, is not taken
			strides[k] *= a.Step[k]
		}
	}
	copyStrided(out.Shape, out.Words, 0, rowMajor(out.Shape), x[0].Words, at, strides)
}

func pad(x []*tensor.Tensor, a *Attributes, out *tensor.Tensor) {
	fill(out.Words, a.Word)
	if len(x[0].Words) == 0 {
		return
	}
	at, strides := 0, rowMajor(out.Shape)
	for k := range strides {
		at += a.Low[k] * strides[k]
		if x[0].Shape[k] > 1 { // else the gap, which may be huge, is not taken
			strides[k] *= 1 + a.Interior[k]
		}
	}
	copyStrided(x[0].Shape, out.Words, at, strides, x[0].Words, 0, rowMajor(x[0].Shape))
}

func concat(x []*tensor.Tensor, a *Attributes, out *tensor.Tensor) {
	at, strides := 0, rowMajor(out.Shape)
	for _, part := range x {
		if len(part.Words) > 0 {
			copyStrided(part.Shape, out.Words, at, strides, part.Words, 0, rowMajor(part.Shape))
		}
		at += part.Shape[a.Axis] * strides[a.Axis]
	}
}
