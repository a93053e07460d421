package lint

import (
	"bufio"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
)

const root = "../.."

// module is the tree of this module, read once.
var module = sync.OnceValues(func() (*Tree, error) { return ReadTree(os.DirFS(root)) })

func report(t *testing.T, findings []Finding) {
	t.Helper()
	for _, f := range findings {
		t.Error(f)
	}
}

func TestModule(t *testing.T) {
	tree, err := module()
	if err != nil {
		t.Fatal(err)
	}
	if len(tree.Files) < 100 {
		t.Fatalf("only %d files in %s", len(tree.Files), tree.Module)
	}
	for name, rule := range map[string]func() []Finding{
		"arrows": tree.Arrows, "requirements": tree.Requirements, "clocks": tree.Clocks, "shape": tree.Shape, "watched": tree.Watched,
	} {
		t.Run(name, func(t *testing.T) { report(t, rule()) })
	}
}

// units are the packages of this module with their tests, listed once.
var units = sync.OnceValues(func() (listing, error) {
	u, deps, err := Units(root)
	return listing{u, deps}, err
})

type listing struct {
	units        []Unit
	dependencies []string
}

func TestModuleObeysTheModel(t *testing.T) {
	all, err := units()
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range all.units {
		p, err := u.Check()
		if err != nil {
			t.Error(err)
			continue
		}
		report(t, MustUse(p))
		report(t, Reentry(p))
	}
}

// What a dependency imports counts as well: the name would be taken.
func TestModuleDoesNotDependOnAnotherDriver(t *testing.T) {
	all, err := units()
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(all.dependencies, ncruces) {
		t.Fatalf("%s is not among %d dependencies", ncruces, len(all.dependencies))
	}
	for _, name := range all.dependencies {
		if within(name, ncruces+"/driver") || strings.Contains(name, "mattn/go-sqlite3") || within(name, "modernc.org/sqlite") {
			t.Errorf("%s is linked in; find who imports it with go mod why, and do without", name)
		}
	}
}

func TestMustUseFindsEveryDrop(t *testing.T) { checkSample(t, "mustuse", MustUse) }

func TestReentryFindsEveryRepeatedWrite(t *testing.T) { checkSample(t, "reentry", Reentry) }

// checkSample checks a sample line by line: a line with "want" has one finding.
func checkSample(t *testing.T, sample string, rule func(*Package) []Finding) {
	t.Helper()
	all, err := units()
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join("testdata", sample, "sample.go")
	p, err := Unit{ImportPath: sample, GoFiles: []string{name}, Exports: all.units[0].Exports}.Check()
	if err != nil {
		t.Fatal(err)
	}
	found := map[int]int{}
	for _, f := range rule(p) {
		found[f.Line]++
	}
	source, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer source.Close()
	lines := bufio.NewScanner(source)
	for n := 1; lines.Scan(); n++ {
		want := 0
		if strings.HasSuffix(lines.Text(), "// want") {
			want = 1
		}
		if found[n] != want {
			t.Errorf("%s:%d: %d findings, want %d", name, n, found[n], want)
		}
	}
}

// tree makes a small module of files: their names and what is in them.
func tree(t *testing.T, files map[string]string) *Tree {
	t.Helper()
	sources := fstest.MapFS{"go.mod": {Data: []byte("module example.org/m\n")}}
	for name, source := range files {
		sources[name] = &fstest.MapFile{Data: []byte(source)}
	}
	read, err := ReadTree(sources)
	if err != nil {
		t.Fatal(err)
	}
	return read
}

func TestArrows(t *testing.T) {
	for _, test := range []struct {
		file, imports string
		want          string // a part of the finding, "" if there is none
	}{
		{"completion/a.go", "context", ""},
		{"completion/a.go", "golang.org/x/sys/unix", "only the standard library"},
		{"completion/a.go", "example.org/m/ioengine", "only completion;"},
		{"completion/a_test.go", "example.org/m/ioengine", ""},
		{"ioengine/simdisk/a.go", "example.org/m/completion", ""},
		{"ioengine/simdisk/a.go", "example.org/m/ioengine", ""},
		{"ioengine/a.go", "golang.org/x/sys/unix", ""},
		{"ioengine/a.go", "golang.org/x/system", "only golang.org/x/sys;"},
		{"ioengine/a.go", "example.org/m/vfs", "only ioengine, completion;"},
		{"vfs/a.go", ncruces + "/vfs", ""},
		{"vfs/a.go", wazero, "only " + ncruces},
		{"internal/conn/a.go", "example.org/m/driver", "register itself"},
		{"driver/a.go", "example.org/m/internal/conn", ""},
		{"driver/a.go", "example.org/m/wasmext", "register itself"},
		{"driver/a_test.go", "example.org/m/wasmext", "register itself"},
		{"driver/a.go", "example.org/m/completion", "register itself"},
		{"driver/compat/a.go", "example.org/m/driver", ""},
		{"driver/a.go", ncruces + "/ext/fts5", ""},
		{"driver/a.go", ncruces + "/driver", `registers the name "sqlite3"`},
		{"driver/a_test.go", ncruces + "/driver", `registers the name "sqlite3"`},
		{"wasmext/a.go", wazero + "/api", ""},
		{"wasmext/a.go", "golang.org/x/sys/unix", "only " + ncruces + ", " + wazero},
		{"cmd/tursh/a.go", "example.org/m/wasmext", ""},
		{"cmd/tursh/a.go", wazero, "only " + ncruces},
		{"cmd/tursh/a.go", "C", "without cgo"},
		{"newcomer/a.go", "example.org/m/driver", "only newcomer;"},
		{"driver/a.go", "example.org/m/proof/diff", "nested module"},
		{"proof/a.go", "github.com/mattn/go-sqlite3", ""},
		{"proof/a.go", "example.org/m/internal/conn", ""},
	} {
		findings := tree(t, map[string]string{
			"proof/go.mod":   "module example.org/m/proof\n",
			"proof/proof.go": "package proof\n",
			test.file:        "package p\n\nimport _ \"" + test.imports + "\"\n",
		}).Arrows()
		switch {
		case test.want == "" && len(findings) == 0:
		case test.want != "" && len(findings) > 0 && strings.HasPrefix(findings[0].String(), test.file+":3: ") && strings.Contains(findings[0].Message, test.want):
		default:
			t.Errorf("%s imports %s: %v, want %q", test.file, test.imports, findings, test.want)
		}
	}
}

func TestWatched(t *testing.T) {
	const importOracle = "import _ \"example.org/m/vfs/oracle\"\n"
	findings := tree(t, map[string]string{
		"vfs/a.go":              "package vfs\n",
		"driver/a.go":           "package driver\n\nimport _ \"example.org/m/vfs\"\n",
		"driver/a_test.go":      "package driver\n" + importOracle,
		"cmd/a.go":              "package main\n\nimport _ \"example.org/m/driver\"\n",
		"cmd/a_test.go":         "package main\n",
		"pure/a_test.go":        "package pure\n",
		"sure/a.go":             "package sure\n" + importOracle,
		"proof/go.mod":          "module example.org/m/proof\n",
		"proof/peer/a.go":       "package peer\n\nimport _ \"example.org/m/driver\"\n" + importOracle,
		"proof/kill/a_test.go":  "package kill\n\nimport _ \"example.org/m/proof/peer\"\n",
		"proof/other/a_test.go": "package other\n\nimport _ \"example.org/m/driver\"\n",
	}).Watched()
	var got []string
	for _, f := range findings {
		place, _, _ := strings.Cut(f.String(), ": ")
		got = append(got, place)
	}
	slices.Sort(got)
	if !slices.Equal(got, []string{"cmd/a_test.go:1", "proof/other/a_test.go:1", "sure/a.go:2"}) {
		t.Errorf("%v", findings)
	}
}

func TestRequirements(t *testing.T) {
	m := tree(t, nil)
	m.GoMod = []byte("module m\nrequire " + ncruces + " v0.37.0\nrequire (\n\tgithub.com/ncruces/go-sqlite3-wasm/v6 v6.5.0 // indirect\n\tgithub.com/mattn/go-sqlite3 v1.14.53\n\tmodernc.org/libc v1.80.1\n)\n")
	var lines []int
	for _, f := range m.Requirements() {
		lines = append(lines, f.Line)
	}
	if !slices.Equal(lines, []int{5, 6}) {
		t.Errorf("findings in lines %v", lines)
	}
}

func TestClocks(t *testing.T) {
	const source = `package p

import (
	wall "time"
	"math/rand/v2"
	old "math/rand"
	crypto "crypto/rand"
)

func f(time struct{ Now func() int }, r *rand.Rand, d wall.Duration) {
	time.Now()
	wall.Now() // want
	_ = wall.Since // want
	<-wall.After(d) // want
	r.IntN(1)
	rand.IntN(1) // want
	rand.New(rand.NewPCG(1, 2)).IntN(1)
	old.Shuffle(1, nil) // want
	old.New(old.NewSource(1)).Int()
	crypto.Read(nil) // want
	{
		var rand *old.Rand
		rand.Int()
	}
	_ = wall.Second
}
`
	for _, test := range []struct {
		file string
		want bool
	}{
		{"vfs/a.go", true}, {"ioengine/simdisk/a.go", true}, {"completion/a.go", true},
		{"vfs/a_test.go", false}, {"ioengine/enginetest/a.go", false}, {"driver/a.go", false},
	} {
		found := map[int]bool{}
		for _, f := range tree(t, map[string]string{test.file: source}).Clocks() {
			found[f.Line] = true
		}
		for i, line := range strings.Split(source, "\n") {
			if want := test.want && strings.HasSuffix(line, "// want"); found[i+1] != want {
				t.Errorf("%s:%d: found is %v, want %v: %s", test.file, i+1, found[i+1], want, line)
			}
		}
	}
}

func TestShape(t *testing.T) {
	findings := tree(t, map[string]string{
		"short/a.go":         "// Package short is.\npackage short\n" + strings.Repeat("\n", 598),
		"short/b.go":         "package short\n",
		"long/a_test.go":     "// A comment.\npackage long\n" + strings.Repeat("\n", 599),
		"long/a.go":          "// Copyright.\n\npackage long\n",
		"long/testdata/a.go": "package ignored\n",
	}).Shape()
	var got []string
	for _, f := range findings {
		place, _, _ := strings.Cut(f.String(), ": ")
		got = append(got, place)
	}
	if !slices.Equal(got, []string{"long/a_test.go:601", "long/a.go:3"}) {
		t.Errorf("%v", findings)
	}
}
