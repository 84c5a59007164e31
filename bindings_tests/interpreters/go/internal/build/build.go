// Package build writes the JSON of programs, for tests.
package build

import "encoding/json"

// Value is a value of the program under construction.
type Value struct {
	ID    int
	DType string
	Shape []int
}

// Attributes of an operation.
type Attributes map[string]any

// Program collects declarations: all inputs first, then all state, then operations.
type Program struct {
	inputs, state, operations, outputs, updates []map[string]any
}

func (p *Program) values() int { return len(p.inputs) + len(p.state) + len(p.operations) }

// Input declares an input.
func (p *Program) Input(name, dtype string, shape ...int) Value {
	v := Value{p.values(), dtype, append([]int{}, shape...)}
	p.inputs = append(p.inputs, map[string]any{"name": name, "dtype": dtype, "shape": v.Shape})
	return v
}

// State declares a state.
func (p *Program) State(name, dtype string, shape ...int) Value {
	v := Value{p.values(), dtype, append([]int{}, shape...)}
	p.state = append(p.state, map[string]any{"name": name, "dtype": dtype, "shape": v.Shape})
	return v
}

// Op adds an operation with its stated result.
func (p *Program) Op(op string, attributes Attributes, dtype string, shape []int, operands ...Value) Value {
	v := Value{p.values(), dtype, append([]int{}, shape...)}
	ids := []int{}
	for _, operand := range operands {
		ids = append(ids, operand.ID)
	}
	if attributes == nil {
		attributes = Attributes{}
	}
	p.operations = append(p.operations, map[string]any{
		"op": op, "inputs": ids, "output": v.ID, "dtype": dtype, "shape": v.Shape, "attributes": attributes,
	})
	return v
}

// Map adds an operation without attributes whose result is like its first operand.
func (p *Program) Map(op string, operands ...Value) Value {
	return p.Op(op, nil, operands[0].DType, operands[0].Shape, operands...)
}

// Constant adds an f32 scalar given by its word.
func (p *Program) Constant(word string) Value {
	return p.Op("constant", Attributes{"dtype": "f32", "shape": []int{}, "word": word}, "f32", nil)
}

// Matmul adds the product of two matrices.
func (p *Program) Matmul(a, b Value, transposeA, transposeB bool) Value {
	m, n := a.Shape[0], b.Shape[1]
	if transposeA {
		m = a.Shape[1]
	}
	if transposeB {
		n = b.Shape[0]
	}
	return p.Op("matmul", Attributes{"transpose_a": transposeA, "transpose_b": transposeB, "panel": 256}, "f32", []int{m, n}, a, b)
}

// Sum adds a sum over one axis of a matrix.
func (p *Program) Sum(x Value, axis int, keep bool) Value {
	shape := []int{x.Shape[1-axis]}
	if keep {
		shape = append([]int{}, x.Shape...)
		shape[axis] = 1
	}
	return p.Op("sum", Attributes{"axes": []int{axis}, "keepdims": keep, "panel": 256}, x.DType, shape, x)
}

// Output names a value.
func (p *Program) Output(name string, v Value) {
	p.outputs = append(p.outputs, map[string]any{"name": name, "value": v.ID})
}

// Update replaces a state.
func (p *Program) Update(state string, v Value) {
	p.updates = append(p.updates, map[string]any{"state": state, "value": v.ID})
}

// JSON is the program.
func (p *Program) JSON() string {
	list := func(l []map[string]any) []map[string]any { return append([]map[string]any{}, l...) }
	text, err := json.Marshal(map[string]any{
		"format": "paragon-program", "version": 1, "contract": 1,
		"inputs": list(p.inputs), "state": list(p.state), "operations": list(p.operations),
		"outputs": list(p.outputs), "updates": list(p.updates),
	})
	if err != nil {
		panic(err) // only an attribute that is no JSON
	}
	return string(text)
}

// MLP is a training step of a perceptron with one hidden relu layer, cross entropy and plain gradient descent at a rate of
// 1/16. Inputs: x f32 [batch, in], labels i32 [batch]; state: w1 b1 w2 b2; output: loss, f32 [].
func MLP(batch, in, hidden, classes int) *Program {
	p := &Program{}
	x, labels := p.Input("x", "f32", batch, in), p.Input("labels", "i32", batch)
	w1, b1 := p.State("w1", "f32", in, hidden), p.State("b1", "f32", hidden)
	w2, b2 := p.State("w2", "f32", hidden, classes), p.State("b2", "f32", classes)

	zero, rate := p.Constant("00000000"), p.Constant("bd800000") // -1/16
	h := p.Map("add", p.Matmul(x, w1, false, false), b1)
	off := p.Op("compare", Attributes{"how": "le"}, "i32", h.Shape, h, zero)
	relu := func(v Value) Value { return p.Op("select", nil, "f32", v.Shape, off, zero, v) }
	r := relu(h)
	logits := p.Map("add", p.Matmul(r, w2, false, false), b2)

	top := p.Op("max", Attributes{"axes": []int{1}, "keepdims": true}, "f32", []int{batch, 1}, logits)
	shifted := p.Map("sub", logits, top)
	e := p.Map("exp", shifted)
	total := p.Sum(e, 1, true)
	hot := p.Op("one_hot", Attributes{"depth": classes}, "f32", []int{batch, classes}, labels)
	n := p.Op("cast", Attributes{"dtype": "f32"}, "f32", nil,
		p.Op("constant", Attributes{"dtype": "u32", "shape": []int{}, "word": hex(batch)}, "u32", nil))
	logProbability := p.Map("sub", shifted, p.Map("log", total))
	losses := p.Sum(p.Map("mul", logProbability, hot), 1, false)
	all := p.Op("sum", Attributes{"axes": []int{0}, "keepdims": false, "panel": 256}, "f32", nil, losses)
	p.Output("loss", p.Map("neg", p.Map("div", all, n)))

	gradient := p.Map("div", p.Map("sub", p.Map("div", e, total), hot), n)
	back := relu(p.Matmul(gradient, w2, false, true))
	descend := func(name string, w, g Value) {
		p.Update(name, p.Op("fma", nil, "f32", w.Shape, rate, g, w))
	}
	descend("w1", w1, p.Matmul(x, back, true, false))
	descend("b1", b1, p.Sum(back, 0, false))
	descend("w2", w2, p.Matmul(r, gradient, true, false))
	descend("b2", b2, p.Sum(gradient, 0, false))
	return p
}

func hex(n int) string {
	const digits = "0123456789abcdef"
	var b [8]byte
	for i := range b {
		b[i] = digits[n>>uint(28-4*i)&15]
	}
	return string(b[:])
}
