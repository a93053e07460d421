// Package diff runs the same SQL on turso-coop and on stock SQLite and compares everything that comes of it: rows with their
// types, names and declared types of columns, error codes and texts, what Exec says that it has done, whether a transaction is
// open, and the files, each read by the library that wrote it and by the other.
//
// The SQL is scripts in testdata, real databases, and streams of random statements. Stock SQLite is mattn's driver. modernc's is
// asked where its build has more in common with turso-coop's, and for a second opinion. All but turso-coop run in a child process.
//
// A difference fails a test unless it is listed with its reason in known_test.go; one that is listed and does not show fails as
// well. A random stream in which something differs is cut down to the few statements that it takes.
package diff

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/turso-coop/turso-coop/conformance/peer"
	"github.com/turso-coop/turso-coop/vfs"
)

func TestMain(m *testing.M) { peer.Main(m) }

var journalModes = []string{"DELETE", "TRUNCATE", "PERSIST", "WAL", "MEMORY"}

// engines returns the engines that there are on this system.
func engines(t *testing.T) []string {
	t.Helper()
	return slices.DeleteFunc([]string{"uring", "pool"}, func(engine string) bool {
		_, err := vfs.NameFor(engine)
		if err != nil {
			t.Logf("engine %s is left out: %v", engine, err)
		}
		return err != nil
	})
}

// ours are the ways to run a script on turso-coop: on each engine, through database/sql and past it.
func ours(t *testing.T) []*side {
	t.Helper()
	var sides []*side
	for _, engine := range engines(t) {
		past := here(engine, peer.Turso)
		past.name, past.statements, past.open = engine+", statements", true, peer.OpenStatements
		sides = append(sides, here(engine, peer.Turso), past)
	}
	return sides
}

// TestScripts compares with stock SQLite.
func TestScripts(t *testing.T) {
	t.Parallel()
	peer.NeedStock(t)
	suite.Save(t)
	for statement, reason := range known {
		suite.List(statement, reason)
	}
	compareScripts(t, peer.Stock, "testdata/scripts/*.sql")
}

// TestMoreThanStock compares what mattn's build of stock SQLite lacks with modernc's.
func TestMoreThanStock(t *testing.T) {
	t.Parallel()
	suite.Save(t)
	compareScripts(t, peer.Modernc, "testdata/modernc/*.sql")
}

func compareScripts(t *testing.T, driver, pattern string) {
	t.Helper()
	paths, err := filepath.Glob(pattern)
	if err != nil || len(paths) == 0 {
		t.Fatal("no scripts", err)
	}
	process, sides := peer.Start(t), ours(t)
	for _, path := range paths {
		steps := readScript(t, path)
		for _, mode := range journalModes {
			t.Run(filepath.Base(path)+"/"+mode, func(t *testing.T) {
				t.Parallel()
				// modernc's driver words errors in its own way.
				script := peer.Script{First: "_journal_mode=" + mode + "&", CodesOnly: driver == peer.Modernc, NoState: driver == peer.Modernc, Steps: steps}
				compareOn(t, there(process, driver), sides, script)
			})
		}
	}
}

// TestData loads real databases from their SQL, each as one script, and asks them questions.
func TestData(t *testing.T) {
	t.Parallel()
	peer.NeedStock(t)
	dir := os.Getenv("TURSO_COOP_DATA")
	if dir == "" {
		dir = "../../../shared/data"
	}
	process := peer.Start(t)
	sides := slices.DeleteFunc(ours(t), func(s *side) bool { return s.statements }) // those take one statement, not a text of many
	for _, name := range []string{"chinook.sql", "northwind.sql"} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Skipf("no real databases, which TURSO_COOP_DATA can name the directory of: %v", err)
		}
		// The rows of a script are those of its last statement; mattn's driver loses them if comments follow it.
		load := peer.Step{Connection: "a", Statement: peer.Statement{SQL: string(text) + "SELECT count(*) FROM sqlite_schema"}}
		steps := append([]peer.Step{load}, readScript(t, "testdata/data/"+name)...)
		for _, mode := range []string{"DELETE", "WAL"} {
			t.Run(name+"/"+mode, func(t *testing.T) {
				t.Parallel()
				first := "_sync=OFF&_journal_mode=" + mode + "&" // northwind.sql is thousands of transactions
				compareOn(t, there(process, peer.Stock), sides, peer.Script{First: first, Steps: steps})
			})
		}
	}
}

// compareOn runs a script on every side, each with files of its own, and compares what comes of it and what is left.
func compareOn(t *testing.T, stock *side, ours []*side, script peer.Script) {
	t.Helper()
	run := func(s *side) ([]string, *left) {
		t.Helper()
		script.Dir = t.TempDir()
		outcomes, files, err := s.run(script)
		if err != nil {
			t.Fatalf("%s: %v", s.name, err)
		}
		return outcomes, files
	}
	want, wantFiles := run(stock)
	for _, s := range ours {
		got, files := run(s)
		compare(t, s, script.Steps, want, got)
		suite.Count("statements of scripts", len(got))
		d, err := compareFiles(wantFiles, files, nil)
		if err != nil {
			t.Fatal(err)
		}
		if d != "" {
			t.Error(d)
		}
	}
}

// left is what a run has left in its directory.
type left struct {
	by    *side
	dir   string
	names []string            // sorted
	dumps map[string][]string // of databases, by names, as the library that wrote them reads them
}

// compareFiles compares what two runs have left: databases as their writers read them, and as each other do. It returns
// what differs, "" if nothing does. The lines of dumps under a header that mayDiffer allows are left out; it may be nil.
func compareFiles(stock, ours *left, mayDiffer func(header string) bool) (string, error) {
	if !slices.Equal(stock.names, ours.names) {
		return fmt.Sprintf("files: stock has left %q; turso-coop %q", stock.names, ours.names), nil
	}
	for _, name := range stock.names {
		if filepath.Ext(name) != ".db" {
			continue
		}
		want, err := stock.dump(name)
		if err != nil {
			return "", err
		}
		for _, other := range []struct {
			reader *side
			files  *left
		}{{stock.by, ours}, {ours.by, stock}, {ours.by, ours}} {
			lines, err := other.reader.dump(filepath.Join(other.files.dir, name))
			if err != nil {
				return "", fmt.Errorf("%s reads %s of %s: %w", other.reader.name, name, other.files.by.name, err)
			}
			if d := firstDifference(want, lines, mayDiffer); d != "" {
				return fmt.Sprintf("%s, written by %s, read by %s: %s", name, other.files.by.name, other.reader.name, d), nil
			}
		}
	}
	return "", nil
}

// dump returns the content of a database, which it reads once.
func (l *left) dump(name string) ([]string, error) {
	if l.dumps[name] != nil {
		return l.dumps[name], nil
	}
	lines, err := l.by.dump(filepath.Join(l.dir, name))
	if err != nil {
		return nil, fmt.Errorf("%s reads its %s: %w", l.by.name, name, err)
	}
	l.dumps[name] = lines
	return lines, nil
}
