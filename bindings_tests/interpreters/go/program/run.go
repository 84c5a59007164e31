package program

// Running a program: bind the inputs, evaluate the operations in order, hand out the outputs and the new state.

import (
	"fmt"

	"paragon/reference/tensor"
)

// Options of a run.
type Options struct {
	MemoryLimit int  // bytes that the values alive at one time may take; 0 is DefaultMemoryLimit
	KeepValues  bool // hand out the value of every operation
}

// DefaultMemoryLimit protects against a program that states huge shapes.
const DefaultMemoryLimit = 4 << 30

// Result is what a run yields. Tensors may be shared with each other and with the inputs and state: they are not to be
// written to.
type Result struct {
	Outputs map[string]*tensor.Tensor
	State   map[string]*tensor.Tensor // the updated states only
	Values  []*tensor.Tensor          // of the operations, if kept; value number is the index plus First
	First   int
}

// Run evaluates the program on inputs and state, by name. Neither is changed.
func (p *Program) Run(inputs, state map[string]*tensor.Tensor, options Options) (*Result, error) {
	values := make([]*tensor.Tensor, p.values())
	if err := bind("input", p.Inputs, inputs, values); err != nil {
		return nil, err
	}
	if err := bind("state", p.State, state, values[len(p.Inputs):]); err != nil {
		return nil, err
	}
	lastUse := p.lastUse(options.KeepValues)
	if err := p.checkMemory(lastUse, options.MemoryLimit); err != nil {
		return nil, err
	}
	for i := range p.Operations {
		o, id := &p.Operations[i], p.firstOperation()+i
		operands := make([]*tensor.Tensor, len(o.Inputs))
		for k, input := range o.Inputs {
			operands[k] = values[input]
		}
		values[id] = tensor.New(o.DType, o.Shape)
		if len(values[id].Words) > 0 {
			o.definition.compute(operands, o.Attributes, values[id])
		}
		for _, value := range append(o.Inputs, id) {
			if lastUse[value] <= i {
				values[value] = nil
			}
		}
	}
	r := &Result{Outputs: map[string]*tensor.Tensor{}, State: map[string]*tensor.Tensor{}, First: p.firstOperation()}
	for _, o := range p.Outputs {
		r.Outputs[o.Name] = values[o.Value]
	}
	for _, u := range p.Updates {
		r.State[p.State[u.State].Name] = values[u.Value]
	}
	if options.KeepValues {
		r.Values = values[r.First:]
	}
	return r, nil
}

// bind puts the tensors of the variables into values, in order.
func bind(what string, variables []Variable, tensors map[string]*tensor.Tensor, values []*tensor.Tensor) error {
	for k, v := range variables {
		t := tensors[v.Name]
		if t == nil {
			return fmt.Errorf("the %s %q (%v) is missing", what, v.Name, v.Kind)
		}
		if have := (Kind{t.DType, t.Shape}); !have.Equal(v.Kind) {
			return fmt.Errorf("the %s %q must be %v, not %v", what, v.Name, v.Kind, have)
		}
		values[k] = t
	}
	return nil
}

// lastUse is, for each value, the index of the last operation that needs it; len(Operations) if it outlives them, -1 if
// none does.
func (p *Program) lastUse(keep bool) []int {
	last := make([]int, p.values())
	for value := range last {
		if last[value] = -1; keep {
			last[value] = len(p.Operations)
		}
	}
	if !keep {
		for i, o := range p.Operations {
			for _, input := range o.Inputs {
				last[input] = i
			}
		}
	}
	for _, o := range p.Outputs {
		last[o.Value] = len(p.Operations)
	}
	for _, u := range p.Updates {
		last[u.Value] = len(p.Operations)
	}
	return last
}

// checkMemory adds up, before anything is computed, what the operations' values take at the worst moment.
func (p *Program) checkMemory(lastUse []int, limit int) error {
	if limit == 0 {
		limit = DefaultMemoryLimit
	}
	first, alive := p.firstOperation(), 0
	freed := make([]bool, p.values())
	for i := range p.Operations {
		o := &p.Operations[i]
		alive += 4 * o.Shape.Elements() // at most 10^6 times 2^33
		if alive > limit {
			return fmt.Errorf("operation %d (%s): the values take more than %d bytes at this point: raise the memory limit",
				i, o.Op, limit)
		}
		for _, value := range append(o.Inputs, first+i) {
			if value >= first && lastUse[value] <= i && !freed[value] {
				freed[value] = true
				alive -= 4 * p.kind(value).Shape.Elements()
			}
		}
	}
	return nil
}
