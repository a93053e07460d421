package vfs_test

import (
	"fmt"
	"testing"

	"github.com/ncruces/go-sqlite3"

	"github.com/turso-coop/turso-coop/vfs"
)

// Cursors that go through the same table in turn do not end each other's scans.
func TestCursorsThatTakeTurns(t *testing.T) {
	const rows = 500
	path := indexed(t, 10_000, hash)
	for _, cursors := range []int{2, 3, 4, 8} {
		t.Run(fmt.Sprint(cursors), func(t *testing.T) {
			e, name := newCold(t)
			c := open(t, path, name)
			exec(t, c, "PRAGMA cache_size=20")
			e.drop()
			stmts := make([]*sqlite3.Stmt, cursors)
			for i := range stmts {
				var err error
				if stmts[i], _, err = c.Prepare(fmt.Sprintf("SELECT length(b) FROM t NOT INDEXED WHERE id > %d", 500+i*1000)); err != nil {
					t.Fatal(err)
				}
				defer stmts[i].Close()
			}
			for range rows {
				for _, s := range stmts {
					if !s.Step() {
						t.Fatal(s.Err())
					}
				}
			}
			missed, _ := misses(t, c)
			s, _ := vfs.StatsOf(c)
			t.Logf("%d reads had to wait, %d hints, %+v", missed, e.hints, s.Reading)
			if most := int64(10 + 5*cursors); missed > most {
				t.Errorf("%d reads had to wait, more than %d", missed, most)
			}
		})
	}
}
