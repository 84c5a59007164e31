package random

import (
	"reflect"
	"sort"
	"testing"
)

// Known answers published with the generator (Random123, file kat_vectors, philox4x32 10).
func TestPhiloxKnownAnswers(t *testing.T) {
	for _, c := range []struct {
		counter [4]uint32
		key     Seed
		want    [4]uint32
	}{
		{[4]uint32{}, Seed{}, [4]uint32{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
		{[4]uint32{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, Seed{0xffffffff, 0xffffffff},
			[4]uint32{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
		{[4]uint32{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, Seed{0xa4093822, 0x299f31d0},
			[4]uint32{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
	} {
		if got := Philox(c.counter, c.key); got != c.want {
			t.Errorf("Philox(%08x, %08x) = %08x, want %08x", c.counter, c.key, got, c.want)
		}
	}
}

// TestBlock: the counter is (block low, block high, stream, 0), on a machine of either byte order.
func TestBlock(t *testing.T) {
	for _, block := range []uint64{0, 1, 3, 1 << 32, 0x0123456789abcdef, 1<<64 - 1} {
		counter := [4]uint32{2: 7}
		for i := uint(0); i < 32; i++ { // bit by bit, so that no compiler moves it as one
			counter[0] |= uint32(block>>i&1) << i
			counter[1] |= uint32(block>>(i+32)&1) << i
		}
		if got, want := Block(Seed{1, 2}, 7, block), Philox(counter, Seed{1, 2}); got != want {
			t.Errorf("Block(%x) = %08x, want %08x", block, got, want)
		}
	}
}

func TestPermutation(t *testing.T) {
	seed := Seed{1, 2}
	for _, n := range []int{0, 1, 2, 5, 1000} {
		order := Permutation(n, seed, 7)
		sorted := append([]int{}, order...)
		sort.Ints(sorted)
		for i, v := range sorted {
			if i != v {
				t.Fatalf("Permutation(%d) is not one: %v", n, order)
			}
		}
	}
	if reflect.DeepEqual(Permutation(100, seed, 7), Permutation(100, seed, 8)) {
		t.Error("two streams give one order")
	}
	// Spelled out from the definition: the first draw decides the last place, and so on.
	word := func(draw int) uint64 { return uint64(Block(seed, 9, uint64(draw/4))[draw%4]) }
	want := []int{0, 1, 2, 3, 4, 5}
	for draw, i := range []int{5, 4, 3, 2, 1} {
		j := word(draw) * uint64(i+1) >> 32
		want[i], want[j] = want[j], want[i]
	}
	if got := Permutation(6, seed, 9); !reflect.DeepEqual(got, want) {
		t.Errorf("Permutation(6) = %v, want %v", got, want)
	}
}
