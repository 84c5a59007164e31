package numeric

// The twiddle factors of section 7, correctly rounded.
//
// k/n of a turn is reduced with integers to a fraction of at most an eighth, whose sine and cosine are evaluated in
// double-double with a relative error below 2^-97. The leading part is then the float64 nearest to the exact value unless
// that lies within 2^-44 of a unit from the middle between two float64; float32 has a still wider margin.

// Twiddle is W(k,n) = exp(-2*pi*i*k/n), for 0 <= k < n < 2^50, each part rounded once to float64.
func Twiddle(k, n int) (re, im float64) {
	c, s := twiddle(k, n)
	return c.hi, s.hi
}

// Twiddle32 is Twiddle rounded once to float32.
func Twiddle32(k, n int) (re, im float32) {
	c, s := twiddle(k, n)
	return roundOnce(c.hi, c.lo), roundOnce(s.hi, s.lo)
}

func twiddle(k, n int) (re, im dd) {
	quarter, rest := 4*k/n, 4*k%n // the angle is a quarter of (quarter + rest/n)
	var c, s dd
	if 2*rest > n {
		s, c = cosSinEighth(n-rest, 4*n)
	} else {
		c, s = cosSinEighth(rest, 4*n)
	}
	switch quarter {
	case 0:
		return c, s.negUnlessZero()
	case 1:
		return s.negUnlessZero(), c.negUnlessZero()
	case 2:
		return c.negUnlessZero(), s
	}
	return s, c
}

// cosSinEighth is the cosine and the sine of 2*pi*a/b for 0 <= a/b <= 1/8.
func cosSinEighth(a, b int) (cos, sin dd) {
	y := pi.mul(toDD(float64(2 * a)).div(toDD(float64(b))))
	square := y.mul(y)
	return hornerDD(square, cosSeriesDD), y.mul(hornerDD(square, sinSeriesDD))
}

// negUnlessZero is -a, with +0 for a zero.
func (a dd) negUnlessZero() dd {
	if a.hi == 0 {
		return a
	}
	return a.neg()
}
