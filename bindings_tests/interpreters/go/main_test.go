package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"paragon/reference/internal/build"
	"paragon/reference/program"
	"paragon/reference/tensor"
)

const vectorDirectory = "../../vectors"

func TestVectors(t *testing.T) {
	var report bytes.Buffer
	if err := checkVectors(vectorDirectory, &report); err != nil {
		t.Errorf("%v\n%s", err, report.String())
	}
}

// TestVectorsCanFail changes one bit of one right answer in a copy of each vector file.
func TestVectorsCanFail(t *testing.T) {
	paths, _ := filepath.Glob(filepath.Join(vectorDirectory, "*.safetensors"))
	if len(paths) == 0 {
		t.Fatal("no vectors")
	}
	for _, path := range paths {
		f, err := tensor.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		changed := false
		for _, name := range tensor.Names(f.Tensors) {
			if x := f.Tensors[name]; strings.Contains(name, "/out/") && len(x.Words) > 0 && x.Words[0] != 0x7fc00000 {
				x.Words[0] ^= 1
				changed = true
				break
			}
		}
		directory := t.TempDir()
		if err := f.WriteFile(filepath.Join(directory, "v.safetensors")); err != nil {
			t.Fatal(err)
		}
		err = checkVectors(directory, io.Discard)
		if !changed || err == nil || !strings.HasPrefix(err.Error(), "1 of ") {
			t.Errorf("%s with one bit changed: %v", path, err)
		}
	}
	if err := checkVectors(t.TempDir(), io.Discard); err == nil {
		t.Error("an empty directory is no error")
	}
}

// write puts a file of tensors into a directory and is its path.
func write(t *testing.T, directory, name string, metadata map[string]string, tensors map[string]*tensor.Tensor) string {
	t.Helper()
	path := filepath.Join(directory, name)
	if err := (&tensor.File{Metadata: metadata, Tensors: tensors}).WriteFile(path); err != nil {
		t.Fatal(err)
	}
	return path
}

func u32s(words ...uint32) *tensor.Tensor {
	return &tensor.Tensor{DType: tensor.U32, Shape: tensor.Shape{len(words)}, Words: words}
}

func TestRunCommand(t *testing.T) {
	directory := t.TempDir()
	p := &build.Program{}
	x, w := p.Input("x", "u32", 2), p.State("w", "u32", 2)
	sum := p.Map("add", x, w)
	p.Output("y", p.Map("mul", sum, sum))
	p.Update("w", sum)
	model := write(t, directory, "model", map[string]string{"format": "paragon-model", "program": p.JSON()},
		map[string]*tensor.Tensor{"w": u32s(1, 2)})
	inputs := write(t, directory, "inputs", nil, map[string]*tensor.Tensor{"x": u32s(10, 20)})
	outputs := filepath.Join(directory, "outputs")
	results := func(arguments ...string) map[string]*tensor.Tensor {
		t.Helper()
		if err := command(arguments, io.Discard); err != nil {
			t.Fatal(err)
		}
		f, err := tensor.ReadFile(outputs)
		if err != nil {
			t.Fatal(err)
		}
		return f.Tensors
	}
	want := map[string]*tensor.Tensor{"output.y": u32s(121, 484), "state.w": u32s(11, 22)}
	if got := results("run", model, inputs, outputs); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v", got)
	}
	want["value.2"], want["value.3"] = u32s(11, 22), u32s(121, 484)
	if got := results("run", model, inputs, outputs, "--values"); !reflect.DeepEqual(got, want) {
		t.Errorf("with --values: got %v", got)
	}
	if err := command([]string{"run", model, inputs, outputs, "--memory", "1e-9"}, io.Discard); err == nil {
		t.Error("two bytes of memory suffice")
	}
}

func TestTrainAndFingerprintCommands(t *testing.T) {
	directory := t.TempDir()
	p := &build.Program{}
	x, w := p.Input("x", "f32", 2), p.State("w", "f32", 2)
	p.Output("x", x)
	p.Update("w", p.Map("add", w, x))
	f32s := func(values ...float32) *tensor.Tensor {
		t := tensor.New(tensor.F32, tensor.Shape{len(values)})
		for i, v := range values {
			t.Words[i] = math.Float32bits(v)
		}
		return t
	}
	job := write(t, directory, "job", map[string]string{
		"format": "paragon-job", "program": p.JSON(), "job": `{"steps": 4, "batch": 2, "seed": [1, 2]}`,
	}, map[string]*tensor.Tensor{"w": f32s(0, 0), "data.x": f32s(1, 1, 1, 1)})
	out := filepath.Join(directory, "out")
	var trained, printed bytes.Buffer
	if err := command([]string{"train", job, out}, &trained); err != nil {
		t.Fatal(err)
	}
	f, err := tensor.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	if want := map[string]*tensor.Tensor{"w": f32s(4, 4), "output.x": f32s(1, 1)}; !reflect.DeepEqual(f.Tensors, want) {
		t.Errorf("got %v", f.Tensors)
	}
	state := write(t, directory, "state", nil, map[string]*tensor.Tensor{"w": f32s(4, 4)})
	if err := command([]string{"fingerprint", state}, &printed); err != nil {
		t.Fatal(err)
	}
	if trained.String() != printed.String() || len(printed.String()) != 65 {
		t.Errorf("the run's fingerprint is %q, its state's %q", trained.String(), printed.String())
	}
}

func TestOperationsCommand(t *testing.T) {
	var printed bytes.Buffer
	if err := command([]string{"operations"}, &printed); err != nil {
		t.Fatal(err)
	}
	var list []program.Signature
	if err := json.Unmarshal(printed.Bytes(), &list); err != nil {
		t.Fatalf("%v in %s", err, printed.String())
	}
	if !reflect.DeepEqual(list, program.Signatures()) {
		t.Errorf("printed %v", list)
	}
	for _, row := range []string{
		`{"name":"fma","arity":3,"attributes":[]}`, `{"name":"concat","arity":null,"attributes":["axis"]}`,
	} {
		if !strings.Contains(printed.String(), row) {
			t.Errorf("%s is missing", row)
		}
	}
}

func TestCommandErrors(t *testing.T) {
	bad := filepath.Join(t.TempDir(), "bad")
	if err := os.WriteFile(bad, []byte("not a model"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, arguments := range [][]string{{}, {"run"}, {"dance", "x"}, {"train", "a", "b", "c"}, {"run", "a", "b", "c", "--speed"}, {"fingerprint", "x", "--memory", "NaN"}} {
		if err := command(arguments, io.Discard); !errors.As(err, new(usageError)) {
			t.Errorf("%q: %v", arguments, err)
		}
	}
	for _, arguments := range [][]string{{"run", bad, bad, "out"}, {"train", bad, "out"}, {"fingerprint", bad}, {"vectors", filepath.Dir(bad) + "/none"}} {
		if err := command(arguments, io.Discard); err == nil || errors.As(err, new(usageError)) {
			t.Errorf("%q: %v", arguments, err)
		}
	}
	if err := command([]string{"fingerprint", bad}, io.Discard); err == nil || !strings.Contains(err.Error(), bad) {
		t.Errorf("the error does not name the file: %v", err)
	}
}
