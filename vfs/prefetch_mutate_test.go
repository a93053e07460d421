package vfs_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime/debug"
	"testing"

	"github.com/ncruces/go-sqlite3"

	"github.com/turso-coop/turso-coop/vfs"
)

var (
	mutations    = flag.Int("mutations", 200, "how many mutated databases to scan")
	mutationSeed = flag.Uint64("mutation-seed", 1, "seed of the first mutated database")
)

// Mutated databases give the same rows and errors with prefetch as without.
// Nothing panics, nothing hangs, and nothing outside of the file is asked for,
// which the cold engine checks.
func TestMutatedDatabases(t *testing.T) {
	image := small(t)
	path := filepath.Join(t.TempDir(), "mutated.db")
	e, name := newCold(t)
	hints, errors := 0, 0
	seed := *mutationSeed
	again := func() string {
		return fmt.Sprintf("again: go test ./vfs -run MutatedDatabases -mutations=1 -mutation-seed=%d", seed)
	}
	defer func() {
		if p := recover(); p != nil {
			t.Fatalf("panic: %v\n%s\n%s", p, debug.Stack(), again())
		}
	}()
	for range *mutations {
		mutated := mutate(rand.New(rand.NewPCG(seed, 0)), image)
		if err := os.WriteFile(path, mutated, 0o600); err != nil {
			t.Fatal(err)
		}
		want, failed := e.runAll(t, path, name, "0")
		got, _ := e.runAll(t, path, name, "1")
		if got != want || t.Failed() {
			t.Fatalf("%s\nwithout prefetch\n%s\n%s", got, want, again())
		}
		seed++
		hints += e.hints
		if failed {
			errors++
		}
	}
	t.Logf("%d databases, of which %d gave errors; %d hints", *mutations, errors, hints)
	if *mutations >= 100 && (hints < *mutations || errors < *mutations/10 || errors > *mutations*9/10) {
		t.Error("the mutations are too many or too few")
	}
}

// small is the image of a database whose trees have four levels in few pages.
func small(t *testing.T) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "small.db")
	c, err := sqlite3.Open("file:" + path + "?vfs=" + vfs.Name)
	if err != nil {
		t.Fatal(err)
	}
	err = c.Exec(`PRAGMA page_size=512; PRAGMA synchronous=OFF;
		CREATE TABLE t(id INTEGER PRIMARY KEY, k TEXT, b BLOB);
		CREATE INDEX t_k ON t(k);
		CREATE TABLE big(id INTEGER PRIMARY KEY, b BLOB);
		BEGIN;
		WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i+1 FROM n WHERE i<406)
		INSERT INTO t SELECT i*101%407*1000000+1, printf('%080d', i*211%407), zeroblob(150) FROM n;
		WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i+1 FROM n WHERE i<40)
		INSERT INTO big SELECT i*7%41+1, zeroblob(1500)||'x' FROM n;
		UPDATE big SET b = CAST(b || zeroblob(900) || 'x' AS BLOB) WHERE id > 20; -- no neighbours any more
		COMMIT`)
	if err == nil {
		err = c.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	image, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return image
}

// mutate returns the image with a few pages changed, or its end cut off.
func mutate(r *rand.Rand, image []byte) []byte {
	const pageBytes = 512
	m := append([]byte(nil), image...)
	pages := len(m) / pageBytes
	page := func() []byte { return m[r.IntN(pages)*pageBytes:][:pageBytes] }
	for range 1 + r.IntN(4) {
		switch p := page(); r.IntN(6) {
		case 0: // a byte of the header or the cell pointers
			p[r.IntN(32)] = byte(r.Uint32())
		case 1: // a byte anywhere
			p[r.IntN(pageBytes)] ^= 1 << r.IntN(8)
		case 2: // a page in the place of another
			copy(p, page())
		case 3: // the right-most child
			p[10], p[11] = byte(r.IntN(pages)>>8), byte(r.IntN(pages))
		case 4: // a child, if there is one
			at := (int(p[12])<<8 | int(p[13])) % (pageBytes - 4)
			p[at+2], p[at+3] = byte(r.IntN(pages)>>8), byte(r.IntN(pages))
		case 5:
			if r.IntN(8) == 0 {
				m = m[:pageBytes*(1+r.IntN(pages))]
				pages = len(m) / pageBytes
			}
		}
	}
	return m
}

// runAll scans a database in several ways on one connection, and reports also
// whether anything failed.
func (e *coldEngine) runAll(t *testing.T, path, vfsName, prefetch string) (answer string, failed bool) {
	t.Helper()
	e.drop()
	c, err := sqlite3.Open("file:" + path + "?vfs=" + vfsName)
	if err != nil {
		return err.Error(), true
	}
	defer func() {
		// The binding panics when a corrupt record asks for more memory than
		// there can be.
		if p := recover(); p != nil {
			if fmt.Sprint(p) != "sqlite3: out of memory" {
				panic(p)
			}
			answer, failed = answer+"out of memory", true
			_ = vfs.Abandon(c)
			return
		}
		c.Close()
	}()
	exec(t, c, "PRAGMA prefetch="+prefetch)
	_ = c.Exec("PRAGMA cache_size=5") // reads the schema, which may be corrupt
	for _, sql := range []string{
		`SELECT count(*), sum(id) FROM t NOT INDEXED`,
		`SELECT id FROM t NOT INDEXED ORDER BY id DESC`,
		`SELECT count(*) FROM t INDEXED BY t_k`,
		`SELECT sum(length(b)), sum(id) FROM t INDEXED BY t_k WHERE k >= ''`,
		`SELECT sum(substr(b, -1) = 'x') FROM big`,
	} {
		s, _, err := c.Prepare(sql)
		if err != nil {
			answer, failed = answer+err.Error()+"\n", true
			continue
		}
		for s.Step() {
			answer += s.ColumnText(0) + "|"
		}
		if s.Err() != nil {
			answer, failed = answer+s.Err().Error(), true
		}
		answer += "\n"
		s.Close()
	}
	return answer, failed
}
