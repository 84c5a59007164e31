package program

// fft, ifft, rfft and irfft: rows of points through F(n), scaled.

import (
	"fmt"
	"math"
	mathbits "math/bits"
	"sync"

	"paragon/reference/numeric"
	"paragon/reference/tensor"
)

var transforms = []definition{
	{"fft", 1, []attribute{attrNorm}, fftRule, fft},
	{"ifft", 1, []attribute{attrNorm}, fftRule, ifft},
	{"rfft", 1, []attribute{attrNorm}, rfftRule, rfft},
	{"irfft", 1, []attribute{attrNorm, attrPoints}, irfftRule, irfft},
}

// maxPoints is the largest number of points of a transform.
const maxPoints = 1 << 24

var (
	attrNorm   = choice("norm", "norm", "backward", "ortho", "forward")
	attrPoints = integer("n", 1, maxPoints)
)

// fftScale is the factor of every part of the result, for n points of the time axis.
func fftScale(norm string, n int, forwards bool) float32 {
	switch {
	case norm == "ortho":
		return 1 / numeric.Sqrt(float32(n))
	case (norm == "backward") == forwards:
		return 1
	}
	return 1 / float32(n)
}

// load reads len(points) complex numbers.
func load(words []uint32, points []pair[float32]) {
	for k := range points {
		points[k] = pair[float32]{f32(words[2*k]), f32(words[2*k+1])}
	}
}

func word(x, scale float32) uint32 { return math.Float32bits(float32(x * scale)) }

func store(points []pair[float32], scale float32, words []uint32) {
	for k, v := range points {
		words[2*k], words[2*k+1] = word(v.re, scale), word(v.im, scale)
	}
}

// eachRow calls body for the rows of x, of in words, and of the result, of out words; n is the number of points.
func eachRow(x *tensor.Tensor, in int, result *tensor.Tensor, out, n int, body func(in, out []uint32)) {
	parallel(len(result.Words)/out, multiplyCapped(n, 8*mathbits.Len(uint(n))), func(low, high int) {
		for i := low; i < high; i++ {
			body(x.Words[i*in:(i+1)*in], result.Words[i*out:(i+1)*out])
		}
	})
}

func needPoints(n int) error {
	if n < 1 || n > maxPoints {
		return fmt.Errorf("a transform has 1 to %d points, not %d", maxPoints, n)
	}
	return nil
}

// complexPoints is n of a complex operand [..., n, 2].
func complexPoints(x Kind) (n int, err error) {
	r := len(x.Shape)
	if x.DType != tensor.F32 || r < 2 || x.Shape[r-1] != 2 {
		return 0, fmt.Errorf("the operand must be f32 [..., n, 2], complex points, not %v", x)
	}
	return x.Shape[r-2], nil
}

func fftRule(x []Kind, _ Attributes) (Kind, error) {
	n, err := complexPoints(x[0])
	if err == nil {
		err = needPoints(n)
	}
	return x[0], err
}

// complexTransform is fft with the transform of a plan, ifft with its inverse.
func complexTransform(transform func(p *plan[float32], x []pair[float32]), forwards bool) kernel {
	return func(x []*tensor.Tensor, a Attributes, out *tensor.Tensor) {
		n := out.Shape[len(out.Shape)-2]
		p, scale := single.plan(n), fftScale(attrNorm.of(a), n, forwards)
		eachRow(x[0], 2*n, out, 2*n, n, func(in, out []uint32) {
			points := make([]pair[float32], n)
			load(in, points)
			transform(p, points)
			store(points, scale, out)
		})
	}
}

var (
	fft  = complexTransform((*plan[float32]).transform, true)
	ifft = complexTransform((*plan[float32]).inverse, false)
)

func rfftRule(x []Kind, _ Attributes) (Kind, error) {
	r := len(x[0].Shape)
	if x[0].DType != tensor.F32 || r < 1 {
		return Kind{}, fmt.Errorf("the operand must be f32 [..., n], not %v", x[0])
	}
	n := x[0].Shape[r-1]
	return Kind{tensor.F32, joined(x[0].Shape[:r-1], []int{n/2 + 1, 2})}, needPoints(n)
}

func rfft(x []*tensor.Tensor, a Attributes, out *tensor.Tensor) {
	n := x[0].Shape[len(x[0].Shape)-1]
	p, scale := realPlanOf(n), fftScale(attrNorm.of(a), n, true)
	eachRow(x[0], n, out, n/2*2+2, n, func(in, out []uint32) { p.forwards(in, scale, out) })
}

func irfftRule(x []Kind, a Attributes) (Kind, error) {
	points := attrPoints.of(a)
	n, err := complexPoints(x[0])
	if err != nil {
		return Kind{}, err
	}
	if n != points/2+1 {
		return Kind{}, fmt.Errorf("%d real points come from %d complex ones, not from %v", points, points/2+1, x[0])
	}
	return Kind{tensor.F32, joined(x[0].Shape[:len(x[0].Shape)-2], []int{points})}, nil
}

func irfft(x []*tensor.Tensor, a Attributes, out *tensor.Tensor) {
	n := attrPoints.of(a)
	p, scale := realPlanOf(n), fftScale(attrNorm.of(a), n, false)
	eachRow(x[0], n/2*2+2, out, n, n, func(in, out []uint32) { p.backwards(in, scale, out) })
}

// realPlan is how n real points are transformed: odd n as complex points, even n as n/2 complex points, with W(k,n) for k < n/2.
type realPlan struct {
	n      int
	points *plan[float32]
	w      []pair[float32]
}

var realPlans sync.Map // n to *realPlan

func realPlanOf(n int) *realPlan {
	if known, ok := realPlans.Load(n); ok {
		return known.(*realPlan)
	}
	made := &realPlan{n: n}
	if n%2 == 0 {
		made.points, made.w = single.plan(n/2), single.w(n, n/2)
	} else {
		made.points = single.plan(n)
	}
	known, _ := realPlans.LoadOrStore(n, made)
	return known.(*realPlan)
}

func (p *realPlan) forwards(in []uint32, scale float32, out []uint32) {
	z := make([]pair[float32], p.points.n)
	if p.n%2 == 1 {
		for j := range z {
			z[j].re = f32(in[j])
		}
		p.points.transform(z)
		store(z[:len(out)/2], scale, out)
		out[1] = 0
		return
	}
	load(in, z)
	p.points.transform(z)
	m, half := len(z), float32(scale*0.5)
	out[0], out[1] = word(z[0].re+z[0].im, scale), 0
	out[2*m], out[2*m+1] = word(z[0].re-z[0].im, scale), 0
	for k := 1; k < m; k++ {
		w := p.w[k]
		er, ei, or, oi := halves(z[k], z[m-k])
		re := er + numeric.FMA(oi, w.re, float32(or*w.im))
		im := ei + numeric.FMA(oi, w.im, -float32(or*w.re))
		out[2*k], out[2*k+1] = word(re, half), word(im, half)
	}
}

func (p *realPlan) backwards(in []uint32, scale float32, out []uint32) {
	x, z := make([]pair[float32], len(in)/2), make([]pair[float32], p.points.n)
	load(in, x)
	if p.n%2 == 1 {
		x[0].im = 0
		copy(z, x)
		for k := 1; k < len(x); k++ {
			z[p.n-k] = pair[float32]{x[k].re, -x[k].im}
		}
		p.points.inverse(z)
		for k, v := range z {
			out[k] = word(v.re, scale)
		}
		return
	}
	m := len(z)
	z[0] = pair[float32]{x[0].re + x[m].re, x[0].re - x[m].re}
	for k := 1; k < m; k++ {
		w := p.w[k]
		er, ei, or, oi := halves(x[k], x[m-k])
		z[k].re = er - numeric.FMA(or, -w.im, float32(oi*w.re))
		z[k].im = ei + numeric.FMA(or, w.re, float32(oi*w.im))
	}
	p.points.inverse(z)
	store(z, scale, out)
}

// halves are the sums and differences of the points k and m-k from which the transforms of even and odd points come.
func halves(z, y pair[float32]) (er, ei, or, oi float32) {
	return z.re + y.re, z.im - y.im, z.re - y.re, z.im + y.im
}
