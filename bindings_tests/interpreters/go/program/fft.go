package program

// F(n), the transform of section 7 on which fft, ifft, rfft and irfft (spectrum.go) rest.

import (
	"sync"

	"paragon/reference/numeric"
)

type real interface{ float32 | float64 }

// pair is a complex number.
type pair[T real] struct{ re, im T }

func (x pair[T]) plus(y pair[T]) pair[T]  { return pair[T]{x.re + y.re, x.im + y.im} }
func (x pair[T]) minus(y pair[T]) pair[T] { return pair[T]{x.re - y.re, x.im - y.im} }

// plusI is x + i*y, minusI is x - i*y.
func (x pair[T]) plusI(y pair[T]) pair[T]  { return pair[T]{x.re - y.im, x.im + y.re} }
func (x pair[T]) minusI(y pair[T]) pair[T] { return pair[T]{x.re + y.im, x.im - y.re} }

// precision is what differs between float32 and the float64 in which Bluestein's filter is made.
type precision[T real] struct {
	fma     func(a, b, c T) T
	twiddle func(k, n int) (re, im T)
	plans   sync.Map // n to *plan[T]
}

var (
	single = &precision[float32]{fma: numeric.FMA, twiddle: numeric.Twiddle32}
	double = &precision[float64]{fma: func(a, b, c float64) float64 { return float64(a*b) + c }, twiddle: numeric.Twiddle}
)

func (p *precision[T]) product(x, y pair[T]) pair[T] {
	return pair[T]{p.fma(x.re, y.re, -T(x.im*y.im)), p.fma(x.re, y.im, T(x.im*y.re))}
}

// w is W(k,n) for the first count values of k.
func (p *precision[T]) w(n, count int) []pair[T] {
	table := make([]pair[T], count)
	for k := range table {
		table[k].re, table[k].im = p.twiddle(k, n)
	}
	return table
}

// plan is how F(n) is computed, with its tables.
type plan[T real] struct {
	*precision[T]
	n        int
	compute  func(p *plan[T], x []pair[T])
	w        []pair[T] // W(k,n); for Bluestein chirp[j]
	n1, n2   int       // of n = n1*n2
	column   *plan[T]  // F(n1); for Bluestein F(L)
	row      *plan[T]  // F(n2)
	spectrum []pair[T] // Bluestein's filter
}

// transform replaces x by F(n) of it.
func (p *plan[T]) transform(x []pair[T]) { p.compute(p, x) }

// plan is made once for each n.
func (p *precision[T]) plan(n int) *plan[T] {
	if known, ok := p.plans.Load(n); ok {
		return known.(*plan[T])
	}
	made := &plan[T]{precision: p, n: n, n1: split(n)}
	switch {
	case n == 1:
		made.compute = func(*plan[T], []pair[T]) {}
	case n == 2:
		made.compute = (*plan[T]).two
	case n == 4:
		made.compute = (*plan[T]).four
	case made.n1 > 1:
		made.n2 = n / made.n1
		made.compute, made.w = (*plan[T]).composite, p.w(n, n)
		made.column, made.row = p.plan(made.n1), p.plan(made.n2)
	case n < 100:
		made.compute, made.w = (*plan[T]).prime, p.w(n, n)
	default:
		length := 1
		for length < 2*n-1 {
			length *= 2
		}
		made.compute, made.column = (*plan[T]).bluestein, p.plan(length)
		made.w, made.spectrum = make([]pair[T], n), make([]pair[T], length)
		for j := range made.w {
			made.w[j].re, made.w[j].im = p.twiddle(j*j%(2*n), 2*n)
		}
		for k, v := range filter(n, length) {
			made.spectrum[k] = pair[T]{T(v.re), T(v.im)}
		}
	}
	known, _ := p.plans.LoadOrStore(n, made)
	return known.(*plan[T])
}

// split is n1 of n = n1*n2: the largest divisor with a square of at most n whose power of two is a power of four;
// 1 for 4 and the primes.
func split(n int) int {
	n1 := 1
	for d := 2; d*d <= n; d++ {
		twos := 0
		for rest := d; rest%2 == 0; rest /= 2 {
			twos++
		}
		if n%d == 0 && twos%2 == 0 {
			n1 = d
		}
	}
	if n1 == 1 && n > 4 && n%2 == 0 { // 8, or twice an odd prime
		return 2
	}
	return n1
}

func (p *plan[T]) two(x []pair[T]) { x[0], x[1] = x[0].plus(x[1]), x[0].minus(x[1]) }

func (p *plan[T]) four(x []pair[T]) {
	s, d, t, e := x[0].plus(x[2]), x[0].minus(x[2]), x[1].plus(x[3]), x[1].minus(x[3])
	x[0], x[1], x[2], x[3] = s.plus(t), d.minusI(e), s.minus(t), d.plusI(e)
}

// composite: columns of n1 points, twiddles, rows of n2 points.
func (p *plan[T]) composite(x []pair[T]) {
	y, column := make([]pair[T], p.n), make([]pair[T], p.n1)
	for j2 := 0; j2 < p.n2; j2++ {
		for j1 := range column {
			column[j1] = x[j1*p.n2+j2]
		}
		p.column.transform(column)
		y[j2] = column[0]
		for k1 := 1; k1 < p.n1; k1++ {
			v := column[k1]
			if j2 > 0 {
				v = p.product(v, p.w[j2*k1])
			}
			y[k1*p.n2+j2] = v
		}
	}
	for k1 := 0; k1 < p.n1; k1++ {
		row := y[k1*p.n2 : (k1+1)*p.n2]
		p.row.transform(row)
		for k2, v := range row {
			x[k1+p.n1*k2] = v
		}
	}
}

// prime: an odd prime below 100, by its definition on sums and differences of mirrored points.
func (p *plan[T]) prime(x []pair[T]) {
	h := (p.n - 1) / 2
	plus, minus := make([]pair[T], h+1), make([]pair[T], h+1)
	first, total := x[0], x[0]
	for j := 1; j <= h; j++ {
		plus[j], minus[j] = x[j].plus(x[p.n-j]), x[j].minus(x[p.n-j])
		total = total.plus(plus[j])
	}
	x[0] = total
	for k := 1; k <= h; k++ {
		w := p.w[k]
		a := pair[T]{p.fma(plus[1].re, w.re, first.re), p.fma(plus[1].im, w.re, first.im)}
		b := pair[T]{T(minus[1].re * w.im), T(minus[1].im * w.im)}
		for j := 2; j <= h; j++ {
			w := p.w[j*k%p.n]
			a = pair[T]{p.fma(plus[j].re, w.re, a.re), p.fma(plus[j].im, w.re, a.im)}
			b = pair[T]{p.fma(minus[j].re, w.im, b.re), p.fma(minus[j].im, w.im, b.im)}
		}
		x[k], x[p.n-k] = a.plusI(b), a.minusI(b)
	}
}

// bluestein: a prime above 100, as a convolution with the chirp (Bluestein, IEEE Trans. Audio Electroacoust. 18, 1970).
func (p *plan[T]) bluestein(x []pair[T]) {
	a := make([]pair[T], p.column.n)
	for j := range x {
		a[j] = p.product(x[j], p.w[j])
	}
	p.column.transform(a)
	for k := range a {
		a[k] = p.product(a[k], p.spectrum[k])
	}
	p.column.inverse(a)
	for k := range x {
		x[k] = p.product(a[k], p.w[k])
	}
}

// filter is the transform of the mirrored conjugate chirp, over its length L; to be rounded to float32.
func filter(n, length int) []pair[float64] {
	b := make([]pair[float64], length)
	for j := 0; j < n; j++ {
		b[j].re, b[j].im = numeric.Twiddle((2*n-j*j%(2*n))%(2*n), 2*n)
		b[(length-j)%length] = b[j]
	}
	double.plan(length).transform(b)
	for k := range b {
		b[k] = pair[float64]{float64(b[k].re / float64(length)), float64(b[k].im / float64(length))}
	}
	return b
}

// inverse is transform with the parts of every number exchanged before and after.
func (p *plan[T]) inverse(x []pair[T]) {
	exchange(x)
	p.transform(x)
	exchange(x)
}

func exchange[T real](x []pair[T]) {
	for k := range x {
		x[k].re, x[k].im = x[k].im, x[k].re
	}
}
