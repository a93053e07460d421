package conn

import (
	"context"
	"errors"
	"log/slog"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/ncruces/go-sqlite3"
)

// What a second run has committed is not run a third time when a later member falls, and is nobody's error.
func TestPanicInASecondRun(t *testing.T) {
	k := newCrowd(t, 4, "PRAGMA journal_mode=WAL; CREATE TABLE t(a)")
	ran := 0
	for _, c := range k.conns {
		err := c.Raw().CreateFunction("fall", 0, 0, func(sqlite3.Context, ...sqlite3.Value) {
			if ran++; ran == 2 {
				panic("fallen")
			}
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	calls := []*call{
		{on: 0, sql: "INSERT INTO t VALUES(1)"},
		{on: 1, sql: "INSERT INTO t VALUES(2)"},
		{on: 2, sql: "INSERT INTO t VALUES(coalesce(fall(), 3))"},
		{on: 3, sql: "INSERT INTO t VALUES(changes())"}, // makes the group run again
	}
	k.begin(calls...)
	k.end(calls...)
	if calls[0].err != nil || calls[0].result.Changes != 1 || calls[1].err != nil || calls[2].err == nil || calls[3].err != nil {
		t.Errorf("%v %+v, %v, %v, %v", calls[0].err, calls[0].result, calls[1].err, calls[2].err, calls[3].err)
	}
	if k.conns[0].Err() == nil {
		t.Error("the connection has survived")
	}
	if got := k.text("SELECT a FROM t ORDER BY a"); got != "0\n1\n2\n" {
		t.Errorf("%q", got)
	}
}

// A function that ends its goroutine has stored nothing, and nobody is told otherwise.
func TestGoexitInAGroup(t *testing.T) {
	k := newCrowd(t, 3, "PRAGMA journal_mode=WAL; CREATE TABLE t(a)")
	for _, c := range k.conns {
		if err := c.Raw().CreateFunction("leave", 0, 0, func(sqlite3.Context, ...sqlite3.Value) { runtime.Goexit() }); err != nil {
			t.Fatal(err)
		}
	}
	calls := []*call{{on: 0, sql: "INSERT INTO t VALUES(1)"}, {on: 1, sql: "INSERT INTO t VALUES(leave())"}, {on: 2, sql: "INSERT INTO t VALUES(3)"}}
	k.begin(calls...)
	k.end(calls...)
	if calls[1].err == nil || calls[2].err != nil {
		t.Errorf("%v, %v", calls[1].err, calls[2].err)
	}
	if got := k.text("SELECT a FROM t"); got != "3\n" {
		t.Errorf("%q", got)
	}
}

// A statement that its leader runs by itself after all keeps its own context and its own time for locks.
func TestLeaderRunsItsOwnStatementAlone(t *testing.T) {
	k := newCrowd(t, 2, "PRAGMA journal_mode=WAL; CREATE TABLE t(a)")
	ctx, cancel := context.WithCancel(background)
	defer cancel()
	for _, c := range k.conns {
		if err := c.Raw().CreateFunction("cancel", 0, 0, func(ctx sqlite3.Context, _ ...sqlite3.Value) { cancel() }); err != nil {
			t.Fatal(err)
		}
	}
	calls := []*call{
		{on: 0, sql: "INSERT INTO t SELECT changes() UNION ALL SELECT cancel() UNION ALL SELECT * FROM (" + endless + ")", ctx: ctx},
		{on: 1, sql: "INSERT INTO t VALUES(2)"},
	}
	k.begin(calls...)
	k.end(calls...)
	if !errors.Is(calls[0].err, context.Canceled) || calls[1].err != nil {
		t.Errorf("%v, %v", calls[0].err, calls[1].err)
	}
}

// Whoever is given the bare connection may end the transaction with it: the turn is left at once.
func TestHandOutLeavesTheTurn(t *testing.T) {
	k := newCrowd(t, 2, "PRAGMA journal_mode=WAL; CREATE TABLE t(a)")
	prepareOnce(t, k.conns[0], "BEGIN IMMEDIATE")
	if err := k.conns[0].HandOut().Exec("COMMIT"); err != nil {
		t.Fatal(err)
	}
	prepareOnce(t, k.conns[1], "INSERT INTO t VALUES(1)")
	if k.conns[1].counts.turnWaits.Load() != 0 {
		t.Error("it had to wait for the turn")
	}
}

// Who wants to hear of slow statements hears of those that others have run for it, too.
func TestSlowStatementInAGroup(t *testing.T) {
	k := newCrowd(t, 2, "PRAGMA journal_mode=WAL; CREATE TABLE t(a)")
	for _, c := range k.conns {
		c.slow = time.Nanosecond
	}
	var log strings.Builder
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
	defer slog.SetDefault(before)
	calls := []*call{{on: 0, sql: "INSERT INTO t VALUES(1)"}, {on: 1, sql: "INSERT INTO t VALUES(2),(3) RETURNING a", rows: true}}
	k.begin(calls...)
	k.end(calls...)
	for i, want := range []string{"VALUES(1)\" rows=0", "RETURNING a\" rows=2"} {
		if c := k.conns[i]; c.counts.slow.Load() != 1 || !strings.Contains(log.String(), want) {
			t.Errorf("%d: %d slow, logged %q", i, c.counts.slow.Load(), log.String())
		}
	}
}

// What keeps a connection from leading a group is no error of its statement.
func TestLeaderThatMayNotBegin(t *testing.T) {
	for _, denied := range []string{"BEGIN", "COMMIT", "ROLLBACK"} {
		k := newCrowd(t, 2, "PRAGMA journal_mode=WAL; CREATE TABLE t(a)")
		err := k.conns[0].Raw().SetAuthorizer(func(action sqlite3.AuthorizerActionCode, what, _, _, _ string) sqlite3.AuthorizerReturnCode {
			if action == sqlite3.AUTH_TRANSACTION && what == denied {
				return sqlite3.AUTH_DENY
			}
			return sqlite3.AUTH_OK
		})
		if err != nil {
			t.Fatal(err)
		}
		calls := []*call{{on: 0, sql: "INSERT INTO t VALUES(1)"}, {on: 1, sql: "INSERT INTO t VALUES(2 + 0 * changes())"}}
		k.begin(calls...)
		k.end(calls...)
		if got := k.text("SELECT a FROM t"); calls[0].err != nil || calls[1].err != nil || got != "1\n2\n" || !k.conns[0].Autocommit() {
			t.Errorf("without %s: %v, %v, %q", denied, calls[0].err, calls[1].err, got)
		}
	}
}

// A statement for which the memory of a connection does not suffice is that of nobody else, in the first run and in the second.
func TestOutOfMemoryInAGroup(t *testing.T) {
	for _, enough := range []int{0, 1} { // how often it suffices
		k := newCrowd(t, 0, "PRAGMA journal_mode=WAL; CREATE TABLE t(a)")
		asked := 0
		for range 4 {
			c, err := Open(sqlite3.WithMaxMemory(background, 8<<20), Options{Filename: k.name, VFS: vfsName, BusyTimeout: time.Minute, StmtCache: 8})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { c.Close() })
			err = c.Raw().CreateFunction("size", 0, 0, func(ctx sqlite3.Context, _ ...sqlite3.Value) {
				if asked++; asked <= enough {
					ctx.ResultInt(1)
				} else {
					ctx.ResultInt(5_000_000)
				}
			})
			if err != nil {
				t.Fatal(err)
			}
			c.Join(k.family, false)
			k.conns = append(k.conns, c)
		}
		calls := []*call{
			{on: 0, sql: "INSERT INTO t VALUES(1)"},
			{on: 1, sql: "INSERT INTO t VALUES(2)"},
			{on: 2, sql: "INSERT INTO t VALUES(hex(zeroblob(size()))) RETURNING 1", rows: true},
			{on: 3, sql: "INSERT INTO t VALUES(4 + 0 * changes())"}, // makes the group run again
		}
		k.begin(calls...)
		k.end(calls...)
		for i, c := range calls {
			if (i == 2) != errors.Is(c.err, sqlite3.NOMEM) || i != 2 && c.err != nil {
				t.Errorf("enough for %d: call %d: %v", enough, i, c.err)
			}
		}
		if got := k.text("SELECT a FROM t ORDER BY a"); got != "1\n2\n4\n" {
			t.Errorf("enough for %d: %q", enough, got)
		}
	}
}
