package program

// The shape rules: for each operation, what its operands must be and what it yields.

import (
	"errors"
	"fmt"
	"math"

	"paragon/reference/tensor"
)

type rule func(x []Kind, a *Attributes) (Kind, error)

func needDType(x []Kind, dtypes ...tensor.DType) error {
	for k, want := range dtypes {
		if x[k].DType != want {
			return fmt.Errorf("operand %d must be %v, not %v", k, want, x[k])
		}
	}
	return nil
}

func needSameDType(x []Kind) error {
	for _, k := range x {
		if k.DType != x[0].DType {
			return fmt.Errorf("the dtypes differ: %v and %v", x[0], k)
		}
	}
	return nil
}

func needAxis(x Kind, axis int) error {
	if axis >= len(x.Shape) {
		return fmt.Errorf("axis %d is not an axis of %v", axis, x)
	}
	return nil
}

// needEntries: each list has one entry for each axis of x.
func needEntries(x Kind, lists ...[]int) error {
	for _, list := range lists {
		if len(list) != len(x.Shape) {
			return fmt.Errorf("the list %v needs an entry for each axis of %v", list, x)
		}
	}
	return nil
}

// broadcastShapes is NumPy's rule.
func broadcastShapes(shapes ...tensor.Shape) (tensor.Shape, error) {
	rank := 0
	for _, s := range shapes {
		if len(s) > rank {
			rank = len(s)
		}
	}
	out := make(tensor.Shape, rank)
	for k := range out {
		out[k] = 1
	}
	for _, s := range shapes {
		for k, dim := range s {
			o := &out[rank-len(s)+k]
			if *o == 1 {
				*o = dim
			} else if dim != 1 && dim != *o {
				return nil, fmt.Errorf("the shapes %v do not broadcast together", shapes)
			}
		}
	}
	return out, nil
}

func shapesOf(x []Kind) []tensor.Shape {
	shapes := make([]tensor.Shape, len(x))
	for k := range x {
		shapes[k] = x[k].Shape
	}
	return shapes
}

// elementwise: any dtype, the same for all; broadcast.
func elementwise(x []Kind, _ *Attributes) (Kind, error) {
	if err := needSameDType(x); err != nil {
		return Kind{}, err
	}
	s, err := broadcastShapes(shapesOf(x)...)
	return Kind{x[0].DType, s}, err
}

func elementwiseF32(x []Kind, a *Attributes) (Kind, error) {
	if err := needDType(x, make([]tensor.DType, len(x))...); err != nil { // the zero dtype is f32
		return Kind{}, err
	}
	return elementwise(x, a)
}

func absRule(x []Kind, a *Attributes) (Kind, error) {
	if x[0].DType == tensor.U32 {
		return Kind{}, fmt.Errorf("the operand must be f32 or i32, not %v", x[0])
	}
	return x[0], nil
}

func compareRule(x []Kind, a *Attributes) (Kind, error) {
	k, err := elementwise(x, a)
	return Kind{tensor.I32, k.Shape}, err
}

func selectRule(x []Kind, a *Attributes) (Kind, error) {
	if err := needSameDType(x[1:]); err != nil {
		return Kind{}, err
	}
	s, err := broadcastShapes(shapesOf(x)...)
	return Kind{x[1].DType, s}, err
}

func castRule(x []Kind, a *Attributes) (Kind, error) { return Kind{a.DType, x[0].Shape}, nil }

func constantRule(_ []Kind, a *Attributes) (Kind, error) { return Kind{a.DType, a.Shape}, nil }

// dropAxes is the shape without the ascending axes, or with length 1 there.
func dropAxes(s tensor.Shape, axes []int, keep bool) tensor.Shape {
	out := tensor.Shape{}
	for k, dim := range s {
		if len(axes) > 0 && axes[0] == k {
			axes = axes[1:]
			if !keep {
				continue
			}
			dim = 1
		}
		out = append(out, dim)
	}
	return out
}

func reduceRule(x []Kind, a *Attributes) (Kind, error) {
	for k, axis := range a.Axes {
		if err := needAxis(x[0], axis); err != nil {
			return Kind{}, err
		}
		if k > 0 && axis <= a.Axes[k-1] {
			return Kind{}, fmt.Errorf("the axes %v do not ascend", a.Axes)
		}
	}
	return Kind{x[0].DType, dropAxes(x[0].Shape, a.Axes, a.KeepDims)}, nil
}

func argmaxRule(x []Kind, a *Attributes) (Kind, error) {
	if err := needAxis(x[0], a.Axis); err != nil {
		return Kind{}, err
	}
	if x[0].Shape[a.Axis] == 0 {
		return Kind{}, fmt.Errorf("axis %d of %v is empty", a.Axis, x[0])
	}
	return Kind{tensor.I32, dropAxes(x[0].Shape, []int{a.Axis}, a.KeepDims)}, nil
}

// matrix splits off the last two axes: rows and columns after the optional transposition.
func matrix(s tensor.Shape, transposed bool) (lead tensor.Shape, rows, columns int) {
	r := len(s)
	rows, columns = s[r-2], s[r-1]
	if transposed {
		rows, columns = columns, rows
	}
	return s[:r-2], rows, columns
}

func matmulRule(x []Kind, a *Attributes) (Kind, error) {
	if err := needDType(x, tensor.F32, tensor.F32); err != nil {
		return Kind{}, err
	}
	if len(x[0].Shape) < 2 || len(x[1].Shape) < 2 {
		return Kind{}, fmt.Errorf("both operands must have rank 2 or more: %v and %v", x[0], x[1])
	}
	leadA, m, k := matrix(x[0].Shape, a.TransposeA)
	leadB, l, n := matrix(x[1].Shape, a.TransposeB)
	if k != l {
		return Kind{}, fmt.Errorf("the inner dimensions %d and %d differ: %v and %v", k, l, x[0], x[1])
	}
	lead, err := broadcastShapes(leadA, leadB)
	return Kind{tensor.F32, append(lead, m, n)}, err
}

func reshapeRule(x []Kind, a *Attributes) (Kind, error) {
	if x[0].Shape.Elements() != a.Shape.Elements() {
		return Kind{}, fmt.Errorf("%v does not have the elements of %v", x[0], a.Shape)
	}
	return Kind{x[0].DType, a.Shape}, nil
}

func transposeRule(x []Kind, a *Attributes) (Kind, error) {
	if err := needEntries(x[0], a.Axes); err != nil {
		return Kind{}, err
	}
	seen := map[int]bool{}
	out := make(tensor.Shape, len(a.Axes))
	for k, axis := range a.Axes {
		if axis >= len(out) || seen[axis] {
			return Kind{}, fmt.Errorf("%v is not a permutation of the axes of %v", a.Axes, x[0])
		}
		seen[axis] = true
		out[k] = x[0].Shape[axis]
	}
	return Kind{x[0].DType, out}, nil
}

func broadcastRule(x []Kind, a *Attributes) (Kind, error) {
	s, err := broadcastShapes(x[0].Shape, a.Shape)
	if err != nil || !s.Equal(a.Shape) {
		return Kind{}, fmt.Errorf("%v does not broadcast to %v", x[0], a.Shape)
	}
	return Kind{x[0].DType, s}, nil
}

func sliceRule(x []Kind, a *Attributes) (Kind, error) {
	if err := needEntries(x[0], a.Start, a.Stop, a.Step); err != nil {
		return Kind{}, err
	}
	out := make(tensor.Shape, len(a.Start))
	for k, dim := range x[0].Shape {
		if a.Start[k] > a.Stop[k] || a.Stop[k] > dim {
			return Kind{}, fmt.Errorf("start %v, stop %v are not within %v", a.Start, a.Stop, x[0])
		}
		if length := a.Stop[k] - a.Start[k]; length > 0 {
			out[k] = (length-1)/a.Step[k] + 1
		}
	}
	return Kind{x[0].DType, out}, nil
}

func padRule(x []Kind, a *Attributes) (Kind, error) {
	if err := needEntries(x[0], a.Low, a.High, a.Interior); err != nil {
		return Kind{}, err
	}
	out := make(tensor.Shape, len(a.Low))
	for k, dim := range x[0].Shape {
		out[k] = addCapped(a.Low[k], a.High[k])
		if dim > 0 {
			out[k] = addCapped(out[k], addCapped(dim, multiplyCapped(dim-1, a.Interior[k])))
		}
	}
	return Kind{x[0].DType, out}, nil
}

func concatRule(x []Kind, a *Attributes) (Kind, error) {
	if err := needSameDType(x); err != nil {
		return Kind{}, err
	}
	if err := needAxis(x[0], a.Axis); err != nil {
		return Kind{}, err
	}
	out := append(tensor.Shape{}, x[0].Shape...)
	for _, k := range x[1:] {
		same := append(tensor.Shape{}, k.Shape...)
		if len(same) == len(out) {
			same[a.Axis] = x[0].Shape[a.Axis]
		}
		if !same.Equal(x[0].Shape) {
			return Kind{}, fmt.Errorf("%v and %v differ in more than axis %d", x[0], k, a.Axis)
		}
		out[a.Axis] = addCapped(out[a.Axis], k.Shape[a.Axis])
	}
	return Kind{x[0].DType, out}, nil
}

// joined is a shape made of pieces; its rank may pass the limit, which is checked afterwards.
func joined(pieces ...[]int) tensor.Shape {
	out := tensor.Shape{}
	for _, piece := range pieces {
		out = append(out, piece...)
	}
	return out
}

func needIndices(x Kind) error {
	if x.DType != tensor.I32 {
		return fmt.Errorf("the indices must be i32, not %v", x)
	}
	return nil
}

func gatherRule(x []Kind, a *Attributes) (Kind, error) {
	if err := needIndices(x[1]); err != nil {
		return Kind{}, err
	}
	if err := needAxis(x[0], a.Axis); err != nil {
		return Kind{}, err
	}
	return Kind{x[0].DType, joined(x[0].Shape[:a.Axis], x[1].Shape, x[0].Shape[a.Axis+1:])}, nil
}

func scatterAddRule(x []Kind, a *Attributes) (Kind, error) {
	if err := needIndices(x[1]); err != nil {
		return Kind{}, err
	}
	end := a.Axis + len(x[1].Shape)
	if end > len(x[0].Shape) || !x[0].Shape[a.Axis:end].Equal(x[1].Shape) {
		return Kind{}, fmt.Errorf("%v does not have the axes of the indices, %v, from axis %d on", x[0], x[1], a.Axis)
	}
	return Kind{x[0].DType, joined(x[0].Shape[:a.Axis], []int{a.Size}, x[0].Shape[end:])}, nil
}

func oneHotRule(x []Kind, a *Attributes) (Kind, error) {
	return Kind{tensor.F32, joined(x[0].Shape, []int{a.Depth})}, needIndices(x[0])
}

// windows is how many windows fit over an image of that height and width.
func windows(a *Attributes, image []int) (count [2]int, err error) {
	for k := range count {
		padded := addCapped(image[k], addCapped(a.Padding[2*k], a.Padding[2*k+1]))
		reach := addCapped(multiplyCapped(a.Dilation[k], a.Kernel[k]-1), 1)
		if padded == math.MaxInt {
			return count, fmt.Errorf("the padding %v is too large", a.Padding)
		}
		if reach > padded {
			return count, fmt.Errorf("the window, %d long, exceeds the padded image, %d", reach, padded)
		}
		count[k] = (padded-reach)/a.Stride[k] + 1
	}
	return count, nil
}

func needImages(x Kind) error {
	if len(x.Shape) != 4 {
		return fmt.Errorf("the operand must have rank 4, not %v", x)
	}
	return nil
}

func unfoldRule(x []Kind, a *Attributes) (Kind, error) {
	if err := needImages(x[0]); err != nil {
		return Kind{}, err
	}
	s := x[0].Shape
	count, err := windows(a, s[2:])
	columns := multiplyCapped(s[1], multiplyCapped(a.Kernel[0], a.Kernel[1]))
	return Kind{x[0].DType, tensor.Shape{s[0], count[0], count[1], columns}}, err
}

func foldRule(x []Kind, a *Attributes) (Kind, error) {
	if err := needImages(x[0]); err != nil {
		return Kind{}, err
	}
	s := x[0].Shape
	count, err := windows(a, a.Image)
	if err != nil {
		return Kind{}, err
	}
	positions := multiplyCapped(a.Kernel[0], a.Kernel[1])
	if s[1] != count[0] || s[2] != count[1] || s[3]%positions != 0 {
		return Kind{}, fmt.Errorf("%v does not hold %d x %d windows of a multiple of %d", x[0], count[0], count[1], positions)
	}
	return Kind{x[0].DType, tensor.Shape{s[0], s[3] / positions, a.Image[0], a.Image[1]}}, nil
}

func needPoints(n int) error {
	if n < 1 || n > maxPoints {
		return fmt.Errorf("a transform has 1 to %d points, not %d", maxPoints, n)
	}
	return nil
}

// complexPoints is n of a complex operand [..., n, 2].
func complexPoints(x Kind) (n int, err error) {
	r := len(x.Shape)
	if x.DType != tensor.F32 || r < 2 || x.Shape[r-1] != 2 {
		return 0, fmt.Errorf("the operand must be f32 [..., n, 2], complex points, not %v", x)
	}
	return x.Shape[r-2], nil
}

func fftRule(x []Kind, _ *Attributes) (Kind, error) {
	n, err := complexPoints(x[0])
	if err == nil {
		err = needPoints(n)
	}
	return x[0], err
}

func rfftRule(x []Kind, _ *Attributes) (Kind, error) {
	r := len(x[0].Shape)
	if x[0].DType != tensor.F32 || r < 1 {
		return Kind{}, fmt.Errorf("the operand must be f32 [..., n], not %v", x[0])
	}
	n := x[0].Shape[r-1]
	return Kind{tensor.F32, joined(x[0].Shape[:r-1], []int{n/2 + 1, 2})}, needPoints(n)
}

func irfftRule(x []Kind, a *Attributes) (Kind, error) {
	n, err := complexPoints(x[0])
	if err != nil {
		return Kind{}, err
	}
	if n != a.Points/2+1 {
		return Kind{}, fmt.Errorf("%d real points come from %d complex ones, not from %v", a.Points, a.Points/2+1, x[0])
	}
	return Kind{tensor.F32, joined(x[0].Shape[:len(x[0].Shape)-2], []int{a.Points})}, nil
}

func scanRule(x []Kind, a *Attributes) (Kind, error) {
	if err := needDType(x, tensor.F32, tensor.F32, tensor.F32); err != nil {
		return Kind{}, err
	}
	if err := needAxis(x[0], a.Axis); err != nil {
		return Kind{}, err
	}
	if !x[1].Shape.Equal(x[0].Shape) {
		return Kind{}, fmt.Errorf("the shapes differ: %v and %v", x[0], x[1])
	}
	if first := dropAxes(x[0].Shape, []int{a.Axis}, false); !x[2].Shape.Equal(first) {
		return Kind{}, fmt.Errorf("the initial value must have the shape %v, not %v", first, x[2])
	}
	return x[0], nil
}

func bitsRule(x []Kind, a *Attributes) (Kind, error) {
	if err := needDType(x, tensor.U32, tensor.U32); err != nil {
		return Kind{}, err
	}
	if !x[0].Shape.Equal(tensor.Shape{2}) || len(x[1].Shape) != 0 {
		return Kind{}, errors.New("the operands must be a seed u32 [2] and a step u32 []")
	}
	return Kind{tensor.U32, a.Shape}, nil
}

// addCapped is a + b for a, b >= 0, or the largest int.
func addCapped(a, b int) int {
	if a > math.MaxInt-b {
		return math.MaxInt
	}
	return a + b
}

// multiplyCapped is a * b for a, b >= 0, or the largest int.
func multiplyCapped(a, b int) int {
	if b != 0 && a > math.MaxInt/b {
		return math.MaxInt
	}
	return a * b
}
