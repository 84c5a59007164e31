package program

import (
	"math"
	"math/rand"
	"testing"

	"paragon/reference/internal/build"
	"paragon/reference/tensor"
)

// TestTransformsAreFourier: F(n) for every n up to 300 and some above, in both directions, is near the sum that defines it.
// That its words are right is what the vectors show.
func TestTransformsAreFourier(t *testing.T) {
	lengths := []int{509, 512, 606, 1000, 1024}
	for n := 1; n <= 300; n++ {
		lengths = append(lengths, n)
	}
	r := rand.New(rand.NewSource(5))
	for _, n := range lengths {
		x := make([]pair[float32], n)
		for j := range x {
			x[j] = pair[float32]{float32(r.NormFloat64()), float32(r.NormFloat64())}
		}
		forwards, backwards := append([]pair[float32]{}, x...), append([]pair[float32]{}, x...)
		single.plan(n).transform(forwards)
		single.plan(n).inverse(backwards)
		if e := distance(x, forwards, -1); e > 1e-6 {
			t.Errorf("n = %d: the transform is off by %g", n, e)
		}
		if e := distance(x, backwards, 1); e > 1e-6 {
			t.Errorf("n = %d: the inverse is off by %g", n, e)
		}
	}
}

// distance is the relative L2 distance of y from the sum over j of x[j] exp(sign 2 pi i j k / n).
func distance(x, y []pair[float32], sign float64) float64 {
	n, off, size := len(x), 0.0, 0.0
	w := make([]pair[float64], n)
	for k := range w {
		w[k].im, w[k].re = math.Sincos(sign * 2 * math.Pi * float64(k) / float64(n))
	}
	for k := range y {
		var sum pair[float64]
		for j, v := range x {
			u := w[j*k%n]
			sum.re += float64(v.re)*u.re - float64(v.im)*u.im
			sum.im += float64(v.re)*u.im + float64(v.im)*u.re
		}
		off += math.Pow(sum.re-float64(y[k].re), 2) + math.Pow(sum.im-float64(y[k].im), 2)
		size += sum.re*sum.re + sum.im*sum.im
	}
	return math.Sqrt(off / size)
}

func TestSplit(t *testing.T) {
	for n, want := range map[int]int{
		1: 1, 2: 1, 3: 1, 4: 1, 6: 2, 8: 2, 9: 3, 10: 2, 12: 3, 16: 4, 20: 4, 24: 4, 32: 4, 36: 4, 64: 4, 72: 4, 97: 1, 128: 4,
		144: 12, 202: 2, 210: 7, 256: 16, 509: 1, 512: 16, 1024: 16, 1000: 25,
	} {
		if got := split(n); got != want {
			t.Errorf("split(%d) = %d, want %d", n, got, want)
		}
	}
}

// TestRowsAreTransformedAlone: a row's words do not depend on the batch it is in.
func TestRowsAreTransformedAlone(t *testing.T) {
	const rows, n = 40, 1030 // enough to be split among goroutines
	r := rand.New(rand.NewSource(6))
	x := tensor.New(tensor.F32, tensor.Shape{rows, n})
	for i := range x.Words {
		x.Words[i] = bits(float32(r.NormFloat64()))
	}
	transform := func(x *tensor.Tensor) []uint32 {
		p := &build.Program{}
		shape := []int(x.Shape)
		y := p.Op("rfft", build.Attributes{"norm": "ortho"}, "f32", []int{shape[0], n/2 + 1, 2}, p.Input("x", "f32", shape...))
		p.Output("y", p.Op("irfft", build.Attributes{"norm": "forward", "n": n}, "f32", shape, y))
		result, err := parse(t, p).Run(map[string]*tensor.Tensor{"x": x}, nil, Options{})
		if err != nil {
			t.Fatal(err)
		}
		return result.Outputs["y"].Words
	}
	together := transform(x)
	for i := 0; i < rows; i++ {
		alone := transform(&tensor.Tensor{DType: tensor.F32, Shape: tensor.Shape{1, n}, Words: x.Words[i*n : (i+1)*n]})
		for j, w := range alone {
			if w != together[i*n+j] {
				t.Fatalf("row %d, point %d: %08x alone, %08x in a batch", i, j, w, together[i*n+j])
			}
		}
	}
}
