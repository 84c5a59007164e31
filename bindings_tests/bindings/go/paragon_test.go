package paragon

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"testing"

	"paragon/reference/model"
	"paragon/reference/program"
	"paragon/reference/tensor"
)

// text is y = x w, class = the largest column of y, and w counts up: x is f32 [2,2], w starts as f32 [2,2].
const text = `{"format":"paragon-program","version":1,"contract":1,"inputs":[{"name":"x","dtype":"f32","shape":[2,2]}],
"state":[{"name":"w","dtype":"f32","shape":[2,2]}],"operations":[
{"op":"matmul","inputs":[0,1],"output":2,"dtype":"f32","shape":[2,2],"attributes":{"transpose_a":false,"transpose_b":false,"panel":256}},
{"op":"argmax","inputs":[2],"output":3,"dtype":"i32","shape":[2],"attributes":{"axis":1,"keepdims":false}},
{"op":"add","inputs":[1,0],"output":4,"dtype":"f32","shape":[2,2],"attributes":{}}],
"outputs":[{"name":"y","value":2},{"name":"class","value":3}],"updates":[{"state":"w","value":4}]}`

// saved is the path of a model file of that program.
func saved(t testing.TB) string {
	t.Helper()
	m, err := FromJSON(text)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	s, err := m.Session(Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.SetState("w", []float32{1, 2, 3, 4}); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "model.safetensors")
	if err := s.Save(path); err != nil {
		t.Fatal(err)
	}
	return path
}

func open(t testing.TB, path string) *Session {
	t.Helper()
	m, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	s, err := m.Session(Options{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestRun(t *testing.T) {
	path := saved(t)
	m, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	want := []Spec{{"y", F32, []int{2, 2}, 4}, {"class", I32, []int{2}, 2}}
	if got := m.Outputs(); !reflect.DeepEqual(got, want) {
		t.Errorf("outputs %v", got)
	}
	s := open(t, path)
	before, err := s.Fingerprint()
	if err != nil {
		t.Fatal(err)
	}
	outputs, err := s.Run(Arrays{"x": []float32{1, 1, 0, -1}})
	if err != nil {
		t.Fatal(err)
	}
	if want := (Arrays{"y": []float32{4, 6, -3, -4}, "class": []int32{1, 0}}); !reflect.DeepEqual(outputs, want) {
		t.Errorf("got %v", outputs)
	}
	if w, err := s.GetState("w"); err != nil || !reflect.DeepEqual(w, []float32{2, 3, 3, 3}) {
		t.Errorf("w is %v, %v", w, err)
	}
	if after, err := s.Fingerprint(); err != nil || after == before || len(after) != 64 {
		t.Errorf("fingerprints %s, %s, %v", before, after, err)
	}
	if file, err := FingerprintFile(path); err != nil || file != before {
		t.Errorf("the file's fingerprint is %s (%v), the state's was %s", file, err, before)
	}
	if data, err := os.ReadFile(path); err != nil {
		t.Error(err)
	} else if _, err := FromBytes(data); err != nil {
		t.Error(err)
	}
}

func TestErrors(t *testing.T) {
	folder := t.TempDir()
	bad := filepath.Join(folder, "bad.safetensors")
	if err := os.WriteFile(bad, []byte("this is not a model"), 0o600); err != nil {
		t.Fatal(err)
	}
	path := saved(t)
	s := open(t, path)
	closed := open(t, path)
	closed.Close()
	closed.Close()
	ofModel := func(_ *Model, err error) error { return err }
	ofRun := func(_ Arrays, err error) error { return err }
	ofText := func(_ string, err error) error { return err }
	ofSession := func(o Options) error {
		m, err := Open(path)
		if err == nil {
			_, err = m.Session(o)
		}
		return err
	}
	x := []float32{1, 2, 3, 4}
	for _, c := range []struct {
		part string
		err  error
	}{
		{bad, ofModel(Open(bad))},
		{"none.safetensors", ofModel(Open(filepath.Join(folder, "none.safetensors")))},
		{"empty", ofModel(Open(""))},
		{"other", ofModel(OpenProgram(path, "other"))},
		{"argmix", ofModel(FromJSON(strings.Replace(text, "argmax", "argmix", 1)))},
		{"", ofModel(FromBytes(nil))},
		{`"x", f32 [2 2] is missing`, ofRun(s.Run(nil))},
		{"needs 4 elements of f32, not []float32 of 3", ofRun(s.Run(Arrays{"x": x[:3]}))},
		{"needs 4 elements of f32, not []float64 of 4", ofRun(s.Run(Arrays{"x": make([]float64, 4)}))},
		{"needs 4 elements of f32, not []int32 of 4", ofRun(s.Run(Arrays{"x": make([]int32, 4)}))},
		{"not <nil>", ofRun(s.Run(Arrays{"x": nil}))},
		{`no input "z"`, ofRun(s.Run(Arrays{"x": x, "z": x}))},
		{`no state "z"`, s.SetState("z", x)},
		{"needs 4 elements", s.SetState("w", x[:1])},
		{"closed", ofRun(closed.Run(Arrays{"x": x}))},
		{"closed", ofText(closed.Fingerprint())},
		{"closed", closed.Save(bad)},
		{"no-such-isa", ofSession(Options{ISA: "no-such-isa"})},
		{"", ofSession(Options{MemoryLimit: 1})},
		{"no/such/folder", s.Save("no/such/folder/x")},
		{bad, ofText(FingerprintFile(bad))},
		{bad, ofText(TrainFile(bad, filepath.Join(folder, "out"), Options{}))},
		{bad, RunFiles(path, bad, filepath.Join(folder, "out"), false, Options{})},
	} {
		if ofPackage := new(*Error); c.err == nil || !errors.As(c.err, ofPackage) || !strings.Contains(c.err.Error(), c.part) {
			t.Errorf("error %v, want one with %q", c.err, c.part)
		}
	}
	m, err := FromJSON(text)
	if err != nil {
		t.Fatal(err)
	}
	unset, err := m.Session(Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := unset.Run(Arrays{"x": x}); err == nil || !strings.Contains(err.Error(), "w") {
		t.Errorf("a state that was never set: %v", err)
	}
	m.Close()
	if _, err := m.Session(Options{}); err == nil {
		t.Error("a session of a closed model")
	}
}

// TestErrorsStayApart: each goroutine gets the error of its own call.
func TestErrorsStayApart(t *testing.T) {
	var workers sync.WaitGroup
	for i := 0; i < 8; i++ {
		name := fmt.Sprintf("missing-%d.safetensors", i)
		workers.Add(1)
		go func() {
			defer workers.Done()
			for k := 0; k < 200; k++ {
				if _, err := Open(name); err == nil || !strings.Contains(err.Error(), name) {
					t.Errorf("%s: %v", name, err)
				}
				runtime.Gosched()
			}
		}()
	}
	workers.Wait()
}

// TestGarbageCollection: what is not closed is freed once, and not while it is in use.
func TestGarbageCollection(t *testing.T) {
	path := saved(t)
	for i := 0; i < 50; i++ {
		if _, err := open(t, path).Run(Arrays{"x": []float32{1, 1, 0, -1}}); err != nil {
			t.Fatal(err)
		}
		runtime.GC()
	}
}

// slice is the words of a tensor as the slice that its dtype asks for, and words the reverse.
func slice(x *tensor.Tensor) any {
	switch x.DType {
	case tensor.F32:
		s := make([]float32, len(x.Words))
		for i, w := range x.Words {
			s[i] = math.Float32frombits(w)
		}
		return s
	case tensor.I32:
		s := make([]int32, len(x.Words))
		for i, w := range x.Words {
			s[i] = int32(w)
		}
		return s
	}
	return x.Words
}

func words(array any) []uint32 {
	var w []uint32
	switch a := array.(type) {
	case []float32:
		for _, v := range a {
			w = append(w, math.Float32bits(v))
		}
	case []int32:
		for _, v := range a {
			w = append(w, uint32(v))
		}
	case []uint32:
		w = a
	}
	return w
}

// TestVectors: the compiled core gives every right answer through this binding.
func TestVectors(t *testing.T) {
	paths, _ := filepath.Glob("../../vectors/*.safetensors")
	if len(paths) == 0 {
		t.Fatal("no vectors")
	}
	for _, path := range paths {
		f, err := tensor.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var cases []struct {
			Name    string
			Program json.RawMessage
		}
		if err := json.Unmarshal([]byte(f.Metadata["cases"]), &cases); err != nil {
			t.Fatal(err)
		}
		for k, c := range cases {
			if err := runCase(f.Tensors, k, string(c.Program)); err != nil {
				t.Errorf("%s: case %d (%s): %v", filepath.Base(path), k, c.Name, err)
			}
		}
	}
}

func runCase(tensors map[string]*tensor.Tensor, k int, program string) error {
	m, err := FromJSON(program)
	if err != nil {
		return err
	}
	defer m.Close()
	s, err := m.Session(Options{})
	if err != nil {
		return err
	}
	defer s.Close()
	find := func(part, name string) *tensor.Tensor { return tensors[fmt.Sprintf("%d/%s/%s", k, part, name)] }
	for _, spec := range m.State() {
		if err := s.SetState(spec.Name, slice(find("state", spec.Name))); err != nil {
			return err
		}
	}
	inputs := Arrays{}
	for _, spec := range m.Inputs() {
		inputs[spec.Name] = slice(find("in", spec.Name))
	}
	outputs, err := s.Run(inputs)
	if err != nil {
		return err
	}
	compare := func(spec Spec, got any, want *tensor.Tensor) error {
		x := &tensor.Tensor{DType: tensor.DType(spec.DType), Shape: spec.Shape, Words: words(got)}
		if difference := tensor.FirstDifference(x, want); difference != "" {
			return fmt.Errorf("%s: %s", spec.Name, difference)
		}
		return nil
	}
	for _, spec := range m.Outputs() {
		if err := compare(spec, outputs[spec.Name], find("out", spec.Name)); err != nil {
			return err
		}
	}
	for _, spec := range m.State() {
		if want := find("new", spec.Name); want != nil {
			got, err := s.GetState(spec.Name)
			if err != nil {
				return err
			}
			if err := compare(spec, got, want); err != nil {
				return err
			}
		}
	}
	return nil
}

// TestFiles: a job file and a model file, against the reference interpreter.
func TestFiles(t *testing.T) {
	folder := t.TempDir()
	x := tensor.New(tensor.F32, tensor.Shape{7, 2})
	for i := range x.Words {
		x.Words[i] = math.Float32bits(1 / float32(i+1))
	}
	w := &tensor.Tensor{DType: tensor.F32, Shape: tensor.Shape{2, 2}, Words: make([]uint32, 4)}
	job := filepath.Join(folder, "job")
	err := (&tensor.File{
		Metadata: map[string]string{"format": "paragon-job", "program": text, "job": `{"steps": 10, "batch": 2, "seed": [1, 2]}`},
		Tensors:  map[string]*tensor.Tensor{"w": w, "data.x": x},
	}).WriteFile(job)
	if err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(folder, "out")
	got, err := TrainFile(job, out, Options{Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	j, err := model.LoadJob(job)
	if err != nil {
		t.Fatal(err)
	}
	state, outputs, err := j.Train(program.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if want := tensor.Fingerprint(state); got != want {
		t.Errorf("the run's fingerprint is %s, the reference's %s", got, want)
	}
	f, err := tensor.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	if d := tensor.FirstDifference(f.Tensors["output.y"], outputs["y"]); d != "" {
		t.Errorf("the last output: %s", d)
	}
	inputs := filepath.Join(folder, "inputs")
	batch := &tensor.Tensor{DType: tensor.F32, Shape: tensor.Shape{2, 2}, Words: x.Words[:4]}
	if err := (&tensor.File{Tensors: map[string]*tensor.Tensor{"x": batch}}).WriteFile(inputs); err != nil {
		t.Fatal(err)
	}
	if err := RunFiles(saved(t), inputs, out, true, Options{}); err != nil {
		t.Fatal(err)
	}
	if f, err = tensor.ReadFile(out); err != nil || f.Tensors["value.2"] == nil || f.Tensors["state.w"] == nil {
		t.Errorf("%v, %v", f, err)
	}
}

func Example() {
	model, err := FromJSON(text)
	if err != nil {
		panic(err)
	}
	session, err := model.Session(Options{})
	if err != nil {
		panic(err)
	}
	if err := session.SetState("w", []float32{1, 2, 3, 4}); err != nil {
		panic(err)
	}
	outputs, err := session.Run(Arrays{"x": []float32{1, 1, 0, -1}})
	if err != nil {
		panic(err)
	}
	fmt.Println(outputs["y"], outputs["class"])
	_, err = Open("missing.safetensors")
	fmt.Println(err != nil)
	// Output:
	// [4 6 -3 -4] [1 0]
	// true
}
