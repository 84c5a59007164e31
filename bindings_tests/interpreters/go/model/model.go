// Package model reads what docs/program.md keeps in one safetensors file: a model (a program and its state) and a training
// job (a program, its first state, data and a schedule).
package model

import (
	"fmt"

	"paragon/reference/program"
	"paragon/reference/tensor"
)

// Model is a program and its state.
type Model struct {
	Program *program.Program
	Text    string // of the program, as it stands in the file
	State   map[string]*tensor.Tensor
}

// Load reads a model file. Tensors that only other programs of the file use are left out.
func Load(path string) (*Model, error) {
	f, err := tensor.ReadFile(path)
	if err != nil {
		return nil, err
	}
	m, err := fromFile(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return m, nil
}

func fromFile(f *tensor.File) (*Model, error) {
	p, err := programOf(f, "paragon-model")
	if err != nil {
		return nil, err
	}
	state, err := stateOf(p, f.Tensors)
	return &Model{p, f.Metadata["program"], state}, err
}

// programOf checks the format of a file and reads its program.
func programOf(f *tensor.File, format string) (*program.Program, error) {
	if f.Metadata["format"] != format {
		return nil, fmt.Errorf("the metadata has format %q, not %q", f.Metadata["format"], format)
	}
	text, ok := f.Metadata["program"]
	if !ok {
		return nil, fmt.Errorf(`the metadata has no "program"`)
	}
	return program.Parse(text)
}

// stateOf is the tensors of the program's state.
func stateOf(p *program.Program, tensors map[string]*tensor.Tensor) (map[string]*tensor.Tensor, error) {
	state := map[string]*tensor.Tensor{}
	for _, s := range p.State {
		t := tensors[s.Name]
		if t == nil {
			return nil, fmt.Errorf("the state %q has no tensor", s.Name)
		}
		if t.DType != s.DType || !t.Shape.Equal(s.Shape) {
			return nil, fmt.Errorf("the tensor %q is %v %v, the state is %v", s.Name, t.DType, t.Shape, s.Kind)
		}
		state[s.Name] = t
	}
	return state, nil
}

// Run evaluates the model's program once on inputs by name; the model does not change.
func (m *Model) Run(inputs map[string]*tensor.Tensor, options program.Options) (*program.Result, error) {
	known := map[string]bool{}
	for _, v := range m.Program.Inputs {
		known[v.Name] = true
	}
	for _, name := range tensor.Names(inputs) {
		if !known[name] {
			return nil, fmt.Errorf("the program has no input %.300q", name)
		}
	}
	return m.Program.Run(inputs, m.State, options)
}
