package lint

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// A Unit is a package to be type-checked, as the go command describes it: to
// whoever calls go list -export, and to a vet tool.
type Unit struct {
	ImportPath string
	GoFiles    []string          // paths of the files
	ImportMap  map[string]string // from import path to package, where they differ
	Exports    map[string]string // from package to the file with its export data
}

// A Package is a unit with its types.
type Package struct {
	Path  string
	Fset  *token.FileSet
	Files []*ast.File
	Info  *types.Info
}

// Check parses and type-checks a unit. The export data of what it imports
// stands for the source, so it takes milliseconds.
func (u Unit) Check() (*Package, error) {
	// A package that is compiled with its tests is listed as "path [path.test]".
	name, _, _ := strings.Cut(u.ImportPath, " ")
	p := &Package{Path: name, Fset: token.NewFileSet(), Info: &types.Info{
		Types: map[ast.Expr]types.TypeAndValue{},
		Defs:  map[*ast.Ident]types.Object{},
		Uses:  map[*ast.Ident]types.Object{},
	}}
	for _, name := range u.GoFiles {
		f, err := parser.ParseFile(p.Fset, name, nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, fmt.Errorf("lint: %w", err)
		}
		p.Files = append(p.Files, f)
	}
	exports := importer.ForCompiler(p.Fset, "gc", func(name string) (io.ReadCloser, error) {
		if mapped := u.ImportMap[name]; mapped != "" {
			name = mapped
		}
		if u.Exports[name] == "" {
			return nil, fmt.Errorf("no export data of %s", name)
		}
		return os.Open(u.Exports[name])
	})
	config := types.Config{Importer: exports, Sizes: types.SizesFor("gc", runtime.GOARCH)}
	if _, err := config.Check(name, p.Fset, p.Files, p.Info); err != nil {
		return nil, fmt.Errorf("lint: type-check %s: %w", u.ImportPath, err)
	}
	return p, nil
}

// listed is what go list says of a package.
type listed struct {
	Dir, ImportPath, Export, ForTest string
	GoFiles                          []string
	ImportMap                        map[string]string
	DepOnly                          bool
}

// Units lists the packages of a module for this platform, tests included, and
// by import path everything that they depend on. Check says what is wrong with
// a package that does not compile.
func Units(root string) (units []Unit, dependencies []string, err error) {
	list := exec.Command("go", "list", "-e", "-deps", "-test", "-export",
		"-json=Dir,ImportPath,Export,ForTest,GoFiles,ImportMap,DepOnly", "./...")
	list.Dir = root
	var problems bytes.Buffer
	list.Stderr = &problems
	dir, err := filepath.Abs(root)
	if err != nil {
		return nil, nil, fmt.Errorf("lint: %w", err)
	}
	out, err := list.Output()
	if err != nil {
		return nil, nil, fmt.Errorf("lint: go list: %w\n%s", err, &problems)
	}
	exports := map[string]string{}
	tested := map[string]bool{} // packages that are listed again together with their tests
	var own []listed
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, nil, fmt.Errorf("lint: what go list says: %w", err)
		}
		dependencies = append(dependencies, p.ImportPath)
		exports[p.ImportPath] = p.Export
		if p.DepOnly || strings.HasSuffix(p.ImportPath, ".test") {
			continue // somebody else's, or the main package of a test
		}
		own = append(own, p)
		if name, _, ok := strings.Cut(p.ImportPath, " "); ok {
			tested[name] = true
		}
	}
	for _, p := range own {
		if tested[p.ImportPath] {
			continue
		}
		u := Unit{ImportPath: p.ImportPath, ImportMap: p.ImportMap, Exports: exports}
		for _, name := range p.GoFiles {
			below := strings.TrimPrefix(p.Dir, dir)
			u.GoFiles = append(u.GoFiles, filepath.Join(root, below, name))
		}
		units = append(units, u)
	}
	return units, dependencies, nil
}
