package paragon

/*
#include <stdlib.h>
#include "paragon.h"
*/
import "C"

import (
	"fmt"
	"reflect"
	"runtime"
	"sync"
	"unsafe"
)

// Session is a model that runs, with a state of its own. Its calls may come from many goroutines and wait for each other.
type Session struct {
	lock                   sync.Mutex
	c                      *C.pg_session
	inputs, state, outputs []Spec
	in, out                addresses
}

// addresses is an array in C's memory of the addresses of arrays there: C may not keep pointers to Go's memory, not even
// for a call. Inputs and outputs are copied.
type addresses struct {
	list  *unsafe.Pointer
	count int
}

// errClosed is what a session says after Close.
var errClosed = &Error{"the session is closed"}

func allocate(specs []Spec) addresses {
	size := unsafe.Sizeof(unsafe.Pointer(nil))
	a := addresses{(*unsafe.Pointer)(C.calloc(C.size_t(len(specs)+1), C.size_t(size))), len(specs)}
	for k, spec := range specs {
		a.at()[k] = C.calloc(C.size_t(spec.Elements+1), 4)
	}
	return a
}

func (a addresses) at() []unsafe.Pointer { return unsafe.Slice(a.list, a.count) }

func (a addresses) free() {
	for _, array := range a.at() {
		C.free(array)
	}
	C.free(unsafe.Pointer(a.list))
}

// Session opens the model for running, with a copy of its state.
func (m *Model) Session(options Options) (*Session, error) {
	if m.c == nil {
		return nil, &Error{"the model is closed"}
	}
	var strings cStrings
	defer strings.free()
	c := options.c(&strings)
	s := &Session{inputs: m.inputs, state: m.state, outputs: m.outputs}
	err := onThread(func() bool { s.c = C.pg_session_open(m.c, c); return s.c != nil })
	runtime.KeepAlive(m)
	if err != nil {
		return nil, err
	}
	s.in, s.out = allocate(s.inputs), allocate(s.outputs)
	runtime.SetFinalizer(s, (*Session).Close)
	return s, nil
}

// Close frees the session. Without it, the garbage collector does.
func (s *Session) Close() {
	s.lock.Lock()
	defer s.lock.Unlock()
	if s.c != nil {
		C.pg_session_free(s.c)
		s.in.free()
		s.out.free()
	}
	s.c = nil
	runtime.SetFinalizer(s, nil)
}

// use calls f on the open session.
func (s *Session) use(f func() C.pg_status) error {
	s.lock.Lock()
	defer s.lock.Unlock()
	defer runtime.KeepAlive(s)
	if s.c == nil {
		return errClosed
	}
	return onThread(func() bool { return f() == C.PG_OK })
}

// Arrays are []float32, []int32 or []uint32 by name, row-major.
type Arrays map[string]any

// Run evaluates the program once on the inputs, updates the state and returns the outputs.
func (s *Session) Run(inputs Arrays) (Arrays, error) {
	s.lock.Lock()
	defer s.lock.Unlock()
	defer runtime.KeepAlive(s)
	if s.c == nil {
		return nil, errClosed
	}
	for k, spec := range s.inputs {
		array, ok := inputs[spec.Name]
		if !ok {
			return nil, &Error{fmt.Sprintf("the input %v is missing", spec)}
		}
		if err := put(s.in.at()[k], spec, array); err != nil {
			return nil, err
		}
	}
	if len(inputs) > len(s.inputs) {
		return nil, &Error{unknown(inputs, s.inputs)}
	}
	err := onThread(func() bool { return C.pg_session_run(s.c, s.in.list, s.out.list) == C.PG_OK })
	if err != nil {
		return nil, err
	}
	outputs := Arrays{}
	for k, spec := range s.outputs {
		outputs[spec.Name] = get(s.out.at()[k], spec)
	}
	return outputs, nil
}

func unknown(inputs Arrays, specs []Spec) string {
	known := map[string]bool{}
	for _, spec := range specs {
		known[spec.Name] = true
	}
	for name := range inputs {
		if !known[name] {
			return fmt.Sprintf("the program has no input %q", name)
		}
	}
	return ""
}

// SetState replaces a state.
func (s *Session) SetState(name string, array any) error {
	index, spec, err := s.find(name)
	if err != nil {
		return err
	}
	words := C.calloc(C.size_t(spec.Elements+1), 4)
	defer C.free(words)
	if err := put(words, spec, array); err != nil {
		return err
	}
	return s.use(func() C.pg_status { return C.pg_session_set_state(s.c, index, words) })
}

// GetState is a copy of a state: []float32, []int32 or []uint32.
func (s *Session) GetState(name string) (any, error) {
	index, spec, err := s.find(name)
	if err != nil {
		return nil, err
	}
	words := C.calloc(C.size_t(spec.Elements+1), 4)
	defer C.free(words)
	if err := s.use(func() C.pg_status { return C.pg_session_get_state(s.c, index, words) }); err != nil {
		return nil, err
	}
	return get(words, spec), nil
}

func (s *Session) find(name string) (C.size_t, Spec, error) {
	for k, spec := range s.state {
		if spec.Name == name {
			return C.size_t(k), spec, nil
		}
	}
	return 0, Spec{}, &Error{fmt.Sprintf("the program has no state %q", name)}
}

// Fingerprint is that of the state: 64 hex digits.
func (s *Session) Fingerprint() (string, error) {
	var f [C.PG_FINGERPRINT_SIZE]C.char
	if err := s.use(func() C.pg_status { return C.pg_session_fingerprint(s.c, &f[0]) }); err != nil {
		return "", err
	}
	return C.GoString(&f[0]), nil
}

// Save writes a model file with the program and the state; it replaces an old one at once or not at all.
func (s *Session) Save(path string) error {
	if path == "" {
		return &Error{"the path of the model is empty"}
	}
	var strings cStrings
	defer strings.free()
	c := strings.add(path)
	return s.use(func() C.pg_status { return C.pg_session_save(s.c, c) })
}

// put copies an array of the dtype and size of the spec to C's memory.
func put(words unsafe.Pointer, spec Spec, array any) error {
	switch a := array.(type) {
	case []float32:
		if spec.DType == F32 && len(a) == spec.Elements {
			copy(unsafe.Slice((*float32)(words), len(a)), a)
			return nil
		}
	case []int32:
		if spec.DType == I32 && len(a) == spec.Elements {
			copy(unsafe.Slice((*int32)(words), len(a)), a)
			return nil
		}
	case []uint32:
		if spec.DType == U32 && len(a) == spec.Elements {
			copy(unsafe.Slice((*uint32)(words), len(a)), a)
			return nil
		}
	}
	found := fmt.Sprintf("%T", array)
	if v := reflect.ValueOf(array); v.Kind() == reflect.Slice {
		found += fmt.Sprintf(" of %d", v.Len())
	}
	return &Error{fmt.Sprintf("%v needs %d elements of %v, not %s", spec, spec.Elements, spec.DType, found)}
}

// get copies an array from C's memory.
func get(words unsafe.Pointer, spec Spec) any {
	switch spec.DType {
	case F32:
		return append([]float32{}, unsafe.Slice((*float32)(words), spec.Elements)...)
	case I32:
		return append([]int32{}, unsafe.Slice((*int32)(words), spec.Elements)...)
	}
	return append([]uint32{}, unsafe.Slice((*uint32)(words), spec.Elements)...)
}
