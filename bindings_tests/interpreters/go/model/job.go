package model

// The training job of docs/program.md: the order of the rows is a permutation for each epoch, so that the run is determined.

import (
	"errors"
	"fmt"
	"math"
	"strings"

	"paragon/reference/program"
	"paragon/reference/random"
	"paragon/reference/strictjson"
	"paragon/reference/tensor"
)

const (
	dataPrefix  = "data."
	seedInput   = "seed"  // gets the job's seed where the data has none
	orderStream = 1 << 31 // stream of the order of epoch 0
)

// Job is a program to train, with everything that determines the result.
type Job struct {
	Model
	Steps, Batch int
	Seed         random.Seed
	Data         map[string]*tensor.Tensor // by input; the first axis is the rows
	rows         int
}

// LoadJob reads a job file.
func LoadJob(path string) (*Job, error) {
	f, err := tensor.ReadFile(path)
	if err != nil {
		return nil, err
	}
	j, err := jobFromFile(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return j, nil
}

func jobFromFile(f *tensor.File) (*Job, error) {
	p, err := programOf(f, "paragon-job")
	if err != nil {
		return nil, err
	}
	results := map[string]bool{}
	for _, output := range p.Outputs {
		results["output."+output.Name] = true
	}
	for _, s := range p.State {
		if results[s.Name] {
			return nil, fmt.Errorf("the state %q has the name that an output gets in the results", s.Name)
		}
	}
	j := &Job{Model: Model{Program: p}, Data: map[string]*tensor.Tensor{}, rows: -1}
	if err := j.decodeSchedule(f.Metadata["job"]); err != nil {
		return nil, fmt.Errorf("job: %w", err)
	}
	if j.State, err = stateOf(p, f.Tensors); err != nil {
		return nil, err
	}
	for _, name := range tensor.Names(f.Tensors) {
		if _, isState := j.State[name]; isState {
			continue
		}
		if !strings.HasPrefix(name, dataPrefix) {
			return nil, fmt.Errorf("the tensor %.300q is neither a state nor data of an input", name)
		}
		j.Data[strings.TrimPrefix(name, dataPrefix)] = f.Tensors[name]
	}
	return j, j.checkData()
}

func (j *Job) decodeSchedule(text string) error {
	v, err := strictjson.Parse(text)
	if err != nil {
		return err
	}
	m, err := strictjson.Members(v, []string{"steps", "batch", "seed"})
	if err != nil {
		return err
	}
	if j.Steps, err = strictjson.Int(m["steps"], 0, math.MaxInt32); err != nil {
		return fmt.Errorf("steps: %w", err)
	}
	if j.Batch, err = strictjson.Int(m["batch"], 1, tensor.MaxDimension); err != nil {
		return fmt.Errorf("batch: %w", err)
	}
	seed, err := strictjson.Ints(m["seed"], 2, 0, math.MaxUint32)
	if err != nil || len(seed) != 2 {
		return errors.New("seed: expected [low, high], two integers of 32 bits")
	}
	j.Seed = random.Seed{uint32(seed[0]), uint32(seed[1])}
	return nil
}

// checkData: each input has its rows, all the same number, or is the seed; there is no other data.
func (j *Job) checkData() error {
	inputs := map[string]bool{}
	for _, v := range j.Program.Inputs {
		inputs[v.Name] = true
		t := j.Data[v.Name]
		if t == nil {
			if v.Name == seedInput && v.DType == tensor.U32 && v.Shape.Equal(tensor.Shape{2}) {
				continue
			}
			return fmt.Errorf("the input %q has no data", v.Name)
		}
		if len(t.Shape) == 0 || len(v.Shape) == 0 || v.Shape[0] != j.Batch ||
			t.DType != v.DType || !t.Shape[1:].Equal(v.Shape[1:]) {
			return fmt.Errorf("the data of %q, %v %v, does not give batches of %d rows for the input, %v",
				v.Name, t.DType, t.Shape, j.Batch, v.Kind)
		}
		if j.rows >= 0 && t.Shape[0] != j.rows {
			return fmt.Errorf("the data of %q has %d rows, that before it %d", v.Name, t.Shape[0], j.rows)
		}
		j.rows = t.Shape[0]
		if j.rows < j.Batch {
			return fmt.Errorf("the data has %d rows, fewer than a batch of %d", j.rows, j.Batch)
		}
	}
	for _, name := range tensor.Names(j.Data) {
		if !inputs[name] {
			return fmt.Errorf("the data %.300q belongs to no input", name)
		}
	}
	return nil
}

// Train runs all steps: the state after the last, and the last step's outputs.
func (j *Job) Train(options program.Options) (state, outputs map[string]*tensor.Tensor, err error) {
	state = map[string]*tensor.Tensor{}
	for name, t := range j.State {
		state[name] = t
	}
	var order []int
	for t := 0; t < j.Steps; t++ {
		inputs := map[string]*tensor.Tensor{}
		if len(j.Data) > 0 {
			batches := j.rows / j.Batch
			if t%batches == 0 {
				order = random.Permutation(j.rows, j.Seed, uint32(orderStream+t/batches))
			}
			rows := order[t%batches*j.Batch:][:j.Batch]
			for name, data := range j.Data {
				inputs[name] = takeRows(data, rows)
			}
		}
		if j.seeded() {
			inputs[seedInput] = &tensor.Tensor{DType: tensor.U32, Shape: tensor.Shape{2}, Words: []uint32{j.Seed[0], j.Seed[1]}}
		}
		r, err := j.Program.Run(inputs, state, options)
		if err != nil {
			return nil, nil, fmt.Errorf("step %d: %w", t, err)
		}
		for name, updated := range r.State {
			state[name] = updated
		}
		outputs = r.Outputs
	}
	return state, outputs, nil
}

// seeded tells that the program has the input that gets the job's seed.
func (j *Job) seeded() bool {
	for _, v := range j.Program.Inputs {
		if v.Name == seedInput {
			return j.Data[seedInput] == nil
		}
	}
	return false
}

func takeRows(data *tensor.Tensor, rows []int) *tensor.Tensor {
	out := tensor.New(data.DType, append(tensor.Shape{len(rows)}, data.Shape[1:]...))
	width := data.Shape[1:].Elements()
	for i, row := range rows {
		copy(out.Words[i*width:(i+1)*width], data.Words[row*width:])
	}
	return out
}
