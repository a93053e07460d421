package vfs_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ncruces/go-sqlite3"

	"github.com/turso-coop/turso-coop/ioengine"
	"github.com/turso-coop/turso-coop/vfs"
)

// Whoever is killed before any operation of a commit leaves the transactions
// before it, and the whole of this one or nothing: the journal is in the page
// cache before the database changes, and the database before the journal ends,
// also at synchronous=OFF, where nothing is synced in between.
func TestKilledAtEveryOperation(t *testing.T) {
	for _, mode := range []string{"WAL", "DELETE", "TRUNCATE", "PERSIST"} {
		for _, sync := range []string{"OFF", "NORMAL", "FULL", "EXTRA"} {
			t.Run(mode+"/"+sync, func(t *testing.T) {
				m, name := meddle(t, ioengine.Pool)
				path := filepath.Join(memoryDir(t), "test.db")
				c := openBehind(t, path, name, `PRAGMA journal_mode=`+mode+`; PRAGMA synchronous=`+sync+`; PRAGMA cache_size=3; PRAGMA wal_autocheckpoint=20;
					CREATE TABLE t(a INTEGER PRIMARY KEY, b, round INT); INSERT INTO t SELECT value, zeroblob(900), 0 FROM `+series+` LIMIT 20`)
				for round := 1; round <= 3; round++ {
					kills := 0
					m.fault = func(file, op string) *fault {
						kills++
						var left, sound string
						afterKill(t, path, vfs.Name, func(c *sqlite3.Conn) {
							left, sound = query(t, c, `SELECT count(*), min(round), max(round) FROM t`), query(t, c, `PRAGMA integrity_check`)
						})
						if left != fmt.Sprintf("20|%[1]d|%[1]d", round-1) && left != fmt.Sprintf("20|%[1]d|%[1]d", round) {
							t.Errorf("killed before operation %d, %s %s, of round %d: rows, first and last round are %s", kills, file, op, round, left)
						}
						if sound != "ok" {
							t.Errorf("killed before operation %d, %s %s, of round %d: %s", kills, file, op, round, sound)
						}
						return nil
					}
					exec(t, c, fmt.Sprintf(`BEGIN; UPDATE t SET b=zeroblob(899); UPDATE t SET round=%d; COMMIT`, round))
					m.fault = nil
					if want := fmt.Sprintf("20|%[1]d|%[1]d", round); queryAfterKill(t, path, vfs.Name, `SELECT count(*), min(round), max(round) FROM t`) != want {
						t.Errorf("killed after round %d: it is not there", round)
					}
					if kills < 5 {
						t.Errorf("only %d operations in round %d", kills, round)
					}
				}
			})
		}
	}
}

// Nothing of a rollback journal is merged, moved or left out: each write is an
// operation of its own, in SQLite's order around the syncs.
func TestRollbackJournalIsWrittenThrough(t *testing.T) {
	const (
		records = "journal write 512@0, journal write 4@512, journal write 4096@516, journal write 4@4612, " +
			"journal write 4@4616, journal write 4096@4620, journal write 4@8716"
		count    = "journal write 12@0"
		database = "db write 4096@0, db write 4096@4096"
	)
	full := []string{records, "journal sync", count, "journal sync", database, "db sync"}
	normal := []string{records, count, "journal sync", database, "db sync"}
	off := []string{records, database}
	ends := map[string][]string{"DELETE": nil, "TRUNCATE": {"journal truncate 0"}, "PERSIST": {"journal write 28@0"}}
	for mode, end := range ends {
		for _, test := range []struct {
			sync string
			want []string
			ends bool // with a sync
		}{{"OFF", off, false}, {"NORMAL", normal, mode == "PERSIST"}, {"FULL", full, mode != "DELETE"}, {"EXTRA", full, mode != "DELETE"}} {
			m, name := meddle(t, ioengine.Pool)
			c := openBehind(t, filepath.Join(memoryDir(t), "test.db"), name,
				`CREATE TABLE t(a); PRAGMA journal_mode=`+mode+`; PRAGMA synchronous=`+test.sync+`; INSERT INTO t VALUES(1); INSERT INTO t VALUES(1)`)
			m.take()
			exec(t, c, `INSERT INTO t VALUES(2)`)
			want := slices.Concat(test.want, end)
			if test.ends {
				want = append(want, "journal sync")
			}
			notes := slices.DeleteFunc(m.take(), func(note string) bool { return note == "dir sync" }) // of a new journal
			if got := strings.Join(notes, ", "); got != strings.Join(want, ", ") {
				t.Errorf("journal mode %s, synchronous %s:\n%s\nwant\n%s", mode, test.sync, got, strings.Join(want, ", "))
			}
		}
	}
}

// A journal that nobody finds after a power loss is none: its first sync, also
// that of a WAL, makes its name durable, and later ones of the same file need not.
func TestFirstSyncOfAJournalSyncsItsDirectory(t *testing.T) {
	for _, mode := range []string{"WAL", "DELETE"} {
		m, name := meddle(t, ioengine.Pool)
		c := openBehind(t, filepath.Join(memoryDir(t), "test.db"), name, `CREATE TABLE t(a); PRAGMA journal_mode=`+mode+`; PRAGMA synchronous=FULL`)
		m.take()
		count := func() (n int) {
			exec(t, c, `INSERT INTO t VALUES(2)`)
			for _, note := range m.take() {
				if note == "dir sync" {
					n++
				}
			}
			return n
		}
		first, second := count(), count()
		if want := map[string]int{"WAL": 0, "DELETE": 1}[mode]; first != 1 || second != want {
			t.Errorf("journal mode %s: the directory is synced %d and %d times, want 1 and %d", mode, first, second, want)
		}
	}
}

// A checkpoint that a reader keeps from completing is not synced, and all the
// same readers stop to look at the WAL for what it has written.
func TestPartialCheckpointIsInTheDatabase(t *testing.T) {
	_, name := meddle(t, ioengine.Pool)
	path := filepath.Join(memoryDir(t), "test.db")
	c := openBehind(t, path, name, pages)
	reader := open(t, path, name)
	exec(t, reader, `BEGIN; SELECT * FROM t`)
	exec(t, c, `UPDATE t SET b='new' WHERE a=1; PRAGMA wal_checkpoint`)
	exec(t, reader, `COMMIT`)
	if got := query(t, reader, `SELECT count(b) FROM t; `); got != "100" {
		t.Errorf("%s rows", got)
	}
	if got := query(t, reader, `PRAGMA integrity_check`); got != "ok" {
		t.Error(got)
	}
}
