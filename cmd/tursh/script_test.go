package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Scripts in testdata/scripts test the shell with its own .testcase and .check.
func TestScripts(t *testing.T) {
	scripts, err := filepath.Glob("testdata/scripts/*.sql")
	if err != nil || len(scripts) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	t.Setenv("VISUAL", "")
	t.Setenv("EDITOR", "true")
	for _, name := range scripts {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(filepath.Base(name), func(t *testing.T) {
			t.Chdir(t.TempDir())
			r := tursh(t, string(text))
			checks := strings.Count(string(text), "\n.check")
			if r.code != 0 || !strings.Contains(r.out, " with 0 errors\n") || checks == 0 {
				t.Errorf("exit code %d, %d checks, output:\n%s\nerrors:\n%s", r.code, checks, r.out, r.err)
			}
		})
	}
}

// A command that no script runs is one that nobody knows to work.
func TestScriptsCoverCommands(t *testing.T) {
	used := map[string]bool{"exit": true} // would end the script, see TestArguments
	scripts, _ := filepath.Glob("testdata/scripts/*.sql")
	for _, name := range scripts {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			if strings.HasPrefix(line, ".") {
				if c := findCommand(parseDot(line).arg(0)); c != nil {
					used[c.name] = true
				}
			}
		}
	}
	for _, name := range commandNames() {
		if !used[name] {
			t.Errorf("no script runs .%s", name)
		}
	}
}

// A script whose checks fail says which, and ends with 1.
func TestFailingChecks(t *testing.T) {
	r := tursh(t, ".testcase first\nselect 1;\n.check 2\n.testcase second\nselect 'abc';\n.check --glob a*c\n.check x\n.testcase third\n.check --zork\n.check <<END\n")
	check(t, "output", r.out, "2 tests run with 1 error\n")
	const want = "<stdin>:3: .check failed for testcase first\nExpected: [2]\nGot:      [1\n]\nline 7: .check x\n"
	if !strings.HasPrefix(r.err, want) || r.code != 1 {
		t.Errorf("exit code %d, errors %q", r.code, r.err)
	}
	for pattern, texts := range map[string][2][]string{
		"*a#b*":  {{"a12b", "xa-3b", "a+0bz"}, {"ab", "a1c"}},
		"*[^x]*": {{"y", "xy"}, {"", "xx"}},
		"*[a-c]": {{"b"}, {"d", "bd"}},
		"* a ?*": {{"\ta\n1"}, {"a b"}},
		"*a*b*c": {{"aabbc", "abcc"}, {"acb"}},
	} {
		for i, list := range texts {
			for _, text := range list {
				if matchGlob(pattern, text) != (i == 0) {
					t.Errorf("matchGlob(%q, %q) = %v", pattern, text, i != 0)
				}
			}
		}
	}
}
