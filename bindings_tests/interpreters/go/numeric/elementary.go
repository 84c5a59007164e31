package numeric

// The elementary functions of section 4, correctly rounded for each of the 2^32 inputs.
//
// Each one is evaluated in float64 first. If every real number within a relative 2^-44 of that value (far more than its
// error, a few 2^-52) rounds to the same float32, that is the result (Ziv, "Fast evaluation of elementary mathematical
// functions with correctly rounded last bit", ACM TOMS 17, 1991); else, about once in 2^19, it is evaluated in
// double-double with a relative error below 2^-90, which is closer than any float32 comes to a halfway point.
// TestExhaustive compares all 2^32 results of each function with an independent evaluation.

import "math"

// Elementary is a correctly rounded function of one float32.
type Elementary struct {
	Name    string
	special func(x float32) (y float32, ok bool) // zeros, infinities, NaN, and where the result is saturated or exact
	fast    func(x float64) float64              // relative error below fastError
	precise func(x float64) dd                   // relative error below preciseError
}

const (
	fastError    = 0x1p-44
	preciseError = 0x1p-90
)

// At is the value of the function at x, rounded once.
func (f *Elementary) At(x float32) float32 {
	if y, ok := f.special(x); ok {
		return y
	}
	y := f.fast(float64(x))
	e := float64(y * fastError)
	if below, above := float32(y-e), float32(y+e); below == above {
		return above
	}
	p := f.precise(float64(x))
	return roundOnce(p.hi, p.lo)
}

// The functions. Special cases: IEEE 754-2019, section 9.2.1.
var (
	Exp   = &Elementary{"exp", expSpecial, exp64, expDD}
	Expm1 = &Elementary{"expm1", expm1Special, expm164, expm1DD}
	Log   = &Elementary{"log", logSpecial, log64, logDD}
	Log1p = &Elementary{"log1p", log1pSpecial, log1p64, log1pDD}
	Tanh  = &Elementary{"tanh", tanhSpecial, tanh64, tanhDD}
	Erf   = &Elementary{"erf", erfSpecial, erf64, erfDD}
	Sinpi = &Elementary{"sinpi", sinpiSpecial, sinpi64, sinpiDD}
	Cospi = &Elementary{"cospi", cospiSpecial, cospi64, cospiDD}
)

// Constants as double-double, and ln 2 cut so that its product with an integer up to 2^21 is exact.
var (
	ln2           = dd{0x1.62e42fefa39efp-1, 0x1.abc9e3b39803fp-56}
	pi            = dd{0x1.921fb54442d18p+1, 0x1.1a62633145c07p-53}
	twoOverSqrtPi = dd{0x1.20dd750429b6dp+0, 0x1.1ae3a914fed80p-56}
	one           = dd{1, 0}
	two           = dd{2, 0}
)

const (
	ln2Head = 0x1.62e42fee00000p-1
	ln2Tail = 0x1.a39ef35793c76p-33
	log2E   = 0x1.71547652b82fep+0
)

var (
	nan      = float32(math.NaN())
	infinity = float32(math.Inf(1))
)

// ---- exp, expm1, tanh: x = n ln2 + r with |r| <= ln2/2, exp(x) = 2^n (1 + expm1(r)), expm1 by its Taylor series.

var (
	expm1SeriesDD = series(26, func(k int) dd { return inverseFactorial(k + 1) })
	expm1Series   = heads(expm1SeriesDD[:14])
)

func expParts(x float64) (scale, expm1 float64) {
	n := math.Floor(float64(x*log2E) + 0.5)
	r := (x - float64(n*ln2Head)) - float64(n*ln2Tail)
	return powerOfTwo(int(n)), float64(r * horner(r, expm1Series))
}

func expPartsDD(x float64) (scale float64, expm1 dd) {
	n := math.Floor(float64(x*log2E) + 0.5)
	r := toDD(x).add(ln2.mul(toDD(-n)))
	return powerOfTwo(int(n)), r.mul(hornerDD(r, expm1SeriesDD))
}

func expSpecial(x float32) (float32, bool) {
	switch {
	case x != x:
		return nan, true
	case x > 89:
		return infinity, true
	case x < -104: // exp(-104) < 2^-150
		return 0, true
	}
	return 0, false
}

func exp64(x float64) float64 {
	scale, p := expParts(x)
	return float64(scale*p) + scale
}

func expDD(x float64) dd {
	scale, p := expPartsDD(x)
	return p.add(one).scale(scale)
}

func expm1Special(x float32) (float32, bool) {
	switch {
	case x != x:
		return nan, true
	case x == 0:
		return x, true
	case x > 89:
		return infinity, true
	case x < -18: // exp(-18) < 2^-25
		return -1, true
	}
	return 0, false
}

func expm164(x float64) float64 {
	scale, p := expParts(x)
	return float64(scale*p) + (scale - 1)
}

func expm1DD(x float64) dd {
	scale, p := expPartsDD(x)
	if scale == 1 {
		return p
	}
	return p.add(one).scale(scale).add(one.neg())
}

func tanhSpecial(x float32) (float32, bool) {
	switch {
	case x != x:
		return nan, true
	case x == 0:
		return x, true
	case x > 9.25: // 1 - tanh(9.25) < 2^-25
		return 1, true
	case x < -9.25:
		return -1, true
	}
	return 0, false
}

func tanh64(x float64) float64 {
	t := expm164(float64(2 * x))
	return t / (t + 2)
}

func tanhDD(x float64) dd {
	t := expm1DD(2 * x)
	return t.div(t.add(two))
}

// ---- log, log1p: y = 2^n m with m in (sqrt(1/2), sqrt(2)], log y = n ln2 + 2 artanh(z), z = (m-1)/(m+1).

var (
	artanhSeriesDD = series(22, func(k int) dd { return two.div(toDD(float64(2*k + 1))) })
	artanhSeries   = heads(artanhSeriesDD[:11])
)

// logParts splits y > 0 into 2^n m.
func logParts(y float64) (n, m float64) {
	u := math.Float64bits(y)
	e := int(u>>52) - 1023
	m = math.Float64frombits(u&(1<<52-1) | 1023<<52)
	if m > math.Sqrt2 {
		m /= 2
		e++
	}
	return float64(e), m
}

func logFromZ(n, z float64) float64 {
	l := float64(z * horner(float64(z*z), artanhSeries))
	return float64(n*ln2Head) + (float64(n*ln2Tail) + l)
}

func logFromZDD(n float64, z dd) dd {
	l := z.mul(hornerDD(z.mul(z), artanhSeriesDD))
	if n == 0 {
		return l
	}
	return ln2.mul(toDD(n)).add(l)
}

func logSpecial(x float32) (float32, bool) {
	switch {
	case x != x || x < 0:
		return nan, true
	case x == 0:
		return -infinity, true
	case x == 1:
		return 0, true
	case x > math.MaxFloat32:
		return infinity, true
	}
	return 0, false
}

func log64(x float64) float64 {
	n, m := logParts(x)
	return logFromZ(n, (m-1)/(m+1))
}

func logDD(x float64) dd {
	n, m := logParts(x)
	return logFromZDD(n, toDD(m).add(one.neg()).div(toDD(m).add(one)))
}

func log1pSpecial(x float32) (float32, bool) {
	switch {
	case x != x || x < -1:
		return nan, true
	case x == 0:
		return x, true
	case x == -1:
		return -infinity, true
	case x > math.MaxFloat32:
		return infinity, true
	}
	return 0, false
}

// nearOne tells that 1+x needs no reduction: the cancellation in m-1 is then avoided, since it is x.
func nearOne(x float64) bool { return -0.25 < x && x < 0.375 }

func log1p64(x float64) float64 {
	if nearOne(x) {
		return logFromZ(0, x/(2+x))
	}
	return log64(1 + x)
}

func log1pDD(x float64) dd {
	if nearOne(x) {
		return logFromZDD(0, toDD(x).div(two.add(toDD(x))))
	}
	y := toDD(x).add(one) // exact
	n, _ := logParts(y.hi)
	m := y.scale(powerOfTwo(-int(n)))
	return logFromZDD(n, m.add(one.neg()).div(m.add(one)))
}

// ---- sinpi, cospi: x = k/2 + r with |r| <= 1/4, exactly; sin and cos of pi r by their Taylor series.

var (
	sinSeriesDD = series(15, func(k int) dd { return alternate(k, inverseFactorial(2*k+1)) })
	cosSeriesDD = series(15, func(k int) dd { return alternate(k, inverseFactorial(2*k)) })
	sinSeries   = heads(sinSeriesDD[:10])
	cosSeries   = heads(cosSeriesDD[:10])
)

// halfTurns is sin(pi (x + shift/2)) with its quarter turn k and the remainder r.
func halfTurns(x float64, shift int64) (quarter int64, r float64) {
	k := math.Floor(float64(2*x) + 0.5)
	return (int64(k) + shift) & 3, x - float64(k/2)
}

func sinHalfTurns(x float64, shift int64) float64 {
	quarter, r := halfTurns(x, shift)
	y := float64(r * pi.hi)
	square := float64(y * y)
	var s float64
	if quarter&1 == 0 {
		s = float64(y * horner(square, sinSeries))
	} else {
		s = horner(square, cosSeries)
	}
	if quarter >= 2 {
		return -s
	}
	return s
}

func sinHalfTurnsDD(x float64, shift int64) dd {
	quarter, r := halfTurns(x, shift)
	y := pi.mul(toDD(r))
	square := y.mul(y)
	var s dd
	if quarter&1 == 0 {
		s = y.mul(hornerDD(square, sinSeriesDD))
	} else {
		s = hornerDD(square, cosSeriesDD)
	}
	if quarter >= 2 {
		return s.neg()
	}
	return s
}

func sinpiSpecial(x float32) (float32, bool) {
	y := float64(x)
	switch {
	case x != x || math.IsInf(y, 0):
		return nan, true
	case math.Floor(y) == y:
		return float32(math.Copysign(0, y)), true
	}
	return 0, false
}

func cospiSpecial(x float32) (float32, bool) {
	y := float64(x)
	switch {
	case x != x || math.IsInf(y, 0):
		return nan, true
	case math.Abs(y) >= 1<<24: // an even integer
		return 1, true
	case math.Floor(y+0.5) == y+0.5:
		return 0, true
	}
	return 0, false
}

func sinpi64(x float64) float64 { return sinHalfTurns(x, 0) }
func cospi64(x float64) float64 { return sinHalfTurns(x, 1) }
func sinpiDD(x float64) dd      { return sinHalfTurnsDD(x, 0) }
func cospiDD(x float64) dd      { return sinHalfTurnsDD(x, 1) }

// ---- shared pieces

// powerOfTwo is 2^n for a normal result.
func powerOfTwo(n int) float64 { return math.Float64frombits(uint64(n+1023) << 52) }

// series is the first n coefficients.
func series(n int, coefficient func(k int) dd) []dd {
	c := make([]dd, n)
	for k := range c {
		c[k] = coefficient(k)
	}
	return c
}

// heads is c rounded to float64.
func heads(c []dd) []float64 {
	h := make([]float64, len(c))
	for k := range c {
		h[k] = c[k].hi
	}
	return h
}

func inverseFactorial(n int) dd {
	f := one
	for k := 2; k <= n; k++ {
		f = f.div(toDD(float64(k)))
	}
	return f
}

// alternate is (-1)^k c.
func alternate(k int, c dd) dd {
	if k%2 == 1 {
		return c.neg()
	}
	return c
}

// horner is the sum of c[k] x^k.
func horner(x float64, c []float64) float64 {
	s := 0.0
	for k := len(c) - 1; k >= 0; k-- {
		s = float64(s*x) + c[k]
	}
	return s
}

func hornerDD(x dd, c []dd) dd {
	s := dd{}
	for k := len(c) - 1; k >= 0; k-- {
		s = s.mul(x).add(c[k])
	}
	return s
}
