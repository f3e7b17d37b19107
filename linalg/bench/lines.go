package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// printLines prints how many lines package linalg has, below dir: written by hand, of tests, and generated.
func printLines(dir string) error {
	var byHand, tests, generated int
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		ext := filepath.Ext(path)
		if err != nil || d.IsDir() || ext != ".go" && ext != ".s" && ext != ".py" {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		head := b[:min(len(b), 200)]
		switch n := bytes.Count(b, []byte("\n")); {
		case bytes.Contains(head, []byte("Code generated")) && bytes.Contains(head, []byte("DO NOT EDIT")):
			generated += n
		case strings.HasSuffix(path, "_test.go"):
			tests += n
		default:
			byHand += n
		}
		return nil
	})
	fmt.Printf("lines written by hand %d, of tests %d, generated %d\n", byHand, tests, generated)
	return err
}
