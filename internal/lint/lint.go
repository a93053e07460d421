// Package lint holds the rules of this module that the compiler does not know:
// which package may import which, that no unfinished operation is dropped, that
// code which is simulated reads no clock and no global randomness, and that
// files stay short and packages explain themselves.
//
// Its tests apply the rules to the whole module, so `go test ./...` is the
// linter. The rules themselves are functions over syntax ([Clocks]), types
// ([MustUse]) or the source tree ([Tree]), for a vet tool to call as well.
//
// Every [Finding] names a place, what is wrong there and what to do about it.
package lint

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"strings"
)

// A Finding is a place where a rule is broken.
type Finding struct {
	File    string
	Line    int
	Message string // what is wrong, and what to do
}

func (f Finding) String() string { return fmt.Sprintf("%s:%d: %s", f.File, f.Line, f.Message) }

func findingAt(fset *token.FileSet, pos token.Pos, message string, args ...any) Finding {
	p := fset.Position(pos)
	return Finding{p.Filename, p.Line, fmt.Sprintf(message, args...)}
}

// A Tree is the source of a module and of the modules nested in it, for every
// platform at once.
type Tree struct {
	Fset   *token.FileSet
	Module string // the path of the module
	GoMod  []byte
	Files  []File
}

// A File is a Go file of a tree.
type File struct {
	Name   string // from the root of the tree, with slashes
	Nested string // the folder of the nested module that it belongs to, or ""
	Lines  int
	Syntax *ast.File
}

// Dir is the folder of the file, "." for the root.
func (f File) Dir() string { return path.Dir(f.Name) }

// Test reports whether only tests use the file.
func (f File) Test() bool { return strings.HasSuffix(f.Name, "_test.go") }

// ReadTree reads all Go files, without those that the go command ignores:
// testdata, and names that start with a dot or an underscore.
func ReadTree(root fs.FS) (*Tree, error) {
	t := &Tree{Fset: token.NewFileSet()}
	var err error
	if t.GoMod, err = fs.ReadFile(root, "go.mod"); err != nil {
		return nil, fmt.Errorf("lint: the root of a module is needed: %w", err)
	}
	t.Module = modulePath(t.GoMod)
	err = fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || name == "." {
			return err
		}
		if base := path.Base(name); base == "testdata" || strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_") {
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if d.IsDir() || path.Ext(name) != ".go" {
			return nil
		}
		return t.read(root, name)
	})
	if err != nil {
		return nil, fmt.Errorf("lint: %w", err)
	}
	return t, nil
}

func (t *Tree) read(root fs.FS, name string) error {
	source, err := fs.ReadFile(root, name)
	if err != nil {
		return err
	}
	syntax, err := parser.ParseFile(t.Fset, name, source, parser.ParseComments)
	if err != nil {
		return err
	}
	f := File{Name: name, Lines: bytes.Count(source, []byte("\n")), Syntax: syntax}
	for dir := f.Dir(); dir != "."; dir = path.Dir(dir) {
		if _, err := fs.Stat(root, path.Join(dir, "go.mod")); err == nil {
			f.Nested = dir
			break
		}
	}
	t.Files = append(t.Files, f)
	return nil
}

// modulePath is the path that a go.mod gives to its module.
func modulePath(goMod []byte) string {
	for line := range strings.Lines(string(goMod)) {
		if name, ok := strings.CutPrefix(line, "module "); ok {
			return strings.TrimSpace(name)
		}
	}
	return ""
}

// maxLines is what one file may hold: more is more than one subject.
const maxLines = 600

// Shape finds files that are too long and packages without a comment.
func (t *Tree) Shape() []Finding {
	var findings []Finding
	explained := map[string]bool{}
	first := map[string]File{}
	for _, f := range t.Files {
		if f.Lines > maxLines {
			findings = append(findings, Finding{f.Name, maxLines + 1,
				fmt.Sprintf("the file has %d lines, more than %d; split it by subject", f.Lines, maxLines)})
		}
		if f.Test() {
			continue
		}
		if _, seen := first[f.Dir()]; !seen {
			first[f.Dir()] = f
		}
		if f.Syntax.Doc != nil {
			explained[f.Dir()] = true
		}
	}
	for _, f := range t.Files {
		if first[f.Dir()].Name == f.Name && !explained[f.Dir()] {
			findings = append(findings, findingAt(t.Fset, f.Syntax.Package,
				"package %s has no comment; say above the package clause what it is and how to think of it", f.Syntax.Name.Name))
		}
	}
	return findings
}
