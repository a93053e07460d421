package conn

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ncruces/go-sqlite3"

	"github.com/turso-coop/turso-coop/vfs"
)

// Hooks of several users see the same events, and the end of one is not that of another.
func TestHooksChain(t *testing.T) {
	c := open(t, filepath.Join(t.TempDir(), "test.db"))
	script(t, c, "PRAGMA journal_mode=WAL; CREATE TABLE t(a INTEGER PRIMARY KEY)")
	var events []string
	note := func(who, event string, args ...any) {
		events = append(events, strings.TrimSpace(who+" "+event+" "+fmt.Sprint(args...)))
	}
	hook := func(who string) (remove []func()) {
		return []func(){
			c.OnCommit(func() bool { note(who, "commit"); return true }),
			c.OnRollback(func() { note(who, "rollback") }),
			c.OnUpdate(func(op sqlite3.AuthorizerActionCode, schema, table string, rowID int64) {
				note(who, "update", op, " ", schema, ".", table, " ", rowID)
			}),
			c.OnPreUpdate(func(d sqlite3.PreUpdateData) { note(who, "before", d.Op, " ", d.Table, " ", d.NewRowID) }),
			c.OnWAL(func(schema string, pages int) error { note(who, "WAL", schema); return nil }),
			c.OnTrace(sqlite3.TRACE_ROW, func(sqlite3.TraceEvent, any, any) error { note(who, "row"); return nil }),
		}
	}
	expect := func(step string, want ...string) {
		t.Helper()
		if !slices.Equal(events, want) {
			t.Errorf("%s:\n got %q\nwant %q", step, events, want)
		}
		events = nil
	}
	first := hook("a")
	second := hook("b")
	script(t, c, "INSERT INTO t VALUES(7)")
	expect("both", "a before 18 t 7", "b before 18 t 7", "a update 18 main.t 7", "b update 18 main.t 7",
		"a commit", "b commit", "a WAL main", "b WAL main")
	for _, remove := range first {
		remove()
		remove() // again does nothing
	}
	script(t, c, "BEGIN; DELETE FROM t WHERE a=7; ROLLBACK")
	value(t, c, "SELECT * FROM t")
	expect("the second", "b before 9 t 7", "b update 9 main.t 7", "b rollback", "b row")
	for _, remove := range second {
		remove()
	}
	script(t, c, "INSERT INTO t VALUES(8)")
	expect("none")
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	for _, remove := range append(second, hook("c")...) {
		remove()
	}
}

func TestCommitIsRefused(t *testing.T) {
	c := open(t, ":memory:")
	script(t, c, "CREATE TABLE t(a)")
	asked := 0
	var remove func()
	remove = c.OnCommit(func() bool { asked++; remove(); return false }) // it may remove itself
	c.OnCommit(func() bool { asked += 10; return true })
	err := c.Script(background, "INSERT INTO t VALUES(1)")
	if !errors.Is(err, sqlite3.CONSTRAINT_COMMITHOOK) || asked != 1 {
		t.Errorf("refused: %v, %d asked", err, asked)
	}
	script(t, c, "INSERT INTO t VALUES(2)")
	if got := value(t, c, "SELECT sum(a) FROM t"); got != int64(2) || asked != 11 {
		t.Errorf("%v, %d asked", got, asked)
	}
}

func TestStrictestAuthorizerCounts(t *testing.T) {
	c := open(t, ":memory:")
	script(t, c, "CREATE TABLE t(a, b); INSERT INTO t VALUES('seen', 'hidden')")
	answer := func(column string, code sqlite3.AuthorizerReturnCode) func() {
		return c.OnAuthorize(func(action sqlite3.AuthorizerActionCode, _, name, _, _ string) sqlite3.AuthorizerReturnCode {
			if action == sqlite3.AUTH_READ && name == column {
				return code
			}
			return sqlite3.AUTH_OK
		})
	}
	answer("a", sqlite3.AUTH_OK)
	ignore := answer("b", sqlite3.AUTH_IGNORE)
	if got := value(t, c, "SELECT a || ifnull(b, '') FROM t"); got != "seen" {
		t.Errorf("ignored: %v", got)
	}
	deny := answer("b", sqlite3.AUTH_DENY)
	if _, _, err := c.Prepare(background, "SELECT b FROM t"); !errors.Is(err, sqlite3.AUTH) {
		t.Errorf("denied: %v", err)
	}
	deny()
	ignore()
	if got := value(t, c, "SELECT b FROM t"); got != "hidden" {
		t.Errorf("without authorizers: %v", got)
	}
}

// SQLite makes its checkpoints in its own WAL hook, and a PRAGMA puts that in the place of any other.
func TestWALHookKeepsCheckpoints(t *testing.T) {
	c := open(t, filepath.Join(t.TempDir(), "test.db"))
	script(t, c, "PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=4; CREATE TABLE t(a)")
	var pages []int
	remove := c.OnWAL(func(_ string, n int) error { pages = append(pages, n); return nil })
	fill := func() {
		for range 8 {
			script(t, c, "INSERT INTO t VALUES(zeroblob(3000))")
		}
	}
	fill()
	if most := slices.Max(pages); len(pages) != 8 || most > 8 {
		t.Errorf("with wal_autocheckpoint=4 the WAL had %v pages", pages)
	}
	pages = nil
	script(t, c, "PRAGMA wal_autocheckpoint=0")
	fill()
	if most := slices.Max(pages); len(pages) != 8 || most < 8 {
		t.Errorf("with wal_autocheckpoint=0 the WAL had %v pages", pages)
	}
	script(t, c, "PRAGMA wal_autocheckpoint=5")
	remove()
	if got := value(t, c, "PRAGMA wal_autocheckpoint"); got != int64(5) {
		t.Errorf("without a hook: %v", got)
	}
	failure := errors.New("replica is gone")
	c.OnWAL(func(string, int) error { return failure })
	if err := c.Script(background, "INSERT INTO t VALUES(1)"); err == nil {
		t.Error("the error of a hook is lost")
	}
	if got := value(t, c, "SELECT count(*) FROM t WHERE a=1"); got != int64(1) {
		t.Errorf("the commit is lost: %v", got)
	}
}

func TestPanicInHook(t *testing.T) {
	c := open(t, ":memory:")
	script(t, c, "CREATE TABLE t(a)")
	c.OnCommit(func() bool { panic("no") })
	var p *PanicError
	if err := c.Script(background, "INSERT INTO t VALUES(1)"); !errors.As(err, &p) || p.Value != "no" {
		t.Errorf("%v", err)
	}
	if !errors.As(c.Err(), &p) {
		t.Errorf("the connection lives on: %v", c.Err())
	}
}

// The frames of a commit are written together whether or not anybody else is asked before it, except where somebody has
// taken the hook itself; a refused commit leaves nothing that waits.
func TestFramesWaitBehindHooks(t *testing.T) {
	c := open(t, filepath.Join(t.TempDir(), "test.db"))
	script(t, c, "PRAGMA journal_mode=WAL; CREATE TABLE t(a)")
	flushes := func(sql string) int64 {
		t.Helper()
		before, _ := vfs.StatsOf(c.Raw())
		err := c.Script(t.Context(), sql)
		after, ok := vfs.StatsOf(c.Raw())
		if !ok || err != nil && !errors.Is(err, sqlite3.CONSTRAINT_COMMITHOOK) {
			t.Fatal(ok, err)
		}
		return after.Flushes - before.Flushes
	}
	const insert = "INSERT INTO t VALUES(zeroblob(20000))"
	if n := flushes(insert); n != 1 {
		t.Errorf("%d flushes in a commit", n)
	}
	allow := true
	remove := c.OnCommit(func() bool { return allow })
	if n := flushes(insert + ";" + insert); n != 2 {
		t.Errorf("%d flushes in two commits with a hook", n)
	}
	allow = false
	if n := flushes(insert); n != 0 {
		t.Errorf("%d flushes in a commit that is refused", n)
	}
	remove()
	if n := flushes(insert); n != 1 {
		t.Errorf("%d flushes in a commit after the hook is removed", n)
	}
	c.Raw().CommitHook(func() bool { return true })
	if n := flushes(insert); n != 0 {
		t.Errorf("%d flushes in a commit with the bare connection's hook replaced", n)
	}
	if got := value(t, c, "SELECT count(*) FROM t"); got != int64(5) {
		t.Errorf("%v rows", got)
	}
}
