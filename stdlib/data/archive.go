package data

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
)

// maxEntry bounds one entry of an archive as it unpacks.
const maxEntry = 2 << 30

// ReadArchive calls each for every file of a tar, tar.gz or zip archive, in
// its order, without writing anything to disk. Returning an error stops it;
// io.EOF stops it quietly.
func ReadArchive(archive string, each func(name string, r io.Reader) error) error {
	r, err := Open(archive)
	if err != nil {
		return err
	}
	defer r.Close()
	err = DecodeArchive(archive, r, each)
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// DecodeArchive is ReadArchive for an archive read from r.
func DecodeArchive(name string, r io.Reader, each func(name string, r io.Reader) error) error {
	r, err := Gunzip(r)
	if err != nil {
		return fault(name, "", 0, "%v", err)
	}
	if p, ok := r.(interface{ Peek(int) ([]byte, error) }); ok {
		if head, _ := p.Peek(4); string(head) == "PK\x03\x04" || string(head) == "PK\x05\x06" {
			return eachZip(name, r, each)
		}
	}
	return eachTar(name, r, each)
}

func eachTar(name string, r io.Reader, each func(string, io.Reader) error) error {
	t := tar.NewReader(r)
	for k := 1; ; k++ {
		h, err := t.Next()
		if errors.Is(err, io.EOF) && k > 1 {
			return nil
		}
		if err != nil {
			return fault(name, "entry", k, "not a tar or zip archive, or damaged: %v", err)
		}
		if h.Typeflag != tar.TypeReg {
			continue // folders, links and devices hold no data
		}
		if err := checkEntry(h.Name, h.Size); err != nil {
			return fault(name, "entry", k, "%v", err)
		}
		if err := each(path.Clean(h.Name), t); err != nil {
			return err
		}
	}
}

func eachZip(name string, r io.Reader, each func(string, io.Reader) error) error {
	raw, err := io.ReadAll(io.LimitReader(r, maxBytes))
	if err != nil {
		return fault(name, "", 0, "%v", err)
	}
	z, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		return fault(name, "", 0, "not a zip archive, or damaged: %v", err)
	}
	for k, f := range z.File {
		if f.FileInfo().IsDir() {
			continue
		}
		if err := checkEntry(f.Name, int64(min(f.UncompressedSize64, 1<<62))); err != nil {
			return fault(name, "entry", k+1, "%v", err)
		}
		e, err := f.Open()
		if err != nil {
			return fault(name, "entry", k+1, "%v", err)
		}
		err = each(path.Clean(f.Name), io.LimitReader(e, maxEntry))
		e.Close()
		if err != nil {
			return err
		}
	}
	return nil
}

// checkEntry refuses names that point out of the archive, and bombs.
func checkEntry(name string, size int64) error {
	clean := path.Clean(strings.ReplaceAll(name, "\\", "/"))
	if path.IsAbs(clean) || clean == ".." || strings.HasPrefix(clean, "../") || strings.Contains(clean, ":") || strings.Contains(name, "\x00") {
		return fmt.Errorf("the name %q points out of the archive", name)
	}
	if size > maxEntry {
		return fmt.Errorf("%q would unpack to %d MB", name, size>>20)
	}
	return nil
}
