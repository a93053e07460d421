package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The go command drives the tool as a user would, over the samples and over a
// package that has nothing to find.
func TestAsVetTool(t *testing.T) {
	if testing.Short() {
		t.Skip("not with -short: the go command builds the tool and runs it")
	}
	tool := filepath.Join(t.TempDir(), "iovet")
	if out, err := exec.Command("go", "build", "-o", tool, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	vet := func(pkg string) string {
		out, _ := exec.Command("go", "vet", "-vettool="+tool, pkg).CombinedOutput()
		return string(out)
	}
	for sample, want := range map[string]string{
		"mustuse": "drops a *Completion",
		"reentry": "is written before a yield",
	} {
		out := vet("../../internal/lint/testdata/" + sample)
		if !strings.Contains(out, want) || !strings.Contains(out, "sample.go:") {
			t.Errorf("%s: %s", sample, out)
		}
	}
	if out := vet("../../vfs"); out != "" {
		t.Errorf("findings in vfs: %s", out)
	}
}

func TestWrongUse(t *testing.T) {
	broken := filepath.Join(t.TempDir(), "vet.cfg")
	if err := os.WriteFile(broken, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{nil, {"./..."}, {"-V=full", "x"}, {"missing.cfg"}, {broken}} {
		var out, errs bytes.Buffer
		if code := run(args, &out, &errs); code != 1 || !strings.HasPrefix(errs.String(), "iovet: ") {
			t.Errorf("%q: code %d, %q", args, code, errs.String())
		}
	}
}
