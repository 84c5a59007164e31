package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"paragon/reference/tensor"
)

// headed is a file of that header and length of data, which takes no room on the disk.
func headed(t *testing.T, path, header string, data int64) {
	t.Helper()
	length := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	if err := os.WriteFile(path, append(length, header...), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, 8+int64(len(header))+data); err != nil {
		t.Fatal(err)
	}
}

func TestCheckCommand(t *testing.T) {
	directory := t.TempDir()
	path := func(name string) string { return filepath.Join(directory, name) }
	for _, name := range []string{"folder", "folder/inside", "empty"} {
		if err := os.Mkdir(path(name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	headed(t, path("huge"), `{"x":{"dtype":"F32","shape":[2147483647],"data_offsets":[0,8589934588]}}  `, 8589934588)
	headed(t, path("folder/b"), "{}\n", 0)
	headed(t, path("folder/a"), "{} ", 0)
	headed(t, path("folder/inside/not"), "{} ", 0)
	headed(t, path("lines"), `{"`+`\u000a`+`":1}`, 0)
	if err := os.Symlink("../huge", path("folder/é")); err != nil {
		t.Fatal(err)
	}
	write(t, directory, "model", map[string]string{"format": "paragon-model", "program": "{}"}, map[string]*tensor.Tensor{})
	arguments := []string{"check", path("huge"), path("folder"), path("empty"), path("none"), path("lines"), path("model")}
	var printed bytes.Buffer
	if err := command(arguments, &printed); err == nil {
		t.Error("refused files are no error")
	}
	lines := strings.Split(strings.TrimSuffix(printed.String(), "\n"), "\n")
	want := []string{"huge: ok", "folder/a: ok", "folder/b: refused: ", "folder/é: ok", "empty: refused: ", "none: refused: no such file",
		"lines: refused: ", "model: refused: "}
	if len(lines) != len(want) {
		t.Fatalf("printed %q", lines)
	}
	for k := range want {
		if !strings.HasPrefix(lines[k], fmt.Sprintf("%s/%s", directory, want[k])) {
			t.Errorf("printed %q, not %q", lines[k], want[k])
		}
	}
	if err := command([]string{"check", path("huge")}, &printed); err != nil {
		t.Error(err)
	}
}
