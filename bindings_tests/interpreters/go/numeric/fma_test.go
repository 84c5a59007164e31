package numeric

import (
	"math"
	"math/big"
	"math/rand"
	"testing"
)

// edges are words at which float32 arithmetic changes character, of both signs.
func edges() []uint32 {
	positive := []uint32{
		0, 1, 2, 3, 0x7fffff, 0x800000, 0x800001, 0x1000000, // subnormals and the smallest normal
		0x1a000000, 0x1fffffff, 0x20000000, 0x20000001, // squares underflow
		0x33000000, 0x33800000, 0x33800001, 0x34000000, // 2^-25, 2^-24, 2^-23
		0x3effffff, 0x3f000000, 0x3f7fffff, 0x3f800000, 0x3f800001, 0x3fc00000, 0x40000000,
		0x4b000000, 0x4b800000, 0x4b800001, 0x4c000000, // 2^23 ... 2^25
		0x5f7fffff, 0x5f800000, 0x7f000000, 0x7f7ffffe, 0x7f7fffff, // squares overflow
		0x7f800000, 0x7fc00000, 0x7f800001,
	}
	words := append([]uint32{}, positive...)
	for _, w := range positive {
		words = append(words, w|1<<31)
	}
	return words
}

// wantFMA is a*b+c by exact arithmetic; the special cases are those of IEEE 754, which float64 gets right.
func wantFMA(a, b, c float32) float32 {
	p := float64(a) * float64(b)
	if s := p + float64(c); s != s || math.IsInf(s, 0) || s == 0 {
		return float32(s) // a float64 sum is zero only if the exact one is
	}
	const exact = 1200
	x := new(big.Float).SetPrec(exact).SetFloat64(float64(a))
	y := new(big.Float).SetPrec(exact).SetFloat64(float64(b))
	z := new(big.Float).SetPrec(exact).SetFloat64(float64(c))
	return nearest(z.Add(z, x.Mul(x, y)))
}

func checkFMA(t *testing.T, a, b, c float32) {
	t.Helper()
	got, want := Canonical(math.Float32bits(FMA(a, b, c))), Canonical(math.Float32bits(wantFMA(a, b, c)))
	if got != want {
		t.Fatalf("FMA(%08x, %08x, %08x) = %08x, want %08x",
			math.Float32bits(a), math.Float32bits(b), math.Float32bits(c), got, want)
	}
}

func TestFMAEdges(t *testing.T) {
	for _, a := range edges() {
		for _, b := range edges() {
			for _, c := range edges() {
				checkFMA(t, math.Float32frombits(a), math.Float32frombits(b), math.Float32frombits(c))
			}
		}
	}
}

// fmaCases yields triples that need care: c chosen so that the sum falls on or next to a halfway point, cancels, or is
// subnormal; the rest is any three words.
func fmaCases(n int, yield func(a, b, c float32)) {
	r := rand.New(rand.NewSource(1))
	word := func() float32 { return math.Float32frombits(r.Uint32()) }
	near := func(exponent int) float32 { // few significant bits make ties likely
		m := float64(r.Intn(1<<uint(1+r.Intn(24))) | 1)
		return float32(math.Ldexp(m, exponent+r.Intn(40)-20) * float64(1-2*r.Intn(2)))
	}
	for i := 0; i < n; i++ {
		switch i % 6 {
		case 0:
			yield(word(), word(), word())
		case 1:
			yield(near(0), near(0), near(0))
		case 2: // subnormal results
			yield(near(-70), near(-75), near(-145))
		case 3: // cancellation: c is about -a*b
			a, b := near(0), near(0)
			yield(a, b, math.Float32frombits(math.Float32bits(-(a*b))+uint32(r.Intn(5))-2))
		case 4: // c a halfway distance from a large product, or the reverse
			a := near(0)
			yield(a, 1+float32(r.Intn(3)), float32(math.Ldexp(float64(a), -24-r.Intn(3)))*(1+0x1p-23*float32(r.Intn(3))))
		case 5: // half a unit of c, less 2^-46 of it or so: float64 has no room for the difference
			e := r.Intn(250) - 149
			d := 0x1p-23 * float64(1+r.Intn(100))
			c := math.Ldexp(float64(r.Intn(1<<24)), e) * float64(1-2*r.Intn(2))
			b := math.Ldexp(1-d, e-1-(e-1)/2) * float64(1-2*r.Intn(2))
			yield(float32(math.Ldexp(1+d, (e-1)/2)), float32(b), float32(c))
		}
	}
}

func TestFMARandom(t *testing.T) {
	n := 200_000
	if testing.Short() {
		n = 20_000
	}
	fmaCases(n, func(a, b, c float32) { checkFMA(t, a, b, c) })
}

// TestFMACasesDiscriminate shows that the cases above tell right from wrong: an unfused product, and a float64 fma
// rounded twice, both fail on many of them.
func TestFMACasesDiscriminate(t *testing.T) {
	unfused, twice := 0, 0
	differs := func(x, y float32) bool {
		return Canonical(math.Float32bits(x)) != Canonical(math.Float32bits(y))
	}
	fmaCases(20_000, func(a, b, c float32) {
		want := FMA(a, b, c)
		if differs(float32(a*b)+c, want) {
			unfused++
		}
		if differs(float32(math.FMA(float64(a), float64(b), float64(c))), want) {
			twice++
		}
	})
	if unfused < 100 || twice < 100 {
		t.Errorf("cases that show an unfused product: %d, a double rounding: %d; want at least 100 each", unfused, twice)
	}
}
