package data

import (
	"context"
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// A Source is where a larger data set can be had. Address may be changed
// before it is fetched, to a mirror or a newer place.
type Source struct {
	Name     string
	Address  string
	Checksum string // "sha256:..." or "md5:..."; "" when none is known
	Licence  string
}

// Sources lists the original addresses of the sets that the readers here
// understand. Addresses age; give another where one has moved.
func Sources() []Source {
	return []Source{
		{"cifar-10", "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz", "sha256:c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd", "none stated; cite Krizhevsky 2009"},
		{"cifar-100", "https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz", "", "none stated; cite Krizhevsky 2009"},
		{"mnist-train-labels", "http://yann.lecun.com/exdb/mnist/train-labels-idx1-ubyte.gz", "md5:d53e105ee54ea40749a09fcbcd1e9432", "CC BY-SA 3.0"},
		{"mnist-test-images", "http://yann.lecun.com/exdb/mnist/t10k-images-idx3-ubyte.gz", "md5:9fb629c4189551a2d022fa330f9573f3", "CC BY-SA 3.0"},
		{"mnist-test-labels", "http://yann.lecun.com/exdb/mnist/t10k-labels-idx1-ubyte.gz", "md5:ec29112dd5afa0611ce80d1b7f02629c", "CC BY-SA 3.0"},
		{"mnist-train-images", "http://yann.lecun.com/exdb/mnist/train-images-idx3-ubyte.gz", "", "CC BY-SA 3.0"},
		{"fashion-train-images", "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/train-images-idx3-ubyte.gz", "md5:8d4fb7e6c68d591d4c3dfef9ec88bf0d", "MIT"},
		{"fashion-train-labels", "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/train-labels-idx1-ubyte.gz", "md5:25c81989df183df01b3e8a0aad5dffbe", "MIT"},
		{"fashion-test-images", "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/t10k-images-idx3-ubyte.gz", "md5:bef4ecab320f06d8554ea6380940ec79", "MIT"},
		{"fashion-test-labels", "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/t10k-labels-idx1-ubyte.gz", "md5:bb300cfdad3c16e7a12a480ee83cd310", "MIT"},
		{"co2-monthly", "https://gml.noaa.gov/webdata/ccgg/trends/co2/co2_mm_mlo.txt", "", "NOAA, credit"},
	}
}

// SourceOf finds a source by name.
func SourceOf(name string) (Source, error) {
	var names []string
	for _, s := range Sources() {
		if s.Name == name {
			return s, nil
		}
		names = append(names, s.Name)
	}
	return Source{}, fmt.Errorf("no source is known for %q; there are %s", name, strings.Join(names, ", "))
}

// Fetch downloads a source into a folder ("" takes the one PRIORLAB_DATA
// names) and gives the path of the file. Nothing in this package downloads
// unless this is called. A file that is there already and has the right
// checksum is kept. The file appears under its name only when it is whole and
// its checksum is right.
func (s Source) Fetch(ctx context.Context, dir string) (string, error) {
	if dir == "" {
		if dir = os.Getenv(DirVariable); dir == "" {
			return "", fmt.Errorf("fetching %s: no folder was given, and %s is not set", s.Name, DirVariable)
		}
	}
	path := filepath.Join(dir, filepath.Base(s.Address))
	if s.Checksum != "" && s.check(path) == nil {
		return path, nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	part, err := s.download(ctx, dir)
	if err != nil {
		return "", err
	}
	defer os.Remove(part) // gone already when all went well
	if err := s.check(part); err != nil {
		return "", err
	}
	return path, os.Rename(part, path)
}

// download writes what the address gives to a file with a temporary name.
func (s Source) download(ctx context.Context, dir string) (path string, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.Address, nil)
	if err != nil {
		return "", fmt.Errorf("fetching %s: %w", s.Name, err)
	}
	client := http.Client{Timeout: time.Hour}
	resp, err := client.Do(req)
	if err != nil {
		return "", fmt.Errorf("fetching %s from %s: %w; are you offline? The file can also be put into %s by hand", s.Name, s.Address, err, dir)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return "", fmt.Errorf("fetching %s from %s: the server answers %s; the address may have moved", s.Name, s.Address, resp.Status)
	}
	f, err := os.CreateTemp(dir, ".fetch-*")
	if err != nil {
		return "", err
	}
	defer func() {
		if err = errors.Join(err, f.Close()); err != nil {
			os.Remove(f.Name())
		}
	}()
	n, err := io.Copy(f, io.LimitReader(resp.Body, maxBytes))
	if err == nil && resp.ContentLength >= 0 && n != resp.ContentLength {
		err = fmt.Errorf("fetching %s: %d of %d bytes came", s.Name, n, resp.ContentLength)
	}
	return f.Name(), err
}

// check compares a file with the checksum.
func (s Source) check(path string) error {
	kind, want, _ := strings.Cut(s.Checksum, ":")
	var h hash.Hash
	switch kind {
	case "":
		return nil
	case "sha256":
		h = sha256.New()
	case "md5": // the publishers give no other; it guards against accidents only
		h = md5.New()
	default:
		return fmt.Errorf("%s: checksum %q; write sha256:... or md5:...", s.Name, s.Checksum)
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := io.Copy(h, f); err != nil {
		return err
	}
	if got := hex.EncodeToString(h.Sum(nil)); got != want {
		return fmt.Errorf("%s from %s has %s %s, but %s was published; the file was damaged on the way or has been replaced", s.Name, s.Address, kind, got, want)
	}
	return nil
}
