// Package paragon calls the compiled core through its C interface (csrc/include/paragon.h): load a model file, run it, train
// it, save it.
//
// It is linked with libparagon from build/native or build/dev of the repository; name another folder with
// CGO_LDFLAGS="-LFOLDER -Wl,-rpath,FOLDER".
package paragon

/*
#cgo CFLAGS: -I${SRCDIR}/../../../csrc/include
#cgo LDFLAGS: -L${SRCDIR}/../../../build/native -L${SRCDIR}/../../../build/dev -lparagon
#cgo LDFLAGS: -Wl,-rpath,${SRCDIR}/../../../build/native -Wl,-rpath,${SRCDIR}/../../../build/dev
#include <stdlib.h>
#include "paragon.h"
*/
import "C"

import (
	"fmt"
	"runtime"
	"unsafe"
)

// Error is why a call failed, in the library's words.
type Error struct {
	Message string
}

func (e *Error) Error() string { return "paragon: " + e.Message }

// onThread calls f, and if f says that it failed, yields the library's error. The library keeps the error by thread, so the
// goroutine stays on one meanwhile.
func onThread(f func() (ok bool)) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if f() {
		return nil
	}
	return &Error{C.GoString(C.pg_last_error())}
}

// Version is that of the library.
func Version() string { return C.GoString(C.pg_version()) }

// ContractVersion is the version of the numeric contract that the library keeps.
func ContractVersion() int { return int(C.pg_contract_version()) }

// cStrings are texts for C, freed together; the empty text is a null pointer.
type cStrings []*C.char

func (s *cStrings) add(text string) *C.char {
	if text == "" {
		return nil
	}
	c := C.CString(text)
	*s = append(*s, c)
	return c
}

func (s cStrings) free() {
	for _, c := range s {
		C.free(unsafe.Pointer(c))
	}
}

// DType is the type of an array's elements.
type DType int

// The dtypes, with the slices that hold them.
const (
	F32 DType = C.PG_F32 // []float32
	I32 DType = C.PG_I32 // []int32
	U32 DType = C.PG_U32 // []uint32
)

func (d DType) String() string { return [...]string{"f32", "i32", "u32"}[d] }

// Spec is what a program states of an input, a state or an output.
type Spec struct {
	Name     string
	DType    DType
	Shape    []int
	Elements int
}

func (s Spec) String() string { return fmt.Sprintf("%q, %v %v", s.Name, s.DType, s.Shape) }

// Model is a program, with its state if it came with one. It never changes and may be used by many goroutines.
type Model struct {
	c                      *C.pg_model
	inputs, state, outputs []Spec
}

// Open reads a model file and its main program.
func Open(path string) (*Model, error) { return OpenProgram(path, "") }

// OpenProgram reads a model file and the program of that name in it.
func OpenProgram(path, program string) (*Model, error) {
	if path == "" {
		return nil, &Error{"the path of the model is empty"}
	}
	var s cStrings
	defer s.free()
	cPath, cProgram := s.add(path), s.add(program)
	return newModel(func() *C.pg_model { return C.pg_model_open(cPath, cProgram) })
}

// FromJSON reads the text of a program, which comes without state.
func FromJSON(program string) (*Model, error) {
	c := C.CString(program)
	defer C.free(unsafe.Pointer(c))
	return newModel(func() *C.pg_model { return C.pg_model_from_json(c, C.size_t(len(program))) })
}

// FromBytes reads the bytes of a model file.
func FromBytes(file []byte) (*Model, error) {
	c := C.CBytes(file)
	defer C.free(c)
	return newModel(func() *C.pg_model { return C.pg_model_from_memory(c, C.size_t(len(file)), nil) })
}

func newModel(open func() *C.pg_model) (*Model, error) {
	m := &Model{}
	if err := onThread(func() bool { m.c = open(); return m.c != nil }); err != nil {
		return nil, err
	}
	runtime.SetFinalizer(m, (*Model).Close)
	for list, specs := range map[C.pg_list]*[]Spec{C.PG_INPUT: &m.inputs, C.PG_STATE: &m.state, C.PG_OUTPUT: &m.outputs} {
		for i := C.size_t(0); i < C.pg_model_count(m.c, list); i++ {
			var t C.pg_tensor
			if err := onThread(func() bool { return C.pg_model_tensor(m.c, list, i, &t) == C.PG_OK }); err != nil {
				return nil, err
			}
			spec := Spec{C.GoString(t.name), DType(t.dtype), make([]int, t.rank), int(t.elements)}
			for k := range spec.Shape {
				spec.Shape[k] = int(t.shape[k])
			}
			*specs = append(*specs, spec)
		}
	}
	return m, nil
}

// Close frees the model; sessions live on. Without it, the garbage collector frees the model.
func (m *Model) Close() {
	C.pg_model_free(m.c)
	m.c = nil
	runtime.SetFinalizer(m, nil)
}

// Inputs is what a run takes, in order.
func (m *Model) Inputs() []Spec { return m.inputs }

// State is what runs keep, in order.
func (m *Model) State() []Spec { return m.state }

// Outputs is what a run yields, in order.
func (m *Model) Outputs() []Spec { return m.outputs }

// Options of a session or of a run on files; zeros ask for the library's defaults.
type Options struct {
	ISA         string // the instruction set
	Threads     int
	MemoryLimit int // bytes
}

func (o Options) c(s *cStrings) *C.pg_options {
	// In C's memory, since it holds a pointer to it.
	c := (*C.pg_options)(C.calloc(1, C.sizeof_pg_options))
	c.isa, c.threads, c.memory_limit = s.add(o.ISA), C.size_t(o.Threads), C.size_t(o.MemoryLimit)
	*s = append(*s, (*C.char)(unsafe.Pointer(c)))
	return c
}

// RunFiles runs a model file once on a file of inputs and writes a file of outputs, with the value of every operation if
// values is set (docs/program.md).
func RunFiles(model, inputs, outputs string, values bool, options Options) error {
	var s cStrings
	defer s.free()
	m, i, o, c, all := s.add(model), s.add(inputs), s.add(outputs), options.c(&s), C.int(0)
	if values {
		all = 1
	}
	return onThread(func() bool { return C.pg_run_files(m, i, o, all, c) == C.PG_OK })
}

// TrainFile runs a training job file, writes its results and returns the fingerprint of the final state.
func TrainFile(job, out string, options Options) (fingerprint string, err error) {
	var s cStrings
	defer s.free()
	j, o, c := s.add(job), s.add(out), options.c(&s)
	return fingerprintOf(func(f *C.char) C.pg_status { return C.pg_train_file(j, o, c, f) })
}

// FingerprintFile is the fingerprint of the tensors of a file.
func FingerprintFile(path string) (fingerprint string, err error) {
	var s cStrings
	defer s.free()
	p := s.add(path)
	return fingerprintOf(func(f *C.char) C.pg_status { return C.pg_fingerprint_file(p, f) })
}

func fingerprintOf(call func(f *C.char) C.pg_status) (string, error) {
	var f [C.PG_FINGERPRINT_SIZE]C.char
	if err := onThread(func() bool { return call(&f[0]) == C.PG_OK }); err != nil {
		return "", err
	}
	return C.GoString(&f[0]), nil
}
