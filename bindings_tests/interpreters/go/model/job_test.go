package model

import (
	"encoding/json"
	"math"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"paragon/reference/internal/build"
	"paragon/reference/numeric"
	"paragon/reference/program"
	"paragon/reference/random"
	"paragon/reference/tensor"
)

// f32Tensor is a tensor of values in [-1/2, 1/2) from a stream.
func f32Tensor(stream uint32, shape ...int) *tensor.Tensor {
	t := tensor.New(tensor.F32, shape)
	for i := range t.Words {
		u := random.Block(random.Seed{3, 4}, stream, uint64(i/4))[i%4]
		t.Words[i] = math.Float32bits(float32(u>>8)*0x1p-24 - 0.5)
	}
	return t
}

func jobFile(text string, steps, batch int, tensors map[string]*tensor.Tensor) *tensor.File {
	schedule, _ := json.Marshal(map[string]any{"steps": steps, "batch": batch, "seed": []int{5, 6}})
	return &tensor.File{
		Metadata: map[string]string{"format": "paragon-job", "program": text, "job": string(schedule)},
		Tensors:  tensors,
	}
}

// mlpJob separates two halves of the input space.
func mlpJob(rows, steps, batch, in, hidden, classes int) *tensor.File {
	x, labels := f32Tensor(1, rows, in), tensor.New(tensor.I32, tensor.Shape{rows})
	for i := range labels.Words {
		if math.Float32frombits(x.Words[i*in]) > 0 {
			labels.Words[i] = 1
		}
	}
	return jobFile(build.MLP(batch, in, hidden, classes).JSON(), steps, batch, map[string]*tensor.Tensor{
		"w1": f32Tensor(2, in, hidden), "b1": tensor.New(tensor.F32, tensor.Shape{hidden}),
		"w2": f32Tensor(3, hidden, classes), "b2": tensor.New(tensor.F32, tensor.Shape{classes}),
		"data.x": x, "data.labels": labels,
	})
}

func train(t testing.TB, f *tensor.File) (state, outputs map[string]*tensor.Tensor) {
	t.Helper()
	j, err := jobFromFile(f)
	if err != nil {
		t.Fatal(err)
	}
	state, outputs, err = j.Train(program.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return state, outputs
}

func TestTrainingLearns(t *testing.T) {
	loss := func(steps int) float32 {
		_, outputs := train(t, mlpJob(100, steps, 16, 7, 20, 2))
		return math.Float32frombits(outputs["loss"].Words[0])
	}
	if first, last := loss(1), loss(600); !(last < 0.5*first) {
		t.Errorf("the loss went from %g to %g", first, last)
	}
}

func TestTrainingDoesNotDependOnThreads(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	prints := map[string]bool{}
	for _, threads := range []int{1, 2, 3, 7} {
		runtime.GOMAXPROCS(threads)
		state, _ := train(t, mlpJob(200, 5, 64, 300, 64, 10))
		prints[tensor.Fingerprint(state)] = true
	}
	if len(prints) != 1 {
		t.Errorf("different fingerprints: %v", prints)
	}
}

// TestSchedule spells out the training job: w moves by fma(-1/8, w*x, w) summed over a batch, the rows in the order of the
// epoch's permutation, left-over rows unused.
func TestSchedule(t *testing.T) {
	const rows, steps, batch = 11, 10, 3
	p := &build.Program{}
	x, seed := p.Input("x", "f32", batch, 1), p.Input("seed", "u32", 2)
	w := p.State("w", "f32", 1)
	g := p.Sum(p.Op("mul", nil, "f32", x.Shape, x, w), 0, false)
	p.Update("w", p.Op("fma", nil, "f32", w.Shape, p.Constant("be000000"), g, w))
	p.Output("x", x)
	p.Output("seed", seed)
	data := f32Tensor(9, rows, 1)
	first := &tensor.Tensor{DType: tensor.F32, Shape: tensor.Shape{1}, Words: []uint32{0x3f800000}}
	state, outputs := train(t, jobFile(p.JSON(), steps, batch, map[string]*tensor.Tensor{"w": first, "data.x": data}))

	want, taken := float32(1), []uint32{}
	for step := 0; step < steps; step++ {
		epoch, k := step/3, step%3 // 3 = 11 div 3
		order := random.Permutation(rows, random.Seed{5, 6}, 1<<31+uint32(epoch))
		g := float32(0)
		taken = taken[:0]
		for _, row := range order[k*batch : (k+1)*batch] {
			taken = append(taken, data.Words[row])
			g += float32(math.Float32frombits(data.Words[row]) * want)
		}
		want = numeric.FMA(-0.125, g, want)
	}
	if got := state["w"].Words[0]; got != math.Float32bits(want) {
		t.Errorf("w is %08x, want %08x", got, math.Float32bits(want))
	}
	if !reflect.DeepEqual(outputs["x"].Words, taken) {
		t.Errorf("the last batch is %08x, want %08x", outputs["x"].Words, taken)
	}
	if !reflect.DeepEqual(outputs["seed"].Words, []uint32{5, 6}) {
		t.Errorf("the seed is %v", outputs["seed"].Words)
	}
}

func TestJobErrors(t *testing.T) {
	edit := func(change func(f *tensor.File)) error {
		f := mlpJob(20, 2, 4, 3, 5, 2)
		change(f)
		_, err := jobFromFile(f)
		return err
	}
	if err := edit(func(f *tensor.File) {}); err != nil {
		t.Fatal(err)
	}
	schedule := func(text string) func(f *tensor.File) {
		return func(f *tensor.File) { f.Metadata["job"] = text }
	}
	for _, c := range []struct {
		part   string
		change func(f *tensor.File)
	}{
		{`"paragon-job"`, func(f *tensor.File) { f.Metadata["format"] = "paragon-model" }},
		{`no "program"`, func(f *tensor.File) { delete(f.Metadata, "program") }},
		{`no "job"`, func(f *tensor.File) { delete(f.Metadata, "job") }},
		{"steps", schedule(`{"steps": -1, "batch": 4, "seed": [1, 2]}`)},
		{"batch", schedule(`{"steps": 1, "batch": 0, "seed": [1, 2]}`)},
		{"two integers", schedule(`{"steps": 1, "batch": 4, "seed": [1]}`)},
		{"unknown key", schedule(`{"steps": 1, "batch": 4, "seed": [1, 2], "x": 1}`)},
		{"batches of 5 rows", schedule(`{"steps": 1, "batch": 5, "seed": [1, 2]}`)},
		{`the tensor "w1", f32 [3,5], is missing`, func(f *tensor.File) { delete(f.Tensors, "w1") }},
		{"is f32 [1], not f32 [3,5]", func(f *tensor.File) { f.Tensors["w1"] = tensor.New(tensor.F32, tensor.Shape{1}) }},
		{"has no data", func(f *tensor.File) { delete(f.Tensors, "data.x") }},
		{"belongs to nothing", func(f *tensor.File) { f.Tensors["data.y"] = f.Tensors["data.x"] }},
		{"belongs to nothing", func(f *tensor.File) { f.Tensors["y"] = f.Tensors["data.x"] }},
		{"[19], not i32 [20]", func(f *tensor.File) { f.Tensors["data.labels"] = tensor.New(tensor.I32, tensor.Shape{19}) }},
		{"is f32 [20], not i32 [20]", func(f *tensor.File) { f.Tensors["data.labels"] = tensor.New(tensor.F32, tensor.Shape{20}) }},
		{"fewer than", func(f *tensor.File) {
			f.Tensors["data.labels"] = tensor.New(tensor.I32, tensor.Shape{3})
			f.Tensors["data.x"] = tensor.New(tensor.F32, tensor.Shape{3, 3})
		}},
	} {
		if err := edit(c.change); err == nil || !strings.Contains(err.Error(), c.part) {
			t.Errorf("error %v, want one with %q", err, c.part)
		}
	}
}

func copied[V any](m map[string]V) map[string]V {
	c := map[string]V{}
	for key, value := range m {
		c[key] = value
	}
	return c
}

func TestModel(t *testing.T) {
	p := &build.Program{}
	x, w := p.Input("x", "f32", 2), p.State("w", "f32", 2)
	p.Output("y", p.Map("mul", x, w))
	path := filepath.Join(t.TempDir(), "m.safetensors")
	f := &tensor.File{
		Metadata: map[string]string{"format": "paragon-model", "program": p.JSON()},
		Tensors:  map[string]*tensor.Tensor{"w": f32Tensor(1, 2)},
	}
	other := &build.Program{}
	other.State("w", "f32", 2)
	f.Metadata["program.other"] = other.JSON()
	if err := f.WriteFile(path); err != nil {
		t.Fatal(err)
	}
	m, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	r, err := m.Run(map[string]*tensor.Tensor{"x": f32Tensor(2, 2)}, program.Options{})
	if err != nil {
		t.Fatal(err)
	}
	a, b := math.Float32frombits(f32Tensor(1, 2).Words[1]), math.Float32frombits(f32Tensor(2, 2).Words[1])
	if got := math.Float32frombits(r.Outputs["y"].Words[1]); got != a*b {
		t.Errorf("got %g, want %g", got, a*b)
	}
	for part, inputs := range map[string]map[string]*tensor.Tensor{
		`"x", f32 [2], is missing`: {},
		`"y" belongs to nothing`:   {"x": f32Tensor(2, 2), "y": f32Tensor(2, 2)},
		`is f32 [3], not f32 [2]`:  {"x": f32Tensor(2, 3)},
	} {
		if _, err := m.Run(inputs, program.Options{}); err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("error %v, want one with %q", err, part)
		}
	}
	other.State("v", "f32", 2)
	for part, change := range map[string]func(){
		`"program.other": the state "v"`: func() { f.Metadata["program.other"] = other.JSON() },
		`"program.b": program: JSON`:     func() { f.Metadata["program.b"] = "" },
		`"program.": a name has`:         func() { f.Metadata["program."] = p.JSON() },
		`a key "b"`:                      func() { f.Metadata["b"] = "" },
		`"v" belongs to nothing`:         func() { f.Tensors["v"] = f32Tensor(1, 2) },
	} {
		before := *f
		f.Metadata, f.Tensors = copied(f.Metadata), copied(f.Tensors)
		change()
		if _, err := fromFile(f); err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("error %v, want one with %q", err, part)
		}
		*f = before
	}
	if _, err := LoadJob(path); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("a model as a job: %v", err)
	}
}

// FuzzJob: no file makes the reader panic.
func FuzzJob(f *testing.F) {
	f.Add(`{"steps": 1, "batch": 4, "seed": [1, 2]}`, build.MLP(4, 3, 5, 2).JSON())
	f.Add(`{"steps": 2147483647, "batch": 2147483647, "seed": [4294967295, 0]}`, `{}`)
	f.Add(`[]`, `null`)
	f.Fuzz(func(t *testing.T, schedule, text string) {
		file := mlpJob(20, 2, 4, 3, 5, 2)
		file.Metadata["job"], file.Metadata["program"] = schedule, text
		if j, err := jobFromFile(file); err == nil && j.rows < j.Batch {
			t.Errorf("accepted %d rows in batches of %d", j.rows, j.Batch)
		}
	})
}

// BenchmarkMNISTShape is one training step of 784-128-10 at a batch of 64.
func BenchmarkMNISTShape(b *testing.B) {
	f := mlpJob(640, b.N, 64, 784, 128, 10)
	b.ResetTimer()
	train(b, f)
}
