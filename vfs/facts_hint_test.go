package vfs_test

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ncruces/go-sqlite3"
)

// hint is the PRAGMA that SQLite sends to the VFS when a write transaction
// starts from none: "1" for an ordinary one, "2" for an exclusive one. It is
// experimental there (SQLITE_EXPERIMENTAL_PRAGMA_20251114).
const hint = "experimental_pragma_20251114"

// hints returns the values of the hints since the last take.
func hints(tr *tracer) string {
	var values []string
	for _, e := range tr.events {
		if value, ok := strings.CutPrefix(e.detail, hint+"="); ok {
			values = append(values, value)
		}
	}
	tr.take()
	return strings.Join(values, " ")
}

// The writer queue is entered at the hint. A statement that never gets one
// must not be queued, and one that gets it while reading would deadlock.
func TestFactHintSaysThatAWriteTransactionStarts(t *testing.T) {
	f := fact{t, "SQLite sends " + hint + " exactly when a write transaction starts from none", "the place where writers queue"}
	for _, mode := range []string{"WAL", "DELETE"} {
		tr := newTracer(t)
		c, _ := openTraced(t, tr, `PRAGMA journal_mode=`+mode+`; CREATE TABLE t(a); PRAGMA temp_store=FILE; CREATE TEMP TABLE tt(a)`)
		for _, test := range []struct{ sql, want string }{
			{`INSERT INTO t VALUES(1)`, "1"},
			{`INSERT INTO t VALUES(1) RETURNING a`, "1"},
			{`UPDATE t SET a=a WHERE false`, "1"}, // also if nothing changes
			{`CREATE TABLE IF NOT EXISTS u(a)`, "1"},
			{`ANALYZE`, "1"},
			{`PRAGMA user_version=1`, "1"},
			{`PRAGMA incremental_vacuum`, "1"},
			{`VACUUM`, "2"},
			// Explicit transactions: where they start to write.
			{`BEGIN IMMEDIATE`, "1"}, {`INSERT INTO t VALUES(1)`, ""}, {`COMMIT`, ""},
			{`BEGIN EXCLUSIVE`, "2"}, {`INSERT INTO t VALUES(1)`, ""}, {`ROLLBACK`, ""},
			{`BEGIN`, ""}, {`INSERT INTO t VALUES(1)`, "1"}, {`INSERT INTO t VALUES(1)`, ""}, {`COMMIT`, ""},
			{`SAVEPOINT s`, ""}, {`DELETE FROM t`, "1"}, {`RELEASE s`, ""},
			// A transaction that has read is upgraded, without a hint.
			{`BEGIN`, ""}, {`SELECT * FROM t`, ""}, {`INSERT INTO t VALUES(1)`, ""}, {`COMMIT`, ""},
			// No write transaction on the database, though some of these are
			// not read-only for sqlite3_stmt_readonly.
			{`SELECT * FROM t`, ""},
			{`INSERT INTO tt VALUES(randomblob(100000))`, ""},
			{`INSERT INTO tt SELECT a FROM t`, ""},
			{`CREATE TEMP TABLE x(a)`, ""},
			{`EXPLAIN INSERT INTO t VALUES(1)`, ""},
			{`CREATE TABLE IF NOT EXISTS t(a)`, ""},
			{`DROP TABLE IF EXISTS none`, ""},
			{`PRAGMA cache_size=100`, ""},
			{`PRAGMA user_version`, ""},
			{`PRAGMA wal_checkpoint(TRUNCATE)`, ""},
			{`PRAGMA integrity_check`, ""},
			{`PRAGMA journal_mode`, ""},
		} {
			tr.take()
			exec(t, c, test.sql)
			got := hints(tr)
			f.check(got == test.want, "in %s mode, %s sends %q, not %q", mode, test.sql, got, test.want)
		}
		s, _, err := c.Prepare(`SELECT * FROM (VALUES(1), (2)), sqlite_schema`)
		if err != nil || !s.Step() {
			t.Fatal(err, s.Err())
		}
		tr.take()
		exec(t, c, `INSERT INTO t VALUES(1)`)
		got := hints(tr)
		f.check(got == "", "in %s mode, a statement beside an unfinished SELECT sends %q", mode, got)
		s.Close()
		// A change of the journal mode writes to the database like an upgrade.
		tr.take()
		exec(t, c, `PRAGMA journal_mode=`+map[string]string{"WAL": "DELETE", "DELETE": "WAL"}[mode])
		got = hints(tr)
		f.check(got == "", "leaving %s mode sends %q", mode, got)
	}
}

// Blob handles and backups write without a statement.
func TestFactHintComesFromBlobsAndBackups(t *testing.T) {
	f := fact{t, "blob handles and backups send " + hint + " too", "leaving the writer queue after every call that may write"}
	tr := newTracer(t)
	c, path := openTraced(t, tr, `CREATE TABLE t(a); INSERT INTO t VALUES(zeroblob(9))`)
	blob, err := c.OpenBlob("main", "t", "a", 1, true)
	if err != nil {
		t.Fatal(err)
	}
	got := hints(tr)
	f.check(got == "1", "opening a blob sends %q", got)
	if err := blob.Close(); err != nil {
		t.Fatal(err)
	}
	source, err := sqlite3.Open(":memory:")
	if err != nil {
		t.Fatal(err)
	}
	defer source.Close()
	exec(t, source, `CREATE TABLE t(a)`)
	backup, err := source.BackupInit("main", "file:"+path+"?vfs="+tr.name)
	if err != nil {
		t.Fatal(err)
	}
	tr.take()
	if _, err := backup.Step(-1); err != nil {
		t.Fatal(err)
	}
	got = hints(tr)
	f.check(got == "2", "a step of a backup sends %q", got)
	if err := backup.Close(); err != nil {
		t.Fatal(err)
	}
}

// One statement may enter several queues, one for each file.
func TestFactHintGoesToEveryDatabaseThatIsWritten(t *testing.T) {
	f := fact{t, "each database file gets the hint for its own write transaction", "one writer queue per file"}
	tr := newTracer(t)
	c, _ := openTraced(t, tr, `CREATE TABLE t(a); ATTACH '`+filepath.Join(t.TempDir(), "aux.db")+`' AS aux; CREATE TABLE u(a)`)
	exec(t, c, `CREATE TABLE aux.v(a)`)
	for _, test := range []struct{ sql, want string }{
		{`INSERT INTO v VALUES(1)`, "1"},
		{`BEGIN IMMEDIATE; COMMIT`, "1 1"},
		{`BEGIN; INSERT INTO t VALUES(1); INSERT INTO v VALUES(1); COMMIT`, "1 1"},
	} {
		tr.take()
		exec(t, c, test.sql)
		got := hints(tr)
		f.check(got == test.want, "%s sends %q", test.sql, got)
	}
}

// A waiter that gives up returns an error, and has to be content with SQLite
// finding the lock taken.
func TestFactHintCannotFail(t *testing.T) {
	f := fact{t, "SQLite ignores what the VFS answers to the hint", "a queue that only waits and never refuses"}
	tr := newTracer(t)
	c, _ := openTraced(t, tr, `CREATE TABLE t(a)`)
	tr.pragma = func(string, string) (string, error) { return "", sqlite3.BUSY }
	err := c.Exec(`INSERT INTO t VALUES(1)`)
	f.check(err == nil && hints(tr) == "1", "the statement fails with %v", err)
}

// Entering the queue is idempotent, and its deadline is the busy handler's.
func TestFactHintIsRepeatedAfterTheBusyHandler(t *testing.T) {
	f := fact{t, "the hint comes before each attempt to get the locks, in turn with the busy handler", "a queue that may be entered again by who has left it"}
	tr := newTracer(t)
	c, path := openTraced(t, tr, `PRAGMA journal_mode=WAL; CREATE TABLE t(a)`)
	other := open(t, path, tr.name)
	exec(t, other, `BEGIN IMMEDIATE`)
	if err := c.BusyHandler(func(_ context.Context, count int) bool {
		tr.note("", "busy", "")
		return count < 1
	}); err != nil {
		t.Fatal(err)
	}
	tr.take()
	_ = c.Exec(`INSERT INTO t VALUES(1)`)
	f.trace(tr.only("pragma", "busy"), `
		db pragma experimental_pragma_20251114=1
		busy
		db pragma experimental_pragma_20251114=1
		busy
	`)
}

// The owner of a connection installs a busy handler that obeys the context;
// PRAGMA busy_timeout would replace it.
func TestFactAnsweredBusyTimeoutKeepsTheBusyHandler(t *testing.T) {
	f := fact{t, "a PRAGMA that the VFS answers does nothing else, and SQLite's own busy_timeout replaces the busy handler", "waiting for locks by our busy handler"}
	for _, answered := range []bool{true, false} {
		tr := newTracer(t)
		c, path := openTraced(t, tr, `CREATE TABLE t(a)`)
		other := open(t, path, tr.name)
		exec(t, other, `BEGIN IMMEDIATE`)
		calls := 0
		if err := c.BusyHandler(func(context.Context, int) bool { calls++; return false }); err != nil {
			t.Fatal(err)
		}
		if answered {
			tr.pragma = func(name, value string) (string, error) {
				if name == "busy_timeout" {
					return "77", nil
				}
				return "", sqlite3.NOTFOUND
			}
		}
		tr.take()
		got := query(t, c, `PRAGMA Busy_Timeout = 1`)
		f.check(slices.Contains(tr.take(), "db pragma busy_timeout=1"), "the VFS is not asked")
		f.check(got == map[bool]string{true: "77", false: "1"}[answered], "answered=%v gives %s", answered, got)
		_ = c.Exec(`INSERT INTO t VALUES(1)`)
		f.check((calls == 1) == answered, "answered=%v, and the handler is called %d times", answered, calls)
	}
}
