package program

// What the shape rules of several operations share.

import (
	"fmt"
	"math"

	"paragon/reference/tensor"
)

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

// joined is a shape made of pieces; its rank may pass the limit, which is checked afterwards.
func joined(pieces ...[]int) tensor.Shape {
	out := tensor.Shape{}
	for _, piece := range pieces {
		out = append(out, piece...)
	}
	return out
}

// multiplyCapped is a * b for a, b >= 0, or the largest int.
func multiplyCapped(a, b int) int {
	if b != 0 && a > math.MaxInt/b {
		return math.MaxInt
	}
	return a * b
}
