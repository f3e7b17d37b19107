package data

import (
	"bufio"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// DirVariable names the environment variable with a folder of data files.
const DirVariable = "PRIORLAB_DATA"

// Find turns a name into the path of a file: the path itself when it exists,
// otherwise the same name inside the folder that PRIORLAB_DATA names.
func Find(name string) (string, error) {
	if _, err := os.Stat(name); err == nil {
		return name, nil
	} else if !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	dir := os.Getenv(DirVariable)
	if dir != "" && !filepath.IsAbs(name) {
		p := filepath.Join(dir, name)
		if _, err := os.Stat(p); err == nil {
			return p, nil
		}
		return "", fmt.Errorf("%s: %w, neither here nor in %s (the folder %s names)", name, fs.ErrNotExist, dir, DirVariable)
	}
	return "", fmt.Errorf("%s: %w; give a path, or put it into a folder named by the environment variable %s", name, fs.ErrNotExist, DirVariable)
}

// Open opens a file found by Find, unpacking gzip by its first bytes.
func Open(name string) (io.ReadCloser, error) {
	path, err := Find(name)
	if err != nil {
		return nil, err
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	if st, err := f.Stat(); err == nil && st.IsDir() {
		f.Close()
		return nil, fmt.Errorf("%s: this is a folder; a file is wanted", path)
	}
	r, err := Gunzip(f)
	if err != nil {
		f.Close()
		return nil, fault(path, "", 0, "%v", err)
	}
	return struct {
		io.Reader
		io.Closer
	}{r, f}, nil
}

// Gunzip gives what r holds: unpacked when it begins with the gzip mark 1f 8b,
// otherwise as it is.
func Gunzip(r io.Reader) (io.Reader, error) {
	b := bufio.NewReaderSize(r, 1<<16)
	head, err := b.Peek(2)
	if err != nil || head[0] != 0x1f || head[1] != 0x8b {
		return b, nil // shorter files are for the reader behind to judge
	}
	z, err := gzip.NewReader(b)
	if err != nil {
		return nil, fmt.Errorf("the gzip header is damaged: %w", err)
	}
	return z, nil
}
