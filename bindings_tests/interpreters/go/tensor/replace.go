package tensor

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
)

const (
	maxFile  = 4 << 30 // bytes; a file is read whole
	maxLinks = 40      // that lead from one to the next
)

// openRegular opens a file to read and tells its size. What is no regular file (a FIFO, a device) might never end. Errors do not name
// the path.
func openRegular(path string) (file *os.File, size int64, err error) {
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("not a regular file")
	}
	if err == nil {
		file, err = os.Open(path)
	}
	if err == nil {
		info, err = file.Stat() // of the file that was opened: another may be in its place
	}
	if bare := new(fs.PathError); errors.As(err, &bare) {
		err = bare.Err
	}
	if err != nil {
		return nil, 0, err
	}
	return file, info.Size(), nil
}

// readRegular is the content of a file. Errors name the path.
func readRegular(path string) ([]byte, error) {
	file, size, err := openRegular(path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	defer file.Close()
	if size > maxFile {
		return nil, fmt.Errorf("%s: %d bytes, at most %d are read", path, size, maxFile)
	}
	data := make([]byte, size)
	if _, err := io.ReadFull(file, data); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return data, nil
}

// replaceFile writes a file beside its place and renames it, so that a reader finds the old file or the whole new one. Links
// are followed, the permissions of a file that is there are kept, and what is no regular file is written through. Errors name
// the path.
func replaceFile(path string, write func(io.Writer) error) (err error) {
	defer func() {
		if err != nil && !strings.Contains(err.Error(), path) {
			err = fmt.Errorf("%s: %w", path, err)
		}
	}()
	there, err := os.Stat(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if there != nil && !there.Mode().IsRegular() {
		file, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		if err = write(file); err != nil {
			file.Close()
			return err
		}
		return file.Close()
	}
	target, err := followLinks(path)
	if err != nil {
		return err
	}
	file, err := createBeside(target, there)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			file.Close()
			os.Remove(file.Name())
		}
	}()
	if there != nil {
		if err = file.Chmod(there.Mode().Perm()); err != nil {
			return err
		}
	}
	if err = write(file); err != nil {
		return err
	}
	if err = file.Sync(); err != nil {
		return err
	}
	if err = file.Close(); err != nil {
		return err
	}
	return os.Rename(file.Name(), target)
}

var temporaries atomic.Int64 // made by this process

// createBeside makes a new file in the folder of target, under a name that no other writer has, in this process or another. While
// it is written, nobody sees more of it than of what it replaces.
func createBeside(target string, there fs.FileInfo) (*os.File, error) {
	mode := fs.FileMode(0o666)
	if there != nil {
		mode = 0o600
	}
	directory, base := filepath.Split(target)
	for {
		name := fmt.Sprintf("%s.%s.%d.%d.tmp", directory, base, os.Getpid(), temporaries.Add(1))
		file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
		if !errors.Is(err, fs.ErrExist) { // what a dead process has left is passed over
			return file, err
		}
	}
}

// followLinks is where a path leads in the end, also where nothing is yet.
func followLinks(path string) (string, error) {
	for i := 0; i < maxLinks; i++ {
		next, err := os.Readlink(path)
		if err != nil { // not a link
			return path, nil
		}
		if !filepath.IsAbs(next) {
			next = path[:strings.LastIndexByte(path, '/')+1] + next
		}
		path = next
	}
	return "", errors.New("too many links")
}
