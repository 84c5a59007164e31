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
	jobFormat   = "paragon-job"
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
	rows         int                       // of the data; 0 if there is none
}

// LoadJob reads a job file.
func LoadJob(path string) (*Job, error) { return load(path, jobFromFile) }

func jobFromFile(f *tensor.File) (*Job, error) {
	if err := checkMetadata(f, jobFormat, "program", "job"); err != nil {
		return nil, err
	}
	p, err := program.Parse(f.Metadata["program"])
	if err != nil {
		return nil, err
	}
	if err := checkStateNames(p); err != nil {
		return nil, err
	}
	j := &Job{Model: Model{Program: p, State: map[string]*tensor.Tensor{}}, Data: map[string]*tensor.Tensor{}}
	if err := j.decodeSchedule(f.Metadata["job"]); err != nil {
		return nil, fmt.Errorf("job: %w", err)
	}
	wanted := kinds{}
	wanted.add("", p.State)
	for _, v := range p.Inputs {
		data := f.Tensors[dataPrefix+v.Name]
		if data == nil && v.Name == seedInput && v.DType == tensor.U32 && v.Shape.Equal(tensor.Shape{2}) {
			continue
		}
		if wanted[dataPrefix+v.Name], err = j.dataKind(v, data); err != nil {
			return nil, err
		}
		j.Data[v.Name] = data
	}
	for _, s := range p.State {
		j.State[s.Name] = f.Tensors[s.Name]
	}
	return j, wanted.check(f.Tensors)
}

// checkStateNames: no state has a name that data or results get.
func checkStateNames(p *program.Program) error {
	results := map[string]bool{}
	for _, output := range p.Outputs {
		results["output."+output.Name] = true
	}
	for _, s := range p.State {
		if results[s.Name] {
			return fmt.Errorf("the state %q has the name that an output gets in the results", s.Name)
		}
		if strings.HasPrefix(s.Name, dataPrefix) {
			return fmt.Errorf("the state %q has a name of data", s.Name)
		}
	}
	return nil
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
	if j.Steps, err = strictjson.Int(m["steps"], 1, math.MaxInt32); err != nil {
		return fmt.Errorf("steps: %w", err)
	}
	if j.Batch, err = strictjson.Int(m["batch"], 1, math.MaxInt32); err != nil {
		return fmt.Errorf("batch: %w", err)
	}
	seed, err := strictjson.Ints(m["seed"], 2, 0, math.MaxUint32)
	if err != nil || len(seed) != 2 {
		return errors.New("seed: expected [low, high], two integers of 32 bits")
	}
	j.Seed = random.Seed{uint32(seed[0]), uint32(seed[1])}
	return nil
}

// dataKind is what the data of an input must be: as many rows as all data have, at least a batch of them.
func (j *Job) dataKind(v program.Variable, data *tensor.Tensor) (program.Kind, error) {
	if data == nil {
		return program.Kind{}, fmt.Errorf("the input %q has no data", v.Name)
	}
	if len(data.Shape) == 0 || len(v.Shape) == 0 || v.Shape[0] != j.Batch {
		return program.Kind{}, fmt.Errorf("the data of %q, %v %v, does not give batches of %d rows for the input, %v",
			v.Name, data.DType, data.Shape, j.Batch, v.Kind)
	}
	if j.rows == 0 {
		j.rows = data.Shape[0]
	}
	if j.rows < j.Batch {
		return program.Kind{}, fmt.Errorf("the data of %q has %d rows, fewer than a batch of %d", v.Name, j.rows, j.Batch)
	}
	return program.Kind{DType: v.DType, Shape: append(tensor.Shape{j.rows}, v.Shape[1:]...)}, nil
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
