// Package tensor holds dense row-major arrays of 32-bit words, their fingerprint, and the safetensors file.
package tensor

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"sort"
	"strconv"
	"strings"

	"paragon/reference/numeric"
)

// Dimensions are held in int and multiplied: this does not compile where int has 32 bits.
const _ = uint(math.MaxInt - math.MaxInt64)

// DType is the type of the elements.
type DType uint8

// The dtypes.
const (
	F32 DType = iota
	I32
	U32
)

var dtypeNames = [...]string{"f32", "i32", "u32"}

func (d DType) String() string { return dtypeNames[d] }

// ParseDType is the dtype of that name.
func ParseDType(name string) (DType, error) {
	for d, n := range dtypeNames {
		if n == name {
			return DType(d), nil
		}
	}
	return 0, fmt.Errorf("unknown dtype %.40q (f32, i32, u32)", name)
}

// Limits of every value (docs/program.md).
const (
	MaxRank      = 8
	MaxDimension = math.MaxInt32
	MaxElements  = math.MaxInt32
)

// Shape is the length of each axis.
type Shape []int

func (s Shape) String() string {
	return "[" + strings.Join(s.decimals(), ",") + "]"
}

func (s Shape) decimals() []string {
	d := make([]string, len(s))
	for k, dim := range s {
		d[k] = strconv.Itoa(dim)
	}
	return d
}

// Equal tells whether both have the same axes.
func (s Shape) Equal(t Shape) bool {
	if len(s) != len(t) {
		return false
	}
	for k := range s {
		if s[k] != t[k] {
			return false
		}
	}
	return true
}

// Check reports a shape beyond the limits.
func (s Shape) Check() error {
	if len(s) > MaxRank {
		return fmt.Errorf("the shape %v has more than %d axes", s, MaxRank)
	}
	n, empty := 1, false
	for _, dim := range s {
		if dim < 0 || dim > MaxDimension {
			return fmt.Errorf("the shape %v has a dimension outside 0 ... %d", s, MaxDimension)
		}
		empty = empty || dim == 0
		if n <= MaxElements {
			n *= dim // both are at most 2^31
		}
	}
	if n > MaxElements && !empty {
		return fmt.Errorf("the shape %v has more than %d elements", s, MaxElements)
	}
	return nil
}

// Elements is the number of elements of a shape within the limits.
func (s Shape) Elements() int {
	n := 1
	for _, dim := range s {
		if dim == 0 {
			return 0
		}
	}
	for _, dim := range s {
		n *= dim
	}
	return n
}

// Tensor is a dense row-major array; an f32 element is held as its word.
type Tensor struct {
	DType DType
	Shape Shape
	Words []uint32
}

// New is a tensor of zeros.
func New(dtype DType, shape Shape) *Tensor {
	return &Tensor{dtype, shape, make([]uint32, shape.Elements())}
}

// canonical is word i as it is observed: every f32 NaN counts as one.
func (t *Tensor) canonical(i int) uint32 {
	if t.DType == F32 {
		return numeric.Canonical(t.Words[i])
	}
	return t.Words[i]
}

// FirstDifference compares dtype, shape and words, all NaNs as one: "" if they agree.
func FirstDifference(got, want *Tensor) string {
	if got.DType != want.DType || !got.Shape.Equal(want.Shape) {
		return fmt.Sprintf("%v %v instead of %v %v", got.DType, got.Shape, want.DType, want.Shape)
	}
	first, count := 0, 0
	for i := range got.Words {
		if got.canonical(i) != want.canonical(i) {
			if count == 0 {
				first = i
			}
			count++
		}
	}
	if count == 0 {
		return ""
	}
	return fmt.Sprintf("%d of %d words differ; element %d is %08x instead of %08x",
		count, len(got.Words), first, got.canonical(first), want.canonical(first))
}

// bytes is the elements, little-endian, as observed.
func (t *Tensor) bytes() []byte {
	b := make([]byte, 4*len(t.Words))
	for i := range t.Words {
		binary.LittleEndian.PutUint32(b[4*i:], t.canonical(i))
	}
	return b
}

// Fingerprint is the identity of a set of named tensors (section 8 of the contract): 64 lower-case hex digits.
func Fingerprint(tensors map[string]*Tensor) string {
	h := sha256.New()
	for _, name := range Names(tensors) {
		t := tensors[name]
		fmt.Fprintf(h, "%s\x00%v\x00%s\x00", name, t.DType, strings.Join(t.Shape.decimals(), ","))
		h.Write(t.bytes())
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Names are the names of the tensors, sorted as UTF-8 bytes.
func Names(tensors map[string]*Tensor) []string {
	names := make([]string, 0, len(tensors))
	for name := range tensors {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}
