package program

// Operations along a sequence: scan, the linear recurrence, and bits, the random words.

import (
	"paragon/reference/numeric"
	"paragon/reference/random"
	"paragon/reference/tensor"
)

// scan: h[t] = fma(a[t], h[t-1], b[t]) along the axis, from h0; reversed, t descends.
func scan(x []*tensor.Tensor, a *Attributes, out *tensor.Tensor) {
	steps := out.Shape[a.Axis]
	after := out.Shape[a.Axis+1:].Elements()
	parallel(len(x[2].Words), steps, func(low, high int) {
		for i := low; i < high; i++ {
			at, stride := i/after*steps*after+i%after, after
			if a.Reverse {
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

// randomBits: element j at step s is word j mod 4 of block s*ceil(n/4) + j div 4, its top bits.
func randomBits(x []*tensor.Tensor, a *Attributes, out *tensor.Tensor) {
	seed := random.Seed{x[0].Words[0], x[0].Words[1]}
	blocks := (len(out.Words) + 3) / 4
	first := uint64(x[1].Words[0]) * uint64(blocks)
	parallel(blocks, 32, func(low, high int) {
		for b := low; b < high; b++ {
			words := random.Block(seed, uint32(a.Stream), first+uint64(b))
			for j, word := range words {
				if i := 4*b + j; i < len(out.Words) {
					out.Words[i] = word >> uint(32-a.Width)
				}
			}
		}
	})
}
