// Package compat proves that programs written for other drivers run on turso-coop when nothing but their import paths
// changes: each is built twice, run twice, and prints the same.
package compat

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	// The programs are built from these, so that their tests run again when these change.
	_ "github.com/turso-coop/turso-coop/driver/compat/mattn"
	_ "github.com/turso-coop/turso-coop/driver/compat/modernc"
	_ "github.com/turso-coop/turso-coop/vfs/oracle"
)

const ours = "github.com/turso-coop/turso-coop/driver/compat/"

// A program and the imports that change.
type program struct {
	folder  string            // below testdata
	imports map[string]string // theirs to ours
	names   map[string]string // an import of theirs to the folder of ours whose exported names are compared
	except  []string          // exported names of ours that are not the same, or not of a kind that is printed
}

var mattn = program{
	folder:  "mattn",
	imports: map[string]string{"github.com/mattn/go-sqlite3": ours + "mattn"},
	names:   map[string]string{"github.com/mattn/go-sqlite3": "mattn"},
}

var modernc = program{
	folder:  "modernc",
	imports: map[string]string{"modernc.org/sqlite": ours + "modernc", "modernc.org/sqlite/lib": ours + "modernc/lib"},
	names:   map[string]string{"modernc.org/sqlite": "modernc", "modernc.org/sqlite/lib": "modernc/lib"},
	except:  []string{"ErrorCodeString"}, // the texts are SQLite's here
}

func TestMattn(t *testing.T) {
	got := mattn.run(t, true)
	if _, err := exec.LookPath("cc"); err != nil {
		t.Skip("no C compiler to build github.com/mattn/go-sqlite3 with")
	}
	compare(t, got, mattn.run(t, false))
}

func TestModernc(t *testing.T) { compare(t, modernc.run(t, true), modernc.run(t, false)) }

// compare compares what the program has printed.
func compare(t *testing.T, got, want string) {
	t.Helper()
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range max(len(g), len(w)) {
		var a, b string
		if i < len(g) {
			a = g[i]
		}
		if i < len(w) {
			b = w[i]
		}
		if a != b {
			t.Errorf("line %d:\nturso-coop: %s\noriginal:   %s", i+1, a, b)
		}
	}
}

// run builds the program, with our imports if swapped, and returns what it prints.
func (p program) run(t *testing.T, swapped bool) string {
	t.Helper()
	dir := t.TempDir()
	folder, err := filepath.Abs(filepath.Join("testdata", p.folder))
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile(filepath.Join(folder, "main.go"))
	if err != nil {
		t.Fatal(err)
	}
	// The compiler reads the changed source, and files more, as if they were in the folder.
	overlay := map[string]map[string]string{"Replace": {}}
	sources := map[string]string{"main.go": string(source), "names.go": p.printNames(t)}
	if swapped {
		sources["oracle.go"] = "package main\n\nimport _ \"github.com/turso-coop/turso-coop/vfs/oracle\"\n"
	}
	for name, text := range sources {
		if swapped {
			for _, theirs := range slices.Sorted(maps.Keys(p.imports)) {
				text = strings.ReplaceAll(text, fmt.Sprintf("%q", theirs), fmt.Sprintf("%q", p.imports[theirs]))
			}
		}
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		overlay["Replace"][filepath.Join(folder, name)] = file
	}
	list, err := json.Marshal(overlay)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "overlay.json"), list, 0o644); err != nil {
		t.Fatal(err)
	}
	binary := filepath.Join(dir, "program.exe")
	build := exec.Command("go", "build", "-overlay", filepath.Join(dir, "overlay.json"), "-o", binary, folder)
	build.Env = append(os.Environ(), "CGO_ENABLED=1")
	if swapped {
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
	}
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	var stderr strings.Builder
	cmd := exec.Command(binary)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("run (turso-coop: %v): %v\n%s%s", swapped, err, out, &stderr)
	}
	return string(out)
}

// printNames returns a file of the program that prints every exported constant and variable of our package.
func (p program) printNames(t *testing.T) string {
	t.Helper()
	imports := slices.Sorted(maps.Keys(p.names))
	var text strings.Builder
	text.WriteString("package main\n\nimport (\n\t\"fmt\"\n")
	for i, name := range imports {
		fmt.Fprintf(&text, "\tp%d %q\n", i, name)
	}
	text.WriteString(")\n\nfunc init() {\n")
	for i, name := range imports {
		for _, exported := range p.exportedNames(t, p.names[name]) {
			fmt.Fprintf(&text, "\tfmt.Printf(\"%s %%d\\n\", p%d.%s)\n", exported, i, exported)
		}
	}
	text.WriteString("}\n")
	return text.String()
}

// exportedNames returns the exported constants and variables of one of our packages.
func (p program) exportedNames(t *testing.T, folder string) (names []string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", "..", "driver", "compat", folder, "*.go"))
	if err != nil || len(files) == 0 {
		t.Fatal(folder, err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			decl, ok := d.(*ast.GenDecl)
			if !ok || decl.Tok != token.CONST && decl.Tok != token.VAR {
				continue
			}
			for _, spec := range decl.Specs {
				for _, name := range spec.(*ast.ValueSpec).Names {
					if name.IsExported() && !slices.Contains(p.except, name.Name) {
						names = append(names, name.Name)
					}
				}
			}
		}
	}
	slices.Sort(names)
	return names
}
