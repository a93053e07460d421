package vfs_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/ncruces/go-sqlite3"
	"golang.org/x/sys/unix"

	"github.com/turso-coop/turso-coop/ioengine"
)

// ways are how a write, a sync or a truncation goes wrong.
var ways = []struct {
	name string
	fault
}{
	{"EIO", fault{0, unix.EIO}},
	{"ENOSPC after a half", fault{0.5, unix.ENOSPC}},
	{"EIO although it has worked", fault{1, unix.EIO}},
}

// Each change of a file, and each sync, of a commit fails in turn. Nobody is
// told OK for what is not there; what fails is there wholly or not at all; the
// database stays intact; and the next attempt goes through.
func TestFaultsOfACommit(t *testing.T) {
	for i, kind := range []ioengine.Kind{ioengine.Pool, ioengine.Uring} {
		for _, mode := range []string{"WAL", "DELETE", "TRUNCATE", "PERSIST"} {
			for _, sync := range []string{"OFF", "NORMAL", "FULL", "EXTRA"} {
				for _, way := range ways {
					t.Run(fmt.Sprint(kind, "/", mode, "/", sync, "/", way.name), func(t *testing.T) {
						m, name := meddle(t, kind)
						v := &victim{t: t, m: m, vfs: name, path: filepath.Join(memoryDir(t), "test.db"), rows: map[int]bool{}}
						v.c = openBehind(t, v.path, name, `PRAGMA journal_mode=`+mode+`; PRAGMA synchronous=`+sync+`; PRAGMA cache_size=3; PRAGMA wal_autocheckpoint=20;
							CREATE TABLE t(n INT, b); CREATE TABLE spilled(b); INSERT INTO spilled SELECT zeroblob(900) FROM `+series+` LIMIT 10`)
						v.reader = open(t, v.path, name)
						const insert = `INSERT INTO t SELECT %d, zeroblob(900) FROM ` + series + ` LIMIT 5;`
						// The other one spills pages and changes them again.
						for _, statement := range []string{insert, `BEGIN; UPDATE spilled SET b=zeroblob(899);` + insert + `UPDATE spilled SET b=zeroblob(898); COMMIT`}[i:] {
							for nth := 1; v.failNth(statement, nth, way.fault); nth++ {
							}
						}
					})
				}
			}
		}
	}
}

// A victim is a database whose commits fail.
type victim struct {
	t         *testing.T
	m         *meddler
	vfs, path string
	c, reader *sqlite3.Conn
	last      int
	rows      map[int]bool // transactions that are there
}

// failNth runs a transaction whose nth operation fails, and looks at what is
// there. It returns false once there are fewer operations.
func (v *victim) failNth(statement string, nth int, how fault) bool {
	v.t.Helper()
	v.last++
	count := 0
	var failed string
	v.m.fault = func(file, op string) *fault {
		if count++; count != nth {
			return nil
		}
		failed = file + " " + op
		return &how
	}
	err := v.c.Exec(fmt.Sprintf(statement, v.last))
	v.m.fault = nil
	if !v.c.GetAutocommit() {
		exec(v.t, v.c, `ROLLBACK`)
	}
	there := v.look(v.reader)
	if err == nil {
		v.rows[v.last] = true
	} else if there[v.last] {
		v.rows[v.last] = true // the error came after the commit, and it stays
	}
	if fmt.Sprint(there) != fmt.Sprint(v.rows) {
		v.t.Fatalf("operation %d (%s) failed, and the transaction returned %v: %v are there, want %v", nth, failed, err, there, v.rows)
	}
	afterKill(v.t, v.path, v.vfs, func(c *sqlite3.Conn) {
		left := v.look(c)
		if err != nil && !v.rows[v.last] {
			delete(left, v.last) // whoever is killed then has not told what became of it
		}
		if fmt.Sprint(left) != fmt.Sprint(v.rows) {
			v.t.Fatalf("operation %d (%s) failed, the transaction returned %v, and then the process is killed: %v are left, want %v", nth, failed, err, left, v.rows)
		}
	})
	if err != nil {
		v.last++
		exec(v.t, v.c, fmt.Sprintf(statement, v.last))
		v.rows[v.last] = true
	}
	exec(v.t, v.c, `PRAGMA wal_checkpoint`) // or the next one would have more to do, without end
	return count >= nth
}

// look returns the transactions that are there, and checks that each is whole
// and that the database is sound.
func (v *victim) look(c *sqlite3.Conn) map[int]bool {
	v.t.Helper()
	if got := query(v.t, c, `PRAGMA integrity_check`); got != "ok" {
		v.t.Fatal(got)
	}
	there := map[int]bool{}
	s, _, err := c.Prepare(`SELECT n, count(*) FROM t GROUP BY n`)
	if err != nil {
		v.t.Fatal(err)
	}
	defer s.Close()
	for s.Step() {
		if s.ColumnInt(1) != 5 {
			v.t.Fatalf("%d rows of transaction %d are there", s.ColumnInt(1), s.ColumnInt(0))
		}
		there[s.ColumnInt(0)] = true
	}
	if err := s.Err(); err != nil {
		v.t.Fatal(err)
	}
	return there
}
