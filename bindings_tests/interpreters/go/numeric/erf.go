package numeric

// The error function. Precise: the series of positive terms (Abramowitz and Stegun 7.1.6)
//
//	erf x = 2/sqrt(pi) exp(-x^2) sum over n of 2^n x^(2n+1) / (1*3*5*...*(2n+1))
//
// Fast: the Maclaurin series below 1/2, and up to 4 a Taylor series around the middle of each sixteenth.

import "math"

const (
	erfCells  = 64 // cell i is [i/16, (i+1)/16)
	erfDegree = 11 // the next term is below 2^-64 (Cramer's bound on Hermite polynomials)
)

var (
	erfSeries = heads(series(15, func(k int) dd { // the next term is below 2^-70
		return alternate(k, twoOverSqrtPi.mul(inverseFactorial(k)).div(toDD(float64(2*k+1))))
	}))
	erfTaylor = func() (t [erfCells][]float64) {
		for i := range t {
			t[i] = heads(erfTaylorAt((float64(i) + 0.5) / 16))
		}
		return t
	}()
)

// erfTaylorAt is the Taylor coefficients at c. The derivative g = 2/sqrt(pi) exp(-x^2) satisfies g' = -2 x g, so
// its coefficients b satisfy (k+1) b[k+1] = -2 (c b[k] + b[k-1]).
func erfTaylorAt(c float64) []dd {
	scale, p := expPartsDD(-float64(c * c))
	b, before := twoOverSqrtPi.mul(p.add(one).scale(scale)), dd{}
	a := []dd{erfDD(c)}
	for k := 0; k < erfDegree; k++ {
		next := toDD(float64(k + 1))
		a = append(a, b.div(next))
		b, before = toDD(c).mul(b).add(before).scale(-2).div(next), b
	}
	return a
}

func erfSpecial(x float32) (float32, bool) {
	switch {
	case x != x:
		return nan, true
	case x == 0:
		return x, true
	case x >= 4: // 1 - erf(4) < 2^-25
		return 1, true
	case x <= -4:
		return -1, true
	}
	return 0, false
}

func erf64(x float64) float64 {
	a := math.Abs(x)
	if a < 0.5 {
		return float64(x * horner(float64(x*x), erfSeries))
	}
	cell := int(a * 16)
	return math.Copysign(horner(a-float64((float64(cell)+0.5)/16), erfTaylor[cell]), x)
}

func erfDD(x float64) dd {
	square := toDD(2 * x * x) // exact: x has 24 bits
	sum, term := dd{}, toDD(x)
	for n := 1; math.Abs(term.hi) > 0x1p-110*math.Abs(sum.hi); n++ {
		sum = sum.add(term)
		term = term.mul(square).div(toDD(float64(2*n + 1)))
	}
	scale, p := expPartsDD(-float64(x * x))
	return twoOverSqrtPi.mul(sum).mul(p.add(one).scale(scale))
}
