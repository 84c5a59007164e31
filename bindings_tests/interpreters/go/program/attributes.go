package program

// The attributes of operations: their names and forms (an integer, a list, a word), which are checked when a program is
// read. What depends on the operands is checked by the shape rules. Here are the forms, and the attributes that several
// families of operations share.

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"paragon/reference/strictjson"
	"paragon/reference/tensor"
)

// Attributes are the decoded attributes of one operation, by name.
type Attributes map[string]any

// attribute is what the table needs of an attributeOf any type.
type attribute interface {
	key() string
	decode(v strictjson.Value) (any, error)
}

// attributeOf is an attribute whose decoded value is a T.
type attributeOf[T any] struct {
	name string
	form func(v strictjson.Value) (T, error)
}

func (t attributeOf[T]) key() string { return t.name }

func (t attributeOf[T]) decode(v strictjson.Value) (any, error) { return t.form(v) }

// of is the value of t for an operation that has it.
func (t attributeOf[T]) of(a Attributes) T { return a[t.name].(T) }

func integer(name string, low, high int64) attributeOf[int] {
	return attributeOf[int]{name, func(v strictjson.Value) (int, error) { return strictjson.Int(v, low, high) }}
}

// integers is a list of at most 8 integers from low on.
func integers(name string, low int64) attributeOf[[]int] {
	return attributeOf[[]int]{name, func(v strictjson.Value) ([]int, error) {
		return strictjson.Ints(v, tensor.MaxRank, low, tensor.MaxDimension)
	}}
}

// exactly is integers with n elements.
func exactly(n int, name string, low int64) attributeOf[[]int] {
	list := integers(name, low)
	return attributeOf[[]int]{name, func(v strictjson.Value) ([]int, error) {
		found, err := list.form(v)
		if err == nil && len(found) != n {
			err = fmt.Errorf("expected %d integers, found %d", n, len(found))
		}
		return found, err
	}}
}

func flag(name string) attributeOf[bool] { return attributeOf[bool]{name, strictjson.Bool} }

// choice is one of some words; kind says in an error what they are.
func choice(name, kind string, words ...string) attributeOf[string] {
	return attributeOf[string]{name, func(v strictjson.Value) (string, error) {
		found, err := strictjson.String(v)
		if err != nil {
			return "", err
		}
		for _, word := range words {
			if found == word {
				return found, nil
			}
		}
		return "", fmt.Errorf("unknown %s %.40q (%s)", kind, found, strings.Join(words, ", "))
	}}
}

// onePanel is a panel length that no reduction reaches.
const onePanel = math.MaxInt

var (
	attrDType    = attributeOf[tensor.DType]{"dtype", decodeDType}
	attrShape    = attributeOf[tensor.Shape]{"shape", decodeShape}
	attrWord     = attributeOf[uint32]{"word", decodeWord}
	attrAxes     = integers("axes", 0)
	attrAxis     = integer("axis", 0, tensor.MaxRank)
	attrKeepDims = flag("keepdims")
	attrPanel    = attributeOf[int]{"panel", decodePanel}
)

// decodeWord expects 8 lower-case hex digits.
func decodeWord(v strictjson.Value) (uint32, error) {
	text, err := strictjson.String(v)
	if err != nil {
		return 0, err
	}
	w, err := strconv.ParseUint(text, 16, 32)
	if err != nil || fmt.Sprintf("%08x", w) != text {
		return 0, fmt.Errorf("a word is 8 lower-case hex digits, not %.40q", text)
	}
	return uint32(w), nil
}

// decodePanel is onePanel for null.
func decodePanel(v strictjson.Value) (int, error) {
	if v == nil {
		return onePanel, nil
	}
	panel, err := strictjson.Int(v, 2, math.MaxInt32)
	if err != nil {
		err = fmt.Errorf("a panel is an integer or null: %w", err)
	}
	return panel, err
}

// decodeAttributes expects all the attributes of a definition and no other.
func decodeAttributes(v strictjson.Value, list []attribute) (Attributes, error) {
	names := make([]string, len(list))
	for k := range list {
		names[k] = list[k].key()
	}
	m, err := strictjson.Members(v, names)
	if err != nil {
		return nil, fmt.Errorf("attributes: %w", err)
	}
	a := Attributes{}
	for k, name := range names {
		if a[name], err = list[k].decode(m[name]); err != nil {
			return nil, fmt.Errorf("attribute %q: %w", name, err)
		}
	}
	return a, nil
}
