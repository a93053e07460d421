package vfs_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/turso-coop/turso-coop/vfs"
)

// hash is a key by which the rows of a table lie all over it.
const hash = "id * 2654435761 & 0xffffffff"

// indexed makes a table of so many rows, each of which has a page of 1 KiB, and an
// index on key, an expression of the rowid id.
func indexed(t *testing.T, rows int, key string) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "indexed.db")
	c := open(t, path, vfs.Name)
	defer c.Close()
	exec(t, c, `PRAGMA page_size=1024`)
	exec(t, c, `CREATE TABLE t(id INTEGER PRIMARY KEY, k INTEGER, b BLOB)`)
	exec(t, c, fmt.Sprintf(`WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id+1 FROM n WHERE id < %d)
		INSERT INTO t SELECT id, %s, zeroblob(600) FROM n`, rows, key))
	exec(t, c, `CREATE INDEX t_k ON t(k)`)
	return path
}

// A table whose rows lie all over it, as an index reads them, is asked for as a
// whole when the scan has come some way. One that lies in its order is not: no more
// is asked for than the scan deserves.
func TestScatteredTableIsAskedForAsAWhole(t *testing.T) {
	const pages = 6000 // with a row in each
	for _, test := range []struct {
		name, key string
		rows      int // are read
		min, max  int64
	}{
		{"scattered", "id * 2654435761 & 0xffffffff", 400, pages, 2 * pages},
		{"scattered, and soon over", "id * 2654435761 & 0xffffffff", 100, 200, 1000},
		{"in order", "id / 8 * 8 + id * 5 % 8", 400, 400, 4000}, // none is read right after its neighbour
	} {
		t.Run(test.name, func(t *testing.T) {
			path := indexed(t, pages, test.key)
			e, name := newCold(t)
			_, missed, _ := e.run(t, path, name, "1", fmt.Sprintf("SELECT sum(length(b)) FROM (SELECT b FROM t INDEXED BY t_k ORDER BY k LIMIT %d)", test.rows))
			t.Logf("%d reads had to wait, %d hints, %d pages", missed, e.hints, e.ahead/1024)
			if n := e.ahead / 1024; n < test.min || n > test.max {
				t.Errorf("%d pages of %d were read ahead for %d", n, pages, test.rows)
			}
		})
	}
}

// A range of an index that lies within a leaf is noticed by its rows. With one key it
// is known where it ends.
func TestRowsOfOneIndexLeafAreReadAhead(t *testing.T) {
	const rows = 6000
	for _, test := range []struct {
		name, key, where string
		rows             int64
		missed, ahead    int64 // at most
	}{
		// Most rows have an interior page of the table for themselves, too.
		{"range", hash, "k > 1000000000 LIMIT 60", 60, 12, 220},
		{"backwards", hash, "k < 1000000000 ORDER BY k DESC LIMIT 60", 60, 12, 220},
		{"one key", "id % 150", "k = 77", 40, 12, 80},
		{"one key backwards", "id % 150", "k = 77 ORDER BY id DESC", 40, 12, 80},
		{"few", hash, "k > 1000000000 LIMIT 4", 4, 10, 16},
		{"one", hash, "k > 1000000000 LIMIT 1", 1, 7, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := indexed(t, rows, test.key)
			e, name := newCold(t)
			sql := "SELECT count(*), sum(length(b)) FROM (SELECT b FROM t INDEXED BY t_k WHERE " + test.where + ")"
			got, missed, _ := e.run(t, path, name, "1", sql)
			t.Logf("%d reads had to wait, %d hints, %d pages", missed, e.hints, e.ahead/1024)
			if want := fmt.Sprintf("%q|%q|", fmt.Sprint(test.rows), fmt.Sprint(600*test.rows)); got != want {
				t.Fatalf("%s, want %s", got, want)
			}
			if missed > test.missed || e.ahead/1024 > test.ahead {
				t.Errorf("%d reads had to wait, and %d pages were read ahead, for %d rows", missed, e.ahead/1024, test.rows)
			}
		})
	}
}

// Scans that are usually of one length are read ahead of to there, and no further.
func TestScansOfOneLengthAreReadAheadToTheirEnd(t *testing.T) {
	path := indexed(t, 6000, hash)
	for kind, sql := range map[string]string{
		"rows":   "SELECT sum(length(b)) FROM (SELECT b FROM t INDEXED BY t_k WHERE k > %d LIMIT 60)",
		"leaves": "SELECT sum(length(b)) FROM (SELECT b FROM t NOT INDEXED WHERE id > 1000 + %d / 1000000 LIMIT 60)",
	} {
		t.Run(kind, func(t *testing.T) {
			e, name := newCold(t)
			c := open(t, path, name)
			exec(t, c, "PRAGMA cache_size=20")
			for i := range 30 {
				if i == 20 {
					e.ahead, e.hints = 0, 0
				}
				before, _ := misses(t, c)
				query(t, c, fmt.Sprintf(sql, 100_000_000*(3+i*17%37)))
				if missed, _ := misses(t, c); i >= 20 && missed-before > 8 {
					t.Errorf("%d reads had to wait", missed-before)
				}
			}
			t.Logf("%d hints, %d pages", e.hints, e.ahead/1024)
			if pages := e.ahead / 1024 / 10; pages > 66 || e.hints > 60 {
				t.Errorf("%d pages were read ahead for 60, in %d hints for ten scans", pages, e.hints)
			}
		})
	}
}
