package main

// The vectors of docs/program.md: for each case a program, its inputs and state, and the words that must come out.

import (
	"fmt"
	"io"
	"path/filepath"

	"paragon/reference/program"
	"paragon/reference/strictjson"
	"paragon/reference/tensor"
)

// checkVectors runs every case of every file of a directory and reports to w. It fails if there is none.
func checkVectors(directory string, w io.Writer) error {
	paths, err := filepath.Glob(filepath.Join(directory, "*.safetensors"))
	if err != nil {
		return err
	}
	total, wrong := 0, 0
	for _, path := range paths {
		cases, failures, err := checkVectorFile(path)
		if err != nil {
			failures = append(failures, err.Error())
		}
		for _, failure := range failures {
			fmt.Fprintf(w, "%s: %s\n", filepath.Base(path), failure)
		}
		fmt.Fprintf(w, "%s: %d cases, %d wrong\n", filepath.Base(path), cases, len(failures))
		total, wrong = total+cases, wrong+len(failures)
	}
	if total == 0 {
		return fmt.Errorf("%s holds no vectors", directory)
	}
	if wrong > 0 {
		return fmt.Errorf("%d of %d cases wrong", wrong, total)
	}
	fmt.Fprintf(w, "%d cases in %d files, all right\n", total, len(paths))
	return nil
}

func checkVectorFile(path string) (cases int, failures []string, err error) {
	f, err := tensor.ReadFile(path)
	if err != nil {
		return 0, nil, err
	}
	if f.Metadata["format"] != "paragon-vectors" {
		return 0, nil, fmt.Errorf("the metadata has format %q, not %q", f.Metadata["format"], "paragon-vectors")
	}
	v, err := strictjson.Parse(f.Metadata["cases"])
	if err != nil {
		return 0, nil, err
	}
	list, err := strictjson.List(v, len(f.Metadata["cases"]))
	if err != nil {
		return 0, nil, err
	}
	used := 0
	for k, element := range list {
		m, err := strictjson.Members(element, []string{"name", "program"})
		if err != nil {
			return k, failures, fmt.Errorf("case %d: %w", k, err)
		}
		n, err := checkCase(f.Tensors, k, m["program"])
		if err != nil {
			failures = append(failures, fmt.Sprintf("case %d (%v): %v", k, m["name"], err))
			continue
		}
		used += n
	}
	if len(failures) == 0 && used != len(f.Tensors) {
		err = fmt.Errorf("%d tensors belong to no case", len(f.Tensors)-used)
	}
	return len(list), failures, err
}

// checkCase runs case k and compares all that it yields; it returns how many tensors of the file it used.
func checkCase(tensors map[string]*tensor.Tensor, k int, v strictjson.Value) (used int, err error) {
	p, err := program.Decode(v)
	if err != nil {
		return 0, err
	}
	part := func(name string, variables []program.Variable) map[string]*tensor.Tensor {
		found := map[string]*tensor.Tensor{}
		for _, v := range variables {
			if t := tensors[fmt.Sprintf("%d/%s/%s", k, name, v.Name)]; t != nil {
				found[v.Name] = t
				used++
			}
		}
		return found
	}
	r, err := p.Run(part("in", p.Inputs), part("state", p.State), program.Options{})
	if err != nil {
		return 0, err
	}
	for name, results := range map[string]map[string]*tensor.Tensor{"out": r.Outputs, "new": r.State} {
		for _, key := range tensor.Names(results) {
			want := tensors[fmt.Sprintf("%d/%s/%s", k, name, key)]
			if want == nil {
				return 0, fmt.Errorf("the file has no %s/%s", name, key)
			}
			if difference := tensor.FirstDifference(results[key], want); difference != "" {
				return 0, fmt.Errorf("%s/%s: %s", name, key, difference)
			}
			used++
		}
	}
	return used, nil
}
