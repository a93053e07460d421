package conn

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ncruces/go-sqlite3"
)

// Statements that wait are run in one transaction by the first that gets the turn, each with its own result.
func TestStatementsThatWaitShareACommit(t *testing.T) {
	for _, mode := range []string{"WAL", "DELETE", "TRUNCATE", "PERSIST"} {
		k := newCrowd(t, 3, "PRAGMA journal_mode="+mode+"; CREATE TABLE t(id INTEGER PRIMARY KEY, a UNIQUE)")
		calls := []*call{
			{on: 0, sql: "INSERT INTO t VALUES(10, ?)", args: []any{int64(1)}},
			{on: 1, sql: "INSERT INTO t VALUES(20, ?), (21, 'two')", args: []any{"x"}},
			{on: 2, sql: "UPDATE t SET a = a || '!' WHERE id >= ?", args: []any{int64(20)}},
		}
		k.begin(calls...)
		k.end(calls...)
		for i, want := range []Result{{10, 1}, {21, 2}, {0, 2}} {
			if calls[i].err != nil || calls[i].result != want {
				t.Errorf("%s: call %d: %+v, %v", mode, i, calls[i].result, calls[i].err)
			}
		}
		if !(calls[0].serial < calls[1].serial && calls[1].serial < calls[2].serial) {
			t.Errorf("%s: serials %d %d %d", mode, calls[0].serial, calls[1].serial, calls[2].serial)
		}
		if got := k.text("SELECT id, a FROM t"); got != "10 1\n20 x!\n21 two!\n" {
			t.Errorf("%s: %q", mode, got)
		}
		if n := k.gathered(); n.Groups != 1 || n.Gathered != 3 || n.GroupSizes[1] != 1 {
			t.Errorf("%s: %+v", mode, n)
		}
	}
}

// G1: what does not mean the same on another connection, or is no single change of rows, runs where it was meant to.
func TestG1OnlyWhatMeansTheSameIsGathered(t *testing.T) {
	const insert = "INSERT INTO t(a) VALUES('x')"
	for _, test := range []struct {
		name  string
		setup func(*crowd, *Conn) // of the connection that is not like the others
		sql   string
		why   Alone
	}{
		{"another family", func(k *crowd, c *Conn) { c.Join(&Family{}, false) }, insert, AloneNobodyWaits},
		{"no family", func(k *crowd, c *Conn) { c.gather.family = nil }, insert, AloneOff},
		{"PRAGMA", func(k *crowd, c *Conn) { prepareOnce(k.t, c, "PRAGMA foreign_keys=ON") }, insert, AloneChanged},
		{"journal mode", func(k *crowd, c *Conn) { prepareOnce(k.t, c, "PRAGMA cache_size = 5") }, insert, AloneChanged},
		{"temporary table", func(k *crowd, c *Conn) { prepareOnce(k.t, c, "CREATE TEMP TABLE t(a)") }, "INSERT INTO main.t(a) VALUES('x')", AloneChanged},
		{"temporary view", func(k *crowd, c *Conn) { prepareOnce(k.t, c, `CREATE VIEW "temp".v AS SELECT 1`) }, insert, AloneChanged},
		{"hook", func(k *crowd, c *Conn) { c.OnUpdate(func(sqlite3.AuthorizerActionCode, string, string, int64) {}) }, insert, AloneChanged},
		{"function", func(k *crowd, c *Conn) { _ = c.Do(background, func(*sqlite3.Conn) error { return nil }) }, insert, AloneChanged},
		{"bare connection", func(k *crowd, c *Conn) { c.HandOut(); c.Returned() }, insert, AloneChanged},
		{"attached", func(k *crowd, c *Conn) { prepareOnce(k.t, c, "ATTACH ':memory:' AS m") }, insert, AloneChanged},
		{"script", func(k *crowd, c *Conn) { script(k.t, c, "SELECT 1") }, insert, AloneChanged},
		{"more statements", func(k *crowd, c *Conn) {}, insert + "; SELECT 1", AloneKind},
		{"DDL", func(k *crowd, c *Conn) {}, "CREATE TABLE u(a)", AloneKind},
		{"open rows", func(k *crowd, c *Conn) { _, _ = prepare(k.t, c, "VALUES(1),(2)").Step(background) }, insert, AloneTransaction},
		{"transaction", func(k *crowd, c *Conn) { prepareOnce(k.t, c, "BEGIN") }, insert, AloneTransaction},
		{"long text", func(k *crowd, c *Conn) {}, insert + strings.Repeat(" ", maxCachedText), AloneLarge},
		{"large arguments", func(k *crowd, c *Conn) {}, "INSERT INTO t(a) VALUES(zeroblob(?))", together},
	} {
		t.Run(test.name, func(t *testing.T) {
			k := newCrowd(t, 3, "PRAGMA journal_mode=WAL; CREATE TABLE t(a); INSERT INTO t VALUES('first')")
			test.setup(k, k.conns[2])
			calls := []*call{{on: 0, sql: insert}, {on: 1, sql: insert}, {on: 2, sql: test.sql}}
			if test.why == together {
				calls[2].args = []any{int64(1)}
			}
			k.begin(calls...)
			k.end(calls...)
			for i, c := range calls {
				if c.err != nil {
					t.Errorf("call %d: %v", i, c.err)
				}
			}
			want := int64(2)
			if test.why == together {
				want = 3
			} else if n := k.conns[2].Counts().Alone[test.why]; n == 0 {
				t.Errorf("reasons %v, want one %q", k.conns[2].Counts().Alone, test.why)
			}
			if n := k.gathered(); n.Gathered != want {
				t.Errorf("gathered %d, want %d", n.Gathered, want)
			}
		})
	}
}

// prepareOnce runs one statement as a user does.
func prepareOnce(t *testing.T, c *Conn, sql string) {
	t.Helper()
	s := prepare(t, c, sql)
	if err := s.Exec(background); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// What is done to a connection without changing what its statements mean does not keep it from others.
func TestHarmlessStatementsChangeNothing(t *testing.T) {
	k := newCrowd(t, 1, "CREATE TABLE t(a)")
	for _, sql := range []string{
		"PRAGMA journal_mode", "PRAGMA main . journal_mode = 'WAL'", "PRAGMA table_info(t)", "PRAGMA foreign_keys", "PRAGMA user_version=7",
		"PRAGMA busy_timeout(9000)", "/* c */ pragma wal_checkpoint(FULL)", "CREATE TABLE temperature(a)", "CREATE INDEX i ON t(a)", "ANALYZE", "VACUUM",
	} {
		if prepareOnce(t, k.conns[0], sql); k.conns[0].gather.changed {
			t.Fatalf("%s: the connection counts as changed", sql)
		}
	}
}

// G2: conflicts do to each statement what they do when it is a transaction by itself.
func TestG2ConflictsInsideAGroup(t *testing.T) {
	k := newCrowd(t, 6, "PRAGMA journal_mode=WAL; CREATE TABLE t(a UNIQUE); INSERT INTO t VALUES(1)")
	calls := []*call{
		{on: 0, sql: "INSERT INTO t VALUES(10)"},
		{on: 1, sql: "INSERT INTO t VALUES(20),(1),(21)"},
		{on: 2, sql: "INSERT OR FAIL INTO t VALUES(30),(1),(31)"},
		{on: 3, sql: "INSERT OR IGNORE INTO t VALUES(40),(1),(41)"},
		{on: 4, sql: "INSERT OR REPLACE INTO t VALUES(50),(1)"},
		{on: 5, sql: "DELETE FROM t WHERE a=10"},
	}
	k.begin(calls...)
	k.end(calls...)
	for i, want := range []sqlite3.ExtendedErrorCode{0, sqlite3.CONSTRAINT_UNIQUE, sqlite3.CONSTRAINT_UNIQUE, 0, 0, 0} {
		if code(calls[i].err) != want {
			t.Errorf("call %d: %v", i, calls[i].err)
		}
	}
	if got := k.text("SELECT a FROM t ORDER BY a"); got != "1\n30\n40\n41\n50\n" {
		t.Errorf("%q", got)
	}
	if n := k.gathered(); n.Gathered != 6 || n.Groups != 1 {
		t.Errorf("%+v", n)
	}
}

// G2: without a journal SQLite cannot undo a statement inside a transaction, so that none is run in one.
func TestG2NoJournal(t *testing.T) {
	k := newCrowd(t, 0, "CREATE TABLE t(a UNIQUE); INSERT INTO t VALUES(1)")
	for range 2 {
		c := k.open(nil, "PRAGMA journal_mode=OFF")
		c.Join(k.family, true)
		k.conns = append(k.conns, c)
	}
	calls := []*call{{on: 0, sql: "INSERT INTO t VALUES(10)"}, {on: 1, sql: "INSERT INTO t VALUES(20),(1),(21)"}}
	k.begin(calls...)
	k.end(calls...)
	if calls[0].err != nil || code(calls[1].err) != sqlite3.CONSTRAINT_UNIQUE {
		t.Errorf("%v, %v", calls[0].err, calls[1].err)
	}
	if got := k.text("SELECT a FROM t ORDER BY a"); got != "1\n10\n" {
		t.Errorf("%q", got)
	}
}

const foreignKeySchema = "PRAGMA journal_mode=WAL; CREATE TABLE p(id INTEGER PRIMARY KEY);" +
	"CREATE TABLE c(p REFERENCES p DEFERRABLE INITIALLY DEFERRED); INSERT INTO p VALUES(1)"

// G3: a violated deferred foreign key is the error of the statement that violates it, and of no other.
func TestG3DeferredForeignKeys(t *testing.T) {
	k := newCrowd(t, 0, foreignKeySchema)
	for range 3 {
		c := k.open(nil, "PRAGMA foreign_keys=ON")
		c.Join(k.family, true)
		k.conns = append(k.conns, c)
	}
	calls := []*call{
		{on: 0, sql: "INSERT INTO c VALUES(1)"},
		{on: 1, sql: "INSERT INTO c VALUES(2)"},
		{on: 2, sql: "INSERT INTO p VALUES(2)"}, // comes too late
	}
	k.begin(calls...)
	k.end(calls...)
	for i, want := range []sqlite3.ExtendedErrorCode{0, sqlite3.CONSTRAINT_FOREIGNKEY, 0} {
		if code(calls[i].err) != want {
			t.Errorf("call %d: %v", i, calls[i].err)
		}
	}
	if got := k.text("SELECT * FROM c"); got != "1\n" {
		t.Errorf("%q", got)
	}
	if n := k.gathered(); n.Alone[AloneAgain] != 2 && n.Alone[AloneAgain] != 3 {
		t.Errorf("%+v", n)
	}
}

// G4: what rolls everything back is undone for all, and done again for all but who it was.
func TestG4RollbackOfAll(t *testing.T) {
	for _, sql := range []string{"INSERT OR ROLLBACK INTO t VALUES(1)", "INSERT INTO r VALUES(1)"} {
		k := newCrowd(t, 4, "PRAGMA journal_mode=WAL; CREATE TABLE t(a UNIQUE); INSERT INTO t VALUES(1); CREATE TABLE r(a);"+
			"CREATE TRIGGER g BEFORE INSERT ON r BEGIN SELECT RAISE(ROLLBACK, 'no'); END")
		calls := []*call{
			{on: 0, sql: "INSERT INTO t VALUES(10)"},
			{on: 1, sql: "UPDATE t SET a=a+1 WHERE a=10"},
			{on: 2, sql: sql},
			{on: 3, sql: "INSERT INTO t VALUES(10)"},
		}
		k.begin(calls...)
		k.end(calls...)
		for i, c := range calls {
			if (c.err != nil) != (i == 2) {
				t.Errorf("%s: call %d: %v", sql, i, c.err)
			}
			if i > 0 && c.serial <= calls[i-1].serial && i < 3 {
				t.Errorf("%s: call %d has serial %d, the one before %d", sql, i, c.serial, calls[i-1].serial)
			}
		}
		if got := k.text("SELECT a FROM t ORDER BY a"); got != "1\n10\n11\n" {
			t.Errorf("%s: %q", sql, got)
		}
	}
}

// G5: nobody is answered before the commit has returned, and nobody is told that it has worked if it has not. With a
// rollback journal a commit waits for readers.
func TestG5AnsweredAfterTheCommit(t *testing.T) {
	k := newCrowd(t, 2, "CREATE TABLE t(a); INSERT INTO t VALUES(0),(0)")
	rows := prepare(t, k.open(nil, ""), "SELECT a FROM t")
	calls := []*call{{on: 0, sql: "INSERT INTO t VALUES(1)"}, {on: 1, sql: "INSERT INTO t VALUES(2)"}}
	k.begin(calls...)
	if _, err := rows.Step(background); err != nil { // others can read until the writer commits
		t.Fatal(err)
	}
	script(t, k.writer, "ROLLBACK")
	leader := k.conns[0]
	k.until(func() bool { return leader.counts.lockWaits.Load() == 2 })                           // the turn, and the reader
	for end := time.Now().Add(50 * time.Millisecond); time.Now().Before(end); runtime.Gosched() { // who was answered has to run to say so
		if isDone(calls[0]) || isDone(calls[1]) {
			t.Fatal("answered while the commit was waiting for a reader")
		}
	}
	if err := rows.Close(); err != nil {
		t.Fatal(err)
	}
	for i, c := range calls {
		if <-c.done; c.err != nil {
			t.Errorf("call %d: %v", i, c.err)
		}
	}
	if got := k.text("SELECT sum(a) FROM t"); got != "3\n" {
		t.Errorf("%q", got)
	}
}

func isDone(c *call) bool {
	select {
	case <-c.done:
		return true
	default:
		return false
	}
}

// G5: a commit that fails is nobody's success: each statement is tried once more, by itself, and has its own error.
func TestG5FailedCommit(t *testing.T) {
	k := newCrowd(t, 2, "CREATE TABLE t(a); INSERT INTO t VALUES(0),(0)")
	rows := prepare(t, k.open(nil, ""), "SELECT a FROM t")
	calls := []*call{{on: 0, sql: "INSERT INTO t VALUES(1)"}, {on: 1, sql: "INSERT INTO t VALUES(2)"}}
	for _, c := range k.conns {
		c.busy.timeout = 200 * time.Millisecond
	}
	k.begin(calls...)
	if _, err := rows.Step(background); err != nil { // with the writer's RESERVED lock it can read
		t.Fatal(err)
	}
	script(t, k.writer, "ROLLBACK")
	for i, c := range calls {
		if <-c.done; code(c.err) != sqlite3.ExtendedErrorCode(sqlite3.BUSY) {
			t.Errorf("call %d: %v", i, c.err)
		}
	}
	if err := rows.Close(); err != nil {
		t.Fatal(err)
	}
	if got := k.text("SELECT sum(a) FROM t"); got != "0\n" {
		t.Errorf("%q", got)
	}
	if !k.conns[0].Autocommit() || k.writer.turns.queue.Waiting() != 0 {
		t.Error("the group has left something behind")
	}
}

// G6: who waits leaves when its context ends; who is interrupted while it runs takes nobody along.
func TestG6ContextOfOneCaller(t *testing.T) {
	k := newCrowd(t, 3, "PRAGMA journal_mode=WAL; CREATE TABLE t(a)")
	ctx, cancel := context.WithCancel(background)
	defer cancel()
	running, stop := context.WithCancel(background)
	defer stop()
	started := make(chan struct{})
	start := sync.OnceFunc(func() { close(started) })
	for _, c := range k.conns {
		if err := c.Raw().CreateFunction("started", 0, 0, func(sqlite3.Context, ...sqlite3.Value) { start() }); err != nil {
			t.Fatal(err)
		}
	}
	calls := []*call{
		{on: 0, sql: "INSERT INTO t VALUES(1)"},
		{on: 1, sql: "INSERT INTO t VALUES(2)", ctx: ctx},
		{on: 2, sql: "INSERT INTO t WITH RECURSIVE c(i) AS (SELECT started() UNION ALL SELECT i+1 FROM c) SELECT count(*) FROM c", ctx: running},
	}
	k.begin(calls...)
	cancel()
	if <-calls[1].done; !errors.Is(calls[1].err, context.Canceled) {
		t.Errorf("canceled while it waited: %v", calls[1].err)
	}
	again := &call{on: 1, sql: "INSERT INTO t VALUES(3)"}
	k.wait(again)
	script(t, k.writer, "COMMIT")
	<-started
	stop()
	for i, c := range []*call{calls[0], calls[2], again} {
		if <-c.done; (c.err != nil) != (i == 1) {
			t.Errorf("call %d: %v", i, c.err)
		}
	}
	if !errors.Is(calls[2].err, context.Canceled) {
		t.Errorf("canceled while it ran: %v", calls[2].err)
	}
	if got := k.text("SELECT a FROM t ORDER BY a"); got != "1\n3\n" {
		t.Errorf("%q", got)
	}
}

// G6: what is done but not committed is part of the group, and is told so.
func TestG6DoneBeforeTheContextEnds(t *testing.T) {
	k := newCrowd(t, 3, "PRAGMA journal_mode=WAL; CREATE TABLE t(a)")
	ctx, cancel := context.WithCancel(background)
	defer cancel()
	for _, c := range k.conns {
		err := c.Raw().CreateFunction("cancel", 0, 0, func(ctx sqlite3.Context, _ ...sqlite3.Value) { cancel(); ctx.ResultInt(2) })
		if err != nil {
			t.Fatal(err)
		}
	}
	calls := []*call{
		{on: 0, sql: "INSERT INTO t VALUES(1)", ctx: ctx},
		{on: 1, sql: "INSERT INTO t VALUES(cancel())"}, // runs after the first, and ends its context
		{on: 2, sql: "INSERT INTO t VALUES(3)"},
	}
	k.begin(calls...)
	k.end(calls...)
	for i, c := range calls {
		if c.err != nil {
			t.Errorf("call %d: %v", i, c.err)
		}
	}
	if got := k.text("SELECT a FROM t"); got != "1\n2\n3\n" {
		t.Errorf("%q", got)
	}
}

// G7: the numbers that SQLite keeps for a connection are those of its own statements.
func TestG7Counters(t *testing.T) {
	k := newCrowd(t, 4, "PRAGMA journal_mode=WAL; CREATE TABLE t(id INTEGER PRIMARY KEY, a); INSERT INTO t VALUES(1,'x')")
	first := []*call{{on: 1, sql: "INSERT INTO t VALUES(7,'y'),(8,'y')"}}
	k.begin(first...)
	k.end(first...)
	calls := []*call{
		{on: 0, sql: "INSERT INTO t(id) VALUES(100)"},
		{on: 1, sql: "UPDATE t SET a='z' WHERE a IN ('x','y')"},
		{on: 2, sql: "INSERT INTO t VALUES(200, last_insert_rowid()), (201, changes()), (202, total_changes())"},
		{on: 3, sql: "DELETE FROM t WHERE id=100"},
	}
	k.begin(calls...)
	k.end(calls...)
	for i, want := range []Result{{100, 1}, {8, 3}, {202, 3}, {0, 1}} {
		if calls[i].err != nil || calls[i].result != want {
			t.Errorf("call %d: %+v, %v, want %+v", i, calls[i].result, calls[i].err, want)
		}
	}
	if got := k.text("SELECT a FROM t WHERE id>=200"); got != "0\n0\n0\n" {
		t.Errorf("in a statement that asks: %q", got)
	}
	for i, want := range []string{"1 1 100", "3 5 8", "3 3 202", "1 1 0"} {
		s := prepare(t, k.conns[i], "SELECT changes() || ' ' || total_changes() || ' ' || last_insert_rowid()")
		if got, err := queryRows(background, s, nil); err != nil || got != want+"\n" {
			t.Errorf("connection %d says %q, %v, want %q", i, got, err, want)
		}
		s.Close()
	}
	prepareOnce(t, k.conns[0], "UPDATE t SET a=1 WHERE id<200")
	if got := fmt.Sprint(k.conns[0].Changes(), k.conns[0].TotalChanges()); got != "3 4" {
		t.Errorf("after a statement of its own: %s", got)
	}
}

// G7: a trigger that asks for such a number makes its statement one that runs alone.
func TestG7CountersInATrigger(t *testing.T) {
	k := newCrowd(t, 2, "PRAGMA journal_mode=WAL; CREATE TABLE t(a); CREATE TABLE log(a);"+
		"CREATE TRIGGER g AFTER INSERT ON t BEGIN INSERT INTO log VALUES(last_insert_rowid()); END; INSERT INTO t VALUES(0)")
	for range 2 {
		calls := []*call{{on: 0, sql: "INSERT INTO t VALUES(1)"}, {on: 1, sql: "INSERT INTO t VALUES(2)"}}
		k.begin(calls...)
		k.end(calls...)
		for i, c := range calls {
			if c.err != nil {
				t.Errorf("call %d: %v", i, c.err)
			}
		}
	}
	if got := k.text("SELECT group_concat(a) FROM log"); got != "1,2,3,4,5\n" {
		t.Errorf("%q", got)
	}
}

// G8: rows of RETURNING are their caller's; too many of them are returned as they come, by its own connection.
func TestG8Returning(t *testing.T) {
	k := newCrowd(t, 3, "PRAGMA journal_mode=WAL; CREATE TABLE t(id INTEGER PRIMARY KEY, a TEXT)")
	calls := []*call{
		{on: 0, sql: "INSERT INTO t(a) VALUES('x') RETURNING id, a", rows: true},
		{on: 1, sql: "INSERT INTO t(a) VALUES(?),(?) RETURNING a AS name", args: []any{"y", nil}, rows: true},
		{on: 2, sql: "DELETE FROM t WHERE id=? RETURNING id", args: []any{int64(99)}, rows: true},
	}
	k.begin(calls...)
	k.end(calls...)
	for i, want := range []string{"1 x\n", "y\n<nil>\n", ""} {
		if calls[i].err != nil || calls[i].got != want {
			t.Errorf("call %d: %q, %v", i, calls[i].got, calls[i].err)
		}
	}
	if n := k.gathered(); n.Gathered != 3 {
		t.Errorf("%+v", n)
	}
	many := "WITH RECURSIVE c(i) AS (VALUES(1) UNION ALL SELECT i+1 FROM c WHERE i<1100) INSERT INTO t(a) SELECT 'r' FROM c RETURNING 1"
	for range 2 {
		calls = []*call{{on: 0, sql: "INSERT INTO t(a) VALUES('z')"}, {on: 1, sql: many, rows: true}, {on: 2, sql: "DELETE FROM t WHERE a='z'"}}
		k.begin(calls...)
		k.end(calls...)
		for i, c := range calls {
			if c.err != nil || i == 1 && len(c.got) != 2*1100 {
				t.Errorf("call %d: %d bytes, %v", i, len(c.got), c.err)
			}
		}
	}
	if got := k.text("SELECT count(*) FROM t WHERE a='r'"); got != "2200\n" {
		t.Errorf("%q", got)
	}
	if n := k.conns[1].Counts().Alone; n[AloneRows]+n[AloneLong] != 1 {
		t.Errorf("%v", k.conns[1].Counts().Alone)
	}
}

// G9: what has taken long is not run together with others again, by none of the family.
func TestG9LongStatements(t *testing.T) {
	k := newCrowd(t, 3, "PRAGMA journal_mode=WAL; CREATE TABLE t(a)")
	long := "INSERT INTO t WITH RECURSIVE c(i) AS (VALUES(1) UNION ALL SELECT i+1 FROM c WHERE i<20000) SELECT max(i) FROM c"
	for round := range 2 {
		calls := []*call{{on: 0, sql: "INSERT INTO t VALUES(1)"}, {on: 1 + round, sql: long}}
		k.begin(calls...)
		k.end(calls...)
		for i, c := range calls {
			if c.err != nil {
				t.Errorf("call %d: %v", i, c.err)
			}
		}
	}
	if n := k.gathered(); n.Groups != 1 || n.Alone[AloneLong] != 1 {
		t.Errorf("%+v", n)
	}
	const alone = "UPDATE t SET a=(WITH RECURSIVE c(i) AS (VALUES(1) UNION ALL SELECT i+1 FROM c WHERE i<20000) SELECT max(i) FROM c)"
	calls := []*call{{on: 0, sql: alone}}
	k.begin(calls...)
	k.end(calls...)
	calls = []*call{{on: 0, sql: "INSERT INTO t VALUES(1)"}, {on: 1, sql: alone}}
	k.begin(calls...)
	k.end(calls...)
	if n := k.gathered(); n.Groups != 1 || n.Alone[AloneLong] != 2 {
		t.Errorf("after a long run that nobody waited behind: %+v", n)
	}
}

// G9: a statement that takes long for the first time does not keep those from their answers that are done.
func TestG9NobodyWaitsForAnEndlessStatement(t *testing.T) {
	k := newCrowd(t, 3, "PRAGMA journal_mode=WAL; CREATE TABLE t(a)")
	ctx, stop := context.WithCancel(background)
	defer stop()
	calls := []*call{
		{on: 0, sql: "INSERT INTO t VALUES(1)"},
		{on: 1, sql: "INSERT INTO t " + endless, ctx: ctx},
		{on: 2, sql: "INSERT INTO t VALUES(3)"},
	}
	k.begin(calls...)
	script(t, k.writer, "COMMIT")
	if <-calls[0].done; calls[0].err != nil || isDone(calls[1]) {
		t.Errorf("%v; is the endless one done: %t", calls[0].err, isDone(calls[1]))
	}
	k.until(func() bool { return k.conns[1].turns.queue.Waiting() == 1 }) // the last one, for the endless one
	stop()
	if <-calls[1].done; !errors.Is(calls[1].err, context.Canceled) {
		t.Error(calls[1].err)
	}
	if <-calls[2].done; calls[2].err != nil {
		t.Error(calls[2].err)
	}
	if got := k.text("SELECT a FROM t"); got != "1\n3\n" {
		t.Errorf("%q", got)
	}
	if _, known := k.family.alone.Load(calls[1].sql); !known {
		t.Error("it may be run together with others again")
	}
}

// Long texts are mostly run once: they are not remembered.
func TestLongTextsAreNotRemembered(t *testing.T) {
	k := newCrowd(t, 1, "CREATE TABLE t(a)")
	const long = "INSERT INTO t WITH RECURSIVE c(i) AS (VALUES(1) UNION ALL SELECT i+1 FROM c WHERE i<20000) SELECT max(i) FROM c"
	for i, sql := range []string{long + strings.Repeat(" ", maxCachedText), long} {
		prepareOnce(t, k.conns[0], sql)
		if n := k.family.texts.Load(); n != int64(i) {
			t.Errorf("%d texts after %d bytes", n, len(sql))
		}
	}
}

// A panic in a statement of somebody else ends the connection that ran it. Those who were only waiting are run by another.
func TestPanicInAGroup(t *testing.T) {
	k := newCrowd(t, 4, "PRAGMA journal_mode=WAL; CREATE TABLE t(a)")
	for _, c := range k.conns {
		if err := c.Raw().CreateFunction("fall", 0, 0, func(sqlite3.Context, ...sqlite3.Value) { panic("fallen") }); err != nil {
			t.Fatal(err)
		}
	}
	calls := []*call{
		{on: 0, sql: "INSERT INTO t VALUES(1)"},
		{on: 1, sql: "INSERT INTO t VALUES(2)"},
		{on: 2, sql: "INSERT INTO t VALUES(fall())"},
		{on: 3, sql: "INSERT INTO t VALUES(4)"},
	}
	k.begin(calls...)
	k.end(calls...)
	for i, c := range calls {
		var p *PanicError
		if errors.As(c.err, &p) != (i == 0 || i == 2) {
			t.Errorf("call %d: %v", i, c.err)
		}
	}
	if got := k.text("SELECT a FROM t ORDER BY a"); got != "2\n4\n" {
		t.Errorf("%q", got)
	}
}

// A transaction that waits is next after the group that takes statements from behind it.
func TestTransactionBetweenStatements(t *testing.T) {
	k := newCrowd(t, 3, "PRAGMA journal_mode=WAL; CREATE TABLE t(a)")
	calls := []*call{{on: 0, sql: "INSERT INTO t VALUES(1)"}, {on: 1, sql: "BEGIN IMMEDIATE"}, {on: 2, sql: "INSERT INTO t VALUES(2)"}}
	k.begin(calls...)
	k.end(calls...)
	last := &call{on: 0, sql: "INSERT INTO t VALUES(3)"}
	k.wait(last)
	if got := k.text("SELECT a FROM t"); got != "1\n2\n" || isDone(last) {
		t.Errorf("%q", got)
	}
	prepareOnce(t, k.conns[1], "COMMIT")
	if <-last.done; last.err != nil {
		t.Error(last.err)
	}
}

// The turn is left whatever way a call ends, and who closes leaves it too.
func TestTurnIsLeft(t *testing.T) {
	k := newCrowd(t, 2, "PRAGMA journal_mode=WAL; CREATE TABLE t(a UNIQUE)")
	a, b := k.conns[0], k.conns[1]
	prepareOnce(t, a, "BEGIN")
	prepareOnce(t, a, "INSERT INTO t VALUES(1)")
	if !a.turns.main.Held() {
		t.Error("a transaction that writes does not hold the turn")
	}
	prepareOnce(t, a, "ROLLBACK")
	s := prepare(t, a, "INSERT INTO t VALUES(1),(1)")
	if err := s.Exec(background); err == nil {
		t.Error("no conflict")
	}
	s.Close()
	if a.turns.main.Held() {
		t.Error("a statement that failed holds the turn")
	}
	prepareOnce(t, a, "BEGIN IMMEDIATE")
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	prepareOnce(t, b, "INSERT INTO t VALUES(2)")
	if b.counts.lockWaits.Load() != 0 {
		t.Error("a closed connection still has the turn")
	}
}
