package program

// The reduction rule of section 3 of the contract, and the operations that reduce: sum, max, argmax.

import (
	"fmt"
	"math"

	"paragon/reference/numeric"
	"paragon/reference/tensor"
)

var reductions = []definition{
	{"sum", 1, []attribute{attrAxes, attrKeepDims, attrPanel}, reduceRule, sum},
	{"max", 1, []attribute{attrAxes, attrKeepDims}, reduceRule, maxReduce},
	{"argmax", 1, []attribute{attrAxis, attrKeepDims}, argmaxRule, argmax},
}

// chain reduces terms in ascending order from its start value.
type chain func(words []uint32) uint32

// sumChain adds from +0.
var sumChain = [3]chain{
	tensor.F32: func(words []uint32) uint32 {
		acc := float32(0)
		for _, w := range words {
			acc += math.Float32frombits(w)
		}
		return math.Float32bits(acc)
	},
	tensor.I32: sumIntegers,
	tensor.U32: sumIntegers,
}

func sumIntegers(words []uint32) uint32 {
	acc := uint32(0)
	for _, w := range words {
		acc += w
	}
	return acc
}

// sumPanels is the rule: up to a panel of terms is one chain, more are cut into panels whose results are summed likewise.
func sumPanels(words []uint32, panel int, sum chain) uint32 {
	for len(words) > panel {
		partial := make([]uint32, 0, (len(words)-1)/panel+1)
		for ; len(words) > panel; words = words[panel:] {
			partial = append(partial, sum(words[:panel]))
		}
		words = append(partial, sum(words))
	}
	return sum(words)
}

// sparseTerms are terms of which some are absent: panels are cut by the index. A panel without any term is +0, which
// does not matter to a sum that starts from +0, and so is left out.
type sparseTerms struct {
	index []int // ascending
	words []uint32
}

// sum reduces n terms, present and absent together; it overwrites t.
func (t *sparseTerms) sum(n, panel int, add binary) uint32 {
	for n > panel {
		kept := 0
		for i := 0; i < len(t.index); kept++ {
			p, acc := t.index[i]/panel, uint32(0)
			for ; i < len(t.index) && t.index[i]/panel == p; i++ {
				acc = add(acc, t.words[i])
			}
			t.index[kept], t.words[kept] = p, acc
		}
		t.index, t.words = t.index[:kept], t.words[:kept]
		n = (n-1)/panel + 1
	}
	acc := uint32(0)
	for _, w := range t.words {
		acc = add(acc, w)
	}
	return acc
}

func (t *sparseTerms) clear() { t.index, t.words = t.index[:0], t.words[:0] }

func (t *sparseTerms) append(index int, word uint32) {
	t.index = append(t.index, index)
	t.words = append(t.words, word)
}

// reduced lays out x so that the terms of each result are consecutive, several axes counting as one, and reduces them.
func reduced(x *tensor.Tensor, axes []int, out *tensor.Tensor, reduce func(terms []uint32) uint32) {
	order, n := []int{}, 1
	rest := axes
	for k := range x.Shape {
		if len(rest) > 0 && rest[0] == k {
			rest = rest[1:]
		} else {
			order = append(order, k)
		}
	}
	for _, axis := range axes {
		order = append(order, axis)
		n *= x.Shape[axis]
	}
	words := permuted(x, order)
	parallel(len(out.Words), n, func(low, high int) {
		for i := low; i < high; i++ {
			out.Words[i] = reduce(words[i*n : (i+1)*n])
		}
	})
}

func reduceRule(x []Kind, a Attributes) (Kind, error) {
	axes := attrAxes.of(a)
	for k, axis := range axes {
		if err := needAxis(x[0], axis); err != nil {
			return Kind{}, err
		}
		if k > 0 && axis <= axes[k-1] {
			return Kind{}, fmt.Errorf("the axes %v do not ascend", axes)
		}
	}
	return Kind{x[0].DType, dropAxes(x[0].Shape, axes, attrKeepDims.of(a))}, nil
}

func sum(x []*tensor.Tensor, a Attributes, out *tensor.Tensor) {
	panel := attrPanel.of(a)
	reduced(x[0], attrAxes.of(a), out, func(terms []uint32) uint32 {
		return sumPanels(terms, panel, sumChain[out.DType])
	})
}

// maxStart is the maximum of no terms.
var maxStart = [3]uint32{tensor.F32: 0xff800000, tensor.I32: 0x80000000, tensor.U32: 0}

func maxReduce(x []*tensor.Tensor, a Attributes, out *tensor.Tensor) {
	larger := maximum[out.DType]
	reduced(x[0], attrAxes.of(a), out, func(terms []uint32) uint32 {
		acc := maxStart[out.DType]
		for _, w := range terms {
			acc = larger(acc, w)
		}
		return acc
	})
}

func argmaxRule(x []Kind, a Attributes) (Kind, error) {
	axis := attrAxis.of(a)
	if err := needAxis(x[0], axis); err != nil {
		return Kind{}, err
	}
	if x[0].Shape[axis] == 0 {
		return Kind{}, fmt.Errorf("axis %d of %v is empty", axis, x[0])
	}
	return Kind{tensor.I32, dropAxes(x[0].Shape, []int{axis}, attrKeepDims.of(a))}, nil
}

// argmax: the lowest index among equals; the first NaN wins.
func argmax(x []*tensor.Tensor, a Attributes, out *tensor.Tensor) {
	order := compareWords[x[0].DType]
	isFloat := x[0].DType == tensor.F32
	reduced(x[0], []int{attrAxis.of(a)}, out, func(terms []uint32) uint32 {
		best := 0
		for i, w := range terms {
			if isFloat && numeric.IsNaN(w) {
				return uint32(i)
			}
			if order(w, terms[best]) == greater {
				best = i
			}
		}
		return uint32(best)
	})
}
