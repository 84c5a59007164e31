package strictjson

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	v, err := Parse(" {\"a\": [1, -2.5e+3, true, false, null], \"\\u00e9\\ud83d\\ude00\\n\": \"x\\/\\\"\", \"o\": {}} ")
	if err != nil {
		t.Fatal(err)
	}
	want := &Object{
		Keys: []string{"a", "é😀\n", "o"},
		Fields: map[string]Value{
			"a":    []Value{Number("1"), Number("-2.5e+3"), true, false, nil},
			"é😀\n": `x/"`,
			"o":    &Object{Fields: map[string]Value{}},
		},
	}
	if !reflect.DeepEqual(v, want) {
		t.Errorf("got %#v", v)
	}
}

func TestParseErrors(t *testing.T) {
	for text, part := range map[string]string{
		``:                        "ends too early",
		`{"a": 1, "a": 2}`:        "stands twice",
		`[1,]`:                    "expected a value",
		`[1 2]`:                   "expected ','",
		`{"a" 1}`:                 "expected ':'",
		`{a: 1}`:                  "expected a key",
		`{"a":1`:                  "expected ','",
		`01`:                      "malformed number",
		`-`:                       "malformed number",
		`1.`:                      "malformed number",
		`1e`:                      "malformed number",
		`+1`:                      "expected a value",
		`nul`:                     "expected a value",
		`1 1`:                     "text after the end",
		"1\x00":                   "text after the end",
		"\"\x01\"":                "control character",
		`"\x"`:                    "unknown escape",
		`"\u12"`:                  "ends inside",
		`"\u12g4"`:                "hex digits",
		`"\ud800"`:                "lone surrogate",
		`"\ud800\u0041"`:          "lone surrogate",
		`"\udc00"`:                "lone surrogate",
		`"abc`:                    "ends inside a string",
		`"abc\`:                   "ends inside a string",
		"\"\xff\"":                "UTF-8",
		`1e999`:                   "beyond binary64",
		`[{"a": -1e309}]`:         "beyond binary64",
		strings.Repeat("9", 310):  "beyond binary64",
		strings.Repeat("[", 70):   "nested deeper",
		strings.Repeat("[", 1e6):  "nested deeper",
		"[\n1,\n  oops]":          "line 3 column 3",
		`{"a": {"b": [1, 2, 3,]}`: "expected a value",
	} {
		if _, err := Parse(text); err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("Parse(%.40q): error %v, want one with %q", text, err, part)
		}
	}
}

// TestDepth: 64 may be open at one place, whatever stands inside of them.
func TestDepth(t *testing.T) {
	nested := func(depth int, inside string) string {
		return strings.Repeat("[", depth) + inside + strings.Repeat("]", depth)
	}
	for _, inside := range []string{"", "1", "1,2"} {
		if _, err := Parse(nested(64, inside)); err != nil {
			t.Error(err)
		}
		if _, err := Parse(nested(65, inside)); err == nil {
			t.Errorf("65 levels around %q are no error", inside)
		}
	}
	if _, err := Parse("[" + strings.Repeat("9", 300) + ",1e308,1e-999]"); err != nil {
		t.Error(err)
	}
}

func TestExpect(t *testing.T) {
	fail := func(what string, err error) {
		t.Helper()
		if err == nil {
			t.Error(what, "is no error")
		}
	}
	if i, err := Int(Number("7"), 0, 10); i != 7 || err != nil {
		t.Error(i, err)
	}
	for _, n := range []string{"1.0", "1e1", "-0", "-1", "11", "99999999999999999999"} {
		_, err := Int(Number(n), 0, 10)
		fail(n, err)
	}
	_, err := Int("1", 0, 10)
	fail("a string for an integer", err)
	_, err = Ints([]Value{Number("1"), Number("2")}, 1, 0, 10)
	fail("a long list", err)
	_, err = Bool(nil)
	fail("null for a boolean", err)
	o := &Object{[]string{"a", "b"}, map[string]Value{"a": nil, "b": nil}}
	if _, err := Members(o, []string{"a"}, "b", "c"); err != nil {
		t.Error(err)
	}
	_, err = Members(o, []string{"a"})
	fail("an unknown key", err)
	_, err = Members(o, []string{"a", "b", "c"})
	fail("a missing key", err)
}

// FuzzParse: no text makes Parse panic, and what it accepts is JSON.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{`{"a": [1, -2.5e3, "x\u00e9"]}`, `[[[]]]`, `"\ud83d\ude00"`, `{"a":1,"a":1}`, `nul`, "\xff", `-0.0E-1`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if _, err := Parse(text); err == nil && !json.Valid([]byte(text)) {
			t.Errorf("accepted %q", text)
		}
	})
}
