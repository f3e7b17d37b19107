package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// version is the release; the build's revision is added when it is known.
const version = "0.1.0"

func versionCommand(args []string) error {
	if len(args) > 0 {
		return usagef("takes no arguments, found %q", args)
	}
	fmt.Println("priorlab", fullVersion(), runtime.Version(), runtime.GOOS+"/"+runtime.GOARCH)
	return nil
}

func fullVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return version
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 12 {
			return version + "+" + s.Value[:12]
		}
	}
	return version
}
