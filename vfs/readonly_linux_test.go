package vfs_test

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/ncruces/go-sqlite3"
	"golang.org/x/sys/unix"

	"github.com/turso-coop/turso-coop/vfs"
)

// asNobody opens files for the rest of the test as a user whom permissions
// bind, also if it is run by root. It does so on the test's own thread, which
// ends with it.
func asNobody(t *testing.T, path string) {
	t.Helper()
	runtime.LockOSThread() // and never unlocked
	const nobody = 65534
	if _, err := unix.SetfsuidRetUid(nobody); err != nil {
		t.Fatal(err)
	}
	// Files that were made by root are to be closed and removed by it.
	root := os.Getuid()
	t.Cleanup(func() { _, _ = unix.SetfsuidRetUid(root) })
	if _, err := os.Stat(path); err != nil {
		t.Skipf("nobody but its owner sees the directory of temporary files: %v", err)
	}
}

// publicDir is a directory that everybody may look into.
func publicDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "public")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// forReading makes dir and the files in it such that they can only be read.
func forReading(t *testing.T, dir string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		if err := os.Chmod(file, 0o444); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(dir, 0o555); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod(dir, 0o755) })
}

// A database that may not be written is opened for reading, and says so when it
// is written to: as by SQLite's own VFSs.
func TestFileThatMayOnlyBeRead(t *testing.T) {
	for _, mode := range []string{"DELETE", "WAL", "WAL left behind"} {
		t.Run(mode, func(t *testing.T) {
			path := filepath.Join(publicDir(t), "test.db")
			c := open(t, path, vfs.Name)
			journal, _, left := strings.Cut(mode, " ")
			exec(t, c, "PRAGMA journal_mode="+journal+"; CREATE TABLE t(a); INSERT INTO t VALUES(1)")
			if left { // the WAL has everything, and nobody has it open
				copied := filepath.Join(publicDir(t), "test.db")
				for _, suffix := range []string{"", "-wal", "-shm"} {
					data, err := os.ReadFile(path + suffix)
					if err != nil {
						t.Fatal(err)
					}
					if err := os.WriteFile(copied+suffix, data, 0o644); err != nil {
						t.Fatal(err)
					}
				}
				path = copied
			} else if journal == "DELETE" {
				if err := c.Close(); err != nil {
					t.Fatal(err)
				}
			}
			forReading(t, filepath.Dir(path))
			asNobody(t, path)
			reader := open(t, path, vfs.Name)
			if got := query(t, reader, "SELECT a FROM t"); got != "1" {
				t.Errorf("%q", got)
			}
			if err := reader.Exec("INSERT INTO t VALUES(2)"); !errors.Is(err, sqlite3.READONLY) {
				t.Errorf("written: %v", err)
			}
			if err := reader.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// What is not there cannot be opened for reading either: the first error counts.
func TestFileThatMayNotBeMade(t *testing.T) {
	dir := publicDir(t)
	path := filepath.Join(dir, "test.db")
	c := open(t, path, vfs.Name)
	exec(t, c, "CREATE TABLE t(a)")
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o555); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod(dir, 0o755) })
	asNobody(t, path)
	if _, err := sqlite3.Open("file:" + filepath.Join(dir, "new.db") + "?vfs=" + vfs.Name); !errors.Is(err, sqlite3.CANTOPEN) || !errors.Is(err, os.ErrPermission) {
		t.Errorf("made: %v", err)
	}
	c = open(t, path, vfs.Name)
	if got := query(t, c, "SELECT count(*) FROM t"); got != "0" {
		t.Errorf("%q", got)
	}
	if err := c.Exec("INSERT INTO t VALUES(2)"); !errors.Is(err, sqlite3.READONLY_DIRECTORY) {
		t.Errorf("written without a journal: %v", err)
	}
}
