package tensor

// The safetensors file: the length of the header (8 bytes, little-endian), the header (a JSON object that gives for each tensor
// its dtype, shape and place in the data, and text under "__metadata__"), the data, without holes or overlaps. Only
// 32-bit dtypes are read. Memory stays in proportion to the file.

import (
	"bytes"
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

// ReadHeader reads the header of a safetensors file and checks it against the file's size. The tensors have no words. Errors do not
// name the file.
func ReadHeader(path string) (*File, error) {
	file, size, err := openRegular(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	length, err := headerLength(file, size)
	if err != nil {
		return nil, err
	}
	header := make([]byte, length)
	if _, err := io.ReadFull(file, header); err != nil {
		return nil, err
	}
	f, _, err := parseHeader(string(header), size-8-length)
	return f, err
}

// Parse reads the bytes of a safetensors file.
func Parse(data []byte) (*File, error) {
	length, err := headerLength(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, err
	}
	header, data := data[8:8+length], data[8+length:]
	f, entries, err := parseHeader(string(header), int64(len(data)))
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		e.Words = make([]uint32, e.Shape.Elements())
		for i := range e.Words {
			e.Words[i] = binary.LittleEndian.Uint32(data[e.begin+4*i:])
		}
	}
	return f, nil
}

// headerLength reads the first 8 bytes of a file of that size.
func headerLength(r io.Reader, size int64) (int64, error) {
	var first [8]byte
	if _, err := io.ReadFull(r, first[:]); err != nil {
		return 0, errors.New("shorter than 8 bytes")
	}
	length := binary.LittleEndian.Uint64(first[:])
	if length > maxHeader || length > uint64(size-8) {
		return 0, fmt.Errorf("the header length, %d, is more than the file or the limit holds", length)
	}
	return int64(length), nil
}

// entry is one tensor of the header and its place in the data.
type entry struct {
	*Tensor
	name       string
	begin, end int
}

// parseHeader reads and checks a header for data of that size: the file with tensors without words, and their places.
func parseHeader(header string, size int64) (*File, []entry, error) {
	v, err := strictjson.Parse(header)
	if err != nil {
		return nil, nil, fmt.Errorf("header: %w", err)
	}
	o, ok := v.(*strictjson.Object)
	if !ok || header[0] != '{' || !strings.HasSuffix(strings.TrimRight(header, " "), "}") {
		return nil, nil, errors.New("header: not a JSON object from its first byte on, with nothing but spaces after it")
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
			f.Tensors[name] = e.Tensor
		}
		if err != nil {
			return nil, nil, fmt.Errorf("header: %.300q: %w", name, err)
		}
	}
	return f, entries, checkCover(entries, size)
}

// checkCover: the tensors lie one after another and fill the data.
func checkCover(entries []entry, size int64) error {
	sort.SliceStable(entries, func(i, j int) bool {
		a, b := entries[i], entries[j]
		return a.begin < b.begin || a.begin == b.begin && a.end < b.end
	})
	at := 0
	for _, e := range entries {
		if e.begin != at || int64(e.end) > size {
			return fmt.Errorf("tensor %.300q: data_offsets [%d,%d] overlap, leave a hole or pass the end of the data (%d bytes)",
				e.name, e.begin, e.end, size)
		}
		at = e.end
	}
	if int64(at) != size {
		return fmt.Errorf("%d bytes follow the last tensor", size-int64(at))
	}
	return nil
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
	return entry{&Tensor{DType: dtype, Shape: shape}, name, offsets[0], offsets[1]}, nil
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
