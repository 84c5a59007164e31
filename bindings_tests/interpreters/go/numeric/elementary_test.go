package numeric

import (
	"math"
	"math/big"
	"math/rand"
	"testing"
)

var elementary = []*Elementary{Exp, Expm1, Log, Log1p, Tanh, Erf, Sinpi, Cospi}

// relativeError is |y/want - 1| for want not zero.
func relativeError(y dd, want *big.Float) float64 {
	v := bigFloat(y.hi)
	v.Add(v, bigFloat(y.lo))
	v.Sub(v, want)
	e, _ := v.Quo(v, want).Float64()
	return math.Abs(e)
}

// sampleWords are the edges, neighbours of all powers of two, and n random words, half of them of moderate size.
func sampleWords(n int) []uint32 {
	words := edges()
	for e := uint32(0); e < 255; e++ {
		for d := uint32(0); d < 3; d++ {
			words = append(words, e<<23+d-1, (e<<23+d-1)|1<<31)
		}
	}
	r := rand.New(rand.NewSource(2))
	for i := 0; i < n; i++ {
		w := r.Uint32()
		if i%2 == 0 {
			w = w&^(0xff<<23) | uint32(0x60+r.Intn(0x30))<<23
		}
		words = append(words, w)
	}
	return words
}

func TestElementaryAgainstOracle(t *testing.T) {
	n := 2000
	if testing.Short() {
		n = 200
	}
	for _, f := range elementary {
		f := f
		t.Run(f.Name, func(t *testing.T) {
			t.Parallel()
			for _, w := range sampleWords(n) {
				x := math.Float32frombits(w)
				if _, special := f.special(x); special {
					continue
				}
				want := oracle(f.Name, float64(x))
				if got, want := math.Float32bits(f.At(x)), math.Float32bits(nearest(want)); got != want {
					t.Errorf("%s(%08x) = %08x, want %08x", f.Name, w, got, want)
				}
				if want.Sign() == 0 {
					t.Errorf("%s(%08x) is exactly zero but not a special case", f.Name, w)
					continue
				}
				if e := relativeError(toDD(f.fast(float64(x))), want); e >= fastError/8 {
					t.Errorf("%s(%08x): relative error of the float64 stage 2^%.1f", f.Name, w, math.Log2(e))
				}
				if e := relativeError(f.precise(float64(x)), want); e >= preciseError/8 {
					t.Errorf("%s(%08x): relative error of the precise stage 2^%.1f", f.Name, w, math.Log2(e))
				}
			}
		})
	}
}

func TestElementarySpecialCases(t *testing.T) {
	const inf, ninf, nan, one, zero, nzero = 0x7f800000, 0xff800000, NaN, 0x3f800000, 0, 0x80000000
	cases := []struct {
		f    *Elementary
		x, y uint32
	}{
		{Exp, zero, one}, {Exp, nzero, one}, {Exp, inf, inf}, {Exp, ninf, zero}, {Exp, nan, nan},
		{Exp, 0x42b17217, 0x7f7fff84}, {Exp, 0x42b17218, inf}, // the overflow boundary
		{Exp, 0xc2cff1b4, 1}, {Exp, 0xc2cff1b5, zero}, // half the smallest subnormal
		{Expm1, zero, zero}, {Expm1, nzero, nzero}, {Expm1, inf, inf}, {Expm1, ninf, 0xbf800000}, {Expm1, nan, nan},
		{Log, zero, ninf}, {Log, nzero, ninf}, {Log, one, zero}, {Log, inf, inf}, {Log, ninf, nan}, {Log, 0x80000001, nan},
		{Log1p, zero, zero}, {Log1p, nzero, nzero}, {Log1p, 0xbf800000, ninf}, {Log1p, 0xbf800001, nan}, {Log1p, inf, inf},
		{Tanh, zero, zero}, {Tanh, nzero, nzero}, {Tanh, inf, one}, {Tanh, ninf, 0xbf800000}, {Tanh, nan, nan},
		{Erf, zero, zero}, {Erf, nzero, nzero}, {Erf, inf, one}, {Erf, ninf, 0xbf800000}, {Erf, nan, nan},
		{Sinpi, zero, zero}, {Sinpi, nzero, nzero}, {Sinpi, inf, nan}, {Sinpi, ninf, nan}, {Sinpi, one, zero},
		{Sinpi, 0xbf800000, nzero}, {Sinpi, 0x3f000000, one}, {Sinpi, 0x3fc00000, 0xbf800000}, {Sinpi, 0x7f7fffff, zero},
		{Cospi, zero, one}, {Cospi, nzero, one}, {Cospi, inf, nan}, {Cospi, one, 0xbf800000}, {Cospi, 0x3f000000, zero},
		{Cospi, 0xbf000000, zero}, {Cospi, 0x4b7fffff, 0xbf800000}, {Cospi, 0x4b800000, one}, {Cospi, 0xff7fffff, one},
	}
	for _, c := range cases {
		if got := Canonical(math.Float32bits(c.f.At(math.Float32frombits(c.x)))); got != c.y {
			t.Errorf("%s(%08x) = %08x, want %08x", c.f.Name, c.x, got, c.y)
		}
	}
}

// logHardCases are the inputs at which a float64 logarithm rounded to float32 is wrong (named in the contract).
var logHardCases = []uint32{0x3c413d3a, 0x41178feb, 0x4c5d65a5, 0x65d890d3, 0x6f31a8ec}

func TestLogHardCases(t *testing.T) {
	for _, w := range logHardCases {
		x := math.Float32frombits(w)
		want := nearest(oracle("log", float64(x)))
		if got := Log.At(x); got != want {
			t.Errorf("log(%08x) = %08x, want %08x", w, math.Float32bits(got), math.Float32bits(want))
		}
	}
}

func TestConstants(t *testing.T) {
	log2 := bigLog1p(bigInt(1))
	for _, c := range []struct {
		name string
		got  dd
		want *big.Float
	}{
		{"ln 2", ln2, log2},
		{"ln 2, head and tail", dd{ln2Head, ln2Tail}, log2},
		{"pi", pi, oraclePi},
		{"2/sqrt(pi)", twoOverSqrtPi, newBig().Quo(bigInt(2), newBig().Sqrt(oraclePi))},
	} {
		limit := 0x1p-105
		if c.got.hi == ln2Head {
			limit = 0x1p-84
		}
		if e := relativeError(c.got, c.want); e > limit {
			t.Errorf("%s: relative error %g", c.name, e)
		}
	}
}

func BenchmarkElementary(b *testing.B) {
	for _, f := range elementary {
		b.Run(f.Name, func(b *testing.B) {
			x, s := float32(0.001), float32(0)
			for i := 0; i < b.N; i++ {
				s += f.At(x)
				if x += 0.001; x > 3.5 {
					x = 0.001
				}
			}
			sink = s
		})
	}
}

var sink float32
