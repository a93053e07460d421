package vfs_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/ncruces/go-sqlite3"
	"golang.org/x/sys/unix"

	"github.com/turso-coop/turso-coop/completion"
	"github.com/turso-coop/turso-coop/ioengine"
	"github.com/turso-coop/turso-coop/vfs"
)

// A meddler is an engine that notes every change and sync of files, and makes
// some fail. It syncs nothing: no test here turns the power off.
type meddler struct {
	ioengine.Engine
	mu    sync.Mutex
	notes []string
	// fault, if not nil, decides whether an operation fails, and how.
	fault func(file, op string) *fault
	// failRead, if not nil, decides whether a read fails. Reads are not noted.
	failRead func(file string) error
}

// A fault is how an operation fails: after a part of its bytes, with err.
type fault struct {
	part float64 // 0 none, 1 all: it has worked, and nobody knows
	err  error
}

// meddle registers a VFS on a meddler for the time of the test.
func meddle(t *testing.T, kind ioengine.Kind) (m *meddler, name string) {
	t.Helper()
	e, err := ioengine.Open(ioengine.Options{Kind: kind})
	if err != nil {
		t.Skipf("not to be had here: %v", err)
	}
	m = &meddler{Engine: e}
	name = fmt.Sprintf("meddle-%p", m)
	vfs.Register(name, vfs.Options{Engine: m})
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return m, name
}

// openBehind opens a database whose commits have a window.
func openBehind(t *testing.T, path, vfsName, sql string) *sqlite3.Conn {
	t.Helper()
	c := open(t, path, vfsName)
	w := vfs.CommitWindowOf(c)
	c.CommitHook(func() bool { w.Open(); return true })
	exec(t, c, sql)
	return c
}

// take returns what was noted since it was last called.
func (m *meddler) take() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	notes := m.notes
	m.notes = nil
	return notes
}

// attempt notes an operation and asks whether it fails.
func (m *meddler) attempt(file, op, detail string, args ...any) *fault {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.notes = append(m.notes, strings.TrimSpace(file+" "+op+" "+fmt.Sprintf(detail, args...)))
	if m.fault == nil {
		return nil
	}
	return m.fault(file, op)
}

func (m *meddler) Open(fd uintptr) (ioengine.File, error) {
	path, err := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", fd))
	if err != nil {
		return nil, err
	}
	f := &meddledFile{m: m, fd: int(fd), kind: "temp"}
	switch base := filepath.Base(path); {
	case strings.HasSuffix(base, ".db"):
		f.kind = "db"
	case strings.HasSuffix(base, "-wal"):
		f.kind = "wal"
	case strings.HasSuffix(base, "-journal"):
		f.kind = "journal"
	case strings.Contains(base, "-mj"):
		f.kind = "super"
	case !strings.Contains(base, "."):
		f.kind = "dir"
	}
	f.File, err = m.Engine.Open(fd)
	return f, err
}

type meddledFile struct {
	ioengine.File
	m    *meddler
	fd   int
	kind string
}

func (f *meddledFile) WriteAt(c *completion.Completion, p []byte, off int64) {
	failed := f.m.attempt(f.kind, "write", "%d@%d", len(p), off)
	if failed == nil {
		f.File.WriteAt(c, p, off)
		return
	}
	c.Begin(nil)
	n, _ := unix.Pwrite(f.fd, p[:int(failed.part*float64(len(p)))], off)
	c.Finish(max(n, 0), failed.err)
}

// Reads that may fail are operations that do.
func (f *meddledFile) ReadInline(p []byte, off int64) bool {
	return f.m.failRead == nil && f.File.ReadInline(p, off)
}

func (f *meddledFile) ReadAlone(p []byte, off int64) (int, bool, error) {
	if f.m.failRead != nil {
		return 0, false, nil
	}
	return f.File.ReadAlone(p, off)
}

func (f *meddledFile) ReadMissed(c *completion.Completion, p []byte, off int64) {
	if f.m.failRead != nil {
		if err := f.m.failRead(f.kind); err != nil {
			c.Begin(nil)
			c.Finish(0, err)
			return
		}
	}
	f.File.ReadMissed(c, p, off)
}

func (f *meddledFile) Sync(c *completion.Completion, mode ioengine.SyncMode) {
	failed := f.m.attempt(f.kind, "sync", "")
	c.Begin(nil)
	if failed != nil {
		c.Finish(0, failed.err)
		return
	}
	c.Finish(0, nil)
}

func (f *meddledFile) Truncate(c *completion.Completion, size int64) {
	failed := f.m.attempt(f.kind, "truncate", "%d", size)
	if failed == nil {
		f.File.Truncate(c, size)
		return
	}
	c.Begin(nil)
	if failed.part == 1 {
		_ = unix.Ftruncate(f.fd, size) // what it says is not what the caller is told
	}
	c.Finish(0, failed.err)
}

// memoryDir is a folder for the time of the test, in memory if there is room
// and TMPDIR does not say otherwise: nothing here depends on the disk, and
// thousands of files are copied.
func memoryDir(t *testing.T) string {
	t.Helper()
	if os.Getenv("TMPDIR") != "" {
		return t.TempDir()
	}
	dir, err := os.MkdirTemp("/dev/shm", "turso-coop-test-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// afterKill calls f with a connection to what would be left if this process
// were killed now: copies of the files, without the WAL-index.
func afterKill(t *testing.T, path, vfsName string, f func(c *sqlite3.Conn)) {
	t.Helper()
	copied := path + ".killed.db"
	for _, suffix := range []string{"", "-wal", "-journal"} {
		b, err := os.ReadFile(path + suffix)
		if os.IsNotExist(err) {
			continue
		}
		if err == nil {
			err = os.WriteFile(copied+suffix, b, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	c, err := sqlite3.Open("file:" + copied + "?vfs=" + vfsName)
	if err != nil {
		t.Fatal(err)
	}
	f(c)
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	for _, suffix := range []string{"", "-wal", "-journal"} {
		if err := os.Remove(copied + suffix); err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
	}
}

// queryAfterKill is query on what would be left.
func queryAfterKill(t *testing.T, path, vfsName, sql string) (rows string) {
	t.Helper()
	afterKill(t, path, vfsName, func(c *sqlite3.Conn) { rows = query(t, c, sql) })
	return rows
}
