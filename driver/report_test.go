package driver

import (
	"context"
	"log"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/ncruces/go-sqlite3"

	"github.com/turso-coop/turso-coop/vfs"
)

// logged catches what is logged, as text, for the time of the test.
func logged(t *testing.T) <-chan string {
	lines := make(chan string, 100)
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(writerFunc(func(p []byte) (int, error) {
		lines <- string(p)
		return len(p), nil
	}), nil)))
	t.Cleanup(func() {
		slog.SetDefault(before)
		log.SetOutput(os.Stderr) // which slog had taken
		log.SetFlags(log.LstdFlags)
	})
	return lines
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// mustSay checks that a line has every part.
func mustSay(t *testing.T, line string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(line, part) {
			t.Errorf("logged %q, without %q", line, part)
		}
	}
}

func mustSayNothing(t *testing.T, lines <-chan string) {
	t.Helper()
	select {
	case line := <-lines:
		t.Errorf("logged %q", line)
	default:
	}
}

func TestSlowStatements(t *testing.T) {
	lines := logged(t)
	name := filepath.Join(t.TempDir(), "a.db")
	db := openDSN(t, name+"?_slow=1ns")
	run(t, db, "CREATE TABLE t(a)")
	mustSay(t, <-lines, "level=WARN", "slow statement", `sql="CREATE TABLE t(a)"`, "took=", "rows=0", "file="+name)
	run(t, db, "INSERT INTO t VALUES (?)", "secret")
	line := <-lines
	mustSay(t, line, `sql="INSERT INTO t VALUES (?)"`)
	if strings.Contains(line, "secret") {
		t.Errorf("logged an argument: %q", line)
	}
	column(t, db, "SELECT value FROM json_each('[1,2,3]')")
	mustSay(t, <-lines, "SELECT value", "rows=3")
	_, _ = db.Exec("INSERT INTO t SELECT abs(-9223372036854775808)")
	mustSay(t, <-lines, "INSERT INTO t SELECT", "integer overflow")
	run(t, openDSN(t, name+"?_slow=1h"), "DELETE FROM t")
	run(t, openDSN(t, name), "DELETE FROM t")
	mustSayNothing(t, lines)
}

func TestBadReportKeys(t *testing.T) {
	for params, want := range map[string]string{
		"_slow=50":             "_slow=50: want a duration",
		"_slow=-1s":            "_slow=-1s: want a duration",
		"_leaks=soon":          "_leaks=soon: want a duration",
		"_network_fs=maybe":    "_network_fs=maybe: want one of WARN REFUSE",
		"_stmt_cache_size=-1":  "_stmt_cache_size=-1: want a number",
		"_stmt_cache_size=big": "_stmt_cache_size=big: want a number",
	} {
		_, err := NewConnector("a.db?" + params)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", params, err)
		}
	}
	if _, err := NewConnector("a.db?_slow=0&_leaks=&_network_fs=Refuse&_stmt_cache_size=0"); err != nil {
		t.Error(err)
	}
}

// TestLeaksAreReported: what is open for long, and rows that the program has lost, with the place where they were opened.
func TestLeaksAreReported(t *testing.T) {
	lines := logged(t)
	name := filepath.Join(t.TempDir(), "a.db")
	db := openDSN(t, name+"?_timeout=0&_leaks=1ns")
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	mustSay(t, <-lines, "transaction still open", "report_test.go:", "TestLeaksAreReported", "file="+name)
	run(t, tx, "CREATE TABLE t(a)")
	_, err = db.Exec("CREATE TABLE u(a)")
	mustBeBusy(t, err, "connection .* since its last statement, CREATE; opened at .*report_test.go:[0-9]+")
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	rows, err := db.QueryContext(background, "SELECT 1 UNION SELECT 2")
	if err != nil {
		t.Fatal(err)
	}
	mustSay(t, <-lines, "rows still open", "report_test.go:")
	rows.Close()

	db = openDSN(t, name+"?_leaks=1h")
	lose := func() {
		if rows, err := db.Query("SELECT 1 UNION SELECT 2"); err != nil || !rows.Next() {
			t.Error(err)
		}
	}
	lose()
	var line string
	for line == "" {
		runtime.GC()
		select {
		case line = <-lines:
		default:
		}
	}
	mustSay(t, line, "rows lost without Close", "report_test.go:")

	column(t, db, "SELECT 1 UNION SELECT 2")
	db2 := openDSN(t, name)
	if tx, err = db2.Begin(); err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	runtime.GC()
	mustSayNothing(t, lines)
}

// TestLongWAL: the reader that keeps a WAL from being used again is named.
func TestLongWAL(t *testing.T) {
	lines := logged(t)
	db := open(t, "?_journal=WAL&_sync=OFF&_pragma=cache_size(-100)")
	run(t, db, "CREATE TABLE t(a)")
	fill := func() { run(t, db, "INSERT INTO t VALUES (zeroblob(?))", vfs.WALNotice) }
	fill() // one long transaction, which nobody can help
	mustSayNothing(t, lines)
	run(t, db, "DELETE FROM t; PRAGMA wal_checkpoint(TRUNCATE)")

	reader, err := db.BeginTx(background, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Rollback()
	get(t, reader, "SELECT count(*) FROM t")
	fill()
	mustSay(t, <-lines, "level=WARN", "WAL cannot be used again", "has been reading for", "since its last statement, SELECT", "since=")
	fill()
	mustSay(t, <-lines, "WAL cannot be used again")
	mustSayNothing(t, lines)
}

// TestBlockedCheckpoint: so is the reader that a checkpoint cannot be made for, once, however the checkpoint is asked for.
func TestBlockedCheckpoint(t *testing.T) {
	lines := logged(t)
	db := open(t, "?_journal=WAL&_timeout=1&_pragma=wal_autocheckpoint(0)")
	run(t, db, "CREATE TABLE t(a); PRAGMA wal_checkpoint(TRUNCATE)")
	mustSayNothing(t, lines)
	c, err := db.Conn(background)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for name, checkpoint := range map[string]func() error{
		"Exec":   func() error { run(t, c, "PRAGMA wal_checkpoint(TRUNCATE)"); return nil },
		"script": func() error { run(t, c, "SELECT 1; pragma main.WAL_checkpoint(restart); SELECT 2"); return nil },
		"Query": func() error {
			var busy, pages, moved int
			return c.QueryRowContext(background, "PRAGMA wal_checkpoint(FULL)").Scan(&busy, &pages, &moved)
		},
		"Checkpoint": func() error {
			err := c.Raw(func(dc any) error {
				_, _, err := dc.(Conn).Checkpoint(background, "main", sqlite3.CHECKPOINT_TRUNCATE)
				return err
			})
			mustBeBusy(t, err, "connection .* has been reading for .*")
			return nil
		},
	} {
		reader, err := db.BeginTx(background, nil)
		if err != nil {
			t.Fatal(err)
		}
		get(t, reader, "SELECT count(*) FROM t")
		run(t, c, "INSERT INTO t VALUES (1); PRAGMA wal_checkpoint")
		mustSayNothing(t, lines)
		for range 2 {
			if err := checkpoint(); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		mustSay(t, <-lines, "WAL cannot be used again", "has been reading for", "SELECT", "since=")
		mustSayNothing(t, lines)
		if err := reader.Rollback(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestWALOnNetwork: machines have no memory in common for the WAL-index.
func TestWALOnNetwork(t *testing.T) {
	vfs.Register("test-network", vfs.Options{NetworkFileSystem: func(string) string { return "NFS" }})
	lines := logged(t)
	name := filepath.Join(t.TempDir(), "a.db")
	run(t, openDSN(t, name+"?vfs=test-network"), "CREATE TABLE t(a)")
	mustSayNothing(t, lines)

	refusing := openDSN(t, name+"?vfs=test-network&_network_fs=refuse")
	_, err := refusing.Exec("PRAGMA journal_mode=WAL")
	if err == nil || !strings.Contains(err.Error(), name+" is on a network file system (NFS)") {
		t.Fatalf("changed the journal mode: %v", err)
	}
	if got := get(t, refusing, "PRAGMA journal_mode"); got != "delete" {
		t.Fatal(got)
	}
	if err := openDSN(t, name+"?vfs=test-network&_network_fs=refuse&_journal=wal").Ping(); err == nil || !strings.Contains(err.Error(), "network file system") {
		t.Fatal(err)
	}

	for range 2 { // connections
		db := openDSN(t, name+"?vfs=test-network&_journal=wal")
		run(t, db, "INSERT INTO t VALUES (1)")
		c, err := db.Conn(context.Background()) // keeps the WAL
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
	}
	mustSay(t, <-lines, "level=WARN", "WAL mode on a network file system", "filesystem=NFS", "file="+name)
	mustSayNothing(t, lines)
	if _, err := refusing.Exec("INSERT INTO t VALUES (2)"); err == nil || !strings.Contains(err.Error(), "network file system (NFS)") {
		t.Fatalf("a file that is in WAL mode: %v", err)
	}
}
