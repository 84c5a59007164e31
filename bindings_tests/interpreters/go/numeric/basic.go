package numeric

// The remaining basic operations of section 2: those whose special cases Go leaves open or defines otherwise.

import "math"

// NaN is the word that every NaN counts as where bits are observed.
const NaN = 0x7fc00000

// IsNaN tells whether w is the word of a float32 NaN.
func IsNaN(w uint32) bool { return w&0x7fffffff > 0x7f800000 }

// Canonical is w, or NaN if w is any NaN.
func Canonical(w uint32) uint32 {
	if IsNaN(w) {
		return NaN
	}
	return w
}

// Maximum is NaN if either operand is; maximum(-0, +0) = +0.
func Maximum(x, y float32) float32 {
	switch {
	case x != x:
		return x
	case y != y:
		return y
	case x == 0 && y == 0:
		return x + y // -0 only if both are
	case x > y:
		return x
	}
	return y
}

// Minimum is NaN if either operand is; minimum(-0, +0) = -0.
func Minimum(x, y float32) float32 { return -Maximum(-x, -y) }

// Sqrt rounds once: the float64 root carries more than twice the bits of a float32, so the second rounding of
// the pair is harmless (Figueroa, "When is double rounding innocuous?", SIGNUM 30, 1995).
func Sqrt(x float32) float32 { return float32(math.Sqrt(float64(x))) }

// ToInt32 truncates towards zero and saturates; NaN gives 0.
func ToInt32(x float32) int32 {
	switch {
	case x != x:
		return 0
	case x >= 1<<31:
		return math.MaxInt32
	case x < -(1 << 31):
		return math.MinInt32
	}
	return int32(x)
}

// ToUint32 truncates towards zero and saturates; NaN gives 0.
func ToUint32(x float32) uint32 {
	switch {
	case !(x > 0):
		return 0
	case x >= 1<<32:
		return math.MaxUint32
	}
	return uint32(float64(x))
}

// FromUint32 rounds to nearest even.
func FromUint32(w uint32) float32 { return float32(float64(w)) }
