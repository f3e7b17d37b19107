package main

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/priorlab/priorlab/kernel/serve"
)

func kernelCommand(args []string) error {
	var file string
	f := newFlags("kernel", "", "Serve a Jupyter client. Jupyter starts this; arguments it adds are ignored.")
	f.StringVar(&file, "connection-file", "", "the `FILE` that names the sockets and the key")
	f.StringVar(&file, "f", "", "the same")
	if _, err := parse(f, args); err != nil {
		return err
	}
	if file == "" {
		return usagef("needs --connection-file FILE, which Jupyter supplies; to run a notebook by hand use \"priorlab run\"")
	}
	conn, err := serve.ReadConnectionFile(file)
	if err != nil {
		return err
	}
	b, err := newBackend()
	if err != nil {
		return err
	}
	return serve.Run(context.Background(), conn, b, serve.Options{
		Version:         fullVersion(),
		LanguageVersion: strings.TrimPrefix(runtime.Version(), "go"),
		HistoryPath:     dataFile("history.sqlite"),
		Log:             os.Stderr,
		WatchParent:     true,
	})
}

// dataFile is a private file of the user's that outlives a session, or ""
// where there is no home to keep it in.
func dataFile(name string) string {
	dir := os.Getenv("XDG_DATA_HOME")
	if dir == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return ""
		}
		dir = filepath.Join(home, ".local", "share")
	}
	return filepath.Join(dir, "priorlab", name)
}
