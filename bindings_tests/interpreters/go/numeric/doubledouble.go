package numeric

// Double-double arithmetic: a value is the unevaluated sum hi + lo with |lo| <= ulp(hi)/2, about 106 bits.
// Algorithms and bounds: Joldes, Muller, Popescu, "Tight and rigorous error bounds for basic building blocks of
// double-word arithmetic", ACM TOMS 44, 2017. Relative errors: add 2^-104, mul 2^-103, div 2^-102.
// All values met here lie between 2^-900 and 2^900, so no step underflows or overflows.

import "math"

type dd struct{ hi, lo float64 }

func toDD(x float64) dd { return dd{x, 0} }

func (a dd) neg() dd { return dd{-a.hi, -a.lo} }

// scale multiplies by s, a power of two, exactly.
func (a dd) scale(s float64) dd { return dd{float64(a.hi * s), float64(a.lo * s)} }

// add is a + b (AccurateDWPlusDW).
func (a dd) add(b dd) dd {
	sh, sl := twoSum(a.hi, b.hi)
	th, tl := twoSum(a.lo, b.lo)
	vh, vl := fastTwoSum(sh, sl+th)
	return renormalise(vh, tl+vl)
}

// renormalise is hi + lo for |lo| <= |hi|.
func renormalise(hi, lo float64) dd {
	h, l := fastTwoSum(hi, lo)
	return dd{h, l}
}

// mul is a * b (DWTimesDW3).
func (a dd) mul(b dd) dd {
	ch, cl := twoProduct(a.hi, b.hi)
	t := math.FMA(a.lo, b.hi, float64(a.lo*b.lo))
	return renormalise(ch, cl+math.FMA(a.hi, b.lo, t))
}

// div is a / b (DWDivDW2).
func (a dd) div(b dd) dd {
	th := a.hi / b.hi
	r := b.mul(toDD(th))
	return renormalise(th, ((a.hi-r.hi)+(a.lo-r.lo))/b.hi)
}

// fastTwoSum is twoSum for |a| >= |b| or a = 0 (Dekker 1971).
func fastTwoSum(a, b float64) (hi, lo float64) {
	hi = a + b
	return hi, b - (hi - a)
}

// twoProduct is a*b as an unevaluated sum hi+lo, exactly.
func twoProduct(a, b float64) (hi, lo float64) {
	hi = float64(a * b)
	return hi, math.FMA(a, b, -hi)
}
