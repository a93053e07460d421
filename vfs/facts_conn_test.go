package vfs_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"iter"
	mathrand "math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/ncruces/go-sqlite3"
)

// internal/conn finalizes every statement after a panic, and gives up the files
// as well: neither a rollback nor finalizing alone is enough for every case.
func TestFactPanicLeavesTheStatementRunning(t *testing.T) {
	f := fact{t, "a panic inside a step leaves the statement running and its locks held, without a transaction that ROLLBACK knows", "recovery by finalizing every statement"}
	for _, mode := range []string{"WAL", "DELETE"} {
		for _, at := range []string{"function", "write"} {
			tr := newTracer(t)
			c, path := openTraced(t, tr, `CREATE TABLE t(a); PRAGMA journal_mode=`+mode)
			other := open(t, path, tr.name)
			s := panicInStep(t, tr, c, at)
			err := c.Exec(`ROLLBACK`)
			f.check(err != nil && strings.Contains(err.Error(), "no transaction is active"), "in %s mode, after a panic in a %s, ROLLBACK says %v", mode, at, err)
			err = other.Exec(`INSERT INTO t VALUES(1)`)
			f.check(errors.Is(err, sqlite3.BUSY), "in %s mode, after a panic in a %s, another writer gets %v", mode, at, err)
			_ = s.Close() // what it says is not the fact
			err = other.Exec(`INSERT INTO t VALUES(1)`)
			f.check(err == nil, "in %s mode, after a panic in a %s and finalizing, another writer gets %v", mode, at, err)
		}
	}
}

func TestFactPanicInATransactionLeavesItOpen(t *testing.T) {
	f := fact{t, "a panic inside an explicit transaction leaves it open, also when every statement is finalized, until ROLLBACK", "giving up the connection's files after a panic"}
	tr := newTracer(t)
	c, path := openTraced(t, tr, `CREATE TABLE t(a); BEGIN`)
	other := open(t, path, tr.name)
	_ = panicInStep(t, tr, c, "function").Close()
	err := other.Exec(`INSERT INTO t VALUES(1)`)
	f.check(errors.Is(err, sqlite3.BUSY) && !c.GetAutocommit(), "another writer gets %v, and autocommit is %v", err, c.GetAutocommit())
	exec(t, c, `ROLLBACK`)
	err = other.Exec(`INSERT INTO t VALUES(1)`)
	f.check(err == nil, "after ROLLBACK another writer gets %v", err)
}

// panicInStep makes an INSERT panic in a Go function or in a write of the VFS,
// and returns its statement.
func panicInStep(t *testing.T, tr *tracer, c *sqlite3.Conn, at string) (s *sqlite3.Stmt) {
	t.Helper()
	if err := c.CreateFunction("trip", 0, 0, func(sqlite3.Context, ...sqlite3.Value) {
		if at == "function" {
			panic(at)
		}
	}); err != nil {
		t.Fatal(err)
	}
	tr.fail = func(_, op string) error {
		if op == at {
			panic(at)
		}
		return nil
	}
	s, _, err := c.Prepare(`INSERT INTO t VALUES(trip())`)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		tr.fail = nil
		if recover() == nil {
			t.Fatalf("no panic in a %s", at)
		}
	}()
	s.Step()
	return s
}

// Simulations replace the reader to get the same WAL from the same seed.
func TestFactRandomReaderDecidesTheSalts(t *testing.T) {
	f := fact{t, "crypto/rand.Reader decides the salts of a WAL", "simulated runs that can be repeated"}
	saved := rand.Reader
	defer func() { rand.Reader = saved }()
	wal := func(seed byte) []byte {
		rand.Reader = mathrand.NewChaCha8([32]byte{seed})
		tr := newTracer(t)
		_, path := openTraced(t, tr, `PRAGMA journal_mode=WAL; CREATE TABLE t(a)`)
		b, err := os.ReadFile(path + "-wal")
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	first, again, other := wal(1), wal(1), wal(2)
	f.check(bytes.Equal(first, again), "two runs with one seed differ")
	f.check(!bytes.Equal(first[16:24], other[16:24]), "two seeds give the same salts")
}

// Cooperative connections run on coroutines: when a file meets a pending
// completion, the coroutine yields it.
func TestFactVFSMayYieldFromACoroutine(t *testing.T) {
	f := fact{t, "a connection may run on a coroutine that its VFS switches away from in the middle of a call", "thousands of cooperative statements on one goroutine"}
	const connections, inserts = 20, 3
	tr := newTracer(t)
	c, path := openTraced(t, tr, `PRAGMA journal_mode=WAL; CREATE TABLE t(a)`)
	var yield func(struct{}) bool // of the coroutine that runs
	switches := 0
	tr.fail = func(string, string) error {
		if yield != nil {
			switches++
			yield(struct{}{})
		}
		return nil
	}
	type coroutine struct {
		next  func() (struct{}, bool)
		yield func(struct{}) bool
	}
	var running []*coroutine
	for range connections {
		co := new(coroutine)
		next, stop := iter.Pull(func(y func(struct{}) bool) {
			co.yield, yield = y, y
			c := open(t, path, tr.name)
			if err := c.BusyHandler(func(context.Context, int) bool { return y(struct{}{}) }); err != nil {
				t.Error(err)
			}
			for range inserts {
				exec(t, c, `INSERT INTO t VALUES(1)`)
			}
		})
		defer stop()
		co.next = next
		running = append(running, co)
	}
	for len(running) > 0 {
		var still []*coroutine
		for _, co := range running {
			yield = co.yield
			if _, more := co.next(); more {
				still = append(still, co)
			}
		}
		running = still
	}
	yield = nil
	rows := query(t, c, `SELECT count(*) FROM t`)
	f.check(rows == "60" && switches > connections*inserts, "%s rows after %d switches", rows, switches)
}

// A statement in a group that leaves a deferred foreign key violated is undone
// as autocommit would have undone it.
func TestFactDeferredForeignKeysCanBeSeen(t *testing.T) {
	f := fact{t, "DBSTATUS_DEFERRED_FKS is above zero exactly while deferred foreign keys are violated", "running several callers' statements in one transaction"}
	tr := newTracer(t)
	c, _ := openTraced(t, tr, `PRAGMA foreign_keys=ON; CREATE TABLE p(a PRIMARY KEY); CREATE TABLE k(a REFERENCES p DEFERRABLE INITIALLY DEFERRED)`)
	for _, test := range []struct {
		sql      string
		violated bool
	}{
		{`BEGIN`, false}, {`SAVEPOINT s`, false}, {`INSERT INTO k VALUES(1)`, true}, {`INSERT INTO k VALUES(2)`, true}, {`INSERT INTO p VALUES(1)`, true},
		{`INSERT INTO p VALUES(2)`, false}, {`INSERT INTO k VALUES(3)`, true}, {`ROLLBACK TO s`, false}, {`COMMIT`, false},
	} {
		exec(t, c, test.sql)
		n, _, err := c.Status(sqlite3.DBSTATUS_DEFERRED_FKS, false)
		f.check(err == nil && (n > 0) == test.violated, "after %s it is %d, %v", test.sql, n, err)
	}
}

// A statement that ran on another connection leaves its rowid on the caller's.
func TestFactLastInsertRowIDCanBeSet(t *testing.T) {
	f := fact{t, "SetLastInsertRowID decides what last_insert_rowid() says", "answering a caller whose statement ran on another connection"}
	tr := newTracer(t)
	c, _ := openTraced(t, tr, `CREATE TABLE t(a)`)
	c.SetLastInsertRowID(42)
	got := query(t, c, `SELECT last_insert_rowid()`)
	f.check(got == "42" && c.LastInsertRowID() == 42, "it says %s", got)
}

// The same for the number of changes, which has no setter; views and triggers
// call only functions declared innocuous (trusted_schema is off).
func TestFactChangesCanBeReplaced(t *testing.T) {
	f := fact{t, "changes() and total_changes() can be replaced by innocuous functions", "answering a caller whose statement ran on another connection"}
	tr := newTracer(t)
	c, _ := openTraced(t, tr, `CREATE TABLE t(a); CREATE VIEW v AS SELECT changes(), total_changes()`)
	for _, name := range []string{"changes", "total_changes"} {
		err := c.CreateFunction(name, 0, sqlite3.INNOCUOUS, func(ctx sqlite3.Context, _ ...sqlite3.Value) { ctx.ResultInt(42) })
		f.check(err == nil, "%s: %v", name, err)
	}
	exec(t, c, `INSERT INTO t VALUES(1)`)
	for _, sql := range []string{`SELECT changes(), total_changes()`, `SELECT * FROM v`} {
		got := query(t, c, sql)
		f.check(got == "42|42", "%s gives %s", sql, got)
	}
	f.check(c.Changes() == 1, "sqlite3_changes gives %d", c.Changes())
}

// oneConn is a database/sql driver, connection and statement, with one result:
// no rows, whose closing fails.
type oneConn struct{}

var errClosing = errors.New("closing the rows failed")

func (oneConn) Connect(context.Context) (driver.Conn, error) { return oneConn{}, nil }
func (oneConn) Driver() driver.Driver                        { return nil }
func (oneConn) Prepare(string) (driver.Stmt, error)          { return oneConn{}, nil }
func (oneConn) Begin() (driver.Tx, error)                    { return nil, driver.ErrSkip }
func (oneConn) NumInput() int                                { return 0 }
func (oneConn) Exec([]driver.Value) (driver.Result, error)   { return nil, driver.ErrSkip }
func (oneConn) Query([]driver.Value) (driver.Rows, error)    { return emptyRows{}, nil }
func (oneConn) Close() error                                 { return nil }

type emptyRows struct{}

func (emptyRows) Columns() []string         { return []string{"a"} }
func (emptyRows) Next([]driver.Value) error { return io.EOF }
func (emptyRows) Close() error              { return errClosing }

// What the owner of a connection learns after the last row, when it resets the
// statement, still has to reach the caller.
func TestFactErrorOfRowsCloseReachesTheCaller(t *testing.T) {
	f := fact{t, "database/sql reports an error of closing the rows, after the last one, by Rows.Err", "waiting for durability after the statement is reset"}
	db := sql.OpenDB(oneConn{})
	defer db.Close()
	rows, err := db.Query(``)
	if err != nil {
		t.Fatal(err)
	}
	if rows.Next() {
		t.Fatal("a row")
	}
	f.check(errors.Is(rows.Err(), errClosing), "Err is %v", rows.Err())
}
