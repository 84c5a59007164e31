package tensor

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// raw is a safetensors file of that header and data.
func raw(header string, data []byte) []byte {
	b := make([]byte, 8, 8+len(header)+len(data))
	binary.LittleEndian.PutUint64(b, uint64(len(header)))
	return append(append(b, header...), data...)
}

func sample() *File {
	return &File{
		Metadata: map[string]string{"format": "x", "text": "<\"é\">"},
		Tensors: map[string]*Tensor{
			"b":     {F32, Shape{2}, []uint32{0x3f800000, 0xffc00001}},
			"a":     {I32, Shape{}, []uint32{0xffffffff}},
			"empty": {U32, Shape{3, 0}, []uint32{}},
			"é":     {U32, Shape{1, 2}, []uint32{0x7fc00001, 2}},
		},
	}
}

func TestWriteThenParse(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f.safetensors")
	if err := sample().WriteFile(path); err != nil {
		t.Fatal(err)
	}
	got, err := ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	want := sample()
	want.Tensors["b"].Words[1] = 0x7fc00000 // every f32 NaN is written as one; a u32 is what it is
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v", got)
	}
	if entries, _ := os.ReadDir(filepath.Dir(path)); len(entries) != 1 {
		t.Errorf("a temporary file is left: %v", entries)
	}
}

func TestWriteFileLeavesNothingBehind(t *testing.T) {
	directory := t.TempDir()
	f := sample()
	f.Tensors[metadataKey] = f.Tensors["a"]
	if err := f.WriteFile(filepath.Join(directory, "f")); err == nil {
		t.Error("a tensor with the metadata's name is no error")
	}
	if entries, _ := os.ReadDir(directory); len(entries) != 0 {
		t.Errorf("a failed write left %v", entries)
	}
}

// TestWritersOfOneTarget: each of several writers replaces the file as a whole, and none takes another's temporary file.
func TestWritersOfOneTarget(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	const writers = 8
	errs := make(chan error, writers)
	for writer := 0; writer < writers; writer++ {
		go func(words int) {
			f := &File{Tensors: map[string]*Tensor{"x": New(U32, Shape{words})}}
			var err error
			for i := 0; i < 50 && err == nil; i++ {
				if err = f.WriteFile(path); err == nil {
					_, err = ReadFile(path)
				}
			}
			errs <- err
		}(1 + 10_000*writer)
	}
	for writer := 0; writer < writers; writer++ {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	if entries, _ := os.ReadDir(filepath.Dir(path)); len(entries) != 1 {
		t.Errorf("temporary files are left: %v", entries)
	}
}

func TestParseErrors(t *testing.T) {
	four := make([]byte, 4)
	for _, c := range []struct {
		name, part string
		data       []byte
	}{
		{"nothing", "8 bytes", nil},
		{"a huge header length", "header length", []byte("\xff\xff\xff\xff\xff\xff\xff\xff{}")},
		{"a header longer than the file", "header length", append([]byte{200, 0, 0, 0, 0, 0, 0, 0}, "{}"...)},
		{"no JSON", "expected", raw("{oops", nil)},
		{"no object", "not a JSON object", raw("[]", nil)},
		{"metadata no object", "__metadata__", raw(`{"__metadata__":[]}`, nil)},
		{"metadata no string", "expected a string", raw(`{"__metadata__":{"a":1}}`, nil)},
		{"half a tensor", "missing", raw(`{"a":{"dtype":"F32","shape":[1]}}`, four)},
		{"an unknown key", "unknown key", raw(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"x":1}}`, four)},
		{"another dtype", "F32, I32, U32", raw(`{"a":{"dtype":"F64","shape":[1],"data_offsets":[0,8]}}`, make([]byte, 8))},
		{"a dtype in lower case", "F32, I32, U32", raw(`{"a":{"dtype":"f32","shape":[1],"data_offsets":[0,4]}}`, four)},
		{"a negative dimension", "shape", raw(`{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}`, four)},
		{"rank 9", "shape", raw(`{"a":{"dtype":"F32","shape":[1,1,1,1,1,1,1,1,1],"data_offsets":[0,4]}}`, four)},
		{"a huge shape", "elements", raw(`{"a":{"dtype":"F32","shape":[2147483647,2147483647],"data_offsets":[0,4]}}`, four)},
		{"a large shape", "span", raw(`{"a":{"dtype":"F32","shape":[2147483647],"data_offsets":[0,4]}}`, four)},
		{"three offsets", "two offsets", raw(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4,4]}}`, four)},
		{"offsets beyond the data", "data_offsets", raw(`{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}`, four)},
		{"huge offsets", "span", raw(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[9223372036854775807,3]}}`, four)},
		{"a hole", "hole", raw(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}`, make([]byte, 8))},
		{"an overlap", "overlap",
			raw(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, four)},
		{"bytes after the end", "follow", raw(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, make([]byte, 5))},
		{"a name twice", "twice",
			raw(`{"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}`, nil)},
	} {
		if _, err := Parse(c.data); err == nil || !strings.Contains(err.Error(), c.part) {
			t.Errorf("%s: error %v, want one with %q", c.name, err, c.part)
		}
	}
}

func TestShapeCheck(t *testing.T) {
	for _, c := range []struct {
		shape Shape
		ok    bool
	}{
		{Shape{}, true},
		{Shape{MaxDimension}, true},
		{Shape{MaxDimension, MaxDimension, 0, MaxDimension}, true},
		{Shape{1 << 16, 1 << 15}, false},
		{Shape{1 << 16, 1<<15 - 1}, true},
		{Shape{MaxDimension, MaxDimension, MaxDimension, MaxDimension}, false},
		{Shape{MaxDimension + 1}, false},
		{Shape{-1}, false},
		{make(Shape, 8), true},
		{make(Shape, 9), false},
	} {
		if err := c.shape.Check(); (err == nil) != c.ok {
			t.Errorf("%v: %v", c.shape, err)
		}
	}
}

// TestFingerprint spells out section 8 of the contract.
func TestFingerprint(t *testing.T) {
	var b bytes.Buffer
	b.WriteString("a\x00i32\x00\x00\xff\xff\xff\xff")
	b.WriteString("b\x00f32\x002\x00\x00\x00\x80\x3f\x00\x00\xc0\x7f")
	b.WriteString("empty\x00u32\x003,0\x00")
	b.WriteString("é\x00u32\x001,2\x00\x01\x00\xc0\x7f\x02\x00\x00\x00")
	sum := sha256.Sum256(b.Bytes())
	if got, want := Fingerprint(sample().Tensors), hex.EncodeToString(sum[:]); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestFirstDifference(t *testing.T) {
	x := &Tensor{F32, Shape{2}, []uint32{0x7fc00000, 0}}
	if d := FirstDifference(x, &Tensor{F32, Shape{2}, []uint32{0xff800001, 0}}); d != "" {
		t.Errorf("two NaNs differ: %s", d)
	}
	for _, y := range []*Tensor{
		{F32, Shape{2}, []uint32{0x7fc00000, 1 << 31}}, // -0 is not +0
		{F32, Shape{1, 2}, []uint32{0x7fc00000, 0}},
		{U32, Shape{2}, []uint32{0x7fc00000, 0}},
	} {
		if FirstDifference(x, y) == "" {
			t.Errorf("%v does not differ", y)
		}
	}
}

// FuzzParse: no bytes make Parse panic or take more memory than they have; what it accepts survives writing.
func FuzzParse(f *testing.F) {
	var b bytes.Buffer
	if err := sample().Write(&b); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Add(raw(`{"a":{"dtype":"F32","shape":[2147483647],"data_offsets":[0,8589934588]}}`, nil))
	f.Add(raw(`{"a":{"dtype":"U32","shape":[0,2147483647],"data_offsets":[0,0]}}`, nil))
	f.Add([]byte("\xff\xff\xff\xff\xff\xff\xff\xff{}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		parsed, err := Parse(data)
		if err != nil {
			return
		}
		words := 0
		for _, x := range parsed.Tensors {
			words += len(x.Words)
		}
		if 4*words > len(data) {
			t.Fatalf("%d words from %d bytes", words, len(data))
		}
		var again bytes.Buffer
		if err := parsed.Write(&again); err != nil {
			t.Fatal(err)
		}
		if _, err := Parse(again.Bytes()); err != nil {
			t.Fatal(err)
		}
	})
}
