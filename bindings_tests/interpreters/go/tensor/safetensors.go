package tensor

// The safetensors file: the length of the header (8 bytes, little-endian), the header (a JSON object that gives for each tensor
// its dtype, shape and place in the data, and text under "__metadata__"), the data, without holes or overlaps. Only
// 32-bit dtypes are read. Memory stays in proportion to the file.

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"sort"
	"strings"

	"paragon/reference/strictjson"
)

// File is what a safetensors file holds.
type File struct {
	Metadata map[string]string
	Tensors  map[string]*Tensor
}

const (
	metadataKey = "__metadata__"
	maxHeader   = 100_000_000 // the limit of the format's own reader
)

// ReadFile reads a safetensors file.
func ReadFile(path string) (*File, error) {
	data, err := readRegular(path)
	if err != nil {
		return nil, err
	}
	f, err := Parse(data)
	if err != nil {
		return nil, fmt.Errorf("%s: not a valid safetensors file: %w", path, err)
	}
	return f, nil
}

// entry is one tensor of the header.
type entry struct {
	name       string
	dtype      DType
	shape      Shape
	begin, end int
}

// Parse reads the bytes of a safetensors file.
func Parse(data []byte) (*File, error) {
	if len(data) < 8 {
		return nil, errors.New("shorter than 8 bytes")
	}
	length := binary.LittleEndian.Uint64(data)
	if length > maxHeader || length > uint64(len(data)-8) {
		return nil, fmt.Errorf("the header length, %d, is more than the file or the limit holds", length)
	}
	header, data := string(data[8:8+length]), data[8+length:]
	v, err := strictjson.Parse(header)
	if err != nil {
		return nil, fmt.Errorf("header: %w", err)
	}
	o, ok := v.(*strictjson.Object)
	if !ok || !strings.HasPrefix(header, "{") {
		return nil, errors.New("header: not a JSON object")
	}
	f := &File{map[string]string{}, map[string]*Tensor{}}
	var entries []entry
	for _, name := range o.Keys {
		if name == metadataKey {
			err = f.parseMetadata(o.Fields[name])
		} else {
			var e entry
			e, err = parseEntry(name, o.Fields[name])
			entries = append(entries, e)
		}
		if err != nil {
			return nil, fmt.Errorf("header: %.300q: %w", name, err)
		}
	}
	sort.SliceStable(entries, func(i, j int) bool {
		a, b := entries[i], entries[j]
		return a.begin < b.begin || a.begin == b.begin && a.end < b.end
	})
	at := 0
	for _, e := range entries {
		if e.begin != at || e.end > len(data) {
			return nil, fmt.Errorf("tensor %.300q: data_offsets [%d,%d] overlap, leave a hole or pass the end of the data (%d bytes)",
				e.name, e.begin, e.end, len(data))
		}
		at = e.end
		t := New(e.dtype, e.shape)
		for i := range t.Words {
			t.Words[i] = binary.LittleEndian.Uint32(data[e.begin+4*i:])
		}
		f.Tensors[e.name] = t
	}
	if at != len(data) {
		return nil, fmt.Errorf("%d bytes follow the last tensor", len(data)-at)
	}
	return f, nil
}

func (f *File) parseMetadata(v strictjson.Value) error {
	o, ok := v.(*strictjson.Object)
	if !ok {
		return errors.New("not an object")
	}
	for _, key := range o.Keys {
		text, err := strictjson.String(o.Fields[key])
		if err != nil {
			return fmt.Errorf("%.300q: %w", key, err)
		}
		f.Metadata[key] = text
	}
	return nil
}

func parseEntry(name string, v strictjson.Value) (entry, error) {
	m, err := strictjson.Members(v, []string{"dtype", "shape", "data_offsets"})
	if err != nil {
		return entry{}, err
	}
	text, err := strictjson.String(m["dtype"])
	if err != nil {
		return entry{}, fmt.Errorf("dtype: %w", err)
	}
	dtype, err := ParseDType(strings.ToLower(text))
	if err != nil || text != strings.ToUpper(text) {
		return entry{}, fmt.Errorf("the dtype %.40q is not supported (F32, I32, U32)", text)
	}
	dims, err := strictjson.Ints(m["shape"], MaxRank, 0, MaxDimension)
	if err != nil {
		return entry{}, fmt.Errorf("shape: %w", err)
	}
	shape := Shape(dims)
	if err := shape.Check(); err != nil {
		return entry{}, err
	}
	offsets, err := strictjson.Ints(m["data_offsets"], 2, 0, math.MaxInt64)
	if err != nil || len(offsets) != 2 {
		return entry{}, errors.New("data_offsets: expected two offsets")
	}
	if size := 4 * shape.Elements(); offsets[1]-offsets[0] != size {
		return entry{}, fmt.Errorf("data_offsets %v do not span the %d bytes of %v %v", offsets, size, dtype, shape)
	}
	return entry{name, dtype, shape, offsets[0], offsets[1]}, nil
}

// Write writes the file; NaNs are written as one value. The tensors stand in the order of their names.
func (f *File) Write(w io.Writer) error {
	type headerEntry struct {
		DType   string `json:"dtype"`
		Shape   []int  `json:"shape"`
		Offsets [2]int `json:"data_offsets"`
	}
	header := map[string]any{}
	if len(f.Metadata) > 0 {
		header[metadataKey] = f.Metadata
	}
	at := 0
	for _, name := range Names(f.Tensors) {
		t := f.Tensors[name]
		if name == metadataKey {
			return fmt.Errorf("a tensor cannot have the name %q", name)
		}
		end := at + 4*len(t.Words)
		header[name] = headerEntry{strings.ToUpper(t.DType.String()), append([]int{}, t.Shape...), [2]int{at, end}}
		at = end
	}
	text, err := json.Marshal(header)
	if err != nil {
		return err
	}
	for len(text)%8 != 0 { // the data is aligned
		text = append(text, ' ')
	}
	if err := binary.Write(w, binary.LittleEndian, uint64(len(text))); err != nil {
		return err
	}
	if _, err := w.Write(text); err != nil {
		return err
	}
	for _, name := range Names(f.Tensors) {
		if _, err := w.Write(f.Tensors[name].bytes()); err != nil {
			return err
		}
	}
	return nil
}

// WriteFile replaces a file as a whole (replaceFile).
func (f *File) WriteFile(path string) error { return replaceFile(path, f.Write) }

// RunFormat is the format of a file of results.
const RunFormat = "paragon-run"

// Fingerprint identifies what the file holds: of a file of results the outputs, under their own names, of others all tensors.
func (f *File) Fingerprint() string {
	if f.Metadata["format"] != RunFormat {
		return Fingerprint(f.Tensors)
	}
	outputs := map[string]*Tensor{}
	for name, t := range f.Tensors {
		if strings.HasPrefix(name, "output.") {
			outputs[strings.TrimPrefix(name, "output.")] = t
		}
	}
	return Fingerprint(outputs)
}
