// Package random is the counter-based generator of section 5 of the contract: Philox4x32-10 (Salmon, Moraes, Dror, Shaw,
// "Parallel random numbers: as easy as 1, 2, 3", SC 2011), and the permutation that orders a training run.
package random

// Seed is the 64-bit key, low word first.
type Seed [2]uint32

// Philox is the bijection itself: ten rounds over the counter, under the key.
func Philox(counter [4]uint32, key Seed) [4]uint32 {
	return philox(counter[0], counter[1], counter[2], counter[3], key[0], key[1])
}

// philox takes the words one by one: from an array, Go 1.19 for s390x reads the halves of a block's number swapped.
func philox(c0, c1, c2, c3, k0, k1 uint32) [4]uint32 {
	for round := 0; round < 10; round++ {
		a, b := uint64(c0)*0xD2511F53, uint64(c2)*0xCD9E8D57
		c0, c1, c2, c3 = uint32(b>>32)^c1^k0, uint32(b), uint32(a>>32)^c3^k1, uint32(a)
		k0 += 0x9E3779B9
		k1 += 0xBB67AE85
	}
	return [4]uint32{c0, c1, c2, c3}
}

// Block is draws 4*block ... 4*block+3 of a stream.
func Block(seed Seed, stream uint32, block uint64) [4]uint32 {
	return philox(uint32(block), uint32(block>>32), stream, 0, seed[0], seed[1])
}

// Permutation is a shuffle of 0 ... n-1 by the draws 0, 1, 2, ... of the stream.
func Permutation(n int, seed Seed, stream uint32) []int {
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	var words [4]uint32
	for i, draw := n-1, uint64(0); i >= 1; i, draw = i-1, draw+1 {
		if draw%4 == 0 {
			words = Block(seed, stream, draw/4)
		}
		j := uint64(words[draw%4]) * uint64(i+1) >> 32
		order[i], order[j] = order[j], order[i]
	}
	return order
}
