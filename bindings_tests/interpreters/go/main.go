// Reference interprets Paragon programs as docs/contract.md and docs/program.md define them, word for word, with the
// standard library alone.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math"
	"os"

	"paragon/reference/model"
	"paragon/reference/program"
	"paragon/reference/tensor"
)

const usage = `usage:
  reference vectors DIR                              check every vector file of a directory
  reference run MODEL INPUTS OUTPUTS [--values]      run a model file once; prints the fingerprint of its outputs
  reference train JOB OUT                            run a training job; prints the fingerprint of its final state
  reference fingerprint FILE                         print the fingerprint of a file: of results the outputs, else all tensors
  reference check PATH...                            tell of files, and those of folders, whether they are valid
  reference operations                               print the table of operations as JSON
options:
  --memory GIB    how much the values of a run may take (default 4)
`

func main() {
	switch err := command(os.Args[1:], os.Stdout).(type) {
	case nil:
	case usageError:
		fmt.Fprintf(os.Stderr, "reference: %v\n%s", err, usage)
		os.Exit(2)
	default:
		fmt.Fprintf(os.Stderr, "reference: %v\n", err)
		os.Exit(1)
	}
}

type usageError struct{ error }

const oneOrMore = -1

var commands = []struct {
	name  string
	files int // that the command takes, or oneOrMore
	run   func(files []string, options program.Options, w io.Writer) error
}{
	{"vectors", 1, vectors},
	{"run", 3, run},
	{"train", 2, train},
	{"fingerprint", 1, fingerprint},
	{"check", oneOrMore, checkFiles},
	{"operations", 0, operations},
}

// command runs one command line.
func command(arguments []string, w io.Writer) error {
	var positional []string
	flags := flag.NewFlagSet("reference", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	values := flags.Bool("values", false, "")
	memory := flags.Float64("memory", 0, "")
	for rest := arguments; len(rest) > 0; { // flags may stand anywhere
		if err := flags.Parse(rest); err != nil {
			return usageError{err}
		}
		if rest = flags.Args(); len(rest) > 0 {
			positional, rest = append(positional, rest[0]), rest[1:]
		}
	}
	if !(*memory >= 0 && *memory < 1<<30) {
		return usageError{fmt.Errorf("--memory %v is no number of GiB", *memory)}
	}
	options := program.Options{MemoryLimit: int(math.Ceil(*memory * (1 << 30))), KeepValues: *values}
	for _, c := range commands {
		if len(positional) == 0 || positional[0] != c.name {
			continue
		}
		if count := len(positional) - 1; count == c.files || c.files == oneOrMore && count > 0 {
			return c.run(positional[1:], options, w)
		}
	}
	return usageError{fmt.Errorf("cannot make sense of %q", arguments)}
}

func vectors(files []string, _ program.Options, w io.Writer) error { return checkVectors(files[0], w) }

func checkFiles(paths []string, _ program.Options, w io.Writer) error { return check(paths, w) }

func run(files []string, options program.Options, w io.Writer) error {
	m, err := model.Load(files[0])
	if err != nil {
		return err
	}
	inputs, err := tensor.ReadFile(files[1])
	if err != nil {
		return err
	}
	r, err := m.Run(inputs.Tensors, options)
	if err != nil {
		return err
	}
	out := &tensor.File{
		Metadata: map[string]string{"format": tensor.RunFormat, "program": m.Text},
		Tensors:  map[string]*tensor.Tensor{},
	}
	for name, t := range r.Outputs {
		out.Tensors["output."+name] = t
	}
	for name, t := range r.State {
		out.Tensors["state."+name] = t
	}
	for i, t := range r.Values {
		out.Tensors[fmt.Sprintf("value.%d", r.First+i)] = t
	}
	if err := out.WriteFile(files[2]); err != nil {
		return err
	}
	_, err = fmt.Fprintln(w, out.Fingerprint())
	return err
}

func train(files []string, options program.Options, w io.Writer) error {
	j, err := model.LoadJob(files[0])
	if err != nil {
		return err
	}
	options.KeepValues = false
	state, outputs, err := j.Train(options)
	if err != nil {
		return err
	}
	out := &tensor.File{Tensors: map[string]*tensor.Tensor{}}
	for name, t := range state {
		out.Tensors[name] = t
	}
	for name, t := range outputs {
		out.Tensors["output."+name] = t
	}
	if err := out.WriteFile(files[1]); err != nil {
		return err
	}
	_, err = fmt.Fprintln(w, tensor.Fingerprint(state))
	return err
}

func fingerprint(files []string, _ program.Options, w io.Writer) error {
	f, err := tensor.ReadFile(files[0])
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(w, f.Fingerprint())
	return err
}

// operations prints the table, a line an operation.
func operations(_ []string, _ program.Options, w io.Writer) error {
	before := "[\n  "
	for _, signature := range program.Signatures() {
		row, err := json.Marshal(signature)
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(w, "%s%s", before, row); err != nil {
			return err
		}
		before = ",\n  "
	}
	_, err := fmt.Fprintln(w, "\n]")
	return err
}
