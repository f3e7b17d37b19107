package asm

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"testing"
)

// The generated files must come from the generator as it stands.
func TestGeneratedIsFresh(t *testing.T) {
	names, err := filepath.Glob("gen/*.go")
	if err != nil || len(names) == 0 {
		t.Fatalf("no generator sources: %v", err)
	}
	sort.Strings(names)
	h := sha256.New()
	for _, n := range names {
		b, err := os.ReadFile(n)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(h, "%s %d\n", filepath.Base(n), len(b))
		h.Write(b)
	}
	if got := fmt.Sprintf("%x", h.Sum(nil)); got != sourceHash {
		t.Error("the generator changed after the assembly was written: run `go run .` in internal/asm/gen")
	}
}

// With PRIORLAB_GENERATE=1 the generator runs, and its output must be what is checked in.
func TestGenerateAgain(t *testing.T) {
	if os.Getenv("PRIORLAB_GENERATE") == "" {
		t.Skip("set PRIORLAB_GENERATE=1 to run the generator")
	}
	dir := t.TempDir()
	cmd := exec.Command("go", "run", ".", "-dir", dir)
	cmd.Dir = "gen"
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	made, err := os.ReadDir(dir)
	if err != nil || len(made) < 10 {
		t.Fatalf("%d files: %v", len(made), err)
	}
	for _, f := range made {
		a, _ := os.ReadFile(filepath.Join(dir, f.Name()))
		b, err := os.ReadFile(f.Name())
		if err != nil || string(a) != string(b) {
			t.Errorf("%s is not what the generator writes", f.Name())
		}
	}
}

// The AVX2 functions must not touch what only AVX-512 has: registers 16 and up, 512-bit registers, masks.
func TestAVX2StaysAVX2(t *testing.T) {
	files, err := filepath.Glob("*_amd64.s")
	if err != nil || len(files) == 0 {
		t.Fatalf("no assembly: %v", err)
	}
	name := regexp.MustCompile(`^TEXT ·(\w+)`)
	narrow := regexp.MustCompile(`256|^Transpose8F32$|^Transpose4F64$|^Copy`)
	wide := regexp.MustCompile(`\b([XY](1[6-9]|[23]\d)|Z\d+|K[0-7])\b`)
	functions := 0
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		in := false
		for i, l := range strings.Split(string(b), "\n") {
			if m := name.FindStringSubmatch(l); m != nil {
				if in = narrow.MatchString(m[1]); in {
					functions++
				}
			}
			if in && wide.MatchString(l) {
				t.Errorf("%s:%d: %s", f, i+1, strings.TrimSpace(l))
			}
		}
	}
	if functions < 100 {
		t.Errorf("only %d AVX2 functions were looked at", functions)
	}
}

// The words in the assembly of arm64 are the instructions that the remarks beside them name, if binutils may judge.
func TestWordsAreWhatTheySay(t *testing.T) {
	objdump, err := exec.LookPath("aarch64-linux-gnu-objdump")
	if err != nil {
		t.Skip("no aarch64-linux-gnu-objdump: install binutils-aarch64-linux-gnu")
	}
	said := map[uint32]string{}
	for _, f := range []string{"chol_arm64.s", "tile_arm64.s", "vec_arm64.s"} {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`WORD \$(0x[0-9a-f]{8}) // (.*)`).FindAllStringSubmatch(string(b), -1) {
			w, _ := strconv.ParseUint(m[1], 0, 32)
			if old, ok := said[uint32(w)]; ok && old != m[2] {
				t.Fatalf("%s: %#x is both %q and %q", f, w, old, m[2])
			}
			said[uint32(w)] = m[2]
		}
	}
	if len(said) < 1000 {
		t.Fatalf("only %d words", len(said))
	}
	var words []uint32
	var code []byte
	for w := range said {
		words, code = append(words, w), binary.LittleEndian.AppendUint32(code, w)
	}
	file := filepath.Join(t.TempDir(), "words")
	if err := os.WriteFile(file, code, 0o644); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(objdump, "-D", "-b", "binary", "-m", "aarch64", file).Output()
	if err != nil {
		t.Fatal(err)
	}
	lines := regexp.MustCompile(`(?m)^ *[0-9a-f]+:\t[0-9a-f]{8} \t([^/\n]*)`).FindAllStringSubmatch(string(out), -1)
	if len(lines) != len(words) {
		t.Fatalf("%d instructions of %d words", len(lines), len(words))
	}
	for i, w := range words {
		if is := strings.TrimSpace(strings.ReplaceAll(lines[i][1], "\t", " ")); is != said[w] {
			t.Errorf("%#x is %q, not %q", w, is, said[w])
		}
	}
}
