// Package diff runs the same SQL on turso-coop and on stock SQLite and compares everything that comes of it.
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
	run := func(s *side) (dir string, outcomes []string) {
		t.Helper()
		script.Dir = t.TempDir()
		outcomes, err := s.run(script)
		if err != nil {
			t.Fatalf("%s: %v", s.name, err)
		}
		return script.Dir, outcomes
	}
	dir, want := run(stock)
	for _, s := range ours {
		oursDir, got := run(s)
		compare(t, s, script.Steps, want, got)
		d, err := compareFiles(stock, s, dir, oursDir, nil)
		if err != nil {
			t.Fatal(err)
		}
		if d != "" {
			t.Error(d)
		}
	}
}

// allowed is how the files that two runs have left may differ.
type allowed struct {
	lines         func(header string) bool // the lines of a dump under such a header
	emptyJournals bool                     // set if one side has left empty journals that the other has not
}

// compareFiles compares the files that two runs have left in their directories, each read by the library that wrote it and
// by the other. It returns what differs, "" if nothing does that is not allowed. may may be nil.
func compareFiles(stock, ours *side, stockDir, oursDir string, may *allowed) (string, error) {
	names, empty, err := filesIn(stockDir)
	if err != nil {
		return "", err
	}
	got, gotEmpty, err := filesIn(oursDir)
	if err != nil {
		return "", err
	}
	if !slices.Equal(empty, gotEmpty) && may != nil {
		may.emptyJournals = true
		empty, gotEmpty = nil, nil
	}
	if !slices.Equal(got, names) || !slices.Equal(empty, gotEmpty) {
		return fmt.Sprintf("files: stock has left %q and, empty, %q; turso-coop %q and %q", names, empty, got, gotEmpty), nil
	}
	for _, name := range names {
		if filepath.Ext(name) != ".db" {
			continue
		}
		want, err := stock.dump(filepath.Join(stockDir, name))
		if err != nil {
			return "", fmt.Errorf("%s reads %s of %s: %w", stock.name, name, stock.name, err)
		}
		for _, other := range []struct{ reader, writer *side }{{ours, ours}, {stock, ours}, {ours, stock}} {
			dir := oursDir
			if other.writer == stock {
				dir = stockDir
			}
			lines, err := other.reader.dump(filepath.Join(dir, name))
			if err != nil {
				return "", fmt.Errorf("%s reads %s of %s: %w", other.reader.name, name, other.writer.name, err)
			}
			if d := firstDifference(want, lines, may); d != "" {
				return fmt.Sprintf("%s, written by %s, read by %s: %s", name, other.writer.name, other.reader.name, d), nil
			}
		}
	}
	return "", nil
}
