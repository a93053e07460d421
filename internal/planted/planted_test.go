// Package planted puts the bugs into the source that writing is most likely to
// have, one at a time, and shows that a test finds each. Production code has no
// switches for that: the compiler reads the changed files from an overlay.
package planted

import (
	"encoding/json"
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var bugFlag = flag.String("bug", "", "a regular expression: plant only the bugs that it matches")

const root = "../.."

// A bug is a change of the source, and the test that finds it.
type bug struct {
	name  string
	edits []edit // several where one mistake alone is caught by a second guard
	pkg   string // of the test
	test  string // what go test -run is given
}

// An edit replaces a text that is in a file exactly once.
type edit struct{ file, old, new string }

func TestPlanted(t *testing.T) {
	if testing.Short() {
		t.Skip("each bug is compiled")
	}
	only, err := regexp.Compile(*bugFlag)
	if err != nil {
		t.Fatal(err)
	}
	planted := slices.DeleteFunc(slices.Concat(bugs, gathering, reading, checkpointing), func(b bug) bool { return !only.MatchString(b.name) })
	if len(planted) == 0 {
		t.Fatalf("-bug=%s matches none", *bugFlag)
	}
	t.Run("none", func(t *testing.T) {
		tests := map[string][]string{}
		for _, b := range planted {
			if whole, _, _ := strings.Cut(b.test, "/"); !slices.Contains(tests[b.pkg], whole) {
				tests[b.pkg] = append(tests[b.pkg], whole)
			}
		}
		for pkg, names := range tests {
			out, err := run(pkg, "("+strings.Join(names, "|")+")", "-v")
			if err != nil {
				t.Errorf("without a bug: %v\n%s", err, out)
			}
			for _, name := range names {
				if !strings.Contains(out, "--- PASS: "+name+" ") {
					t.Errorf("without a bug %s is not run in %s:\n%s", name, pkg, out)
				}
			}
		}
	})
	for _, b := range planted {
		t.Run(strings.ReplaceAll(b.name, " ", "-"), func(t *testing.T) {
			overlay, err := b.plant(t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			t.Setenv("TMPDIR", t.TempDir()) // who is ended by the oracle leaves its files behind
			out, err := run(b.pkg, b.test, "-overlay", overlay)
			var exit *exec.ExitError
			switch {
			case err == nil:
				t.Errorf("%s passes with the bug in the source:\n%s", b.test, out)
			case !errors.As(err, &exit) || strings.Contains(out, "[build failed]") || strings.Contains(out, "[setup failed]"):
				t.Errorf("the bug cannot be compiled: %v\n%s", err, out)
			default:
				t.Log(symptom.FindString(out))
			}
		})
	}
}

// symptom is the line that says how a bug was found.
var symptom = regexp.MustCompile(`oracle: .*|panic: .*|\w+_test\.go:\d+: .*`)

// run runs a test of a package in a process of its own.
func run(pkg, test string, flags ...string) (output string, err error) {
	parts := strings.Split(test, "/") // of a subtest
	for i := range parts {
		parts[i] = "^" + parts[i] + "$"
	}
	args := append([]string{"test", "-count=1", "-vet=off", "-timeout=60s", "-run", strings.Join(parts, "/")}, flags...)
	cmd := exec.Command("go", append(args, "./"+pkg)...)
	cmd.Dir = root
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// plant writes the changed files to dir, and returns a list of them that the
// go command takes.
func (b bug) plant(dir string) (overlay string, err error) {
	changed := map[string]string{}
	for _, e := range b.edits {
		name, err := filepath.Abs(filepath.Join(root, e.file))
		if err != nil {
			return "", err
		}
		source, again := changed[name]
		if !again {
			content, err := os.ReadFile(name)
			if err != nil {
				return "", err
			}
			source = string(content)
		}
		if n := strings.Count(source, e.old); n != 1 {
			return "", errors.New(e.file + " has the text to be replaced not once: " + e.old)
		}
		changed[name] = strings.Replace(source, e.old, e.new, 1)
	}
	replace := map[string]string{}
	for name, source := range changed {
		file, err := os.CreateTemp(dir, "*.go")
		if err != nil {
			return "", err
		}
		if _, err := file.WriteString(source); err != nil {
			return "", err
		}
		if err := file.Close(); err != nil {
			return "", err
		}
		replace[name] = file.Name()
	}
	list, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	overlay = filepath.Join(dir, "overlay.json")
	return overlay, os.WriteFile(overlay, list, 0o600)
}
