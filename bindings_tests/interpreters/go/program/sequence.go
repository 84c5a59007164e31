package program

// Operations along a sequence: scan, the linear recurrence, and bits, the random words.

import (
	"errors"
	"fmt"
	"math"

	"paragon/reference/numeric"
	"paragon/reference/random"
	"paragon/reference/tensor"
)

var sequences = []definition{
	{"scan", 3, []attribute{attrAxis, attrReverse}, scanRule, scan},
	{"bits", 2, []attribute{attrStream, attrShape, attrWidth}, bitsRule, randomBits},
}

var (
	attrReverse = flag("reverse")
	attrStream  = integer("stream", 0, math.MaxUint32)
	attrWidth   = integer("width", 1, 32)
)

func scanRule(x []Kind, a Attributes) (Kind, error) {
	axis := attrAxis.of(a)
	if err := needDType(x, tensor.F32, tensor.F32, tensor.F32); err != nil {
		return Kind{}, err
	}
	if err := needAxis(x[0], axis); err != nil {
		return Kind{}, err
	}
	if !x[1].Shape.Equal(x[0].Shape) {
		return Kind{}, fmt.Errorf("the shapes differ: %v and %v", x[0], x[1])
	}
	if first := dropAxes(x[0].Shape, []int{axis}, false); !x[2].Shape.Equal(first) {
		return Kind{}, fmt.Errorf("the initial value must have the shape %v, not %v", first, x[2])
	}
	return x[0], nil
}

// scan: h[t] = fma(a[t], h[t-1], b[t]) along the axis, from h0; reversed, t descends.
func scan(x []*tensor.Tensor, a Attributes, out *tensor.Tensor) {
	axis, reverse := attrAxis.of(a), attrReverse.of(a)
	steps := out.Shape[axis]
	after := out.Shape[axis+1:].Elements()
	parallel(len(x[2].Words), steps, func(low, high int) {
		for i := low; i < high; i++ {
			at, stride := i/after*steps*after+i%after, after
			if reverse {
				at, stride = at+(steps-1)*after, -after
			}
			h := f32(x[2].Words[i])
			for t := 0; t < steps; t++ {
				h = numeric.FMA(f32(x[0].Words[at]), h, f32(x[1].Words[at]))
				out.Words[at] = bits(h)
				at += stride
			}
		}
	})
}

func bitsRule(x []Kind, a Attributes) (Kind, error) {
	if err := needDType(x, tensor.U32, tensor.U32); err != nil {
		return Kind{}, err
	}
	if !x[0].Shape.Equal(tensor.Shape{2}) || len(x[1].Shape) != 0 {
		return Kind{}, errors.New("the operands must be a seed u32 [2] and a step u32 []")
	}
	return Kind{tensor.U32, attrShape.of(a)}, nil
}

// randomBits: element j at step s is word j mod 4 of block s*ceil(n/4) + j div 4, its top bits.
func randomBits(x []*tensor.Tensor, a Attributes, out *tensor.Tensor) {
	stream, width := attrStream.of(a), attrWidth.of(a)
	seed := random.Seed{x[0].Words[0], x[0].Words[1]}
	blocks := (len(out.Words) + 3) / 4
	first := uint64(x[1].Words[0]) * uint64(blocks)
	parallel(blocks, 32, func(low, high int) {
		for b := low; b < high; b++ {
			words := random.Block(seed, uint32(stream), first+uint64(b))
			for j, word := range words {
				if i := 4*b + j; i < len(out.Words) {
					out.Words[i] = word >> uint(32-width)
				}
			}
		}
	})
}
