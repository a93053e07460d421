package vfs_test

import "testing"

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
