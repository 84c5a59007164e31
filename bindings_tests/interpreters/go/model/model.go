// Package model reads what docs/files.md, section 4, keeps in one safetensors file: a model (a program and its state), a training job
// (a program, its first state, data and a schedule), and vectors (programs and what comes out of them).
package model

import (
	"fmt"
	"sort"
	"strings"

	"paragon/reference/program"
	"paragon/reference/tensor"
)

// Model is a program and its state.
type Model struct {
	Program *program.Program
	Text    string // of the program, as it stands in the file
	State   map[string]*tensor.Tensor
}

// Load reads a model file.
func Load(path string) (*Model, error) { return load(path, fromFile) }

// load reads a file of one kind; errors name it.
func load[T any](path string, from func(*tensor.File) (T, error)) (T, error) {
	f, err := tensor.ReadFile(path)
	if err != nil {
		var nothing T
		return nothing, err
	}
	t, err := from(f)
	if err != nil {
		err = fmt.Errorf("%s: %w", path, err)
	}
	return t, err
}

// Check reads a file as its format says, without the words of its tensors. Errors do not name the file.
func Check(path string) error {
	f, err := tensor.ReadHeader(path)
	if err != nil {
		return err
	}
	return checkFile(f)
}

func checkFile(f *tensor.File) (err error) {
	switch f.Metadata["format"] {
	case modelFormat:
		_, err = fromFile(f)
	case jobFormat:
		_, err = jobFromFile(f)
	case vectorsFormat:
		_, err = casesFromFile(f)
	}
	return err
}

const (
	modelFormat   = "paragon-model"
	programPrefix = "program." // of the names of further programs
)

func fromFile(f *tensor.File) (*Model, error) {
	others := []string{}
	for _, key := range sorted(f.Metadata) {
		if strings.HasPrefix(key, programPrefix) {
			others = append(others, key)
		}
	}
	if err := checkMetadata(f, modelFormat, append(others, "program")...); err != nil {
		return nil, err
	}
	text := f.Metadata["program"]
	p, err := program.Parse(text)
	if err != nil {
		return nil, err
	}
	for _, key := range others {
		if err := checkOther(p, key, f.Metadata[key]); err != nil {
			return nil, fmt.Errorf("%.300q: %w", key, err)
		}
	}
	wanted := kinds{}
	wanted.add("", p.State)
	return &Model{p, text, f.Tensors}, wanted.check(f.Tensors)
}

// checkOther checks a further program of a model: its state is part of the main one's.
func checkOther(main *program.Program, key, text string) error {
	if err := program.CheckName(strings.TrimPrefix(key, programPrefix)); err != nil {
		return err
	}
	p, err := program.Parse(text)
	if err != nil {
		return err
	}
	known := kinds{}
	known.add("", main.State)
	for _, s := range p.State {
		if k, ok := known[s.Name]; !ok || !k.Equal(s.Kind) {
			return fmt.Errorf("the state %q, %v, is not one of the main program", s.Name, s.Kind)
		}
	}
	return nil
}

// checkMetadata expects a format and, beside it, exactly these keys.
func checkMetadata(f *tensor.File, format string, keys ...string) error {
	if f.Metadata["format"] != format {
		return fmt.Errorf("the metadata has format %.40q, not %q", f.Metadata["format"], format)
	}
	known := map[string]bool{"format": true}
	for _, key := range keys {
		known[key] = true
		if _, ok := f.Metadata[key]; !ok {
			return fmt.Errorf("the metadata has no %q", key)
		}
	}
	for _, key := range sorted(f.Metadata) {
		if !known[key] {
			return fmt.Errorf("the metadata has a key %.300q, which this format has not", key)
		}
	}
	return nil
}

// sorted are the keys in one order, so that of several faults the same one is told.
func sorted[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	return keys
}

// kinds are the tensors that a file must have, by name.
type kinds map[string]program.Kind

func (k kinds) add(prefix string, variables []program.Variable) {
	for _, v := range variables {
		k[prefix+v.Name] = v.Kind
	}
}

// check: the tensors are these, and there are no others.
func (k kinds) check(tensors map[string]*tensor.Tensor) error {
	for _, name := range sorted(k) {
		t, want := tensors[name], k[name]
		if t == nil {
			return fmt.Errorf("the tensor %q, %v, is missing", name, want)
		}
		if have := (program.Kind{DType: t.DType, Shape: t.Shape}); !have.Equal(want) {
			return fmt.Errorf("the tensor %q is %v, not %v", name, have, want)
		}
	}
	for _, name := range tensor.Names(tensors) {
		if _, known := k[name]; !known {
			return fmt.Errorf("the tensor %.300q belongs to nothing", name)
		}
	}
	return nil
}

// Run evaluates the model's program once on inputs by name; the model does not change.
func (m *Model) Run(inputs map[string]*tensor.Tensor, options program.Options) (*program.Result, error) {
	wanted := kinds{}
	wanted.add("", m.Program.Inputs)
	if err := wanted.check(inputs); err != nil {
		return nil, fmt.Errorf("inputs: %w", err)
	}
	return m.Program.Run(inputs, m.State, options)
}
