// Package spec installs, removes and finds the kernelspec: the folder that
// tells Jupyter how to start this kernel. It needs no Python.
//
// Start reading at Install.
package spec

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

const (
	// Name is the kernelspec's folder and the kernel's name in notebooks.
	Name = "priorlab"
	// DisplayName is what a launcher shows.
	DisplayName = "Go (PriorLab)"
	// Language is the language of the cells.
	Language = "go"
)

//go:embed logo
var logos embed.FS

// File is kernel.json.
type File struct {
	Argv          []string          `json:"argv"`
	DisplayName   string            `json:"display_name"`
	Language      string            `json:"language"`
	InterruptMode string            `json:"interrupt_mode"`
	Env           map[string]string `json:"env"`
	Metadata      map[string]any    `json:"metadata"`
}

// UserDir is the data folder that every Jupyter of this user reads:
// $JUPYTER_DATA_DIR, or the platform's place for it.
func UserDir() (string, error) {
	if dir := os.Getenv("JUPYTER_DATA_DIR"); dir != "" {
		return dir, nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("finding the Jupyter data folder: %w; set HOME or JUPYTER_DATA_DIR, or give --prefix", err)
	}
	switch runtime.GOOS {
	case "darwin":
		return filepath.Join(home, "Library", "Jupyter"), nil
	case "windows":
		if dir := os.Getenv("APPDATA"); dir != "" {
			return filepath.Join(dir, "jupyter"), nil
		}
		return filepath.Join(home, ".jupyter", "data"), nil
	}
	if dir := os.Getenv("XDG_DATA_HOME"); dir != "" {
		return filepath.Join(dir, "jupyter"), nil
	}
	return filepath.Join(home, ".local", "share", "jupyter"), nil
}

// PrefixDir is the data folder under an installation prefix.
func PrefixDir(prefix string) string { return filepath.Join(prefix, "share", "jupyter") }

// Dir is the kernelspec's folder within a data folder.
func Dir(data string) string { return filepath.Join(data, "kernels", Name) }

// Install writes the kernelspec for the given program into a data folder and
// returns the folder it wrote. What stands there from before is replaced.
func Install(data, program string) (string, error) {
	program, err := filepath.Abs(program)
	if err != nil {
		return "", err
	}
	dir := Dir(data)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("making the kernelspec folder: %w", err)
	}
	text, err := json.MarshalIndent(File{
		Argv:          []string{program, "kernel", "--connection-file", "{connection_file}"},
		DisplayName:   DisplayName,
		Language:      Language,
		InterruptMode: "message",
		Env:           map[string]string{},
		Metadata:      map[string]any{"debugger": true},
	}, "", " ")
	if err != nil {
		return "", err
	}
	if err := os.WriteFile(filepath.Join(dir, "kernel.json"), append(text, '\n'), 0o644); err != nil {
		return "", err
	}
	files, err := fs.ReadDir(logos, "logo")
	if err != nil {
		return "", err
	}
	for _, f := range files {
		b, err := logos.ReadFile("logo/" + f.Name())
		if err != nil {
			return "", err
		}
		if err := os.WriteFile(filepath.Join(dir, f.Name()), b, 0o644); err != nil {
			return "", err
		}
	}
	return dir, nil
}

// ErrNotInstalled says that a data folder holds no kernelspec of ours.
var ErrNotInstalled = errors.New("the kernel is not installed there")

// Uninstall removes the kernelspec from a data folder and returns the folder
// it removed.
func Uninstall(data string) (string, error) {
	dir := Dir(data)
	if _, err := os.Stat(filepath.Join(dir, "kernel.json")); errors.Is(err, fs.ErrNotExist) {
		return dir, fmt.Errorf("%s: %w", dir, ErrNotInstalled)
	}
	return dir, os.RemoveAll(dir)
}

// Read parses the kernelspec in a data folder.
func Read(data string) (File, error) {
	var f File
	path := filepath.Join(Dir(data), "kernel.json")
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return f, fmt.Errorf("%s: %w", Dir(data), ErrNotInstalled)
	}
	if err != nil {
		return f, err
	}
	if err := json.Unmarshal(b, &f); err != nil {
		return f, fmt.Errorf("%s is damaged: %w; run \"priorlab install\" again", path, err)
	}
	return f, nil
}
