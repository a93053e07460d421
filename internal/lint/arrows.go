package lint

import (
	"fmt"
	"go/ast"
	"path"
	"strconv"
	"strings"
)

// Modules that a package may import besides the standard library.
const (
	ncruces = "github.com/ncruces/go-sqlite3"
	wazero  = "github.com/tetratelabs/wazero"
	xsys    = "golang.org/x/sys"
	xterm   = "golang.org/x/term"
)

// An arrow says what a package, and every package in folders below it, may
// import: packages of this module, with those below them, and other modules.
type arrow struct {
	from   string
	to     []string
	others []string
}

// arrows point one way: from the shell down to what an unfinished operation
// is. A package that is not here may import only the standard library.
var arrows = []arrow{
	{from: "completion"},
	{from: "ioengine", to: []string{"completion"}, others: []string{xsys}},
	{from: "vfs", to: []string{"ioengine", "completion"}, others: []string{ncruces, xsys}},
	{from: "internal/conn", to: []string{"vfs", "ioengine", "completion"}, others: []string{ncruces}},
	{from: "driver", to: []string{"internal/conn", "vfs"}, others: []string{ncruces}},
	{from: "coop", to: []string{"internal/conn", "vfs", "ioengine", "completion"}, others: []string{ncruces}},
	// What wasmext adds to connections it adds by the hook that driver offers;
	// driver does without it, and an application without wazero.
	{from: "wasmext", to: []string{"driver"}, others: []string{ncruces, wazero}},
	// The line editor talks to the terminal.
	{from: "cmd/tursh/internal/edit", to: []string{"cmd/tursh/internal"}, others: []string{xsys, xterm}},
	{from: "cmd/tursh", to: []string{"wasmext", "driver", "coop", "vfs", "ioengine"}, others: []string{ncruces, xterm}},
	{from: "cmd/iovet", to: []string{"internal/lint"}},
	{from: "examples", to: []string{"completion", "ioengine", "vfs", "driver", "coop", "wasmext"}},
}

// inTests is what tests may import in addition, to watch the lower layers and
// to make the machine misbehave.
var inTests = arrow{to: []string{"completion", "ioengine", "vfs"}, others: []string{xsys}}

// within reports whether a package is at a path or below it.
func within(name, dir string) bool {
	return name == dir || strings.HasPrefix(name, dir+"/")
}

func withinAny(name string, dirs []string) bool {
	for _, dir := range dirs {
		if within(name, dir) {
			return true
		}
	}
	return false
}

// arrowFrom is the rule for the packages of a folder.
func arrowFrom(dir string) arrow {
	for _, a := range arrows {
		if within(dir, a.from) {
			return a
		}
	}
	return arrow{from: dir}
}

// Arrows finds imports that point the wrong way, or at something that no
// package may import. Nested modules see everything and nothing sees them.
func (t *Tree) Arrows() []Finding {
	nested := map[string]bool{}
	for _, f := range t.Files {
		nested[f.Nested] = true
	}
	var findings []Finding
	for _, f := range t.Files {
		if f.Nested != "" {
			continue
		}
		for _, spec := range f.Syntax.Imports {
			name, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				continue // the compiler says so
			}
			for dir := range nested {
				if dir != "" && within(name, path.Join(t.Module, dir)) {
					findings = append(findings, t.wrongImport(f, spec, name, "that is a nested module, and applications must not get what it requires; nothing outside imports it"))
				}
			}
			if reason := t.refuses(f, name); reason != "" {
				findings = append(findings, t.wrongImport(f, spec, name, reason))
			}
		}
	}
	return findings
}

func (t *Tree) wrongImport(f File, spec *ast.ImportSpec, name, reason string) Finding {
	return findingAt(t.Fset, spec.Pos(), "%s imports %s: %s", f.Dir(), name, reason)
}

// refuses says why a file may not import something, "" if it may.
func (t *Tree) refuses(f File, name string) string {
	allowed := arrowFrom(f.Dir())
	to, others := append([]string{allowed.from}, allowed.to...), allowed.others
	if f.Test() {
		to, others = append(to, inTests.to...), append(others[:len(others):len(others)], inTests.others...)
	}
	first, _, _ := strings.Cut(name, "/")
	switch {
	case name == "C":
		return "the module does without cgo; use golang.org/x/sys, or the nested module"
	case within(name, ncruces+"/driver"):
		return `that package registers the name "sqlite3", as others do that an application may have; use our own driver`
	case name == t.Module || strings.HasPrefix(name, t.Module+"/"):
		if below := strings.TrimPrefix(strings.TrimPrefix(name, t.Module), "/"); !withinAny(below, to) {
			return fmt.Sprintf("of this module it may import only %s; move the code, or have the upper package register itself with the lower one", strings.Join(to, ", "))
		}
	case strings.Contains(first, ".") && !withinAny(name, others):
		if len(others) == 0 {
			return "it may import only the standard library; move the code to the package that may, or add the arrow to internal/lint with a reason"
		}
		return fmt.Sprintf("of other modules it may import only %s; move the code to the package that may, or add the arrow to internal/lint with a reason", strings.Join(others, ", "))
	}
	return ""
}

// Requirements finds modules in go.mod that an importing application must not
// get with this one: another SQLite.
func (t *Tree) Requirements() []Finding {
	var findings []Finding
	line := 0
	for text := range strings.Lines(string(t.GoMod)) {
		line++
		for _, word := range strings.Fields(text) {
			another := strings.Contains(word, "sqlite") && !strings.HasPrefix(word, "github.com/ncruces/")
			if another || strings.HasPrefix(word, "modernc.org/") {
				findings = append(findings, Finding{"go.mod", line,
					fmt.Sprintf("%s is another SQLite; require it in the nested module conformance", word)})
			}
		}
	}
	return findings
}
