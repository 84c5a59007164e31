package program

import (
	"fmt"
	"math"
	"math/rand"
	"testing"
	"time"

	"paragon/reference/numeric"
	"paragon/reference/tensor"
)

// product is the attributes of a matmul.
func product(transposeA, transposeB bool, panel int) Attributes {
	return Attributes{"transpose_a": transposeA, "transpose_b": transposeB, "panel": panel}
}

// ruleDot and ruleSum are section 3 of the contract as it is written, term by term.
func ruleDot(a, b []float32, panel int) float32 {
	if len(a) <= panel {
		acc := float32(0)
		for i := range a {
			acc = numeric.FMA(a[i], b[i], acc)
		}
		return acc
	}
	var results []float32
	for low := 0; low < len(a); low += panel {
		high := low + panel
		if high > len(a) {
			high = len(a)
		}
		results = append(results, ruleDot(a[low:high], b[low:high], panel))
	}
	return ruleSum(results, panel)
}

func ruleSum(x []float32, panel int) float32 {
	if len(x) <= panel {
		acc := float32(0)
		for _, v := range x {
			acc += v
		}
		return acc
	}
	var results []float32
	for low := 0; low < len(x); low += panel {
		high := low + panel
		if high > len(x) {
			high = len(x)
		}
		results = append(results, ruleSum(x[low:high], panel))
	}
	return ruleSum(results, panel)
}

// awkward values: zeros of both signs, numbers of few bits that tie, ordinary numbers, and, with tiny, numbers whose
// products underflow.
func awkward(r *rand.Rand, n int, tiny bool) []uint32 {
	words, kinds := make([]uint32, n), 5
	if tiny {
		kinds = 8
	}
	for i := range words {
		v := r.NormFloat64()
		switch r.Intn(kinds) {
		case 0:
			v = 0
		case 1:
			v = math.Copysign(0, -1)
		case 2:
			v = math.Ldexp(float64(1+r.Intn(3)), -r.Intn(40))
		case 3: // next to a power of two: a product with such a number is next to a tie
			v = math.Ldexp(1+0x1p-23*float64(r.Intn(5)-2), -12*r.Intn(3))
		case 5:
			v = math.Ldexp(v, -130)
		case 6:
			v = math.Ldexp(v, -60)
		}
		words[i] = bits(float32(v))
	}
	return words
}

func floats(words []uint32) []float32 {
	f := make([]float32, len(words))
	for i, w := range words {
		f[i] = f32(w)
	}
	return f
}

func TestMatmulIsTheRule(t *testing.T) {
	r := rand.New(rand.NewSource(3))
	for _, panel := range []int{2, 3, 16, 256, onePanel} {
		for _, size := range [][3]int{{1, 1, 1}, {2, 7, 3}, {5, 0, 2}, {3, 31, 9}, {4, 256, 4}, {1, 257, 6}, {7, 600, 5}} {
			for flags := 0; flags < 4; flags++ {
				m, k, n := size[0], size[1], size[2]
				a := product(flags&1 != 0, flags&2 != 0, panel)
				x := &tensor.Tensor{DType: tensor.F32, Shape: tensor.Shape{m, k}, Words: awkward(r, m*k, flags == 3)}
				y := &tensor.Tensor{DType: tensor.F32, Shape: tensor.Shape{k, n}, Words: awkward(r, k*n, flags == 3)}
				at := func(i, p int) int { return i*k + p }
				bt := func(p, j int) int { return p*n + j }
				if attrTransposeA.of(a) {
					x.Shape, at = tensor.Shape{k, m}, func(i, p int) int { return p*m + i }
				}
				if attrTransposeB.of(a) {
					y.Shape, bt = tensor.Shape{n, k}, func(p, j int) int { return j*k + p }
				}
				out := tensor.New(tensor.F32, tensor.Shape{m, n})
				matmul([]*tensor.Tensor{x, y}, a, out)
				for i := 0; i < m; i++ {
					for j := 0; j < n; j++ {
						u, v := make([]float32, k), make([]float32, k)
						for p := range u {
							u[p], v[p] = f32(x.Words[at(i, p)]), f32(y.Words[bt(p, j)])
						}
						if got, want := out.Words[i*n+j], bits(ruleDot(u, v, panel)); got != want {
							t.Fatalf("panel %d, size %v, flags %d: element (%d,%d) is %08x, want %08x", panel, size, flags, i, j, got, want)
						}
					}
				}
			}
		}
	}
}

// TestSubnormalDots: c + a*b is off the middle of two subnormal float32 by one bit of a*b, which float64 has no room for.
// That bit is just below what numeric.EnoughBits allows: the quick chains must not be taken, and would be wrong.
func TestSubnormalDots(t *testing.T) {
	const lowest = numeric.EnoughBits - 1
	found, wrong := 0, 0
	for odd := uint64(1<<23 + 1); found < 500; odd += 2 {
		inverse := odd // modulo 2^64, by Newton's iteration
		for i := 0; i < 5; i++ {
			inverse *= 2 - odd*inverse
		}
		other := (1<<30 + 1) * inverse % (1 << 31) // odd*other = 2^30 + 1 modulo 2^31
		if other < 1<<23 || other >= 1<<24 {
			continue
		}
		found++
		a, b := float32(math.Ldexp(float64(odd), -90)), float32(math.Ldexp(float64(other), lowest+90))
		c := float32(math.Ldexp(float64(1<<22+found), -149))
		if found%2 == 0 {
			b, c = -b, -c
		}
		x := &tensor.Tensor{DType: tensor.F32, Shape: tensor.Shape{1, 2}, Words: []uint32{bits(c * 0x1p67), bits(a)}}
		y := &tensor.Tensor{DType: tensor.F32, Shape: tensor.Shape{2, 1}, Words: []uint32{bits(0x1p-67), bits(b)}}
		out := tensor.New(tensor.F32, tensor.Shape{1, 1})
		matmul([]*tensor.Tensor{x, y}, product(false, false, 256), out)
		if want := bits(numeric.FMA(a, b, c)); out.Words[0] != want {
			t.Fatalf("fma(%g, %g, %g): %08x, want %08x", a, b, c, out.Words[0], want)
		}
		if quick := chainTileQuick([]rowPair{{float64(c)}, {float64(a)}}, []columnFour{{1}, {float64(b)}}); float32(quick[0]) != f32(out.Words[0]) {
			wrong++
		}
	}
	if wrong < 100 {
		t.Errorf("the quick chains would have been wrong only %d times", wrong)
	}
}

// TestQuickChains: tiles whose products lie just within the condition for the quick chains, and just outside, with sums
// that are subnormal, tie, and cancel.
func TestQuickChains(t *testing.T) {
	r := rand.New(rand.NewSource(8))
	quick, halfway := 0, 0
	for trial := 0; trial < 20_000; trial++ {
		low := -60 - r.Intn(30)
		k := 1 + r.Intn(6)
		rows, columns := strip[rowPair]{make([]rowPair, k), 1000}, strip[columnFour]{make([]columnFour, k), 1000}
		number := func(exponent int, lowest *int) float64 {
			x := float32(math.Ldexp(float64(r.Intn(1<<uint(1+r.Intn(24)))), exponent+r.Intn(30)) * float64(1-2*r.Intn(2)))
			*lowest = min(*lowest, numeric.LowestBit(x))
			return float64(x)
		}
		for p := 0; p < k; p++ {
			for e := range rows.steps[p] {
				rows.steps[p][e] = number(low, &rows.lowest)
			}
			for e := range columns.steps[p] {
				columns.steps[p][e] = number(-170-low+r.Intn(3)*20, &columns.lowest)
			}
		}
		if rows.lowest+columns.lowest < numeric.EnoughBits {
			continue
		}
		quick++
		var t0 tile
		if steps, _ := chainTileUntilHalfway(&t0, rows.steps, columns.steps); steps < k {
			halfway++
		}
		got, want := chainTileQuick(rows.steps, columns.steps), chainTile(rows.steps, columns.steps)
		for e := range got {
			if math.Float64bits(got[e]) != math.Float64bits(want[e]) {
				t.Fatalf("trial %d chain %d: %x, want %x", trial, e, got[e], want[e])
			}
		}
	}
	if quick < 1000 || halfway < 100 {
		t.Errorf("only %d trials were quick, and %d met a tie", quick, halfway)
	}
}

func TestMatmulBroadcastsLeadingAxes(t *testing.T) {
	r := rand.New(rand.NewSource(4))
	x := &tensor.Tensor{DType: tensor.F32, Shape: tensor.Shape{2, 1, 3, 4}, Words: awkward(r, 24, true)}
	y := &tensor.Tensor{DType: tensor.F32, Shape: tensor.Shape{5, 4, 2}, Words: awkward(r, 40, true)}
	a := product(false, false, 256)
	out := tensor.New(tensor.F32, tensor.Shape{2, 5, 3, 2})
	matmul([]*tensor.Tensor{x, y}, a, out)
	for b := 0; b < 10; b++ {
		one := tensor.New(tensor.F32, tensor.Shape{3, 2})
		matmul([]*tensor.Tensor{
			{DType: tensor.F32, Shape: tensor.Shape{3, 4}, Words: x.Words[b/5*12:][:12]},
			{DType: tensor.F32, Shape: tensor.Shape{4, 2}, Words: y.Words[b%5*8:][:8]},
		}, a, one)
		for i, w := range one.Words {
			if out.Words[b*6+i] != w {
				t.Errorf("batch %d element %d: %08x, want %08x", b, i, out.Words[b*6+i], w)
			}
		}
	}
}

func TestSumIsTheRule(t *testing.T) {
	r := rand.New(rand.NewSource(5))
	for _, panel := range []int{2, 3, 256, onePanel} {
		for _, n := range []int{0, 1, 2, 3, 255, 256, 257, 1000, 65536, 65537} {
			words := awkward(r, n, true)
			want := bits(ruleSum(floats(words), panel))
			if got := sumPanels(words, panel, sumChain[tensor.F32]); got != want {
				t.Errorf("panel %d, %d terms: %08x, want %08x", panel, n, got, want)
			}
			sparse := sparseTerms{}
			for i, w := range words {
				sparse.append(i, w)
			}
			if got := sparse.sum(n, panel, add[tensor.F32]); got != want {
				t.Errorf("panel %d, %d terms, none absent: %08x, want %08x", panel, n, got, want)
			}
		}
	}
}

// TestSparseSumCutsByIndex: absent terms are skipped, but keep their place in the panels.
func TestSparseSumCutsByIndex(t *testing.T) {
	r := rand.New(rand.NewSource(6))
	const n, panel = 100, 7
	differs := 0
	for trial := 0; trial < 200; trial++ {
		words := awkward(r, n, true)
		present := make([]bool, n)
		var sparse sparseTerms
		var dense []uint32
		for i := range words {
			if present[i] = r.Intn(3) == 0; present[i] {
				sparse.append(i, words[i])
				dense = append(dense, words[i])
			}
		}
		// The rule with the absent terms left out of their panels.
		level, there := floats(words), present
		for len(level) > panel {
			var results []float32
			for low := 0; low < len(level); low += panel {
				acc := float32(0)
				for i := low; i < low+panel && i < len(level); i++ {
					if there == nil || there[i] {
						acc += level[i]
					}
				}
				results = append(results, acc)
			}
			level, there = results, nil
		}
		want := bits(ruleSum(level, panel))
		if got := sparse.sum(n, panel, add[tensor.F32]); got != want {
			t.Fatalf("trial %d: %08x, want %08x", trial, got, want)
		}
		if sumPanels(dense, panel, sumChain[tensor.F32]) != want {
			differs++
		}
	}
	if differs == 0 {
		t.Error("cutting panels by the terms that are present never showed: the trials prove nothing")
	}
}

func BenchmarkMatmul(b *testing.B) {
	r := rand.New(rand.NewSource(7))
	normal := func(shape ...int) *tensor.Tensor {
		t := tensor.New(tensor.F32, shape)
		for i := range t.Words {
			t.Words[i] = bits(float32(r.NormFloat64()))
		}
		return t
	}
	for _, size := range [][3]int{{64, 784, 128}, {64, 128, 10}, {256, 256, 256}} {
		m, k, n := size[0], size[1], size[2]
		x, y, out := normal(m, k), normal(k, n), tensor.New(tensor.F32, tensor.Shape{m, n})
		b.Run(fmt.Sprintf("%dx%dx%d", m, k, n), func(b *testing.B) {
			begin := time.Now()
			for i := 0; i < b.N; i++ {
				matmul([]*tensor.Tensor{x, y}, product(false, false, 256), out)
			}
			b.ReportMetric(float64(m*k*n)*float64(b.N)/time.Since(begin).Seconds()/1e6, "Mfma/s")
		})
	}
}
