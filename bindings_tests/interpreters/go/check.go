package main

// The command check: what this reader thinks of files.

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode"

	"paragon/reference/model"
)

// check prints a verdict on each file, and on the regular files of each folder. It fails if one is refused.
func check(paths []string, w io.Writer) error {
	refused := 0
	judge := func(path string, err error) error {
		verdict := "ok"
		if err != nil {
			refused++
			verdict = "refused: " + oneLine(err.Error())
		}
		_, err = fmt.Fprintf(w, "%s: %s\n", path, verdict)
		return err
	}
	for _, path := range paths {
		files, err := filesAt(path)
		if err != nil {
			err = judge(path, err)
		}
		for _, file := range files {
			if err == nil {
				err = judge(file, model.Check(file))
			}
		}
		if err != nil {
			return err
		}
	}
	if refused > 0 {
		return fmt.Errorf("%d refused", refused)
	}
	return nil
}

// filesAt is a path, or the regular files of the folder that it is, sorted by the bytes of their names.
func filesAt(path string) ([]string, error) {
	if info, err := os.Stat(path); err != nil || !info.IsDir() {
		return []string{path}, nil
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, err
	}
	var files []string
	for _, entry := range entries {
		file := path + "/" + entry.Name()
		if info, err := os.Stat(file); err == nil && info.Mode().IsRegular() { // of what a link leads to
			files = append(files, file)
		}
	}
	if len(files) == 0 {
		return nil, errors.New("a folder without files")
	}
	return files, nil
}

// oneLine replaces control characters, which might break a line, by spaces.
func oneLine(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, text)
}
