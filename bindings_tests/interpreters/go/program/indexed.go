package program

// The operations that take indices: gather, its gradient scatter_add, and one_hot. An index outside the axis is no error:
// it yields zero, or is dropped.

import (
	"fmt"

	"paragon/reference/tensor"
)

var indexed = []definition{
	{"gather", 2, []attribute{attrAxis}, gatherRule, gather},
	{"scatter_add", 2, []attribute{attrAxis, attrSize, attrPanel}, scatterAddRule, scatterAdd},
	{"one_hot", 1, []attribute{attrDepth}, oneHotRule, oneHot},
}

var (
	attrSize  = integer("size", 0, tensor.MaxDimension)
	attrDepth = integer("depth", 0, tensor.MaxDimension)
)

func needIndices(x Kind) error {
	if x.DType != tensor.I32 {
		return fmt.Errorf("the indices must be i32, not %v", x)
	}
	return nil
}

func gatherRule(x []Kind, a Attributes) (Kind, error) {
	axis := attrAxis.of(a)
	if err := needIndices(x[1]); err != nil {
		return Kind{}, err
	}
	if err := needAxis(x[0], axis); err != nil {
		return Kind{}, err
	}
	return Kind{x[0].DType, joined(x[0].Shape[:axis], x[1].Shape, x[0].Shape[axis+1:])}, nil
}

func gather(x []*tensor.Tensor, a Attributes, out *tensor.Tensor) {
	axis := attrAxis.of(a)
	dim, indices := x[0].Shape[axis], x[1].Words
	before, after := x[0].Shape[:axis].Elements(), x[0].Shape[axis+1:].Elements()
	for i := 0; i < before; i++ {
		for k, word := range indices {
			to := out.Words[(i*len(indices)+k)*after:][:after]
			if index := int(int32(word)); 0 <= index && index < dim {
				copy(to, x[0].Words[(i*dim+index)*after:])
			} else {
				fill(to, 0)
			}
		}
	}
}

func scatterAddRule(x []Kind, a Attributes) (Kind, error) {
	axis := attrAxis.of(a)
	if err := needIndices(x[1]); err != nil {
		return Kind{}, err
	}
	end := axis + len(x[1].Shape)
	if end > len(x[0].Shape) || !x[0].Shape[axis:end].Equal(x[1].Shape) {
		return Kind{}, fmt.Errorf("%v does not have the axes of the indices, %v, from axis %d on", x[0], x[1], axis)
	}
	return Kind{x[0].DType, joined(x[0].Shape[:axis], []int{attrSize.of(a)}, x[0].Shape[end:])}, nil
}

func scatterAdd(x []*tensor.Tensor, a Attributes, out *tensor.Tensor) {
	axis, size, panel := attrAxis.of(a), attrSize.of(a), attrPanel.of(a)
	indices := x[1].Words
	n := len(indices)
	before, after := out.Shape[:axis].Elements(), out.Shape[axis+1:].Elements()
	sources, first := sourcesOf(indices, size)
	parallel(before*size, multiplyCapped(1+n/size, after), func(low, high int) {
		var terms sparseTerms
		for i := low; i < high; i++ {
			base, destination := i/size*n, i%size
			for j := 0; j < after; j++ {
				terms.clear()
				for _, source := range sources[first[destination]:first[destination+1]] {
					terms.append(source, x[0].Words[(base+source)*after+j])
				}
				out.Words[i*after+j] = terms.sum(n, panel, add[out.DType])
			}
		}
	})
}

// sourcesOf lists, destination after destination, the ascending positions of each index; those of destination d are
// sources[first[d]:first[d+1]].
func sourcesOf(indices []uint32, size int) (sources, first []int) {
	first = make([]int, size+1)
	inside := func(word uint32) bool { return int(word) < size } // a negative index is a word of 2^31 or more
	for _, word := range indices {
		if inside(word) {
			first[word+1]++
		}
	}
	for d := 0; d < size; d++ {
		first[d+1] += first[d]
	}
	sources = make([]int, first[size])
	next := append([]int{}, first...)
	for position, word := range indices {
		if inside(word) {
			sources[next[word]] = position
			next[word]++
		}
	}
	return sources, first
}

func oneHotRule(x []Kind, a Attributes) (Kind, error) {
	return Kind{tensor.F32, joined(x[0].Shape, []int{attrDepth.of(a)})}, needIndices(x[0])
}

func oneHot(x []*tensor.Tensor, a Attributes, out *tensor.Tensor) {
	depth := attrDepth.of(a)
	for k, word := range x[0].Words {
		if index := int(int32(word)); 0 <= index && index < depth {
			out.Words[k*depth+index] = bits(1)
		}
	}
}
