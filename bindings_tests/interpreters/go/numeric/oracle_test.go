package numeric

// The oracle: elementary functions in math/big by plain series, sharing nothing with the package. Every step keeps
// 400 bits (1 + x keeps all of x), so the results are good to far more than 200 bits.

import (
	"math"
	"math/big"
)

const oracleBits = 400

func bigFloat(x float64) *big.Float { return new(big.Float).SetPrec(oracleBits).SetFloat64(x) }
func bigInt(n int) *big.Float       { return new(big.Float).SetPrec(oracleBits).SetInt64(int64(n)) }
func newBig() *big.Float            { return new(big.Float).SetPrec(oracleBits) }

// sumSeries adds terms until they no longer matter; next makes term n from term n-1.
func sumSeries(first *big.Float, next func(n int, term *big.Float)) *big.Float {
	sum, term := newBig(), newBig().Set(first)
	for n := 1; term.Sign() != 0 && (sum.Sign() == 0 || term.MantExp(nil) > sum.MantExp(nil)-oracleBits); n++ {
		sum.Add(sum, term)
		next(n, term)
	}
	return sum
}

// bigExpm1 halves x until it is small, sums the series, and undoes the halving by e(2x) = e(x)(e(x)+2).
func bigExpm1(x *big.Float) *big.Float {
	r, halvings := newBig().Set(x), 0
	for r.Sign() != 0 && r.MantExp(nil) > -4 {
		r.Quo(r, bigInt(2))
		halvings++
	}
	e := sumSeries(r, func(n int, term *big.Float) {
		term.Mul(term, r)
		term.Quo(term, bigInt(n+1))
	})
	for ; halvings > 0; halvings-- {
		e.Mul(e, newBig().Add(e, bigInt(2)))
	}
	return e
}

func bigExp(x *big.Float) *big.Float {
	e := bigExpm1(x)
	return e.Add(e, bigInt(1))
}

// bigArtanh is z + z^3/3 + z^5/5 + ...
func bigArtanh(z *big.Float) *big.Float {
	square, power := newBig().Mul(z, z), newBig().Set(z)
	return sumSeries(z, func(n int, term *big.Float) {
		power.Mul(power, square)
		term.Quo(power, bigInt(2*n+1))
	})
}

// bigLog1p is 2 artanh(x / (2+x)), after taking out a power of two where 1+x is not near 1.
func bigLog1p(x *big.Float) *big.Float {
	half := newBig().SetFloat64(0.5)
	if newBig().Abs(x).Cmp(half) < 0 {
		z := newBig().Quo(x, newBig().Add(x, bigInt(2)))
		return z.Mul(bigInt(2), bigArtanh(z))
	}
	y := newBig().Add(x, bigInt(1))
	m := newBig()
	e := y.MantExp(m) // m in [1/2, 1)
	log2 := newBig().Mul(bigInt(2), bigArtanh(newBig().Quo(bigInt(1), bigInt(3))))
	m.Sub(m, bigInt(1))
	z := newBig().Quo(m, newBig().Add(m, bigInt(2)))
	z.Mul(bigInt(2), bigArtanh(z))
	return z.Add(z, log2.Mul(log2, bigInt(e)))
}

// bigPi is 16 arctan(1/5) - 4 arctan(1/239) (Machin).
func bigPi() *big.Float {
	arctanInverse := func(k int) *big.Float {
		square, power := bigInt(-k*k), newBig().Quo(bigInt(1), bigInt(k))
		return sumSeries(power, func(n int, term *big.Float) {
			power.Quo(power, square)
			term.Quo(power, bigInt(2*n+1))
		})
	}
	p := newBig().Mul(bigInt(16), arctanInverse(5))
	return p.Sub(p, newBig().Mul(bigInt(4), arctanInverse(239)))
}

var oraclePi = bigPi()

// bigSinHalfTurns is sin(pi (x + shift/2)), reduced to |r| <= 1/4 quarter turns exactly.
func bigSinHalfTurns(x float64, shift int) *big.Float {
	turns := math.Mod(x, 2) // exact
	k := math.RoundToEven(2 * turns)
	y := newBig().Mul(oraclePi, bigFloat(turns-k/2))
	square := newBig().Mul(y, y)
	square.Neg(square)
	quarter := (int(k) + shift) & 3
	first, step := y, 1 // sine: each term over 2n(2n+1); cosine: over (2n-1)(2n)
	if quarter&1 == 1 {
		first, step = bigInt(1), 0
	}
	s := sumSeries(first, func(n int, term *big.Float) {
		term.Mul(term, square)
		term.Quo(term, bigInt((2*n-1+step)*(2*n+step)))
	})
	if quarter >= 2 {
		s.Neg(s)
	}
	return s
}

// bigErf is the alternating Maclaurin series; its cancellation, below 2^30 for |x| < 4, is well within 400 bits.
func bigErf(x *big.Float) *big.Float {
	square, power := newBig().Mul(x, x), newBig().Set(x)
	square.Neg(square)
	s := sumSeries(x, func(n int, term *big.Float) {
		power.Quo(power.Mul(power, square), bigInt(n))
		term.Quo(power, bigInt(2*n+1))
	})
	s.Quo(s, newBig().Sqrt(oraclePi))
	return s.Mul(s, bigInt(2))
}

// oracle evaluates the named function at a finite x that is not a special case.
func oracle(name string, x float64) *big.Float {
	b := bigFloat(x)
	switch name {
	case "exp":
		return bigExp(b)
	case "expm1":
		return bigExpm1(b)
	case "log":
		return bigLog1p(b.Sub(b, bigInt(1)))
	case "log1p":
		return bigLog1p(b)
	case "tanh":
		t := bigExpm1(b.Mul(b, bigInt(2)))
		return newBig().Quo(t, newBig().Add(t, bigInt(2)))
	case "erf":
		return bigErf(b)
	case "sinpi":
		return bigSinHalfTurns(x, 0)
	case "cospi":
		return bigSinHalfTurns(x, 1)
	}
	panic("no oracle for " + name)
}

// nearest is v rounded to float32, to even, with gradual underflow and overflow to infinity. (It does not rely on
// big.Float.Float32: it rounds to the spacing of float32 at v by integer arithmetic.)
func nearest(v *big.Float) float32 {
	if v.Sign() == 0 {
		return 0
	}
	exponent := v.MantExp(nil) - 24 // of the unit in the last place
	if exponent < -149 {
		exponent = -149
	}
	scaled := new(big.Float).SetMantExp(v, -exponent)
	whole, _ := scaled.Int(nil) // towards zero
	rest := new(big.Float).SetPrec(2000).Sub(scaled, new(big.Float).SetPrec(2000).SetInt(whole))
	half := rest.Abs(rest).Cmp(big.NewFloat(0.5))
	if half > 0 || half == 0 && whole.Bit(0) == 1 {
		whole.Add(whole, big.NewInt(int64(v.Sign())))
	}
	f, _ := new(big.Float).SetInt(whole).Float64()
	r := math.Ldexp(f, exponent)
	if v.Sign() < 0 && r == 0 {
		r = math.Copysign(0, -1)
	}
	return float32(r) // exact, or an overflow
}
