// Package numeric is the scalar arithmetic of the contract: every function here has exactly one right
// answer for every input, on every processor. Go may fuse x*y+z into one operation on some processors;
// an explicit conversion, float64(x*y), forbids it and is written wherever a product meets a sum.
package numeric

import "math"

const (
	tieMask       = 1<<29 - 1                  // the bits of a float64 that a normal float32 lacks
	tie           = 1 << 28                    // ... which hold this where it lies halfway between two float32
	smallestTwice = uint64(1023-126) << 52 * 2 // twice the bits of 2^-126: below it float32 is subnormal
)

// FMA is a*b + c with one rounding to float32 (section 2 of the contract).
func FMA(a, b, c float32) float32 {
	return float32(FMAStep(float64(a), float64(b), float64(c)))
}

// FMAStep is FMA on float32 values held as float64: one step of a dot chain without conversions.
//
// The product of two float32 is exact in float64, so s is the exact sum v, rounded once. Rounding is monotone and a
// point halfway between two float32 is itself a float64, so s lies on the same side of it as v unless s is that
// point: only then may rounding s to float32 go wrong. Where float32 is subnormal all but zero takes the exact path.
func FMAStep(a, b, c float64) float64 {
	s := float64(a*b) + c
	if Halfway(s) || 2*math.Float64bits(s)-1 < smallestTwice-1 {
		return fmaExact(a, b, c)
	}
	return float64(float32(s))
}

// Halfway tells that s lies halfway between two normal float32.
func Halfway(s float64) bool { return math.Float64bits(s)&tieMask == tie }

// EnoughBits: where the LowestBit of all a and that of all b add up to this or more, Halfway alone tells in a chain of
// c = FMAStep(a, b, c) when the exact path is needed. For then every a*b + c is a multiple of 2^-179, so that one below
// 2^-126, where float32 is subnormal, fits the 53 bits of a float64 and is rounded only once.
const EnoughBits = -179

// LowestBit is a lower bound for the exponent of the last set bit of x; large for zero, infinity and NaN.
func LowestBit(x float32) int {
	exponent := int(math.Float32bits(x) >> 23 & 0xff)
	switch {
	case exponent == 0xff || x == 0:
		return 1000
	case exponent == 0:
		return -149
	}
	return exponent - 127 - 23
}

// fmaExact rounds the float64 sum to odd before the last rounding (Boldo and Melquiond, "Emulation of FMA and
// correctly rounded sums: proved algorithms using rounding to odd", IEEE Trans. Computers 57, 2008).
func fmaExact(a, b, c float64) float64 {
	hi, lo := twoSum(float64(a*b), c)
	return float64(roundOnce(hi, lo))
}

// roundOnce is hi + lo rounded once to float32, for |lo| at most half a unit in the last place of hi.
func roundOnce(hi, lo float64) float32 {
	u := math.Float64bits(hi)
	if lo != 0 && u&1 == 0 { // round to odd: the neighbour on the side of lo
		if (lo > 0) == (hi > 0) {
			u++
		} else {
			u--
		}
	}
	return float32(math.Float64frombits(u))
}

// twoSum is a+b as an unevaluated sum hi+lo, exactly (Knuth, TAOCP 2, section 4.2.2).
func twoSum(a, b float64) (hi, lo float64) {
	hi = a + b
	t := hi - a
	return hi, (a - (hi - t)) + (b - t)
}
