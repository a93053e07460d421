package conn

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/ncruces/go-sqlite3"
)

// endsAfter is a context that has ended when it was asked so many times.
type endsAfter struct {
	context.Context
	asked, limit int
}

func (c *endsAfter) Err() error {
	if c.asked++; c.asked > c.limit {
		return context.Canceled
	}
	return nil
}

// G6: whenever a context ends, its statement is done or was not, the other one is, and nothing stays behind.
func TestG6ContextEndsAtAnyMoment(t *testing.T) {
	for limit := range 12 {
		for on := range 2 {
			// New connections each time: they compile BEGIN, COMMIT and ROLLBACK for this group.
			k := newCrowd(t, 2, "PRAGMA journal_mode=WAL; CREATE TABLE t(a)")
			calls := []*call{{on: 0, sql: "INSERT INTO t VALUES(0)"}, {on: 1, sql: "INSERT INTO t SELECT 1 RETURNING a", rows: true}}
			calls[on].ctx = &endsAfter{background, 0, limit}
			k.begin(calls...)
			k.end(calls...)
			want := ""
			for i, c := range calls {
				switch {
				case c.err == nil:
					want += fmt.Sprintln(i)
				case i != on || !errors.Is(c.err, context.Canceled):
					t.Errorf("the context of %d ends when asked %d times: %d: %v", on, limit, i, c.err)
				}
			}
			if got := k.text("SELECT a FROM t ORDER BY a"); got != want {
				t.Errorf("the context of %d ends when asked %d times: %q is there, not %q", on, limit, got, want)
			}
			for _, c := range k.conns {
				if !c.Autocommit() || c.turns.main.Held() {
					t.Errorf("the context of %d ends when asked %d times: a transaction was left open", on, limit)
				}
			}
		}
	}
}

// G4: what has rolled a group back may have failed because of one that is not done in the end.
func TestG4ErrorBecauseOfAnotherThatIsCanceled(t *testing.T) {
	canceled := 0
	for limit := range 16 {
		k := newCrowd(t, 2, "PRAGMA journal_mode=WAL; CREATE TABLE t(a UNIQUE)")
		calls := []*call{
			{on: 0, sql: "INSERT INTO t VALUES(1)", ctx: &endsAfter{background, 0, limit}},
			{on: 1, sql: "INSERT OR ROLLBACK INTO t VALUES(1)"},
		}
		k.begin(calls...)
		k.end(calls...)
		if (calls[0].err == nil) == (calls[1].err == nil) {
			t.Errorf("the context ends when asked %d times: errors %v and %v", limit, calls[0].err, calls[1].err)
		}
		if calls[0].err != nil {
			canceled++
		}
	}
	if canceled == 16 {
		t.Error("the first one was never done: nothing is shown")
	}
}

// SQLite looks every thousand instructions whether it shall stop, and that may be after the last one. Who is told that
// a statement was interrupted finds nothing of it, by itself, in a transaction and in a group.
func TestInterruptedIsNotDone(t *testing.T) {
	k := newCrowd(t, 2, "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF; CREATE TABLE t(a)")
	var cancel context.CancelFunc
	for _, c := range k.conns {
		err := c.Raw().CreateFunction("at_last", 2, 0, func(ctx sqlite3.Context, args ...sqlite3.Value) {
			if args[0].Int64() == args[1].Int64() {
				cancel()
			}
			ctx.ResultInt(1)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	const insert = "INSERT INTO t WITH c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < ?1) SELECT at_last(i, ?1) FROM c"
	interrupted := 0
	for n := range int64(600) {
		ctx, stop := context.WithCancel(background)
		cancel = stop
		c := &call{on: 0, sql: insert, args: []any{n + 1}, ctx: ctx}
		mode := []string{"alone", "transaction", "group"}[n%3]
		switch mode {
		case "group":
			other := &call{on: 1, sql: "INSERT INTO t SELECT 0 WHERE false"}
			k.begin(other, c)
			k.end(other, c)
		case "transaction":
			prepareOnce(t, k.conns[0], "BEGIN IMMEDIATE")
			fallthrough
		default:
			c.done = make(chan struct{})
			c.run(k.conns[0])
			if !k.conns[0].Autocommit() {
				prepareOnce(t, k.conns[0], "COMMIT")
			}
		}
		stop()
		want := fmt.Sprintln(n + 1)
		if c.err != nil {
			want = "0\n"
			interrupted++
		}
		if got := k.text("SELECT count(*) FROM t"); got != want {
			t.Errorf("%s, %d rows: error %v, and %s are there", mode, n+1, c.err, got)
		}
		script(t, k.writer, "DELETE FROM t")
	}
	if interrupted == 0 || interrupted == 600 {
		t.Errorf("%d of 600 were interrupted: nothing is shown", interrupted)
	}
}

// G6: whenever a context ends, the rows of RETURNING are all there, or there is an error.
func TestG6RowsAreWhole(t *testing.T) {
	const want = "1\n2\n3\n4\n"
	for limit := range 14 {
		for on := range 2 {
			k := newCrowd(t, 2, "PRAGMA journal_mode=WAL; CREATE TABLE t(a)")
			calls := []*call{
				{on: 0, sql: "INSERT INTO t VALUES(1),(2),(3),(4) RETURNING a", rows: true},
				{on: 1, sql: "INSERT INTO t VALUES(1),(2),(3),(4) RETURNING a", rows: true},
			}
			calls[on].ctx = &endsAfter{background, 0, limit}
			k.begin(calls...)
			k.end(calls...)
			for i, c := range calls {
				if c.err == nil && c.got != want || c.err != nil && (i != on || !errors.Is(c.err, context.Canceled)) {
					t.Errorf("the context of %d ends when asked %d times: %d: rows %q, %v", on, limit, i, c.got, c.err)
				}
			}
		}
	}
}

// Rows that a context has cut short are no rows that have come to their end, whatever a trigger has changed by then.
func TestRowsCutShortInATransaction(t *testing.T) {
	short := 0
	for limit := range 8 {
		k := newCrowd(t, 1, "CREATE TABLE t(a); CREATE TABLE log(a); CREATE TRIGGER g AFTER INSERT ON t BEGIN INSERT INTO log VALUES(new.a); END")
		prepareOnce(t, k.conns[0], "BEGIN IMMEDIATE")
		c := &call{sql: "INSERT INTO t VALUES(1),(2),(3),(4) RETURNING a", rows: true, ctx: &endsAfter{background, 0, limit}, done: make(chan struct{})}
		c.run(k.conns[0])
		switch {
		case c.err == nil && c.got != "1\n2\n3\n4\n":
			t.Errorf("the context ends when asked %d times: rows %q and no error", limit, c.got)
		case c.err != nil && c.got != "":
			short++
		}
	}
	if short == 0 {
		t.Error("no rows were cut short: nothing is shown")
	}
}

// A statement that a context has kept from its first step is not done, also in a transaction begun on the bare connection.
func TestInterruptedInATransactionOfTheBareConnection(t *testing.T) {
	k := newCrowd(t, 1, "CREATE TABLE t(a)")
	c := k.conns[0]
	prepareOnce(t, c, "INSERT INTO t VALUES(1)")
	if err := c.HandOut().Exec("BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	c.Returned()
	s := prepare(t, c, "INSERT INTO t VALUES(2)")
	defer s.Close()
	if _, err := s.ExecArgs(ended, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

// Whoever has the bare connection sets its context for all that follows: a commit does not take it away.
func TestContextOfTheBareConnectionStays(t *testing.T) {
	c := newCrowd(t, 1, "PRAGMA journal_mode=WAL; CREATE TABLE t(a)").conns[0]
	db := c.HandOut()
	defer c.Returned()
	ctx, cancel := context.WithCancel(background)
	before := db.SetInterrupt(ctx)
	defer db.SetInterrupt(before)
	if err := db.Exec("INSERT INTO t VALUES(1)"); err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := db.Exec("INSERT INTO t VALUES(2)"); !errors.Is(err, sqlite3.INTERRUPT) {
		t.Errorf("after a commit its context ends: %v", err)
	}
}

// SQLite has made all changes of a statement with RETURNING before its first row: closing the connection commits them.
func TestCloseBetweenRowsOfReturning(t *testing.T) {
	k := newCrowd(t, 1, "PRAGMA journal_mode=WAL; CREATE TABLE t(a)")
	s := prepare(t, k.conns[0], "INSERT INTO t VALUES(1),(2) RETURNING a")
	if row, err := s.Step(background); !row || err != nil {
		t.Fatal(row, err)
	}
	if err := k.conns[0].Close(); err != nil {
		t.Error(err)
	}
	if got := k.text("SELECT a FROM t"); got != "1\n2\n" {
		t.Errorf("%q", got)
	}
}
