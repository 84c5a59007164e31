// Package strictjson reads JSON (RFC 8259) without leniency: duplicate keys, bad UTF-8, lone surrogates, deep nesting and
// trailing text are errors, so are numbers beyond binary64, and integers are exact. (encoding/json lets the first three pass and matches
// keys of any case.) The rules stand in docs/files.md, section 1.
package strictjson

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// MaxDepth is how many objects and arrays may be open at one place.
const MaxDepth = 64

// Value is nil, bool, string, Number, []Value or *Object.
type Value any

// Number is a number as it is written.
type Number string

// Object is a JSON object; Keys has the order of the text.
type Object struct {
	Keys   []string
	Fields map[string]Value
}

// Parse reads one value and nothing else.
func Parse(text string) (Value, error) {
	if !utf8.ValidString(text) {
		return nil, errors.New("JSON: the text is not valid UTF-8")
	}
	p := &parser{text: text}
	v, err := p.value(0)
	if err == nil && p.peek() != 0 {
		err = errors.New("text after the end")
	}
	if err != nil {
		line := 1 + strings.Count(text[:p.at], "\n")
		column := p.at - strings.LastIndexByte(text[:p.at], '\n')
		return nil, fmt.Errorf("JSON, line %d column %d: %w", line, column, err)
	}
	return v, nil
}

type parser struct {
	text string
	at   int
}

// peek skips white space and is the next byte, or 0 at the end (a zero byte is nowhere legal).
func (p *parser) peek() byte {
	for p.at < len(p.text) {
		switch c := p.text[p.at]; c {
		case ' ', '\t', '\n', '\r':
			p.at++
		case 0:
			return 1
		default:
			return c
		}
	}
	return 0
}

// value reads a value inside of depth objects and arrays.
func (p *parser) value(depth int) (Value, error) {
	switch c := p.peek(); {
	case (c == '{' || c == '[') && depth == MaxDepth:
		return nil, fmt.Errorf("nested deeper than %d", MaxDepth)
	case c == '{':
		return p.object(depth)
	case c == '[':
		return p.array(depth)
	case c == '"':
		return p.string()
	case c == '-' || '0' <= c && c <= '9':
		return p.number()
	case c == 0:
		return nil, errors.New("the text ends too early")
	}
	for _, literal := range []struct {
		word  string
		value Value
	}{{"true", true}, {"false", false}, {"null", nil}} {
		if strings.HasPrefix(p.text[p.at:], literal.word) {
			p.at += len(literal.word)
			return literal.value, nil
		}
	}
	return nil, errors.New("expected a value")
}

// elements calls element for each comma-separated element up to the closing bracket.
func (p *parser) elements(closing byte, element func() error) error {
	p.at++
	if p.peek() == closing {
		p.at++
		return nil
	}
	for {
		if err := element(); err != nil {
			return err
		}
		switch p.peek() {
		case closing:
			p.at++
			return nil
		case ',':
			p.at++
		default:
			return fmt.Errorf("expected ',' or '%c'", closing)
		}
	}
}

func (p *parser) array(depth int) (Value, error) {
	list := []Value{}
	err := p.elements(']', func() error {
		v, err := p.value(depth + 1)
		list = append(list, v)
		return err
	})
	return list, err
}

func (p *parser) object(depth int) (Value, error) {
	o := &Object{Fields: map[string]Value{}}
	err := p.elements('}', func() error {
		if p.peek() != '"' {
			return errors.New("expected a key")
		}
		key, err := p.string()
		if err != nil {
			return err
		}
		if _, twice := o.Fields[key]; twice {
			return fmt.Errorf("the key %q stands twice", key)
		}
		if p.peek() != ':' {
			return errors.New("expected ':'")
		}
		p.at++
		v, err := p.value(depth + 1)
		o.Keys = append(o.Keys, key)
		o.Fields[key] = v
		return err
	})
	return o, err
}

// number is -?(0|[1-9][0-9]*)(.[0-9]+)?([eE][+-]?[0-9]+)?, of a value that rounds to a finite binary64.
func (p *parser) number() (Value, error) {
	start := p.at
	take := func(set string) bool {
		ok := p.at < len(p.text) && strings.IndexByte(set, p.text[p.at]) >= 0
		if ok {
			p.at++
		}
		return ok
	}
	digits := func() bool {
		from := p.at
		for take("0123456789") {
		}
		return p.at > from
	}
	take("-")
	ok := take("0") || digits()
	if ok && take(".") {
		ok = digits()
	}
	if ok && take("eE") {
		take("+-")
		ok = digits()
	}
	if !ok || take("0123456789") {
		return nil, errors.New("malformed number")
	}
	text := p.text[start:p.at]
	if _, err := strconv.ParseFloat(text, 64); err != nil {
		return nil, errors.New("a number beyond binary64")
	}
	return Number(text), nil
}

func (p *parser) string() (string, error) {
	p.at++
	var b strings.Builder
	for start := p.at; p.at < len(p.text); {
		switch c := p.text[p.at]; {
		case c == '"':
			b.WriteString(p.text[start:p.at])
			p.at++
			return b.String(), nil
		case c < 0x20:
			return "", errors.New("a control character in a string must be escaped")
		case c == '\\':
			b.WriteString(p.text[start:p.at])
			r, err := p.escape()
			if err != nil {
				return "", err
			}
			b.WriteRune(r)
			start = p.at
		default:
			p.at++
		}
	}
	return "", errors.New("the text ends inside a string")
}

func (p *parser) escape() (rune, error) {
	p.at++
	if p.at == len(p.text) {
		return 0, errors.New("the text ends inside a string")
	}
	c := p.text[p.at]
	p.at++
	if c == 'u' {
		return p.unicode()
	}
	if i := strings.IndexByte(`"\/bfnrt`, c); i >= 0 {
		return rune("\"\\/\b\f\n\r\t"[i]), nil
	}
	return 0, errors.New("unknown escape")
}

// unicode reads the digits after \u, and the second half of a surrogate pair.
func (p *parser) unicode() (rune, error) {
	r, err := p.hex4()
	if err != nil || !utf16.IsSurrogate(r) {
		return r, err
	}
	if strings.HasPrefix(p.text[p.at:], `\u`) {
		p.at += 2
		low, err := p.hex4()
		if err != nil {
			return 0, err
		}
		if r = utf16.DecodeRune(r, low); r != utf8.RuneError {
			return r, nil
		}
	}
	return 0, errors.New("a lone surrogate")
}

func (p *parser) hex4() (rune, error) {
	if len(p.text)-p.at < 4 {
		return 0, errors.New("the text ends inside \\u")
	}
	r, err := strconv.ParseUint(p.text[p.at:p.at+4], 16, 16)
	if err != nil {
		return 0, errors.New("expected 4 hex digits after \\u")
	}
	p.at += 4
	return rune(r), nil
}
