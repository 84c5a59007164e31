package model

import (
	"os"
	"path/filepath"
	"testing"

	"paragon/reference/tensor"
)

// TestExampleFiles: the reader says of each example of docs/files.md what every reader must, from the header alone and from the whole.
func TestExampleFiles(t *testing.T) {
	for folder, accept := range map[string]bool{"accept": true, "refuse": false} {
		directory := filepath.Join("../../../vectors/files", folder)
		entries, err := os.ReadDir(directory)
		if err != nil || len(entries) < 100 {
			t.Fatalf("%d examples in %s: %v", len(entries), directory, err)
		}
		for _, entry := range entries {
			path := filepath.Join(directory, entry.Name())
			if err := Check(path); (err == nil) != accept {
				t.Errorf("%s: %v", path, err)
			}
			f, err := tensor.ReadFile(path)
			if err == nil {
				err = checkFile(f)
			}
			if (err == nil) != accept {
				t.Errorf("%s, the whole of it: %v", path, err)
			}
		}
	}
}
