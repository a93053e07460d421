package vfs_test

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/ncruces/go-sqlite3"
	sqlitevfs "github.com/ncruces/go-sqlite3/vfs"
)

// What was buffered of a transaction that is rolled back would be written over
// another connection's frames later, and no call says so (pages that are in
// use are read again): nothing is buffered before the commit hook.
func TestFactRollbackAfterASpillOnlyReads(t *testing.T) {
	f := fact{t, "ROLLBACK after a spill only reads", "buffering only from the commit hook on"}
	tr := newTracer(t)
	c, _ := openTraced(t, tr, `PRAGMA journal_mode=WAL; CREATE TABLE t(a); PRAGMA cache_size=10; BEGIN; INSERT INTO t SELECT randomblob(3000) FROM `+series)
	exec(t, c, `ROLLBACK`)
	f.trace(tr.take("getter", "read"), ``)
}

// Padding is written through, and its middle sync is never shared: a part of
// the last frame follows it.
func TestFactPaddingSplitsTheLastFrameAroundTheSync(t *testing.T) {
	f := fact{t, "without powersafe overwrite a commit is padded to a sector by repeating the commit frame, the last one split by the sync", "not buffering in that case"}
	tr := newTracer(t)
	c, err := sqlite3.Open("file:" + t.TempDir() + "/test.db?psow=0&vfs=" + tr.name)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	exec(t, c, `PRAGMA page_size=1024; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE t(a)`)
	tr.take()
	exec(t, c, `INSERT INTO t VALUES(1)`)
	f.trace(tr.only("write", "sync"), `
		wal write 24@4224
		wal write 1024@4248
		wal write 24@5272 commit
		wal write 1024@5296
		wal write 24@6320 commit
		wal write 1024@6344
		wal write 24@7368 commit
		wal write 800@7392
		wal sync 2
		wal write 224@8192
	`)
}

// A failed wait for a shared sync is reported here, as an outcome that is not
// known, never as a rollback.
func TestFactErrorOfPhaseTwoComesAfterThePublication(t *testing.T) {
	f := fact{t, "an error of PHASETWO is the error of a commit that everybody sees already", "calling such an outcome unknown"}
	tr := newTracer(t)
	c, path := openTraced(t, tr, `PRAGMA journal_mode=WAL; CREATE TABLE t(a); INSERT INTO t VALUES(1)`)
	tr.fail = func(_, op string) error {
		if op == "PHASETWO" {
			return sqlite3.IOERR_FSYNC
		}
		return nil
	}
	err := c.Exec(`BEGIN; INSERT INTO t VALUES(2); COMMIT`)
	tr.fail = nil
	f.check(errors.Is(err, sqlite3.IOERR_FSYNC) && c.GetAutocommit(), "the commit returns %v, with autocommit %v", err, c.GetAutocommit())
	rows := query(t, open(t, path, tr.name), `SELECT count(*) FROM t`)
	f.check(rows == "2", "another connection sees %s rows", rows)
	exec(t, c, `INSERT INTO t VALUES(3)`)
}

// Their frames are never buffered: no commit hook opens a window for them.
func TestFactVacuumCommitsWithoutTheHook(t *testing.T) {
	f := fact{t, "VACUUM commits without calling the commit hook", "writing through whatever no hook announced"}
	tr := newTracer(t)
	c, _ := openTraced(t, tr, `PRAGMA journal_mode=WAL; CREATE TABLE t(a); INSERT INTO t VALUES(1)`)
	c.CommitHook(func() bool { tr.note("", "commit hook", ""); return true })
	exec(t, c, `VACUUM`)
	events := tr.take()
	f.check(slices.ContainsFunc(events, func(e string) bool { return strings.HasSuffix(e, " commit") }) && !slices.Contains(events, "commit hook"), "it goes %q", events)
}

// Whoever waits after the reset keeps no WAL from being restarted, and the
// next writer goes on as soon as the step has returned.
func TestFactReadMarkIsGoneWhenTheStepHasReturned(t *testing.T) {
	f := fact{t, "a statement that is done, but not reset, holds nothing of the WAL", "waiting in the owner for what is not durable yet"}
	tr := newTracer(t)
	c, path := openTraced(t, tr, `PRAGMA journal_mode=WAL; CREATE TABLE t(a)`)
	other := open(t, path, tr.name)
	for _, test := range []struct {
		sql   string
		rows  int // that it returns
		steps int
		want  string // busy, frames in the WAL, frames in the database
	}{
		{`INSERT INTO t VALUES(1)`, 0, 1, "0|0|0"},
		{`INSERT INTO t VALUES(2) RETURNING a`, 1, 2, "0|0|0"},
		{`SELECT a FROM t`, 2, 3, "0|0|0"},
		{`SELECT a FROM t`, 2, 1, "1|1|1"}, // not done: its mark is in the way
	} {
		exec(t, other, `UPDATE t SET a=a+1`) // so that a reader needs the WAL
		s, _, err := c.Prepare(test.sql)
		if err != nil {
			t.Fatal(err)
		}
		for i := range test.steps {
			if row := s.Step(); row != (i < test.rows) {
				t.Fatalf("%s: step %d returns %v, %v", test.sql, i+1, row, s.Err())
			}
		}
		got := query(t, other, `PRAGMA wal_checkpoint(TRUNCATE)`)
		f.check(got == test.want, "after %d steps of %s a checkpoint that restarts the WAL returns %s", test.steps, test.sql, got)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// Simulated connections that have no WAL-index use this mode.
func TestFactExclusiveModeUsesNoSharedMemory(t *testing.T) {
	f := fact{t, "locking_mode=EXCLUSIVE, set before the WAL is used, leaves out the WAL-index file and every operation on it", "simulating one connection"}
	tr := newTracer(t)
	c, path := openTraced(t, tr, `PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE t(a); INSERT INTO t VALUES(1)`)
	exec(t, c, `INSERT INTO t VALUES(2)`)
	// A busy timeout of 0 is announced at the start, which is no operation.
	f.trace(tr.take(), `
		db pragma experimental_pragma_20251114=1
		shm getter
		wal write 24@12392 commit
		wal write 4096@12416
		wal sync 2
		db PHASETWO
	`)
	_, err := os.Stat(path + "-shm")
	f.check(errors.Is(err, os.ErrNotExist), "there is a file: %v", err)
}

// A simulated boot gets a WAL-index of its own: that of the real file system
// outlives the simulated crash.
func TestFactSharedMemoryMayLiveElsewhere(t *testing.T) {
	f := fact{t, "a file may have a WAL-index at any path", "simulated crashes and boots"}
	tr := newTracer(t)
	elsewhere := t.TempDir() + "/index"
	tr.shm = func(string, sqlitevfs.SharedMemory) sqlitevfs.SharedMemory {
		return struct{ sqlitevfs.SharedMemory }{sqlitevfs.NewSharedMemory(elsewhere, sqlitevfs.OPEN_MAIN_DB)}
	}
	c, path := openTraced(t, tr, `PRAGMA journal_mode=WAL; CREATE TABLE t(a)`)
	exec(t, open(t, path, tr.name), `INSERT INTO t VALUES(1)`)
	rows := query(t, c, `SELECT * FROM t`)
	_, err := os.Stat(elsewhere)
	_, none := os.Stat(path + "-shm")
	f.check(rows == "1" && err == nil && errors.Is(none, os.ErrNotExist), "rows %q, %v, %v", rows, err, none)
}
