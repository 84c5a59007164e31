package program

// The elementwise operations: scalar functions on words, one for each dtype, and the loops that apply them under broadcasting.

import (
	"fmt"
	"math"

	"paragon/reference/numeric"
	"paragon/reference/tensor"
)

var elementwiseOperations = []definition{
	{"add", 2, none, elementwise, ofTwo(add)},
	{"sub", 2, none, elementwise, ofTwo(subtract)},
	{"mul", 2, none, elementwise, ofTwo(multiplyWords)},
	{"maximum", 2, none, elementwise, ofTwo(maximum)},
	{"minimum", 2, none, elementwise, ofTwo(minimum)},
	{"div", 2, none, elementwiseF32, ofTwo(divide)},
	{"fma", 3, none, elementwiseF32, fma},
	{"neg", 1, none, elementwise, ofOne(negate)},
	{"abs", 1, none, absRule, ofOne(absolute)},
	{"sqrt", 1, none, elementwiseF32, ofOne(float(numeric.Sqrt))},
	{"exp", 1, none, elementwiseF32, ofOne(float(numeric.Exp.At))},
	{"expm1", 1, none, elementwiseF32, ofOne(float(numeric.Expm1.At))},
	{"log", 1, none, elementwiseF32, ofOne(float(numeric.Log.At))},
	{"log1p", 1, none, elementwiseF32, ofOne(float(numeric.Log1p.At))},
	{"tanh", 1, none, elementwiseF32, ofOne(float(numeric.Tanh.At))},
	{"erf", 1, none, elementwiseF32, ofOne(float(numeric.Erf.At))},
	{"sinpi", 1, none, elementwiseF32, ofOne(float(numeric.Sinpi.At))},
	{"cospi", 1, none, elementwiseF32, ofOne(float(numeric.Cospi.At))},
	{"compare", 2, []attribute{attrHow}, compareRule, compare},
	{"select", 3, none, selectRule, selectWords},
	{"cast", 1, []attribute{attrDType}, castRule, cast},
	{"round_to", 1, []attribute{attrFormat}, elementwiseF32, roundTo},
}

var (
	attrHow    = choice("how", "comparison", "lt", "le", "eq", "ne", "ge", "gt")
	attrFormat = choice("format", "format", "f16", "bf16", "e4m3fn", "e5m2")
)

type (
	unary  func(x uint32) uint32
	binary func(x, y uint32) uint32
)

func f32(w uint32) float32  { return math.Float32frombits(w) }
func bits(x float32) uint32 { return math.Float32bits(x) }

var (
	add = [3]binary{
		tensor.F32: func(x, y uint32) uint32 { return bits(f32(x) + f32(y)) },
		tensor.I32: func(x, y uint32) uint32 { return x + y },
		tensor.U32: func(x, y uint32) uint32 { return x + y },
	}
	subtract = [3]binary{
		tensor.F32: func(x, y uint32) uint32 { return bits(f32(x) - f32(y)) },
		tensor.I32: func(x, y uint32) uint32 { return x - y },
		tensor.U32: func(x, y uint32) uint32 { return x - y },
	}
	multiplyWords = [3]binary{
		tensor.F32: func(x, y uint32) uint32 { return bits(float32(f32(x) * f32(y))) },
		tensor.I32: func(x, y uint32) uint32 { return x * y },
		tensor.U32: func(x, y uint32) uint32 { return x * y },
	}
	divide = [3]binary{
		tensor.F32: func(x, y uint32) uint32 { return bits(f32(x) / f32(y)) },
	}
	maximum = [3]binary{
		tensor.F32: func(x, y uint32) uint32 { return bits(numeric.Maximum(f32(x), f32(y))) },
		tensor.I32: func(x, y uint32) uint32 {
			if int32(x) > int32(y) {
				return x
			}
			return y
		},
		tensor.U32: func(x, y uint32) uint32 {
			if x > y {
				return x
			}
			return y
		},
	}
	minimum = [3]binary{
		tensor.F32: func(x, y uint32) uint32 { return bits(numeric.Minimum(f32(x), f32(y))) },
		tensor.I32: func(x, y uint32) uint32 {
			if int32(x) < int32(y) {
				return x
			}
			return y
		},
		tensor.U32: func(x, y uint32) uint32 {
			if x < y {
				return x
			}
			return y
		},
	}
	negate = [3]unary{
		tensor.F32: func(x uint32) uint32 { return x ^ 1<<31 },
		tensor.I32: func(x uint32) uint32 { return -x },
		tensor.U32: func(x uint32) uint32 { return -x },
	}
	absolute = [3]unary{
		tensor.F32: func(x uint32) uint32 { return x &^ (1 << 31) },
		tensor.I32: func(x uint32) uint32 {
			if int32(x) < 0 {
				return -x
			}
			return x
		},
	}
)

// float makes a unary word function of a function of float32.
func float(f func(x float32) float32) [3]unary {
	return [3]unary{tensor.F32: func(x uint32) uint32 { return bits(f(f32(x))) }}
}

// The order of two words.
const (
	less = iota
	equal
	greater
	unordered
)

var compareWords = [3]func(x, y uint32) int{
	tensor.F32: func(x, y uint32) int {
		switch a, b := f32(x), f32(y); {
		case a < b:
			return less
		case a == b:
			return equal
		case a > b:
			return greater
		}
		return unordered
	},
	tensor.I32: func(x, y uint32) int { return compareOrdered(int32(x), int32(y)) },
	tensor.U32: func(x, y uint32) int { return compareOrdered(x, y) },
}

func compareOrdered[T int32 | uint32](x, y T) int {
	switch {
	case x < y:
		return less
	case x == y:
		return equal
	}
	return greater
}

// comparisons gives the result for less, equal, greater, unordered.
var comparisons = map[string][4]uint32{
	"lt": {1, 0, 0, 0},
	"le": {1, 1, 0, 0},
	"eq": {0, 1, 0, 0},
	"ne": {1, 0, 1, 1},
	"ge": {0, 1, 1, 0},
	"gt": {0, 0, 1, 0},
}

// conversions[from][to]
var conversions = [3][3]unary{
	tensor.F32: {
		tensor.F32: identity,
		tensor.I32: func(x uint32) uint32 { return uint32(numeric.ToInt32(f32(x))) },
		tensor.U32: func(x uint32) uint32 { return numeric.ToUint32(f32(x)) },
	},
	tensor.I32: {
		tensor.F32: func(x uint32) uint32 { return bits(float32(int32(x))) },
		tensor.I32: identity,
		tensor.U32: identity,
	},
	tensor.U32: {
		tensor.F32: func(x uint32) uint32 { return bits(numeric.FromUint32(x)) },
		tensor.I32: identity,
		tensor.U32: identity,
	},
}

func identity(x uint32) uint32 { return x }

// operand is the words of an operand for the elements of the result in order: element i is words[i*step].
type operand struct {
	words []uint32
	step  int
}

// spread makes x fit the shape: as it is, one element for all, or copied out.
func spread(x *tensor.Tensor, shape tensor.Shape) operand {
	switch {
	case x.Shape.Equal(shape):
		return operand{x.Words, 1}
	case len(x.Words) == 1:
		return operand{x.Words, 0}
	}
	words := make([]uint32, shape.Elements())
	copyStrided(shape, words, 0, rowMajor(shape), x.Words, 0, broadcastStrides(x.Shape, shape))
	return operand{words, 1}
}

// unaryCost and binaryCost are elementary steps of one element, for the choice of goroutines.
const (
	unaryCost  = 8
	binaryCost = 2
)

func mapUnary(out, x *tensor.Tensor, f unary) {
	parallel(len(out.Words), unaryCost, func(low, high int) {
		for i := low; i < high; i++ {
			out.Words[i] = f(x.Words[i])
		}
	})
}

func mapBinary(out, x, y *tensor.Tensor, f binary) {
	a, b := spread(x, out.Shape), spread(y, out.Shape)
	parallel(len(out.Words), binaryCost, func(low, high int) {
		for i := low; i < high; i++ {
			out.Words[i] = f(a.words[i*a.step], b.words[i*b.step])
		}
	})
}

func mapTernary(out, x, y, z *tensor.Tensor, f func(x, y, z uint32) uint32) {
	a, b, c := spread(x, out.Shape), spread(y, out.Shape), spread(z, out.Shape)
	parallel(len(out.Words), binaryCost, func(low, high int) {
		for i := low; i < high; i++ {
			out.Words[i] = f(a.words[i*a.step], b.words[i*b.step], c.words[i*c.step])
		}
	})
}

// elementwise: any dtype, the same for all; broadcast.
func elementwise(x []Kind, _ Attributes) (Kind, error) {
	if err := needSameDType(x); err != nil {
		return Kind{}, err
	}
	s, err := broadcastShapes(shapesOf(x)...)
	return Kind{x[0].DType, s}, err
}

func elementwiseF32(x []Kind, a Attributes) (Kind, error) {
	if err := needDType(x, make([]tensor.DType, len(x))...); err != nil { // the zero dtype is f32
		return Kind{}, err
	}
	return elementwise(x, a)
}

func absRule(x []Kind, a Attributes) (Kind, error) {
	if x[0].DType == tensor.U32 {
		return Kind{}, fmt.Errorf("the operand must be f32 or i32, not %v", x[0])
	}
	return x[0], nil
}

// ofOne and ofTwo are the kernels of unary and binary operations.
func ofOne(f [3]unary) kernel {
	return func(x []*tensor.Tensor, _ Attributes, out *tensor.Tensor) { mapUnary(out, x[0], f[out.DType]) }
}

func ofTwo(f [3]binary) kernel {
	return func(x []*tensor.Tensor, _ Attributes, out *tensor.Tensor) { mapBinary(out, x[0], x[1], f[out.DType]) }
}

func fma(x []*tensor.Tensor, _ Attributes, out *tensor.Tensor) {
	mapTernary(out, x[0], x[1], x[2], func(a, b, c uint32) uint32 { return bits(numeric.FMA(f32(a), f32(b), f32(c))) })
}

func compareRule(x []Kind, a Attributes) (Kind, error) {
	k, err := elementwise(x, a)
	return Kind{tensor.I32, k.Shape}, err
}

func compare(x []*tensor.Tensor, a Attributes, out *tensor.Tensor) {
	order, result := compareWords[x[0].DType], comparisons[attrHow.of(a)]
	mapBinary(out, x[0], x[1], func(v, w uint32) uint32 { return result[order(v, w)] })
}

func selectRule(x []Kind, a Attributes) (Kind, error) {
	if err := needSameDType(x[1:]); err != nil {
		return Kind{}, err
	}
	s, err := broadcastShapes(shapesOf(x)...)
	return Kind{x[1].DType, s}, err
}

// selectWords: an f32 condition is zero if it is -0, and not if it is NaN.
func selectWords(x []*tensor.Tensor, _ Attributes, out *tensor.Tensor) {
	mask := ^uint32(0)
	if x[0].DType == tensor.F32 {
		mask = 1<<31 - 1
	}
	mapTernary(out, x[0], x[1], x[2], func(c, v, w uint32) uint32 {
		if c&mask != 0 {
			return v
		}
		return w
	})
}

func castRule(x []Kind, a Attributes) (Kind, error) { return Kind{attrDType.of(a), x[0].Shape}, nil }

func cast(x []*tensor.Tensor, _ Attributes, out *tensor.Tensor) {
	mapUnary(out, x[0], conversions[x[0].DType][out.DType])
}

// format is one of fewer bits than f32 has.
type format struct {
	precision int     // bits of the significand, the hidden one among them
	least     int     // exponent of the least normal value
	largest   float32 // finite value
	beyond    uint32  // word of what would be larger
}

var formats = map[string]format{
	"f16":    {11, -14, 65504, 0x7f800000},
	"bf16":   {8, -126, 0x1.fep127, 0x7f800000},
	"e4m3fn": {4, -6, 448, numeric.NaN}, // has no infinity
	"e5m2":   {3, -14, 57344, 0x7f800000},
}

// round is the word of the value nearest to that of w, ties to even.
func (f format) round(w uint32) uint32 {
	if numeric.IsNaN(w) {
		return numeric.NaN
	}
	sign, exponent, significand := w&(1<<31), int(w>>23&0xff)-127, w&(1<<23-1)
	if exponent == -127 {
		exponent = -126 // a subnormal, without hidden bit
	} else {
		significand |= 1 << 23
	}
	// The bits that go: those that the format has no room for, and more below its least normal value.
	drop := 24 - f.precision
	if exponent < f.least {
		drop += f.least - exponent
	}
	if drop > 25 {
		return sign // less than half of the least subnormal
	}
	kept, rest, half := significand>>drop, significand&(1<<drop-1), uint32(1)<<(drop-1)
	if rest > half || rest == half && kept&1 == 1 {
		kept++
	}
	rounded := float32(math.Ldexp(float64(kept), exponent-23+drop))
	if rounded > f.largest {
		return sign | f.beyond
	}
	return sign | bits(rounded)
}

func roundTo(x []*tensor.Tensor, a Attributes, out *tensor.Tensor) {
	mapUnary(out, x[0], formats[attrFormat.of(a)].round)
}
