package numeric

import (
	"math"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
)

// filters are the functions of the standard library, which shares nothing with this package. They are trusted to a relative
// filterError, hundreds of units in the last place; the oracle checks that on a sample.
var filters = map[string]func(x float64) float64{
	"exp":   math.Exp,
	"expm1": math.Expm1,
	"log":   math.Log,
	"log1p": math.Log1p,
	"tanh":  math.Tanh,
	"erf":   math.Erf,
	"sinpi": func(x float64) float64 {
		switch r := math.Remainder(x, 2); { // exact, in [-1, 1]
		case math.IsNaN(r):
			return r
		case r == math.Trunc(r):
			return math.Copysign(0, x)
		default:
			return math.Copysign(sinPiQuarters(math.Abs(r)), r)
		}
	},
	"cospi": func(x float64) float64 {
		r := math.Abs(math.Remainder(x, 2))
		if r == 0.5 {
			return 0
		}
		if r <= 0.25 {
			return math.Cos(math.Pi * r)
		}
		return math.Copysign(sinPiQuarters(math.Abs(0.5-r)), 0.5-r)
	},
}

// sinPiQuarters is sin(pi r) for r in (0, 1), of an argument below pi/4, where its rounding does no harm.
func sinPiQuarters(r float64) float64 {
	r = math.Min(r, 1-r)
	if r <= 0.25 {
		return math.Sin(math.Pi * r)
	}
	return math.Cos(math.Pi * (0.5 - r))
}

const (
	filterError = 0x1p-46
	sampleEvery = 1 << 18
)

// TestExhaustive compares all 2^32 results of every function with the filter, and where the filter cannot decide the
// rounding, with the oracle. Set PARAGON_EXHAUSTIVE=1, or to the name of one function (minutes of one processor each).
func TestExhaustive(t *testing.T) {
	chosen := os.Getenv("PARAGON_EXHAUSTIVE")
	if chosen == "" {
		t.Skip("set PARAGON_EXHAUSTIVE=1 to visit all 2^32 inputs")
	}
	found := false
	for _, f := range elementary {
		if chosen != "1" && chosen != f.Name {
			continue
		}
		found = true
		f := f
		t.Run(f.Name, func(t *testing.T) {
			const block = 1 << 20
			var next, undecided uint64
			var workers sync.WaitGroup
			for i := 0; i < runtime.GOMAXPROCS(0); i++ {
				workers.Add(1)
				go func() {
					defer workers.Done()
					for {
						start := atomic.AddUint64(&next, block) - block
						if start >= 1<<32 {
							return
						}
						atomic.AddUint64(&undecided, exhaust(t, f, uint32(start), block))
					}
				}()
			}
			workers.Wait()
			t.Logf("%s: all inputs; the filter left %d undecided", f.Name, undecided)
		})
	}
	if !found {
		t.Errorf("PARAGON_EXHAUSTIVE: no function is named %q", chosen)
	}
}

// exhaust checks n inputs from start on; it returns how many the filter left undecided.
func exhaust(t *testing.T, f *Elementary, start uint32, n int) (undecided uint64) {
	filter := filters[f.Name]
	for i := 0; i < n; i++ {
		w := start + uint32(i)
		x := math.Float32frombits(w)
		got, v := Canonical(math.Float32bits(f.At(x))), filter(float64(x))
		want := Canonical(math.Float32bits(float32(v)))
		if !decided(v) {
			undecided++
			want = math.Float32bits(nearest(oracle(f.Name, float64(x))))
		}
		if got != want {
			t.Errorf("%s(%08x) = %08x, want %08x", f.Name, w, got, want)
		}
		if _, special := f.special(x); i%sampleEvery == 0 && !special {
			if e := relativeError(toDD(v), oracle(f.Name, float64(x))); e > filterError/16 {
				t.Errorf("%s(%08x): the filter gives %g, a relative error of %g", f.Name, w, v, e)
			}
		}
	}
	return undecided
}

// decided tells that all that the filter's value v may stand for rounds to one float32.
func decided(v float64) bool {
	e := float64(v * filterError)
	return v == 0 || math.IsInf(v, 0) || math.IsNaN(v) || float32(v-e) == float32(v+e)
}

// TestExhaustiveSample runs the same comparison on blocks of all 256 leading bytes, 2^22 inputs a function, and on the hard
// cases of log, which the filter must leave.
func TestExhaustiveSample(t *testing.T) {
	block := 1 << 14
	if testing.Short() {
		block = 1 << 9
	}
	for _, f := range elementary {
		undecided := uint64(0)
		for lead := uint32(0); lead < 256; lead++ {
			undecided += exhaust(t, f, lead<<24|lead*0x9e3779&0xff0000, block) // not only beginnings of binades
		}
		t.Logf("%s: %d inputs, %d left to the oracle", f.Name, 256*block, undecided)
	}
	for _, w := range logHardCases {
		if exhaust(t, Log, w, 1) != 1 {
			t.Errorf("the filter decided log(%08x)", w)
		}
	}
}
