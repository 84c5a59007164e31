package program

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"

	"paragon/reference/internal/build"
	"paragon/reference/tensor"
)

// text is a small program that uses inputs, state, attributes, outputs and updates.
func text() string {
	p := &build.Program{}
	x, w := p.Input("x", "f32", 4, 3), p.State("w", "f32", 3, 2)
	y := p.Matmul(x, w, false, false)
	p.Op("slice", build.Attributes{"start": []int{0, 0}, "stop": []int{4, 2}, "step": []int{3, 1}}, "f32", []int{2, 2}, y)
	p.Output("y", y)
	p.Update("w", w)
	return p.JSON()
}

// edit changes the document of text() at a path and is the error of parsing it.
func edit(t *testing.T, value any, path ...any) error {
	t.Helper()
	var document any
	if err := json.Unmarshal([]byte(text()), &document); err != nil {
		t.Fatal(err)
	}
	at := document
	for k, step := range path {
		last := k == len(path)-1
		switch step := step.(type) {
		case string:
			object := at.(map[string]any)
			if at = object[step]; last {
				if object[step] = value; value == absent {
					delete(object, step)
				}
			}
		case int:
			list := at.([]any)
			if at = list[step]; last {
				list[step] = value
			}
		}
	}
	changed, err := json.Marshal(document)
	if err != nil {
		t.Fatal(err)
	}
	_, err = Parse(string(changed))
	return err
}

// absent removes a key.
var absent = any(new(int))

func TestParseAccepts(t *testing.T) {
	if err := edit(t, map[string]any{"name": "free", "deep": []any{1.5}}, "meta"); err != nil {
		t.Error(err)
	}
	if err := edit(t, nil, "operations", 0, "attributes", "panel"); err != nil {
		t.Error(err)
	}
	if err := edit(t, strings.Repeat("é", 127), "inputs", 0, "name"); err != nil {
		t.Error(err)
	}
}

func TestParseErrors(t *testing.T) {
	type at []any
	for _, c := range []struct {
		part  string
		value any
		path  at
	}{
		{"paragon-program", "other", at{"format"}},
		{"unsupported version", 2, at{"version"}},
		{"unsupported contract", 2, at{"contract"}},
		{"unknown key", 1, at{"extra"}},
		{`"updates" is missing`, absent, at{"updates"}},
		{"meta is not", 1, at{"meta"}},
		{"1 to 255 bytes", "", at{"inputs", 0, "name"}},
		{"1 to 255 bytes", strings.Repeat("é", 128), at{"inputs", 0, "name"}},
		{"control character", "a\nb", at{"inputs", 0, "name"}},
		{"control character", "a\x7f", at{"outputs", 0, "name"}},
		{"stands twice", "w", at{"inputs", 0, "name"}},
		{"unknown dtype", "f64", at{"inputs", 0, "dtype"}},
		{"more than 8", []int{1, 1, 1, 1, 1, 1, 1, 1, 1}, at{"inputs", 0, "shape"}},
		{"expected an integer in", []int{-1}, at{"inputs", 0, "shape"}},
		{"expected an integer in", []int{1 << 31}, at{"inputs", 0, "shape"}},
		{"more than 2147483647 elements", []int{1 << 16, 1 << 15}, at{"inputs", 0, "shape"}},
		{"expected an integer", []float64{1.5}, at{"inputs", 0, "shape"}},
		{"unknown key", 1, at{"inputs", 0, "extra"}},
		{"operation 0: unknown operation", "matmull", at{"operations", 0, "op"}},
		{"operation 0 (matmul): inputs: only values computed before", []int{0, 2}, at{"operations", 0, "inputs"}},
		{"expected an integer in", []int{0, -1}, at{"operations", 0, "inputs"}},
		{"takes 2 operands, not 1", []int{0}, at{"operations", 0, "inputs"}},
		{"operation 1 (slice): output: the value's number is 3", 4, at{"operations", 1, "output"}},
		{"is stated", "i32", at{"operations", 0, "dtype"}},
		{"yields f32 [4,2], but f32 [2,4] is stated", []int{2, 4}, at{"operations", 0, "shape"}},
		{"unknown key", 1, at{"operations", 0, "extra"}},
		{`"attributes" is missing`, absent, at{"operations", 0, "attributes"}},
		{`"panel" is missing`, absent, at{"operations", 0, "attributes", "panel"}},
		{"unknown key", 1, at{"operations", 0, "attributes", "axis"}},
		{"in 2 ... 2147483647", 1, at{"operations", 0, "attributes", "panel"}},
		{"true or false", 1, at{"operations", 0, "attributes", "transpose_a"}},
		{"the inner dimensions 4 and 3 differ", true, at{"operations", 0, "attributes", "transpose_a"}},
		{"needs an entry for each axis", []int{0}, at{"operations", 1, "attributes", "start"}},
		{"not within", []int{5, 0}, at{"operations", 1, "attributes", "start"}},
		{"in 1 ...", []int{0, 1}, at{"operations", 1, "attributes", "step"}},
		{"in 0 ... 3", 4, at{"outputs", 0, "value"}},
		{"is not a state", "x", at{"updates", 0, "state"}},
		{`the state "w" is f32 [3,2], but value 2 is f32 [4,2]`, 2, at{"updates", 0, "value"}},
		{"updated twice", []any{map[string]any{"state": "w", "value": 1}, map[string]any{"state": "w", "value": 1}}, at{"updates"}},
		{"stands twice", []any{map[string]any{"name": "y", "value": 1}, map[string]any{"name": "y", "value": 2}}, at{"outputs"}},
	} {
		if err := edit(t, c.value, c.path...); err == nil || !strings.Contains(err.Error(), c.part) {
			t.Errorf("%v = %v: error %v, want one with %q", c.path, c.value, err, c.part)
		}
	}
}

// TestRules: for each operation, operands that its rule refuses.
func TestRules(t *testing.T) {
	f := func(shape ...int) build.Value { return build.Value{DType: "f32", Shape: shape} }
	i := func(shape ...int) build.Value { return build.Value{DType: "i32", Shape: shape} }
	u := func(shape ...int) build.Value { return build.Value{DType: "u32", Shape: shape} }
	type a = build.Attributes
	type x = []build.Value
	window := func(change a) a {
		all := a{"kernel": []int{2, 2}, "stride": []int{1, 1}, "padding": []int{0, 0, 0, 0}, "dilation": []int{1, 1}}
		for key, value := range change {
			all[key] = value
		}
		return all
	}
	most := math.MaxInt32
	for _, c := range []struct {
		op         string
		operands   x
		attributes a
		part       string
	}{
		{"add", x{f(2), i(2)}, nil, "dtypes differ"},
		{"add", x{f(2), f(3)}, nil, "do not broadcast"},
		{"div", x{i(2), i(2)}, nil, "must be f32"},
		{"fma", x{f(2), f(2), u(2)}, nil, "must be f32"},
		{"abs", x{u(2)}, nil, "f32 or i32"},
		{"exp", x{i(2)}, nil, "must be f32"},
		{"compare", x{f(2), f(2)}, a{"how": "=="}, "unknown comparison"},
		{"select", x{f(2), f(2), i(2)}, nil, "dtypes differ"},
		{"cast", x{f(2)}, a{"dtype": "f64"}, "unknown dtype"},
		{"constant", x{}, a{"dtype": "f32", "shape": []int{}, "word": "3F800000"}, "lower-case"},
		{"constant", x{}, a{"dtype": "f32", "shape": []int{}, "word": "0x3f8000"}, "lower-case"},
		{"constant", x{}, a{"dtype": "f32", "shape": []int{}, "word": "03f800000"}, "lower-case"},
		{"constant", x{}, a{"dtype": "f32", "shape": []int{1 << 16, 1 << 16}, "word": "3f800000"}, "elements"},
		{"sum", x{f(2, 3)}, a{"axes": []int{1, 0}, "keepdims": false, "panel": 256}, "ascend"},
		{"sum", x{f(2, 3)}, a{"axes": []int{1, 1}, "keepdims": false, "panel": 256}, "ascend"},
		{"sum", x{f(2, 3)}, a{"axes": []int{2}, "keepdims": false, "panel": 256}, "not an axis"},
		{"max", x{f()}, a{"axes": []int{0}, "keepdims": false}, "not an axis"},
		{"argmax", x{f(2, 0)}, a{"axis": 1, "keepdims": false}, "empty"},
		{"argmax", x{f()}, a{"axis": 0, "keepdims": false}, "not an axis"},
		{"matmul", x{f(3), f(3, 2)}, a{"transpose_a": false, "transpose_b": false, "panel": 256}, "rank 2"},
		{"matmul", x{f(2, 2, 3), f(3, 3, 2)}, a{"transpose_a": false, "transpose_b": false, "panel": 256}, "broadcast"},
		{"matmul", x{i(2, 3), i(3, 2)}, a{"transpose_a": false, "transpose_b": false, "panel": 256}, "must be f32"},
		{"reshape", x{f(2, 3)}, a{"shape": []int{5}}, "elements"},
		{"transpose", x{f(2, 3)}, a{"axes": []int{0, 0}}, "permutation"},
		{"transpose", x{f(2, 3)}, a{"axes": []int{0, 2}}, "permutation"},
		{"transpose", x{f(2, 3)}, a{"axes": []int{0}}, "each axis"},
		{"broadcast", x{f(2)}, a{"shape": []int{3}}, "does not broadcast"},
		{"broadcast", x{f(2, 2)}, a{"shape": []int{2}}, "does not broadcast"},
		{"broadcast", x{f(2)}, a{"shape": []int{1}}, "does not broadcast"},
		{"pad", x{f(2)}, a{"low": []int{most}, "high": []int{most}, "interior": []int{most}, "word": "00000000"}, "dimension outside"},
		{"pad", x{f(2)}, a{"low": []int{-1}, "high": []int{0}, "interior": []int{0}, "word": "00000000"}, "expected an integer in"},
		{"concat", x{}, a{"axis": 0}, "one or more"},
		{"concat", x{f(2), f(2, 1)}, a{"axis": 0}, "differ"},
		{"concat", x{f(2, 3), f(2, 4)}, a{"axis": 0}, "differ"},
		{"concat", x{f(1 << 30), f(1 << 30)}, a{"axis": 0}, "dimension outside"},
		{"gather", x{f(2), f(2)}, a{"axis": 0}, "i32"},
		{"gather", x{f(), i(2)}, a{"axis": 0}, "not an axis"},
		{"gather", x{f(1, 1, 1, 1, 1), i(1, 1, 1, 1, 1)}, a{"axis": 0}, "more than 8"},
		{"scatter_add", x{f(2, 3), i(3)}, a{"axis": 0, "size": 4, "panel": 256}, "axes of the indices"},
		{"scatter_add", x{f(2), i(2)}, a{"axis": 8, "size": 4, "panel": 256}, "axes of the indices"},
		{"scatter_add", x{f(2), i(2)}, a{"axis": 0, "size": []int{4}, "panel": 256}, "expected an integer"},
		{"one_hot", x{u(2)}, a{"depth": 3}, "i32"},
		{"unfold", x{f(1, 1, 2)}, window(nil), "rank 4"},
		{"unfold", x{f(1, 1, 1, 2)}, window(nil), "exceeds"},
		{"unfold", x{f(1, 1, 2, 2)}, window(a{"kernel": []int{0, 1}}), "expected an integer in"},
		{"unfold", x{f(1, 1, 2, 2)}, window(a{"kernel": []int{2}}), "expected 2"},
		{"unfold", x{f(1, 1, 2, 2)}, window(a{"padding": []int{most, most, 0, 0}}), "dimension outside"},
		{"unfold", x{f(1, 1, 2, 2)}, window(a{"kernel": []int{most, most}, "dilation": []int{most, most}}), "exceeds"},
		{"unfold", x{f(1, 4, 2, 2)}, window(a{"kernel": []int{1 << 31, 1 << 31}, "padding": []int{1 << 32, 0, 1 << 32, 0}}), "expected an integer in"},
		{"fold", x{f(1, 1, 1, 3)}, window(a{"size": []int{2, 2}, "panel": 256}), "multiple of 4"},
		{"fold", x{f(1, 2, 1, 4)}, window(a{"size": []int{2, 2}, "panel": 256}), "1 x 1 windows"},
		{"fold", x{f(1, 1, 1, 4)}, window(a{"size": 4, "panel": 256}), "expected a list"},
		{"fft", x{i(4, 2)}, a{"norm": "ortho"}, "complex points"},
		{"fft", x{f(2)}, a{"norm": "ortho"}, "complex points"},
		{"fft", x{f(4, 3)}, a{"norm": "ortho"}, "complex points"},
		{"fft", x{f(4, 2)}, a{"norm": "none"}, "unknown norm"},
		{"ifft", x{f(0, 2)}, a{"norm": "forward"}, "1 to 16777216 points"},
		{"rfft", x{f()}, a{"norm": "forward"}, "f32 [..., n]"},
		{"rfft", x{f(0, 1<<24+1)}, a{"norm": "forward"}, "1 to 16777216 points"},
		{"irfft", x{f(4, 2)}, a{"norm": "forward", "n": 8}, "8 real points come from 5"},
		{"irfft", x{f(1, 2)}, a{"norm": "forward", "n": 0}, "expected an integer in"},
		{"scan", x{f(2, 3), f(2, 3), f(3)}, a{"axis": 1, "reverse": false}, "must have the shape [2]"},
		{"scan", x{f(2), f(3), f()}, a{"axis": 0, "reverse": false}, "differ"},
		{"bits", x{u(3), u()}, a{"stream": 0, "shape": []int{1}, "width": 32}, "seed u32 [2]"},
		{"bits", x{u(2), i()}, a{"stream": 0, "shape": []int{1}, "width": 32}, "must be u32"},
		{"bits", x{u(2), u()}, a{"stream": 1 << 32, "shape": []int{1}, "width": 32}, "expected an integer in"},
		{"bits", x{u(2), u()}, a{"stream": 0, "shape": []int{1}, "width": 33}, "expected an integer in"},
		{"bits", x{u(2), u()}, a{"stream": 0, "shape": []int{1}, "width": 0}, "expected an integer in"},
	} {
		p := &build.Program{}
		for k := range c.operands {
			c.operands[k] = p.Input(fmt.Sprint(k), c.operands[k].DType, c.operands[k].Shape...)
		}
		p.Op(c.op, c.attributes, "f32", nil, c.operands...)
		_, err := Parse(p.JSON())
		if err == nil || !strings.Contains(err.Error(), c.part) || !strings.Contains(err.Error(), "operation 0 ("+c.op+")") {
			t.Errorf("%s %v %v: error %v, want one with %q", c.op, c.operands, c.attributes, err, c.part)
		}
	}
}

func parse(t testing.TB, p *build.Program) *Program {
	t.Helper()
	parsed, err := Parse(p.JSON())
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

func u32s(words ...uint32) *tensor.Tensor {
	return &tensor.Tensor{DType: tensor.U32, Shape: tensor.Shape{len(words)}, Words: words}
}

// TestUpdatesHappenAtOnce: two states change places, and the operations see them as they were.
func TestUpdatesHappenAtOnce(t *testing.T) {
	p := &build.Program{}
	a, b := p.State("a", "u32", 1), p.State("b", "u32", 1)
	p.Output("sum", p.Map("add", a, b))
	p.Output("a", a)
	p.Update("a", b)
	p.Update("b", a)
	state := map[string]*tensor.Tensor{"a": u32s(1), "b": u32s(2)}
	r, err := parse(t, p).Run(nil, state, Options{KeepValues: true})
	if err != nil {
		t.Fatal(err)
	}
	if r.State["a"].Words[0] != 2 || r.State["b"].Words[0] != 1 || r.Outputs["a"].Words[0] != 1 || r.Outputs["sum"].Words[0] != 3 {
		t.Errorf("got %+v", r)
	}
	if state["a"].Words[0] != 1 {
		t.Error("the caller's state was changed")
	}
	if r.First != 2 || len(r.Values) != 1 || r.Values[0].Words[0] != 3 {
		t.Errorf("values %v from %d", r.Values, r.First)
	}
}

// TestMemoryLimit: values that are no longer needed do not count; a program that asks for too much is refused before it runs.
func TestMemoryLimit(t *testing.T) {
	const n, length = 1 << 20, 20
	p := &build.Program{}
	v := p.Op("constant", build.Attributes{"dtype": "u32", "shape": []int{n}, "word": "00000001"}, "u32", []int{n})
	for i := 0; i < length; i++ {
		v = p.Map("add", v, v)
	}
	p.Output("y", v)
	program := parse(t, p)
	if r, err := program.Run(nil, nil, Options{MemoryLimit: 2 * 4 * n}); err != nil || r.Outputs["y"].Words[5] != 1<<length {
		t.Errorf("two values alive: %v", err)
	}
	for _, o := range []Options{{MemoryLimit: 2*4*n - 1}, {MemoryLimit: 3 * 4 * n, KeepValues: true}} {
		if _, err := program.Run(nil, nil, o); err == nil || !strings.Contains(err.Error(), "raise the memory limit") {
			t.Errorf("%+v: %v", o, err)
		}
	}
	huge := &build.Program{}
	shape := []int{math.MaxInt32}
	huge.Op("constant", build.Attributes{"dtype": "u32", "shape": shape, "word": "00000001"}, "u32", shape)
	if _, err := parse(t, huge).Run(nil, nil, Options{}); err == nil {
		t.Error("8 GiB by default")
	}
}

// TestEmptyValues: hostile attributes on values without elements must neither panic nor take for ever.
func TestEmptyValues(t *testing.T) {
	const many = math.MaxInt32
	p := &build.Program{}
	images := p.Input("images", "f32", many, 0, many, many)
	rows := p.Input("rows", "f32", many, 1, 1, 0)
	none := p.Input("none", "f32", 0, many)
	index := p.Input("index", "i32", many, 0)
	flags := build.Attributes{"transpose_a": false, "transpose_b": true, "panel": 2}
	window := func() build.Attributes {
		return build.Attributes{"kernel": []int{many, many}, "stride": []int{1, 1}, "padding": []int{0, 0, 0, 0}, "dilation": []int{1, 1}}
	}
	p.Op("unfold", window(), "f32", []int{many, 1, 1, 0}, images)
	fold := window()
	fold["size"], fold["panel"] = []int{many, many}, 2
	p.Op("fold", fold, "f32", []int{many, 0, many, many}, rows)
	p.Op("matmul", flags, "f32", []int{0, 0}, none, none)
	p.Op("gather", build.Attributes{"axis": 1}, "f32", []int{0, many, 0}, none, index)
	p.Op("scatter_add", build.Attributes{"axis": 0, "size": many, "panel": 2}, "f32", []int{many, 0, many, many},
		p.Op("reshape", build.Attributes{"shape": []int{many, 0, 0, many, many}}, "f32", []int{many, 0, 0, many, many}, images), index)
	p.Op("sum", build.Attributes{"axes": []int{0}, "keepdims": false, "panel": 2}, "f32", []int{0, many, many}, images)
	p.Op("scan", build.Attributes{"axis": 1, "reverse": true}, "f32", []int{0, many}, none, none,
		p.Op("max", build.Attributes{"axes": []int{1}, "keepdims": false}, "f32", []int{0}, none))
	p.Op("one_hot", build.Attributes{"depth": many}, "f32", []int{many, 0, many}, index)
	empty := func(v ...int) *tensor.Tensor { return tensor.New(tensor.F32, v) }
	_, err := parse(t, p).Run(map[string]*tensor.Tensor{
		"images": empty(many, 0, many, many), "rows": empty(many, 1, 1, 0), "none": empty(0, many),
		"index": tensor.New(tensor.I32, tensor.Shape{many, 0}),
	}, nil, Options{})
	if err != nil {
		t.Fatal(err)
	}
}

// TestHugeSteps: a step or gap that is never taken may be the largest.
func TestHugeSteps(t *testing.T) {
	p := &build.Program{}
	x := p.Input("x", "u32", 3)
	p.Output("first", p.Op("slice", build.Attributes{"start": []int{1}, "stop": []int{3}, "step": []int{math.MaxInt32}}, "u32", []int{1}, x))
	one := p.Op("slice", build.Attributes{"start": []int{2}, "stop": []int{3}, "step": []int{1}}, "u32", []int{1}, x)
	p.Output("padded", p.Op("pad", build.Attributes{"low": []int{1}, "high": []int{0}, "interior": []int{math.MaxInt32}, "word": "00000007"},
		"u32", []int{2}, one))
	r, err := parse(t, p).Run(map[string]*tensor.Tensor{"x": u32s(1, 2, 3)}, nil, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got := r.Outputs["first"].Words; !reflect.DeepEqual(got, []uint32{2}) {
		t.Errorf("first: %v", got)
	}
	if got := r.Outputs["padded"].Words; !reflect.DeepEqual(got, []uint32{7, 3}) {
		t.Errorf("padded: %v", got)
	}
}

// FuzzParse: no text makes Parse or a run panic.
func FuzzParse(f *testing.F) {
	f.Add(text())
	f.Add(build.MLP(2, 3, 4, 2).JSON())
	f.Add(strings.Replace(text(), "[4,3]", "[2147483647,2147483647]", 1))
	f.Add(strings.Replace(text(), `"panel":256`, `"panel":null`, 1))
	f.Add(`{"format": "paragon-program"}`)
	f.Fuzz(func(t *testing.T, text string) {
		p, err := Parse(text)
		if err != nil {
			return
		}
		bound, total := map[string]*tensor.Tensor{}, 0
		for _, v := range append(append([]Variable{}, p.Inputs...), p.State...) {
			if total += v.Shape.Elements(); total > 1<<12 {
				return
			}
			bound[v.Name] = tensor.New(v.DType, v.Shape)
		}
		if _, err := p.Run(bound, bound, Options{MemoryLimit: 1 << 16}); err != nil && !strings.Contains(err.Error(), "memory") {
			t.Error(err)
		}
	})
}
