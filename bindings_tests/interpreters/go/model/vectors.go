package model

// Vectors: programs with inputs and state, and the words that must come out.

import (
	"fmt"

	"paragon/reference/program"
	"paragon/reference/strictjson"
	"paragon/reference/tensor"
)

const vectorsFormat = "paragon-vectors"

// Case is one program, what it takes and what it must yield.
type Case struct {
	Name           string
	Program        *program.Program
	Inputs, State  map[string]*tensor.Tensor
	Outputs, After map[string]*tensor.Tensor // After is the updated state
}

// LoadCases reads a file of vectors.
func LoadCases(path string) ([]Case, error) { return load(path, casesFromFile) }

func casesFromFile(f *tensor.File) ([]Case, error) {
	if err := checkMetadata(f, vectorsFormat, "cases"); err != nil {
		return nil, err
	}
	v, err := strictjson.Parse(f.Metadata["cases"])
	if err != nil {
		return nil, fmt.Errorf("cases: %w", err)
	}
	list, err := strictjson.List(v, len(f.Metadata["cases"]))
	if err != nil {
		return nil, fmt.Errorf("cases: %w", err)
	}
	cases, wanted := make([]Case, len(list)), kinds{}
	for k := range list {
		if cases[k], err = decodeCase(list[k]); err != nil {
			return nil, fmt.Errorf("case %d: %w", k, err)
		}
		for _, part := range cases[k].parts() {
			wanted.add(fmt.Sprintf("%d/%s/", k, part.name), part.variables)
		}
	}
	if err := wanted.check(f.Tensors); err != nil {
		return nil, err
	}
	for k := range cases {
		for _, part := range cases[k].parts() {
			*part.tensors = map[string]*tensor.Tensor{}
			for _, v := range part.variables {
				(*part.tensors)[v.Name] = f.Tensors[fmt.Sprintf("%d/%s/%s", k, part.name, v.Name)]
			}
		}
	}
	return cases, nil
}

func decodeCase(v strictjson.Value) (c Case, err error) {
	m, err := strictjson.Members(v, []string{"name", "program"})
	if err != nil {
		return c, err
	}
	if c.Name, err = strictjson.String(m["name"]); err == nil {
		err = program.CheckName(c.Name)
	}
	if err != nil {
		return c, fmt.Errorf("name: %w", err)
	}
	c.Program, err = program.Decode(m["program"])
	return c, err
}

// part is one of the four groups of tensors of a case.
type part struct {
	name      string
	variables []program.Variable
	tensors   *map[string]*tensor.Tensor
}

func (c *Case) parts() []part {
	return []part{
		{"in", c.Program.Inputs, &c.Inputs},
		{"state", c.Program.State, &c.State},
		{"out", c.Program.OutputVariables(), &c.Outputs},
		{"new", c.Program.UpdatedState(), &c.After},
	}
}
