package conn

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ncruces/go-sqlite3"
)

const someRows = "CREATE TABLE t(a); WITH RECURSIVE c(i) AS (VALUES(1) UNION ALL SELECT i+1 FROM c WHERE i<500) INSERT INTO t SELECT zeroblob(1000) FROM c"

func backup(t *testing.T, dst, src *Conn) *Backup {
	t.Helper()
	b, err := NewBackup(background, dst, "main", src, "main")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return b
}

// Any database can be copied over any other: in files, with and without a WAL, in memory.
func TestBackup(t *testing.T) {
	kinds := []struct{ name, setup string }{
		{"rollback.db", ""}, {"wal.db", "PRAGMA journal_mode=WAL"}, {":memory:", ""}, {"", ""}, {"1024.db", "PRAGMA page_size=1024"},
	}
	for i, from := range kinds {
		for j, to := range kinds {
			if from.name == "1024.db" && j < i && j > 0 {
				continue // SQLite refuses another page size unless the destination is a file without a WAL
			}
			if i == j && strings.HasSuffix(from.name, ".db") {
				to.name = "other.db"
			}
			t.Run(strings.Trim(from.name, ":")+" to "+strings.Trim(to.name, ":"), func(t *testing.T) {
				dir := t.TempDir()
				at := func(name string) string {
					if strings.HasSuffix(name, ".db") {
						return filepath.Join(dir, name)
					}
					return name
				}
				src, dst := open(t, at(from.name)), open(t, at(to.name))
				script(t, src, from.setup+";"+someRows)
				script(t, dst, to.setup+";CREATE TABLE old(a)")
				b := backup(t, dst, src)
				steps := 0
				for done := false; !done; steps++ {
					var err error
					if done, err = b.Step(background, 10); err != nil {
						t.Fatal(err)
					}
				}
				if steps < 10 || b.Remaining() != 0 || b.PageCount() < 100 {
					t.Errorf("%d steps, %d of %d pages remain", steps, b.Remaining(), b.PageCount())
				}
				if done, err := b.Step(background, 1); !done || err != nil {
					t.Errorf("step when all is done: %v, %v", done, err)
				}
				if err := b.Close(); err != nil {
					t.Fatal(err)
				}
				if got := value(t, dst, "SELECT count(*)||' '||sum(length(a)) FROM t"); got != "500 500000" {
					t.Errorf("rows: %v", got)
				}
				if got := value(t, dst, "SELECT count(*) FROM sqlite_schema WHERE name='old'"); got != int64(0) {
					t.Error("what was there before still is")
				}
				if got := value(t, dst, "PRAGMA integrity_check"); got != "ok" {
					t.Error(got)
				}
				script(t, dst, "INSERT INTO t VALUES(1)")
			})
		}
	}
}

func TestBackupIsGivenUp(t *testing.T) {
	dir := t.TempDir()
	src, dst := open(t, filepath.Join(dir, "src.db")), open(t, filepath.Join(dir, "dst.db"))
	memory := open(t, ":memory:")
	script(t, src, someRows)
	for _, to := range []*Conn{dst, memory} {
		script(t, to, "CREATE TABLE old(a)")
		b := backup(t, to, src)
		if _, err := b.Step(background, 10); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(background)
		err := b.Run(ctx, "main", 10, func(remaining, total int) error { cancel(); return nil })
		if !errors.Is(err, context.Canceled) || !src.Autocommit() {
			t.Errorf("cancelled: %v, in a transaction: %v", err, !src.Autocommit())
		}
		if err := b.Close(); err != nil {
			t.Error(err)
		}
		if _, err := b.Step(background, 1); err != ErrBackupClosed {
			t.Errorf("step when closed: %v", err)
		}
		if got := value(t, to, "SELECT count(*) FROM sqlite_schema WHERE name='old'"); got != int64(1) {
			t.Error("what was there before is gone")
		}
	}
	stop := errors.New("enough")
	if err := backup(t, memory, src).Run(background, "main", 10, func(int, int) error { return stop }); err != stop {
		t.Errorf("stopped: %v", err)
	}
	backup(t, dst, src) // open when the source is closed
	if err := src.Close(); err != nil {
		t.Error(err)
	}
	images.Range(func(name, _ any) bool { t.Errorf("image %v is left", name); return true })
}

func TestBackupErrors(t *testing.T) {
	dir := t.TempDir()
	src, dst := open(t, filepath.Join(dir, "src.db")), open(t, filepath.Join(dir, "dst.db"))
	script(t, src, someRows)
	if _, err := NewBackup(background, src, "main", src, "main"); err == nil || !strings.Contains(err.Error(), "over itself") {
		t.Errorf("onto itself: %v", err)
	}
	for _, schema := range []string{"nowhere", "main\x00"} {
		if _, err := NewBackup(background, dst, "main", src, schema); err == nil {
			t.Errorf("a backup of %q is begun", schema)
		}
	}
	readOnly := open(t, "file:"+filepath.Join(dir, "src.db")+"?mode=ro")
	if _, err := NewBackup(background, readOnly, "main", dst, "main"); !errors.Is(err, sqlite3.READONLY) {
		t.Errorf("onto what is opened for reading: %v", err)
	}
	script(t, dst, "BEGIN IMMEDIATE")
	b := backup(t, dst, src)
	if _, err := b.Step(background, -1); !errors.Is(err, sqlite3.BUSY) {
		t.Errorf("onto a locked database: %v", err)
	}
	script(t, dst, "COMMIT")
	if done, err := b.Step(background, -1); !done || err != nil {
		t.Errorf("once that is unlocked: %v, %v", done, err)
	}
	if err := src.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := NewBackup(background, dst, "main", src, "main"); err != ErrClosed {
		t.Errorf("of a closed connection: %v", err)
	}
}

// A copy of one moment, although another connection writes between its steps.
func TestBackupIsOneSnapshot(t *testing.T) {
	name := filepath.Join(t.TempDir(), "src.db")
	src, writer, dst := open(t, name), open(t, name), open(t, ":memory:")
	script(t, src, "PRAGMA journal_mode=WAL;"+someRows)
	steps := 0
	err := backup(t, dst, src).Run(background, "main", 50, func(int, int) error {
		steps++
		return writer.Script(background, "INSERT INTO t VALUES(zeroblob(5000))")
	})
	if err != nil || steps > 5 {
		t.Fatalf("%d steps, %v", steps, err)
	}
	if got := value(t, dst, "SELECT count(*) FROM t"); got != int64(500) {
		t.Errorf("%v rows", got)
	}
}

func TestSerialize(t *testing.T) {
	name := filepath.Join(t.TempDir(), "src.db")
	src := open(t, name)
	script(t, src, "PRAGMA journal_mode=WAL;"+someRows+"; PRAGMA wal_checkpoint(TRUNCATE)")
	got, err := src.Serialize(background, "main")
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile(name)
	if err != nil || len(got) != len(want) {
		t.Fatalf("%d bytes, unlike the file's %d, %v", len(got), len(want), err)
	}
	for i := range want {
		counter := 24 <= i && i < 28 || 92 <= i && i < 96 // of changes to the file
		if got[i] != want[i] && !counter {
			t.Fatalf("byte %d is %d, in the file %d", i, got[i], want[i])
		}
	}
	dst := open(t, ":memory:")
	script(t, dst, "CREATE TABLE old(a)")
	before := bytes.Clone(got)
	if err := dst.Deserialize(background, "main", got); err != nil {
		t.Fatal(err)
	}
	script(t, dst, "DELETE FROM t WHERE rowid>1")
	if got := value(t, dst, "SELECT count(*) FROM t"); got != int64(1) {
		t.Error(got)
	}
	if !bytes.Equal(got, before) {
		t.Error("the caller's bytes have changed")
	}
	if err := dst.Deserialize(background, "main", []byte(strings.Repeat("no database", 100))); !errors.Is(err, sqlite3.NOTADB) {
		t.Errorf("garbage: %v", err)
	}
	if err := dst.Deserialize(background, "main", nil); err != nil {
		t.Errorf("an empty file: %v", err)
	}
	if got := value(t, dst, "SELECT count(*) FROM sqlite_schema"); got != int64(0) {
		t.Errorf("an empty file: %v tables", got)
	}
}
