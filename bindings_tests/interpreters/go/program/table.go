package program

// The table of operations: operand count, attributes, shape rule, kernel.

import (
	"paragon/reference/numeric"
	"paragon/reference/tensor"
)

// kernelFunc computes an operation. out has the right dtype and shape, at least one element, and holds zeros.
// Operands are never written to.
type kernelFunc func(x []*tensor.Tensor, a *Attributes, out *tensor.Tensor)

// oneOrMore is an operand count.
const oneOrMore = -1

type row struct {
	operands   int
	attributes []attribute
	infer      rule
	compute    kernelFunc
}

var none []attribute

var table = map[string]*row{
	"add":     {2, none, elementwise, ofTwo(add)},
	"sub":     {2, none, elementwise, ofTwo(subtract)},
	"mul":     {2, none, elementwise, ofTwo(multiplyWords)},
	"maximum": {2, none, elementwise, ofTwo(maximum)},
	"minimum": {2, none, elementwise, ofTwo(minimum)},
	"div":     {2, none, elementwiseF32, ofTwo(divide)},
	"fma":     {3, none, elementwiseF32, fma},
	"neg":     {1, none, elementwise, ofOne(negate)},
	"abs":     {1, none, absRule, ofOne(absolute)},

	"sqrt":  {1, none, elementwiseF32, ofOne(float(numeric.Sqrt))},
	"exp":   {1, none, elementwiseF32, ofOne(float(numeric.Exp.At))},
	"expm1": {1, none, elementwiseF32, ofOne(float(numeric.Expm1.At))},
	"log":   {1, none, elementwiseF32, ofOne(float(numeric.Log.At))},
	"log1p": {1, none, elementwiseF32, ofOne(float(numeric.Log1p.At))},
	"tanh":  {1, none, elementwiseF32, ofOne(float(numeric.Tanh.At))},
	"erf":   {1, none, elementwiseF32, ofOne(float(numeric.Erf.At))},
	"sinpi": {1, none, elementwiseF32, ofOne(float(numeric.Sinpi.At))},
	"cospi": {1, none, elementwiseF32, ofOne(float(numeric.Cospi.At))},

	"compare":  {2, []attribute{attrHow}, compareRule, compare},
	"select":   {3, none, selectRule, selectWords},
	"cast":     {1, []attribute{attrDtype}, castRule, cast},
	"constant": {0, []attribute{attrDtype, attrShape, attrWord}, constantRule, constant},

	"sum":    {1, []attribute{attrAxes, attrKeepDims, attrPanel}, reduceRule, sum},
	"max":    {1, []attribute{attrAxes, attrKeepDims}, reduceRule, maxReduce},
	"argmax": {1, []attribute{attrAxis, attrKeepDims}, argmaxRule, argmax},
	"matmul": {2, []attribute{attrTransA, attrTransB, attrPanel}, matmulRule, matmul},

	"reshape":   {1, []attribute{attrShape}, reshapeRule, reshape},
	"transpose": {1, []attribute{attrAxes}, transposeRule, transpose},
	"broadcast": {1, []attribute{attrShape}, broadcastRule, broadcast},
	"slice":     {1, []attribute{attrStart, attrStop, attrStep}, sliceRule, slice},
	"pad":       {1, []attribute{attrLow, attrHigh, attrInterior, attrWord}, padRule, pad},
	"concat":    {oneOrMore, []attribute{attrAxis}, concatRule, concat},

	"gather":      {2, []attribute{attrAxis}, gatherRule, gather},
	"scatter_add": {2, []attribute{attrAxis, attrSize, attrPanel}, scatterAddRule, scatterAdd},
	"one_hot":     {1, []attribute{attrDepth}, oneHotRule, oneHot},
	"unfold":      {1, []attribute{attrKernel, attrStride, attrPadding, attrDilation}, unfoldRule, unfold},
	"fold":        {1, []attribute{attrImageSize, attrKernel, attrStride, attrPadding, attrDilation, attrPanel}, foldRule, fold},
	"fft":         {1, []attribute{attrNorm}, fftRule, fft},
	"ifft":        {1, []attribute{attrNorm}, fftRule, ifft},
	"rfft":        {1, []attribute{attrNorm}, rfftRule, rfft},
	"irfft":       {1, []attribute{attrNorm, attrPoints}, irfftRule, irfft},
	"scan":        {3, []attribute{attrAxis, attrReverse}, scanRule, scan},
	"bits":        {2, []attribute{attrStream, attrShape, attrWidth}, bitsRule, randomBits},
}
