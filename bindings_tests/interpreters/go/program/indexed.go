package program

// The operations that take indices: gather, its gradient scatter_add, and one_hot. An index outside the axis is no error:
// it yields zero, or is dropped.

import (
	"paragon/reference/tensor"
)

func gather(x []*tensor.Tensor, a *Attributes, out *tensor.Tensor) {
	dim, indices := x[0].Shape[a.Axis], x[1].Words
	before, after := x[0].Shape[:a.Axis].Elements(), x[0].Shape[a.Axis+1:].Elements()
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

func scatterAdd(x []*tensor.Tensor, a *Attributes, out *tensor.Tensor) {
	indices := x[1].Words
	n := len(indices)
	before, after := out.Shape[:a.Axis].Elements(), out.Shape[a.Axis+1:].Elements()
	sources, first := sourcesOf(indices, a.Size)
	parallel(before*a.Size, multiplyCapped(1+n/a.Size, after), func(low, high int) {
		var terms sparseTerms
		for i := low; i < high; i++ {
			base, destination := i/a.Size*n, i%a.Size
			for j := 0; j < after; j++ {
				terms.clear()
				for _, source := range sources[first[destination]:first[destination+1]] {
					terms.append(source, x[0].Words[(base+source)*after+j])
				}
				out.Words[i*after+j] = terms.sum(n, a.Panel, add[out.DType])
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

func oneHot(x []*tensor.Tensor, a *Attributes, out *tensor.Tensor) {
	for k, word := range x[0].Words {
		if index := int(int32(word)); 0 <= index && index < a.Depth {
			out.Words[k*a.Depth+index] = bits(1)
		}
	}
}
