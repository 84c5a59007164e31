package main

// The command vectors: runs every case of every file of a directory, and compares words.

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"paragon/reference/model"
	"paragon/reference/program"
	"paragon/reference/tensor"
)

// checkVectors runs every case of every file of a directory and reports what is wrong to w. It fails if anything is, or if there is no
// case.
func checkVectors(directory string, w io.Writer) error {
	entries, err := os.ReadDir(directory) // sorted by the bytes of the names
	if err != nil {
		return err
	}
	files, total, wrong := 0, 0, 0
	for _, entry := range entries {
		if !strings.HasSuffix(entry.Name(), ".safetensors") {
			continue
		}
		files++
		cases, err := model.LoadCases(filepath.Join(directory, entry.Name()))
		if err != nil {
			return err
		}
		for k, c := range cases {
			if err := checkCase(c); err != nil {
				fmt.Fprintf(w, "%s: case %d (%s): %v\n", entry.Name(), k, c.Name, err)
				wrong++
			}
		}
		total += len(cases)
	}
	if total == 0 {
		return fmt.Errorf("%s holds no vectors", directory)
	}
	if wrong > 0 {
		return fmt.Errorf("%d of %d cases wrong", wrong, total)
	}
	_, err = fmt.Fprintf(w, "%d cases in %d files, all right\n", total, files)
	return err
}

// checkCase runs a case and compares all that it yields.
func checkCase(c model.Case) error {
	r, err := c.Program.Run(c.Inputs, c.State, program.Options{})
	if err != nil {
		return err
	}
	if err := compare("out", r.Outputs, c.Outputs); err != nil {
		return err
	}
	return compare("new", r.State, c.After)
}

// compare is the first difference; the file has exactly the names that the program yields.
func compare(part string, found, wanted map[string]*tensor.Tensor) error {
	for _, name := range tensor.Names(wanted) {
		if difference := tensor.FirstDifference(found[name], wanted[name]); difference != "" {
			return fmt.Errorf("%s/%s: %s", part, name, difference)
		}
	}
	return nil
}
