package program

// The attributes of operations: how each is written in JSON and what values it may have by itself. What depends on the
// operands is checked by the shape rules (rules.go).

import (
	"errors"
	"fmt"
	"math"
	"strconv"

	"paragon/reference/strictjson"
	"paragon/reference/tensor"
)

// Attributes are those of one operation; the others are zero.
type Attributes struct {
	How                    string
	DType                  tensor.DType
	Shape                  tensor.Shape
	Word                   uint32
	Axes                   []int
	Axis                   int
	KeepDims, Reverse      bool
	Panel                  int // onePanel for null
	TransposeA, TransposeB bool
	Start, Stop, Step      []int
	Low, High, Interior    []int
	Size, Depth            int
	Image                  []int // the size of fold
	Kernel, Stride         []int
	Padding, Dilation      []int
	Stream, Width          int
	Norm                   string
	Points                 int // the n of irfft
}

// onePanel is a panel length that no reduction reaches.
const onePanel = math.MaxInt

// maxPoints is the largest number of points of a Fourier transform.
const maxPoints = 1 << 24

type attribute struct {
	name   string
	decode func(v strictjson.Value, a *Attributes) error
}

func integer(name string, field func(*Attributes) *int, low, high int64) attribute {
	return attribute{name, func(v strictjson.Value, a *Attributes) (err error) {
		*field(a), err = strictjson.Int(v, low, high)
		return err
	}}
}

// integers is a list of at most 8 integers, none below low.
func integers(name string, field func(*Attributes) *[]int, low int64) attribute {
	return attribute{name, func(v strictjson.Value, a *Attributes) (err error) {
		*field(a), err = strictjson.Ints(v, tensor.MaxRank, low, math.MaxInt64)
		return err
	}}
}

// exactly is integers with n elements.
func exactly(n int, name string, field func(*Attributes) *[]int, low int64) attribute {
	list := integers(name, field, low)
	return attribute{name, func(v strictjson.Value, a *Attributes) error {
		if err := list.decode(v, a); err != nil {
			return err
		}
		if len(*field(a)) != n {
			return fmt.Errorf("expected %d integers, found %d", n, len(*field(a)))
		}
		return nil
	}}
}

func flag(name string, field func(*Attributes) *bool) attribute {
	return attribute{name, func(v strictjson.Value, a *Attributes) (err error) {
		*field(a), err = strictjson.Bool(v)
		return err
	}}
}

var (
	attrHow       = attribute{"how", decodeHow}
	attrDtype     = attribute{"dtype", func(v strictjson.Value, a *Attributes) (err error) { a.DType, err = decodeDType(v); return }}
	attrShape     = attribute{"shape", func(v strictjson.Value, a *Attributes) (err error) { a.Shape, err = decodeShape(v); return }}
	attrWord      = attribute{"word", decodeWord}
	attrAxes      = integers("axes", func(a *Attributes) *[]int { return &a.Axes }, 0)
	attrAxis      = integer("axis", func(a *Attributes) *int { return &a.Axis }, 0, tensor.MaxRank)
	attrKeepDims  = flag("keepdims", func(a *Attributes) *bool { return &a.KeepDims })
	attrReverse   = flag("reverse", func(a *Attributes) *bool { return &a.Reverse })
	attrPanel     = attribute{"panel", decodePanel}
	attrTransA    = flag("transpose_a", func(a *Attributes) *bool { return &a.TransposeA })
	attrTransB    = flag("transpose_b", func(a *Attributes) *bool { return &a.TransposeB })
	attrStart     = integers("start", func(a *Attributes) *[]int { return &a.Start }, 0)
	attrStop      = integers("stop", func(a *Attributes) *[]int { return &a.Stop }, 0)
	attrStep      = integers("step", func(a *Attributes) *[]int { return &a.Step }, 1)
	attrLow       = integers("low", func(a *Attributes) *[]int { return &a.Low }, 0)
	attrHigh      = integers("high", func(a *Attributes) *[]int { return &a.High }, 0)
	attrInterior  = integers("interior", func(a *Attributes) *[]int { return &a.Interior }, 0)
	attrSize      = integer("size", func(a *Attributes) *int { return &a.Size }, 0, tensor.MaxDimension)
	attrDepth     = integer("depth", func(a *Attributes) *int { return &a.Depth }, 0, tensor.MaxDimension)
	attrImageSize = exactly(2, "size", func(a *Attributes) *[]int { return &a.Image }, 0)
	attrKernel    = exactly(2, "kernel", func(a *Attributes) *[]int { return &a.Kernel }, 1)
	attrStride    = exactly(2, "stride", func(a *Attributes) *[]int { return &a.Stride }, 1)
	attrPadding   = exactly(4, "padding", func(a *Attributes) *[]int { return &a.Padding }, 0)
	attrDilation  = exactly(2, "dilation", func(a *Attributes) *[]int { return &a.Dilation }, 1)
	attrStream    = integer("stream", func(a *Attributes) *int { return &a.Stream }, 0, math.MaxUint32)
	attrWidth     = integer("width", func(a *Attributes) *int { return &a.Width }, 1, 32)
	attrNorm      = attribute{"norm", decodeNorm}
	attrPoints    = integer("n", func(a *Attributes) *int { return &a.Points }, 1, maxPoints)
)

func decodeHow(v strictjson.Value, a *Attributes) (err error) {
	if a.How, err = strictjson.String(v); err != nil {
		return err
	}
	if _, ok := comparisons[a.How]; !ok {
		return fmt.Errorf("unknown comparison %.40q (lt, le, eq, ne, ge, gt)", a.How)
	}
	return nil
}

func decodeNorm(v strictjson.Value, a *Attributes) (err error) {
	if a.Norm, err = strictjson.String(v); err != nil {
		return err
	}
	if !norms[a.Norm] {
		return fmt.Errorf("unknown norm %.40q (backward, ortho, forward)", a.Norm)
	}
	return nil
}

// decodeWord expects 8 lower-case hex digits.
func decodeWord(v strictjson.Value, a *Attributes) error {
	text, err := strictjson.String(v)
	if err != nil {
		return err
	}
	w, err := strconv.ParseUint(text, 16, 32)
	if err != nil || fmt.Sprintf("%08x", w) != text {
		return fmt.Errorf("a word is 8 lower-case hex digits, not %.40q", text)
	}
	a.Word = uint32(w)
	return nil
}

func decodePanel(v strictjson.Value, a *Attributes) (err error) {
	if v == nil {
		a.Panel = onePanel
		return nil
	}
	if a.Panel, err = strictjson.Int(v, 2, math.MaxInt64); err != nil {
		err = errors.New("a panel is an integer of at least 2, or null")
	}
	return err
}

// decodeAttributes expects all the attributes of a row of the table and no other.
func decodeAttributes(v strictjson.Value, row []attribute) (*Attributes, error) {
	names := make([]string, len(row))
	for k := range row {
		names[k] = row[k].name
	}
	m, err := strictjson.Members(v, names)
	if err != nil {
		return nil, fmt.Errorf("attributes: %w", err)
	}
	a := &Attributes{}
	for k := range row {
		if err := row[k].decode(m[row[k].name], a); err != nil {
			return nil, fmt.Errorf("attribute %q: %w", row[k].name, err)
		}
	}
	return a, nil
}
