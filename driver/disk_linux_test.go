package driver

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ncruces/go-sqlite3"
)

// TestFullDisk fills a small file system. The error says which file could not grow, nothing of the transaction is left,
// and the connection goes on when there is room again.
func TestFullDisk(t *testing.T) {
	for _, journal := range []string{"DELETE", "WAL"} {
		t.Run(journal, func(t *testing.T) {
			dir := t.TempDir()
			if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=512k"); err != nil {
				t.Skipf("no small file system to fill: mount tmpfs: %v (it takes root)", err)
			}
			defer syscall.Unmount(dir, syscall.MNT_DETACH)
			name := filepath.Join(dir, "a.db")
			db := openDSN(t, name+"?_journal="+journal)
			db.SetMaxOpenConns(1)
			run(t, db, "CREATE TABLE t(a); INSERT INTO t VALUES ('old')")
			ballast := filepath.Join(dir, "ballast")
			if err := os.WriteFile(ballast, make([]byte, 200<<10), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := db.Exec("INSERT INTO t SELECT zeroblob(4000) FROM json_each(?)", "["+strings.Repeat("0,", 200)+"0]")
			var e *Error
			if !errors.As(err, &e) || e.Code() != int(sqlite3.FULL) || !errors.Is(err, syscall.ENOSPC) || e.SystemErrno() != syscall.ENOSPC ||
				!strings.HasPrefix(e.Error(), "database or disk is full: ") || !strings.Contains(e.Error(), name) {
				t.Fatal(err)
			}
			if got := get(t, db, "SELECT group_concat(a) FROM t"); got != "old" {
				t.Fatal(got)
			}
			if err := os.Remove(ballast); err != nil {
				t.Fatal(err)
			}
			run(t, db, "INSERT INTO t VALUES ('new')")
			if got := get(t, db, "PRAGMA integrity_check"); got != "ok" {
				t.Fatal(got)
			}
			run(t, db, "PRAGMA max_page_count=3")
			_, err = db.Exec("INSERT INTO t VALUES (zeroblob(100000))")
			if err == nil || err.Error() != "database or disk is full" {
				t.Fatalf("a database that may not grow: %v", err)
			}
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// limited is the variable by which TestFileSizeLimit tells its child what to open.
const limited = "TURSO_COOP_TEST_LIMITED"

// TestFileSizeLimit writes beyond the limit on the size of files, in a child process of its own.
func TestFileSizeLimit(t *testing.T) {
	if name := os.Getenv(limited); name != "" {
		signal.Ignore(syscall.SIGXFSZ)
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 64 << 10, Max: 64 << 10}); err != nil {
			t.Fatal(err)
		}
		db := openDSN(t, name)
		run(t, db, "CREATE TABLE t(a); INSERT INTO t VALUES ('old')")
		_, err := db.Exec("INSERT INTO t VALUES (zeroblob(100000))")
		if !errors.Is(err, sqlite3.IOERR_WRITE) || !errors.Is(err, syscall.EFBIG) || err.Error() != "disk I/O error: file too large" {
			t.Fatal(err)
		}
		if got := get(t, db, "SELECT group_concat(a) FROM t"); got != "old" {
			t.Fatal(got)
		}
		return
	}
	child := exec.Command(os.Args[0], "-test.run=^TestFileSizeLimit$")
	child.Env = append(os.Environ(), limited+"="+filepath.Join(t.TempDir(), "a.db"))
	if out, err := child.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

// TestNothingIsLeft: after Close no file of the database is open and no goroutine runs, whatever has happened before.
func TestNothingIsLeft(t *testing.T) {
	boom := function(t, "boom", func() { panic("boom!") })
	dir := t.TempDir()
	descriptors := func() (open []string) {
		fds, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Fatal(err)
		}
		for _, fd := range fds {
			if target, err := os.Readlink("/proc/self/fd/" + fd.Name()); err == nil && strings.HasPrefix(target, dir) {
				open = append(open, target)
			}
		}
		return open
	}
	use := func(name string) {
		db, err := sql.Open(Name, filepath.Join(dir, name)+"?_journal=wal&"+boom)
		if err != nil {
			t.Fatal(err)
		}
		run(t, db, "CREATE TABLE t(a); INSERT INTO t VALUES (1), (2)")
		if _, err := db.Prepare("SELECT a FROM t"); err != nil { // left to db.Close
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(background)
		rows, err := db.QueryContext(ctx, "SELECT a FROM t")
		if err != nil || !rows.Next() {
			t.Fatal(err)
		}
		tx, err := db.BeginTx(ctx, nil)
		if err != nil {
			t.Fatal(err)
		}
		run(t, tx, "CREATE TEMP TABLE u AS SELECT * FROM t; INSERT INTO t VALUES (3)")
		if len(descriptors()) == 0 {
			t.Fatal("no open file is seen")
		}
		_, _ = tx.Exec("SELECT boom()")
		cancel()
		for rows.Next() {
		}
		if rows.Err() == nil {
			t.Error("rows went on after their context")
		}
		_ = tx.Rollback()
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}
	// What ends does so on its own time: database/sql rolls back in a goroutine when a context ends, and closes then.
	settled := func(goroutines int) bool {
		for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); runtime.Gosched() {
			if runtime.NumGoroutine() <= goroutines && len(descriptors()) == 0 {
				return true
			}
		}
		return false
	}
	before := runtime.NumGoroutine()
	use("first")
	for range 5 {
		if !settled(before) {
			stacks := make([]byte, 1<<16)
			t.Fatalf("open after Close: %q; %d goroutines, %d before:\n%s", descriptors(), runtime.NumGoroutine(), before, stacks[:runtime.Stack(stacks, true)])
		}
		// Not earlier: a connection that is still open would take the next file's WAL for its own.
		_ = os.Remove(filepath.Join(dir, "next"))
		use("next")
	}
	if !settled(before) {
		t.Errorf("open after Close: %q; %d goroutines, %d before", descriptors(), runtime.NumGoroutine(), before)
	}
}
