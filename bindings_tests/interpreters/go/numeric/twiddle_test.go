package numeric

import (
	"math"
	"math/big"
	"math/rand"
	"testing"
)

// bigTwiddle is cos and -sin of 2*pi*k/n by their series, for 4k not a multiple of n.
func bigTwiddle(k, n int) (re, im *big.Float) {
	angle := newBig().Mul(oraclePi, bigInt(2*k))
	angle.Quo(angle, bigInt(n))
	square := newBig().Mul(angle, angle)
	square.Neg(square)
	of := func(first *big.Float, step int) *big.Float {
		return sumSeries(first, func(n int, term *big.Float) {
			term.Mul(term, square)
			term.Quo(term, bigInt((2*n-1+step)*(2*n+step)))
		})
	}
	im = of(angle, 1)
	return of(bigInt(1), 0), im.Neg(im)
}

func checkTwiddle(t *testing.T, k, n int) {
	t.Helper()
	wantRe, wantIm := bigTwiddle(k, n)
	re32, im32 := Twiddle32(k, n)
	if re32 != nearest(wantRe) || im32 != nearest(wantIm) {
		t.Fatalf("Twiddle32(%d, %d) = %v, %v, want %v, %v", k, n, re32, im32, nearest(wantRe), nearest(wantIm))
	}
	re, im := Twiddle(k, n)
	re64, _ := wantRe.Float64()
	im64, _ := wantIm.Float64()
	if re != re64 || im != im64 {
		t.Fatalf("Twiddle(%d, %d) = %v, %v, want %v, %v", k, n, re, im, re64, im64)
	}
	c, s := twiddle(k, n)
	for _, e := range []float64{relativeError(c, wantRe), relativeError(s, wantIm)} {
		if e > 0x1p-97 {
			t.Fatalf("W(%d, %d) has a relative error of 2^%.1f", k, n, math.Log2(e))
		}
	}
}

func TestTwiddles(t *testing.T) {
	most, samples := 200, 2000
	if testing.Short() {
		most, samples = 40, 200
	}
	for n := 1; n <= most; n++ {
		for k := 0; k < n; k++ {
			if 4*k%n != 0 {
				checkTwiddle(t, k, n)
			}
		}
	}
	r := rand.New(rand.NewSource(3))
	for i := 0; i < samples; i++ {
		n := 3 + r.Intn(1<<uint(2+r.Intn(24)))
		k := r.Intn(n)
		if i%4 == 0 { // small angles, and those next to a quarter turn
			k = (r.Intn(4)*n/4 + r.Intn(3)) % n
		}
		if 4*k%n != 0 {
			checkTwiddle(t, k, n)
		}
	}
}

// TestExactTwiddles: quarter turns have +0 for a zero, and a half is a half.
func TestExactTwiddles(t *testing.T) {
	for _, n := range []int{1, 2, 4, 12, 1 << 25} {
		for k, want := range [][2]float64{{1, 0}, {0, -1}, {-1, 0}, {0, 1}} {
			if k*n%4 != 0 {
				continue
			}
			re, im := Twiddle(k*n/4, n)
			re32, im32 := Twiddle32(k*n/4, n)
			for j, x := range []float64{re, im, float64(re32), float64(im32)} {
				if math.Float64bits(x) != math.Float64bits(want[j%2]) {
					t.Errorf("W(%d, %d): part %d is %v, want %v", k*n/4, n, j, x, want[j%2])
				}
			}
		}
	}
	if re, _ := Twiddle(1, 6); re != 0.5 {
		t.Errorf("the cosine of a sixth of a turn is %v", re)
	}
	if _, im := Twiddle(7, 12); im != 0.5 {
		t.Errorf("the sine of a twelfth of a turn is %v", im)
	}
}
