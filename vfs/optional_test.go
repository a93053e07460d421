package vfs_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/util/vfsutil"
	sqlitevfs "github.com/ncruces/go-sqlite3/vfs"

	"github.com/turso-coop/turso-coop/ioengine"
)

// What ncruces' file of the operating system does beyond reading and writing
// works the same behind ours.

func TestLockStateIsTold(t *testing.T) {
	onEachEngine(t, func(t *testing.T, name string, _ ioengine.Engine) {
		c := open(t, filepath.Join(t.TempDir(), "test.db"), name)
		state := func(want sqlitevfs.LockLevel) {
			t.Helper()
			if got, err := c.FileControl("main", sqlite3.FCNTL_LOCKSTATE); got != want || err != nil {
				t.Errorf("lock state %v, %v, want %v", got, err, want)
			}
		}
		exec(t, c, `CREATE TABLE t(a)`)
		state(sqlitevfs.LOCK_NONE)
		exec(t, c, `BEGIN; SELECT * FROM t`)
		state(sqlitevfs.LOCK_SHARED)
		exec(t, c, `INSERT INTO t VALUES(1)`)
		state(sqlitevfs.LOCK_RESERVED)
		exec(t, c, `COMMIT; BEGIN EXCLUSIVE`)
		state(sqlitevfs.LOCK_EXCLUSIVE)
		exec(t, c, `ROLLBACK`)
		state(sqlitevfs.LOCK_NONE)
	})
}

func TestPersistWALKeepsTheFiles(t *testing.T) {
	onEachEngine(t, func(t *testing.T, name string, _ ioengine.Engine) {
		for _, keep := range []bool{false, true} {
			path := filepath.Join(t.TempDir(), "test.db")
			c := open(t, path, name)
			exec(t, c, `PRAGMA journal_mode=WAL; CREATE TABLE t(a)`)
			if _, err := c.FileControl("main", sqlite3.FCNTL_PERSIST_WAL, keep); err != nil {
				t.Fatal(err)
			}
			if got, err := c.FileControl("main", sqlite3.FCNTL_PERSIST_WAL); got != keep || err != nil {
				t.Errorf("persist WAL: %v, %v, want %v", got, err, keep)
			}
			if err := c.Close(); err != nil {
				t.Fatal(err)
			}
			if _, err := os.Stat(path + "-wal"); (err == nil) != keep {
				t.Errorf("after close with persist WAL %v: %v", keep, err)
			}
		}
	})
}

// psow=0 makes SQLite pad the WAL's last sector with copies of the commit
// frame: the file is longer.
func TestPowersafeOverwriteCanBeSwitchedOff(t *testing.T) {
	onEachEngine(t, func(t *testing.T, name string, _ ioengine.Engine) {
		size := func(psow string) int64 {
			path := filepath.Join(t.TempDir(), "test.db")
			c := open(t, path, name+"&psow="+psow)
			if got, err := c.FileControl("main", sqlite3.FCNTL_POWERSAFE_OVERWRITE); got != (psow == "1") || err != nil {
				t.Errorf("psow=%s: %v, %v", psow, got, err)
			}
			exec(t, c, `PRAGMA page_size=512; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE t(a)`)
			fi, err := os.Stat(path + "-wal")
			if err != nil {
				t.Fatal(err)
			}
			return fi.Size()
		}
		if with, without := size("1"), size("0"); without <= with {
			t.Errorf("WAL of %d bytes with powersafe overwrite, of %d without", with, without)
		}
	})
}

// The WAL of a database is found by its name: one that was moved away must not
// be written to, or the WAL would be another database's.
func TestMovedDatabaseIsNotWritten(t *testing.T) {
	onEachEngine(t, func(t *testing.T, name string, _ ioengine.Engine) {
		path := filepath.Join(t.TempDir(), "test.db")
		c := open(t, path, name)
		exec(t, c, `CREATE TABLE t(a)`)
		if err := os.Rename(path, path+".away"); err != nil {
			t.Fatal(err)
		}
		if err := c.Exec(`INSERT INTO t VALUES(1)`); !errors.Is(err, sqlite3.READONLY_DBMOVED) {
			t.Errorf("writing to a moved database: %v", err)
		}
	})
}

func TestSizeHintAllocates(t *testing.T) {
	onEachEngine(t, func(t *testing.T, name string, _ ioengine.Engine) {
		c := open(t, filepath.Join(t.TempDir(), "test.db"), name)
		exec(t, c, `CREATE TABLE t(a)`)
		p, err := c.FileControl("main", sqlite3.FCNTL_FILE_POINTER)
		if err != nil {
			t.Fatal(err)
		}
		f := p.(sqlitevfs.FileUnwrap).Unwrap().(sqlitevfs.FileSizeHint)
		if err := f.SizeHint(1 << 20); err != nil {
			t.Fatal(err)
		}
		if size, err := f.Size(); size != 1<<20 || err != nil {
			t.Errorf("size %d, %v", size, err)
		}
		if got := query(t, c, `PRAGMA integrity_check`); got != "ok" {
			t.Error(got)
		}
	})
}

func TestNoMemoryMapAndNoAtomicBatches(t *testing.T) {
	c := open(t, filepath.Join(t.TempDir(), "test.db"), "turso-coop")
	exec(t, c, `PRAGMA mmap_size=1000000; CREATE TABLE t(a)`)
	if got := query(t, c, `PRAGMA mmap_size`); got != "" && got != "0" {
		t.Errorf("mmap_size %s: pages would be read past the engine", got)
	}
	p, err := c.FileControl("main", sqlite3.FCNTL_FILE_POINTER)
	if err != nil {
		t.Fatal(err)
	}
	f, _ := vfsutil.UnwrapFile[sqlitevfs.FileSizeHint](p.(sqlitevfs.File))
	if f.DeviceCharacteristics()&(sqlitevfs.IOCAP_BATCH_ATOMIC|sqlitevfs.IOCAP_ATOMIC|sqlitevfs.IOCAP_SEQUENTIAL|sqlitevfs.IOCAP_SAFE_APPEND) != 0 {
		t.Errorf("device characteristics %#x", f.DeviceCharacteristics())
	}
}
