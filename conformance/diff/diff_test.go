// Package diff runs the same SQL on turso-coop and on stock SQLite and compares everything that comes of it.
package diff

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/turso-coop/turso-coop/conformance/peer"
	"github.com/turso-coop/turso-coop/vfs"
)

func TestMain(m *testing.M) { peer.Main(m) }

var journalModes = []string{"DELETE", "TRUNCATE", "PERSIST", "WAL", "MEMORY"}

// ours are the ways to run a script on turso-coop: on each engine, through database/sql and past it.
func ours(t *testing.T) []side {
	t.Helper()
	var sides []side
	for _, engine := range []string{"uring", "pool"} {
		if _, err := vfs.NameFor(engine); err != nil {
			t.Logf("engine %s is left out: %v", engine, err)
			continue
		}
		sides = append(sides,
			side{name: engine, parameters: "_engine=" + engine, open: func(dsn string) (peer.Session, error) {
				return peer.Open(peer.Turso, dsn)
			}},
			side{name: engine + ", statements", statements: true, parameters: "_engine=" + engine, open: peer.OpenStatements})
	}
	return sides
}

// TestScripts compares with stock SQLite.
func TestScripts(t *testing.T) {
	t.Parallel()
	peer.NeedStock(t)
	compareScripts(t, peer.Stock, "testdata/scripts/*.sql")
}

// TestMoreThanStock compares what mattn's build of stock SQLite lacks with modernc's.
func TestMoreThanStock(t *testing.T) {
	t.Parallel()
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
				compareOn(t, theirs(process, driver), sides, mode, steps)
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
	const unsynced = "_sync=OFF&" // northwind.sql is thousands of transactions
	process := peer.Start(t)
	var sides []side
	for _, s := range ours(t) {
		if s.parameters = unsynced + s.parameters; !s.statements { // those take one statement, not a script
			sides = append(sides, s)
		}
	}
	for _, name := range []string{"chinook.sql", "northwind.sql"} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Skipf("no real databases, which TURSO_COOP_DATA can name the directory of: %v", err)
		}
		// The rows of a script are those of its last statement; mattn's driver loses them if comments follow it.
		load := step{"a", peer.Statement{SQL: string(text) + "SELECT count(*) FROM sqlite_schema"}}
		steps := append([]step{load}, readScript(t, "testdata/data/"+name)...)
		for _, mode := range []string{"DELETE", "WAL"} {
			t.Run(name+"/"+mode, func(t *testing.T) {
				t.Parallel()
				stock := theirs(process, peer.Stock)
				stock.parameters = unsynced
				compareOn(t, stock, sides, mode, steps)
			})
		}
	}
}

// compareOn runs a script on every side, each with files of its own, and compares what comes of it and what is left.
func compareOn(t *testing.T, stock *side, ours []side, mode string, steps []step) {
	t.Helper()
	stock.journalMode, stock.dir = mode, t.TempDir()
	want := stock.run(t, steps)
	for _, s := range ours {
		s.codesOnly, s.journalMode, s.dir = stock.codesOnly, mode, t.TempDir()
		compare(t, &s, steps, want, s.run(t, steps))
		compareFiles(t, stock, &s)
	}
}

// theirs is the library to compare with. modernc's driver words errors in its own way.
func theirs(process *peer.Process, driver string) *side {
	return &side{name: driver, codesOnly: driver == peer.Modernc, open: func(dsn string) (peer.Session, error) {
		return process.Open(driver, dsn)
	}}
}

// compareFiles compares the files that two runs have left, each read by the library that wrote it and by the other.
func compareFiles(t *testing.T, stock, ours *side) {
	t.Helper()
	names := stock.files(t)
	if got := ours.files(t); !slices.Equal(got, names) {
		t.Fatalf("files: stock has left %q, turso-coop %q", names, got)
	}
	for _, name := range names {
		if filepath.Ext(name) != ".db" {
			continue
		}
		want := stock.dump(t, filepath.Join(stock.dir, name))
		for _, other := range []struct {
			reader *side
			dir    string
		}{{ours, ours.dir}, {stock, ours.dir}, {ours, stock.dir}} {
			path := filepath.Join(other.dir, name)
			if d := firstDifference(want, other.reader.dump(t, path)); d != "" {
				t.Errorf("%s, read by %s: %s", path, other.reader.name, d)
			}
		}
	}
}
