package sqltest

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/turso-coop/turso-coop/conformance/compatibility/report"
	"github.com/turso-coop/turso-coop/conformance/peer"
)

var (
	suite      = report.New("sqltest")
	fullFlag   = flag.Bool("full", false, "run all cases in the shell, not a sample")
	engineFlag = flag.String("engine", "", "the I/O `engine`, uring or pool; otherwise the driver's choice")
	shellFlag  = flag.String("shell", "", "a `program` to test instead of tursh")
)

// shellSample is how many cases there are for each that the shell runs without -full, in a process of its own.
const shellSample = 8

// corpus is what lies beside the project, or in SQLTEST_DIR.
type corpus struct {
	dir     string
	passing map[string]bool // the cases that stock SQLite passes, by file::name
	cases   []placed
}

// placed is a case of a file.
type placed struct {
	*Case
	id        string // file::name
	databases []Database
}

// load reads the corpus, or skips the test if there is none.
func load(t *testing.T) *corpus {
	t.Helper()
	named := os.Getenv("SQLTEST_DIR")
	dir, err := filepath.EvalSymlinks(cmp.Or(named, filepath.Join("..", "..", "..", "shared", "corpora", "sqltest")))
	if err != nil && named == "" {
		t.Skipf("there are no .sqltest files, which SQLTEST_DIR can name the directory of: %v", err)
	}
	if err != nil {
		t.Fatalf("SQLTEST_DIR: %v", err)
	}
	c := &corpus{dir: dir, passing: map[string]bool{}}
	list, err := os.ReadFile(filepath.Join(dir, "stock-passing.txt"))
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range strings.Fields(string(list)) {
		c.passing[id] = true
	}
	err = filepath.WalkDir(c.dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(path) != ".sqltest" {
			return err
		}
		return c.read(path)
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (c *corpus) read(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	name, err := filepath.Rel(c.dir, path)
	if err != nil {
		return err
	}
	file, err := Parse(string(text))
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	for i := range file.Cases {
		id := filepath.ToSlash(name) + "::" + file.Cases[i].Name
		c.cases = append(c.cases, placed{&file.Cases[i], id, file.Databases})
	}
	return nil
}

// runner runs a case on a database and returns how it fails.
type runner func(path string, readOnly bool, c *Case) error

// run runs cases in parallel, each on all of its databases, and returns how each of them fails. Databases with data
// are shared copies in dir.
func (c *corpus) run(dir string, cases []placed, run runner) []error {
	errs, next := make([]error, len(cases)), make(chan int)
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for i := range next {
				errs[i] = c.runCase(dir, cases[i], run)
			}
		})
	}
	for i := range cases {
		next <- i
	}
	close(next)
	workers.Wait()
	return errs
}

func (c *corpus) runCase(dir string, p placed, run runner) error {
	for _, d := range p.databases {
		path, readOnly, err := c.place(dir, d)
		if err != nil {
			return err
		}
		if err := run(path, readOnly, p.Case); err != nil {
			return fmt.Errorf("on %s: %w", d.Name, err)
		}
	}
	return nil
}

// copies serializes copying.
var copies sync.Mutex

// place returns the path of a database: of one that is new, or of a copy in dir, which cases only read.
func (c *corpus) place(dir string, d Database) (path string, readOnly bool, err error) {
	name := d.Name
	switch name {
	case ":memory:":
		return name, false, nil
	case ":temp:":
		temp, err := os.MkdirTemp(dir, "temp")
		return filepath.Join(temp, "test.db"), false, err
	case ":default:":
		name = "database.db"
	case ":default-no-rowidalias:":
		name = "database-no-rowidalias.db"
	}
	copies.Lock()
	defer copies.Unlock()
	path = filepath.Join(dir, filepath.Base(name))
	if _, err := os.Stat(path); err == nil {
		return path, true, nil
	}
	data, err := os.ReadFile(filepath.Join(c.dir, filepath.FromSlash(name)))
	if err != nil {
		return "", false, err
	}
	return path, true, os.WriteFile(path, data, 0o666)
}

// TestDriver runs all cases on turso-coop's driver.
func TestDriver(t *testing.T) {
	t.Parallel()
	suite.Save(t)
	c := load(t)
	var cases []placed
	for _, p := range c.cases {
		if p.Skip == "" && p.Backend == "" {
			cases = append(cases, p)
		}
	}
	if n := c.judge(t, "driver", cases, c.run(t.TempDir(), cases, onDriver), driverDiffers); n != len(c.passing) {
		t.Errorf("%d of the %d cases of stock-passing.txt were run", n, len(c.passing))
	}
}

// onDriver runs a case on turso-coop's driver.
func onDriver(path string, readOnly bool, c *Case) error {
	dsn := path + "?_sync=OFF&_engine=" + *engineFlag
	if readOnly {
		dsn = "file:" + filepath.ToSlash(dsn) + "&mode=ro"
	}
	db, err := sql.Open(peer.Turso, dsn)
	if err != nil {
		return err
	}
	defer db.Close()
	conn, err := db.Conn(context.Background())
	if err != nil {
		return err
	}
	return errors.Join(Run(context.Background(), conn, c), conn.Close(), db.Close())
}

// TestShell runs cases in tursh: those of testdata, those that stock SQLite passes, and those that are for shells.
func TestShell(t *testing.T) {
	t.Parallel()
	suite.Save(t)
	shell := Shell(*shellFlag)
	if shell == "" {
		shell = build(t)
	}
	t.Run("format", func(t *testing.T) { passes(t, shell.onPath, "cli") })
	t.Run("corpus", func(t *testing.T) {
		c := load(t)
		var cases []placed
		for i, p := range c.cases {
			if p.Skip == "" && (c.passing[p.id] || p.Backend == "cli") && (*fullFlag || i%shellSample == 0) {
				cases = append(cases, p)
			}
		}
		c.judge(t, "shell", cases, c.run(t.TempDir(), cases, shell.onPath), shellDiffers)
	})
}

// onPath runs a case in the shell.
func (s Shell) onPath(path string, readOnly bool, c *Case) error {
	arguments := []string{path}
	if readOnly {
		arguments = []string{"-readonly", path}
	}
	return s.Run(context.Background(), arguments, c)
}

// build builds tursh.
func build(t *testing.T) Shell {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "tursh.exe")
	cmd := exec.Command("go", "build", "-o", binary, "./cmd/tursh")
	cmd.Dir = filepath.Join("..", "..")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build tursh: %v\n%s", err, out)
	}
	return Shell(binary)
}

const (
	noPercentile  = "percentile_disc is compiled in by SQLITE_ENABLE_PERCENTILE, as in the sqlite3 shell"
	failsItsCheck = "the case leaves a row that a CHECK forbids, which the integrity check afterwards must report"
)

// What differs from stock SQLite, and why.
var (
	driverDiffers = map[string]string{
		"turso-sqltests/within-group.sqltest::percentile_disc_accepts_fraction":                 noPercentile,
		"sqlite-sqltests/check_constraint.sqltest::check_constraint_pragma_ignore_then_enforce": failsItsCheck,
	}
	shellDiffers = map[string]string{
		"turso-sqltests/within-group.sqltest::percentile_disc_accepts_fraction": noPercentile,
	}
)

// judge compares what came of cases with what comes of them in stock SQLite's shell. differs has the reasons of those
// that differ. It returns how many of the cases stock SQLite passes.
func (c *corpus) judge(t *testing.T, where string, cases []placed, errs []error, differs map[string]string) (ofStock int) {
	t.Helper()
	passed := 0
	for i, p := range cases {
		if errs[i] == nil {
			passed++
		}
		if c.passing[p.id] {
			ofStock++
		}
		reason := differs[p.id]
		if problem := c.problem(p, errs[i], reason); problem != "" {
			t.Errorf("%s: %s: line %d: %s\n%s", where, p.id, p.Line, problem, p.SQL)
		} else if reason != "" {
			suite.List(where+": "+p.id, reason)
		}
	}
	for id := range differs {
		if !slices.ContainsFunc(c.cases, func(p placed) bool { return p.id == id }) {
			t.Errorf("%s: %s is listed as different, and there is no such case", where, id)
		}
	}
	suite.Count(where+" cases", len(cases))
	suite.Count(where+" cases passed", passed)
	suite.Count(where+" cases that stock SQLite passes", ofStock)
	t.Logf("%s: %d cases, of which %d passed; %d of the %d that stock SQLite passes", where, len(cases), passed, ofStock, len(c.passing))
	return ofStock
}

// problem says what is wrong with what came of a case: those of stock-passing.txt must pass, and those that are for
// shells, and no others, unless there is a reason why it is the other way round.
func (c *corpus) problem(p placed, err error, reason string) string {
	should := c.passing[p.id] || p.Backend == "cli"
	switch differs := (err == nil) != should; {
	case reason != "" && !differs:
		return "listed as different, and is not any more: " + reason
	case reason != "" || !differs:
		return ""
	case should:
		return err.Error()
	}
	return "passes, and does not with stock SQLite"
}
