// Package program loads, checks and runs Paragon programs (docs/program.md, docs/contract.md): a static-shaped,
// single-assignment list of operations with named inputs, state and updates of the state.
package program

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"

	"paragon/reference/strictjson"
	"paragon/reference/tensor"
)

// MaxOperations is how many operations a program may have, so that it fits into the header of a model file.
const MaxOperations = 200_000

// Kind is what is known of a value before it is computed.
type Kind struct {
	DType tensor.DType
	Shape tensor.Shape
}

func (k Kind) String() string { return fmt.Sprintf("%v %v", k.DType, k.Shape) }

// Equal tells whether both are the same.
func (k Kind) Equal(l Kind) bool { return k.DType == l.DType && k.Shape.Equal(l.Shape) }

// Variable is an input or a state.
type Variable struct {
	Name string
	Kind
}

// Operation computes one value from values with smaller numbers.
type Operation struct {
	Op         string
	Inputs     []int
	Attributes Attributes
	Kind       // of the result
	definition *definition
}

// Output names a value.
type Output struct {
	Name  string
	Value int
}

// Update replaces a state, given by its index, after the run.
type Update struct {
	State, Value int
}

// Program is a checked program. Values are numbered: the inputs, the state, one for each operation.
type Program struct {
	Inputs, State []Variable
	Operations    []Operation
	Outputs       []Output
	Updates       []Update
}

// firstOperation is the number of the value of operation 0.
func (p *Program) firstOperation() int { return len(p.Inputs) + len(p.State) }

// OutputVariables are the names and kinds of the outputs.
func (p *Program) OutputVariables() []Variable {
	variables := make([]Variable, len(p.Outputs))
	for k, o := range p.Outputs {
		variables[k] = Variable{o.Name, p.kind(o.Value)}
	}
	return variables
}

// UpdatedState is the state that a run replaces.
func (p *Program) UpdatedState() []Variable {
	variables := make([]Variable, len(p.Updates))
	for k, u := range p.Updates {
		variables[k] = p.State[u.State]
	}
	return variables
}

// values is how many values there are.
func (p *Program) values() int { return p.firstOperation() + len(p.Operations) }

// kind is the dtype and shape of a value.
func (p *Program) kind(value int) Kind {
	if value < len(p.Inputs) {
		return p.Inputs[value].Kind
	}
	if value < p.firstOperation() {
		return p.State[value-len(p.Inputs)].Kind
	}
	return p.Operations[value-p.firstOperation()].Kind
}

// Parse reads and checks the JSON of a program.
func Parse(text string) (*Program, error) {
	v, err := strictjson.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("program: %w", err)
	}
	return Decode(v)
}

// Decode checks a program that is part of a larger JSON document.
func Decode(v strictjson.Value) (*Program, error) {
	p := &Program{}
	if err := p.decode(v); err != nil {
		return nil, fmt.Errorf("program: %w", err)
	}
	return p, nil
}

func (p *Program) decode(v strictjson.Value) error {
	m, err := strictjson.Members(v,
		[]string{"format", "version", "contract", "inputs", "state", "operations", "outputs", "updates"}, "meta")
	if err != nil {
		return err
	}
	if format, ok := m["format"].(string); !ok || format != "paragon-program" {
		return errors.New(`the format is not "paragon-program"`)
	}
	for _, key := range []string{"version", "contract"} {
		if _, err := strictjson.Int(m[key], 1, 1); err != nil {
			return fmt.Errorf("unsupported %s (this interpreter reads 1): %w", key, err)
		}
	}
	if meta, present := m["meta"]; present {
		if _, ok := meta.(*strictjson.Object); !ok {
			return errors.New("meta is not an object")
		}
	}
	names := map[string]bool{} // of inputs and state together
	if p.Inputs, err = decodeVariables("inputs", m["inputs"], names); err != nil {
		return err
	}
	if p.State, err = decodeVariables("state", m["state"], names); err != nil {
		return err
	}
	if err := p.decodeOperations(m["operations"]); err != nil {
		return err
	}
	if err := p.decodeOutputs(m["outputs"]); err != nil {
		return err
	}
	return p.decodeUpdates(m["updates"])
}

// each decodes the elements of a list; an error names the element.
func each(what string, v strictjson.Value, limit int, decode func(i int, v strictjson.Value) error) error {
	list, err := strictjson.List(v, limit)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	for i, element := range list {
		if err := decode(i, element); err != nil {
			return fmt.Errorf("%s %d: %w", what, i, err)
		}
	}
	return nil
}

const unlimited = 1 << 30 // lists that only the size of the file limits

func decodeVariables(what string, v strictjson.Value, names map[string]bool) ([]Variable, error) {
	var variables []Variable
	err := each(what, v, unlimited, func(i int, v strictjson.Value) error {
		m, err := strictjson.Members(v, []string{"name", "dtype", "shape"})
		if err != nil {
			return err
		}
		name, err := decodeName(m["name"])
		if err != nil {
			return err
		}
		kind, err := decodeKind(m)
		if err != nil {
			return fmt.Errorf("%q: %w", name, err)
		}
		if names[name] {
			return fmt.Errorf("the name %q stands twice among inputs and state", name)
		}
		names[name] = true
		variables = append(variables, Variable{name, kind})
		return nil
	})
	return variables, err
}

func decodeName(v strictjson.Value) (string, error) {
	name, err := strictjson.String(v)
	if err != nil {
		return "", fmt.Errorf("name: %w", err)
	}
	return name, CheckName(name)
}

// CheckName reports what is no name: 1 to 255 bytes without control characters.
func CheckName(name string) error {
	if len(name) < 1 || len(name) > 255 {
		return fmt.Errorf("a name has 1 to 255 bytes, this one %d", len(name))
	}
	if strings.IndexFunc(name, unicode.IsControl) >= 0 {
		return fmt.Errorf("the name %q holds a control character", name)
	}
	return nil
}

func decodeKind(m map[string]strictjson.Value) (Kind, error) {
	dtype, err := decodeDType(m["dtype"])
	if err != nil {
		return Kind{}, err
	}
	shape, err := decodeShape(m["shape"])
	return Kind{dtype, shape}, err
}

func decodeDType(v strictjson.Value) (tensor.DType, error) {
	name, err := strictjson.String(v)
	if err != nil {
		return 0, fmt.Errorf("dtype: %w", err)
	}
	return tensor.ParseDType(name)
}

func decodeShape(v strictjson.Value) (tensor.Shape, error) {
	dims, err := strictjson.Ints(v, tensor.MaxRank, 0, tensor.MaxDimension)
	if err != nil {
		return nil, fmt.Errorf("shape: %w", err)
	}
	return dims, tensor.Shape(dims).Check()
}

func (p *Program) decodeOperations(v strictjson.Value) error {
	list, err := strictjson.List(v, MaxOperations)
	if err != nil {
		return fmt.Errorf("operations: %w", err)
	}
	for i, element := range list {
		operation, err := p.decodeOperation(element)
		if err != nil {
			op := ""
			if operation.definition != nil {
				op = " (" + operation.Op + ")"
			}
			return fmt.Errorf("operation %d%s: %w", i, op, err)
		}
		p.Operations = append(p.Operations, operation)
	}
	return nil
}

func (p *Program) decodeOperation(v strictjson.Value) (o Operation, err error) {
	m, err := strictjson.Members(v, []string{"op", "inputs", "output", "dtype", "shape", "attributes"})
	if err != nil {
		return o, err
	}
	if o.Op, err = strictjson.String(m["op"]); err != nil {
		return o, fmt.Errorf("op: %w", err)
	}
	if o.definition = table[o.Op]; o.definition == nil {
		return o, fmt.Errorf("unknown operation %.40q", o.Op)
	}
	id := p.values()
	if o.Inputs, err = strictjson.Ints(m["inputs"], unlimited, 0, int64(id)-1); err != nil {
		return o, fmt.Errorf("inputs: only values computed before may be used: %w", err)
	}
	if len(o.Inputs) != o.definition.arity && (o.definition.arity != oneOrMore || len(o.Inputs) == 0) {
		return o, fmt.Errorf("takes %s, not %d", countText(o.definition.arity), len(o.Inputs))
	}
	if _, err := strictjson.Int(m["output"], int64(id), int64(id)); err != nil {
		return o, fmt.Errorf("output: the value's number is %d: %w", id, err)
	}
	if o.Attributes, err = decodeAttributes(m["attributes"], o.definition.attributes); err != nil {
		return o, err
	}
	operands := make([]Kind, len(o.Inputs))
	for k, input := range o.Inputs {
		operands[k] = p.kind(input)
	}
	if o.Kind, err = o.definition.infer(operands, o.Attributes); err == nil {
		err = o.Shape.Check()
	}
	if err != nil {
		return o, err
	}
	stated, err := decodeKind(m)
	if err == nil && !stated.Equal(o.Kind) {
		err = fmt.Errorf("yields %v, but %v is stated", o.Kind, stated)
	}
	return o, err
}

func countText(arity int) string {
	if arity == oneOrMore {
		return "one or more operands"
	}
	return strconv.Itoa(arity) + " operands"
}

func (p *Program) decodeValue(v strictjson.Value) (int, error) {
	value, err := strictjson.Int(v, 0, int64(p.values())-1)
	if err != nil {
		return 0, fmt.Errorf("value: %w", err)
	}
	return value, nil
}

func (p *Program) decodeOutputs(v strictjson.Value) error {
	names := map[string]bool{}
	return each("outputs", v, unlimited, func(i int, v strictjson.Value) error {
		m, err := strictjson.Members(v, []string{"name", "value"})
		if err != nil {
			return err
		}
		name, err := decodeName(m["name"])
		if err != nil {
			return err
		}
		if names[name] {
			return fmt.Errorf("the name %q stands twice", name)
		}
		names[name] = true
		value, err := p.decodeValue(m["value"])
		if err != nil {
			return fmt.Errorf("%q: %w", name, err)
		}
		p.Outputs = append(p.Outputs, Output{name, value})
		return nil
	})
}

func (p *Program) decodeUpdates(v strictjson.Value) error {
	index := map[string]int{}
	for i, s := range p.State {
		index[s.Name] = i
	}
	updated := map[int]bool{}
	return each("updates", v, unlimited, func(i int, v strictjson.Value) error {
		m, err := strictjson.Members(v, []string{"state", "value"})
		if err != nil {
			return err
		}
		name, err := strictjson.String(m["state"])
		if err != nil {
			return fmt.Errorf("state: %w", err)
		}
		state, ok := index[name]
		if !ok {
			return fmt.Errorf("%.300q is not a state", name)
		}
		if updated[state] {
			return fmt.Errorf("the state %q is updated twice", name)
		}
		updated[state] = true
		value, err := p.decodeValue(m["value"])
		if err != nil {
			return fmt.Errorf("%q: %w", name, err)
		}
		if k := p.kind(value); !k.Equal(p.State[state].Kind) {
			return fmt.Errorf("the state %q is %v, but value %d is %v", name, p.State[state].Kind, value, k)
		}
		p.Updates = append(p.Updates, Update{state, value})
		return nil
	})
}
