package driver

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ncruces/go-sqlite3"
)

func TestBackupAndRestore(t *testing.T) {
	dir := t.TempDir()
	db := openDSN(t, filepath.Join(dir, "app.db")+"?_journal=WAL")
	run(t, db, "CREATE TABLE t(a); INSERT INTO t VALUES(randomblob(200000))")
	c := rawConn(t, mustConn(t, db))
	copied := filepath.Join(dir, "copy.db")
	var progress []int
	err := c.BackupTo(background, copied, BackupOptions{Pages: 20, Progress: func(remaining, total int) error {
		progress = append(progress, remaining)
		if remaining > total {
			t.Errorf("%d of %d pages remain", remaining, total)
		}
		return nil
	}})
	if err != nil || len(progress) < 3 || progress[len(progress)-1] != 0 {
		t.Fatalf("%v, progress %v", err, progress)
	}
	want := get(t, db, "SELECT hex(a) FROM t")
	if got := get(t, openDSN(t, copied), "SELECT hex(a) FROM t"); got != want {
		t.Error("the copy is another")
	}
	run(t, db, "DELETE FROM t")
	if err := c.RestoreFrom(background, "file:"+copied+"?mode=ro", BackupOptions{}); err != nil {
		t.Fatal(err)
	}
	if got := get(t, db, "SELECT hex(a) FROM t"); got != want {
		t.Error("what is restored is another")
	}
	enough := errors.New("enough")
	if err := c.BackupTo(background, copied, BackupOptions{Progress: func(int, int) error { return enough }}); err != enough {
		t.Errorf("stopped: %v", err)
	}
	func() { // its own panic goes to the caller, and nothing is left open
		defer func() {
			if recover() != "progress" || !c.Autocommit() {
				t.Errorf("after a panic, autocommit is %v", c.Autocommit())
			}
		}()
		_ = c.BackupTo(background, copied, BackupOptions{Progress: func(int, int) error { panic("progress") }})
	}()
	var e *Error
	if err := c.BackupTo(background, filepath.Join(dir, "no", "where.db"), BackupOptions{}); !errors.As(err, &e) || e.Code() != int(sqlite3.CANTOPEN) {
		t.Errorf("to nowhere: %v", err)
	}
	if err := c.BackupTo(background, copied, BackupOptions{Schema: "other"}); !errors.As(err, &e) || !strings.Contains(err.Error(), "other") {
		t.Errorf("of what is not there: %v", err)
	}
	if err := c.BackupTo(background, "x.db?_busy_timeout=soon", BackupOptions{}); err == nil {
		t.Error("a bad DSN is taken")
	}
	done, cancel := context.WithCancel(background)
	cancel()
	if err := c.BackupTo(done, copied, BackupOptions{}); !errors.Is(err, context.Canceled) {
		t.Errorf("with a context that has ended: %v", err)
	}
}

// A database in memory is filled from a file and saved to one, in steps, while both are used.
func TestBackupInSteps(t *testing.T) {
	file := open(t, "")
	run(t, file, "CREATE TABLE t(a); INSERT INTO t VALUES(zeroblob(100000))")
	memory := mustConn(t, openDSN(t, ":memory:"))
	from, to := rawConn(t, mustConn(t, file)), rawConn(t, memory)
	b, err := to.NewBackup(background, "", from, "")
	if err != nil {
		t.Fatal(err)
	}
	for done := false; !done; {
		if done, err = b.Step(background, 5); err != nil {
			t.Fatal(err)
		}
		get(t, memory, "SELECT count(*) FROM sqlite_schema")
		get(t, file, "SELECT count(*) FROM t")
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	if got := get(t, memory, "SELECT length(a) FROM t"); got != int64(100000) {
		t.Error(got)
	}
	if _, err := b.Step(background, 5); err == nil {
		t.Error("a closed backup goes on")
	}
	if _, err := to.NewBackup(background, "", struct{ Conn }{from}, ""); err == nil || !strings.Contains(err.Error(), "struct") {
		t.Errorf("from a foreign connection: %v", err)
	}
	content, err := to.Serialize(background, "")
	if err != nil {
		t.Fatal(err)
	}
	run(t, memory, "DROP TABLE t")
	if err := to.Deserialize(background, "main", content); err != nil {
		t.Fatal(err)
	}
	if got := get(t, memory, "SELECT length(a) FROM t"); got != int64(100000) {
		t.Error(got)
	}
	if err := to.Deserialize(background, "main", nil); err == nil {
		t.Error("nothing is a database")
	}
	if err := to.Deserialize(background, "main", bytes.Repeat([]byte("x"), 4096)); !errors.Is(err, sqlite3.NOTADB) {
		t.Errorf("garbage: %v", err)
	}
}

func TestBlobOfRow(t *testing.T) {
	db := open(t, "")
	run(t, db, "CREATE TABLE t(id INTEGER PRIMARY KEY, data); INSERT INTO t VALUES(1, zeroblob(10)), (2, 'second')")
	conn := mustConn(t, db)
	c := rawConn(t, conn)
	b, err := c.OpenBlob(background, "", "t", "data", 1, true)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.NewOffsetWriter(b, 3), strings.NewReader("abc")); err != nil {
		t.Fatal(err)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	if got := get(t, db, "SELECT hex(data) FROM t WHERE id=1"); got != "00000061626300000000" {
		t.Error(got)
	}
	if b, err = c.OpenBlob(background, "main", "t", "data", 1, false); err != nil {
		t.Fatal(err)
	}
	if err := b.Reopen(2); err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(io.NewSectionReader(b, 0, b.Size()))
	if string(got) != "second" || err != nil {
		t.Errorf("%s, %v", got, err)
	}
	var e *Error
	if _, err := b.WriteAt(got, 0); !errors.As(err, &e) || e.PrimaryCode() != int(sqlite3.READONLY) {
		t.Errorf("write: %v", err)
	}
	if _, err := c.OpenBlob(background, "main", "t", "nothing", 1, false); !errors.As(err, &e) || !strings.Contains(err.Error(), "nothing") {
		t.Errorf("no such column: %v", err)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	refuseInDeadTransaction(t, conn, c)
}

// What writes is refused when the transaction that it was to be part of is gone.
func refuseInDeadTransaction(t *testing.T, conn *sql.Conn, c Conn) {
	t.Helper()
	tx, err := conn.BeginTx(background, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	run(t, tx, "ROLLBACK")
	_, openErr := c.OpenBlob(background, "main", "t", "data", 1, true)
	_, backupErr := c.NewBackup(background, "main", c, "main")
	for _, err := range []error{openErr, backupErr, c.Deserialize(background, "main", nil), c.RestoreFrom(background, "x.db", BackupOptions{})} {
		if !errors.Is(err, sql.ErrTxDone) {
			t.Errorf("%v", err)
		}
	}
}

func TestControls(t *testing.T) {
	name := filepath.Join(t.TempDir(), "test.db")
	db := openDSN(t, name+"?_journal=WAL")
	conn := mustConn(t, db)
	run(t, conn, "CREATE TABLE t(a); INSERT INTO t VALUES(1)")
	c := rawConn(t, conn)
	if c.Filename("") != name || c.Filename("temp") != "" || c.Filename("none") != "" {
		t.Errorf("file names: %q %q %q", c.Filename(""), c.Filename("temp"), c.Filename("none"))
	}
	if was := c.Limit(sqlite3.LIMIT_ATTACHED, 3); was != 10 || c.Limit(sqlite3.LIMIT_ATTACHED, -1) != 3 || c.Limit(99, -1) != -1 {
		t.Errorf("limits: %d", was)
	}
	if used, _, err := c.Status(sqlite3.DBSTATUS_CACHE_USED, false); used == 0 || err != nil {
		t.Errorf("status: %d, %v", used, err)
	}
	if _, _, err := c.Status(999, false); err == nil {
		t.Error("a counter that is not there is read")
	}
	pages, moved, err := c.Checkpoint(background, "", sqlite3.CHECKPOINT_PASSIVE)
	if pages == 0 || moved != pages || err != nil {
		t.Errorf("checkpoint: %d of %d pages, %v", moved, pages, err)
	}
	for _, test := range []struct {
		op   sqlite3.FcntlOpcode
		arg  []any
		want any
		fail bool
	}{
		{sqlite3.FCNTL_PERSIST_WAL, nil, false, false},
		{sqlite3.FCNTL_PERSIST_WAL, []any{true}, true, false},
		{sqlite3.FCNTL_PERSIST_WAL, []any{1}, nil, true},
		{sqlite3.FCNTL_CHUNK_SIZE, nil, nil, true},
		{sqlite3.FCNTL_CHUNK_SIZE, []any{"1"}, nil, true},
		{sqlite3.FCNTL_RESERVE_BYTES, nil, 0, false},
		{9999, nil, nil, true},
	} {
		got, err := c.FileControl("", test.op, test.arg...)
		if (err != nil) != test.fail || !test.fail && got != test.want {
			t.Errorf("file control %d %v: %v, %v", test.op, test.arg, got, err)
		}
	}
	if !c.Autocommit() {
		t.Error("in a transaction")
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	_, _, err = c.Checkpoint(background, "", sqlite3.CHECKPOINT_FULL)
	_, serr := c.Serialize(background, "")
	_, berr := c.OpenBlob(background, "", "t", "a", 1, false)
	for _, err := range []error{err, serr, berr, c.RegisterFunc("f", func() int { return 1 }, true), c.BackupTo(background, name+"2", BackupOptions{})} {
		if err == nil {
			t.Error("a closed connection is used")
		}
	}
	if c.Limit(0, -1) != -1 || c.Filename("") != "" {
		t.Error("a closed connection has limits or a file")
	}
}

// Hooks of users of the pool are added by one and seen by all.
func TestHooks(t *testing.T) {
	var changed, committed int
	db := openHooked(t, filepath.Join(t.TempDir(), "test.db"), func(c Conn) error {
		c.OnUpdate(func(_ sqlite3.AuthorizerActionCode, _, table string, _ int64) { changed++ })
		c.OnCommit(func() bool { committed++; return true })
		return nil
	})
	conn := mustConn(t, db)
	remove := rawConn(t, conn).OnCommit(func() bool { return false })
	if _, err := conn.ExecContext(background, "CREATE TABLE t(a)"); !errors.Is(err, sqlite3.CONSTRAINT_COMMITHOOK) {
		t.Errorf("refused: %v", err)
	}
	remove()
	run(t, conn, "CREATE TABLE t(a)")
	run(t, conn, "INSERT INTO t VALUES(1), (2)")
	if changed != 2 || committed != 3 {
		t.Errorf("%d changes, %d commits", changed, committed)
	}
}
