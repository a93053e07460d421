package lint

import (
	"path"
	"slices"
	"strconv"
	"strings"
)

const (
	filesDir  = "vfs"        // whoever opens files goes through it
	oracleDir = "vfs/oracle" // compares them with what SQLite asked for
)

// Watched finds packages whose tests open files that the oracle does not watch,
// and code that watches them outside of tests.
func (t *Tree) Watched() []Finding {
	imports, testImports := map[string][]string{}, map[string][]string{}
	tests := map[string]File{} // the first of each folder
	var findings []Finding
	for _, f := range t.Files {
		into := imports
		if f.Test() {
			into = testImports
			if _, seen := tests[f.Dir()]; !seen {
				tests[f.Dir()] = f
			}
		}
		for _, spec := range f.Syntax.Imports {
			name, err := strconv.Unquote(spec.Path.Value)
			dir, ours := strings.CutPrefix(name, t.Module+"/")
			if err != nil || !ours {
				continue
			}
			into[f.Dir()] = append(into[f.Dir()], dir)
			if dir == oracleDir && !f.Test() && f.Nested == "" {
				findings = append(findings, findingAt(t.Fset, spec.Pos(), "%s imports the oracle, which ends the process when a file is wrong; import it in tests only", f.Dir()))
			}
		}
	}
	for dir, f := range tests {
		reached := map[string]bool{}
		reach(imports, reached, append(slices.Clone(testImports[dir]), dir))
		if reached[filesDir] && !reached[oracleDir] {
			findings = append(findings, findingAt(t.Fset, f.Syntax.Package,
				"the tests of %s open files that nobody watches; import _ %q in one of them", dir, path.Join(t.Module, oracleDir)))
		}
	}
	return findings
}

// reach adds to reached the folders and what they import, directly or not.
func reach(imports map[string][]string, reached map[string]bool, dirs []string) {
	for _, dir := range dirs {
		if !reached[dir] {
			reached[dir] = true
			reach(imports, reached, imports[dir])
		}
	}
}
