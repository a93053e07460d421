package vfs_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/turso-coop/turso-coop/vfs"
)

// Full scans of a table are not of a usual length when the table grows.
func TestTableThatGrowsIsReadAheadToItsEnd(t *testing.T) {
	const rows = 4000
	path := indexed(t, rows, hash)
	e, name := newCold(t)
	c := open(t, path, name)
	scan := func() (hints int) {
		e.drop()
		exec(t, c, "PRAGMA shrink_memory")
		query(t, c, "SELECT sum(length(b)) FROM t NOT INDEXED")
		return e.hints
	}
	exec(t, c, "PRAGMA cache_size=20")
	for range 12 {
		scan()
	}
	exec(t, c, "INSERT INTO t SELECT id+4000, k, b FROM t NOT INDEXED WHERE id <= 400")
	hints := scan()
	if t.Logf("%d hints", hints); hints > 60 {
		t.Errorf("%d hints for %d pages", hints, rows+400)
	}
}

// A scan that is noticed anew in each interior page, because nothing is known of the
// one above them, is not as many scans of usual lengths.
func TestScanInPiecesHasNoUsualLength(t *testing.T) {
	const rows = 8000
	path := indexed(t, rows, hash)
	e, name := newCold(t)
	c := open(t, path, name)
	exec(t, c, "PRAGMA cache_size=20") // SQLite keeps the root, and the page cache does not
	for i := range 3 {
		e.drop()
		query(t, c, "SELECT sum(length(b)) FROM t NOT INDEXED")
		if t.Logf("%d hints", e.hints); e.hints > 200 {
			t.Errorf("%d hints for %d pages in scan %d", e.hints, rows, i)
		}
	}
}

// Of ranges of a few rows, which end anywhere, a page each is read in vain.
func TestShortRangesWasteLittle(t *testing.T) {
	path := indexed(t, 6000, hash)
	for kind, sql := range map[string]string{
		"rows":   "SELECT sum(length(b)) FROM (SELECT b FROM t INDEXED BY t_k WHERE k > %d LIMIT %d)",
		"leaves": "SELECT sum(length(b)) FROM (SELECT b FROM t NOT INDEXED WHERE id > 1000 + %d / 1000000 LIMIT %d)",
	} {
		t.Run(kind, func(t *testing.T) {
			e, name := newCold(t)
			c := open(t, path, name)
			exec(t, c, "PRAGMA cache_size=20")
			const scans = 300
			for i := range scans {
				e.drop()
				query(t, c, fmt.Sprintf(sql, 100_000_000*(3+i*17%37), 1+i*5%8))
			}
			s, _ := vfs.StatsOf(c)
			t.Logf("%+v", s.Reading)
			if wasted := s.Reading.WastedBytes / 1024; wasted > 4*scans/3 {
				t.Errorf("%d pages were read in vain in %d scans", wasted, scans)
			}
		})
	}
}

// A scan that was left at its beginning does not come to ask for the whole table
// because others read, here and there, what it has asked for.
func TestScanThatWasLeftStaysAsItIs(t *testing.T) {
	const seed = 4
	path := indexed(t, 12_000, hash)
	e, name := newCold(t)
	c := open(t, path, name)
	exec(t, c, "PRAGMA cache_size=50")
	r := rand.New(rand.NewPCG(1, seed))
	for range 400 {
		e.drop()
		limit := []int{50, 50, 50, 50, 50, 5}[r.IntN(6)]
		query(t, c, fmt.Sprintf("SELECT sum(length(b)) FROM (SELECT b FROM t INDEXED BY t_k WHERE k > %d LIMIT %d)", r.IntN(3_000_000_000), limit))
	}
	s, _ := vfs.StatsOf(c)
	t.Logf("%+v", s.Reading)
	if unused := (s.Reading.AheadBytes - s.Reading.UsedBytes) / 1024; unused > 6000 {
		t.Errorf("%d pages were read in vain, seed %d", unused, seed)
	}
}
