package vfs_test

import (
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/util/vfsutil"
	sqlitevfs "github.com/ncruces/go-sqlite3/vfs"
)

// A fact is something that SQLite, its Go binding or the standard library does
// and that a new version may change. The tests named TestFact… hold those that
// code of this module stands on.
type fact struct {
	t      *testing.T
	holds  string // the fact, as a clause
	stands string // what does not work without it
}

// check fails the test with one sentence if the fact does not hold; the rest
// of the arguments say what was seen instead.
func (f fact) check(ok bool, seen string, args ...any) {
	f.t.Helper()
	if !ok {
		f.t.Errorf("It no longer holds that %s (what stands on it: %s): %s.", f.holds, f.stands, fmt.Sprintf(seen, args...))
	}
}

// trace checks that what was traced is exactly what is wanted, which is given
// as one event a line.
func (f fact) trace(got []string, want string) {
	f.t.Helper()
	wanted := strings.FieldsFunc(want, func(r rune) bool { return r == '\n' })
	for i := range wanted {
		wanted[i] = strings.TrimSpace(wanted[i])
	}
	wanted = slices.DeleteFunc(wanted, func(s string) bool { return s == "" })
	if slices.Equal(got, wanted) {
		return
	}
	i := 0
	for i < len(got) && i < len(wanted) && got[i] == wanted[i] {
		i++
	}
	f.check(false, "event %d of\n\t%s\ndiffers from what is expected,\n\t%s\n", i+1,
		strings.Join(got, "\n\t"), strings.Join(wanted, "\n\t"))
}

// A tracer is a VFS that does what the operating system's does and writes down,
// in order, what SQLite asked of its files.
type tracer struct {
	sqlitevfs.VFS // the operating system's
	name          string
	events        []event
	files         []*tracedFile // all that were opened

	// watch, if not nil, is called at every event, and what it returns is
	// written down before that: what has changed since the last one.
	watch func() []string
	// fail, if not nil, decides at each operation whether it fails.
	fail func(file, op string) error
	// answer, if not nil, has the last word on what a read or a write returns.
	answer func(file, op string, p []byte, n int, err error) (int, error)
	// pragma, if not nil, answers PRAGMAs.
	pragma func(name, value string) (string, error)
	// shm, if not nil, is the WAL-index that a database is given.
	shm func(path string, lent sqlitevfs.SharedMemory) sqlitevfs.SharedMemory
	// claims are device characteristics that files claim to have.
	claims sqlitevfs.DeviceCharacteristic
}

type event struct{ file, op, detail string }

func (e event) String() string {
	return strings.Join(slices.DeleteFunc([]string{e.file, e.op, e.detail}, func(s string) bool { return s == "" }), " ")
}

// newTracer registers a tracer for the time of the test.
func newTracer(t *testing.T) *tracer {
	tr := &tracer{VFS: sqlitevfs.Find("")}
	tr.name = fmt.Sprintf("trace-%p", tr)
	sqlitevfs.Register(tr.name, tr)
	t.Cleanup(func() { sqlitevfs.Unregister(tr.name) })
	return tr
}

// note writes down an event.
func (tr *tracer) note(file, op, detail string, args ...any) {
	if tr.watch != nil {
		for _, change := range tr.watch() {
			tr.events = append(tr.events, event{op: change})
		}
	}
	tr.events = append(tr.events, event{file, op, fmt.Sprintf(detail, args...)})
}

// attempt writes down an operation that may fail.
func (tr *tracer) attempt(file, op, detail string, args ...any) error {
	tr.note(file, op, detail, args...)
	if tr.fail != nil {
		return tr.fail(file, op)
	}
	return nil
}

// take returns the events since it was last called, without the operations
// named, and with repetitions in a row as one.
func (tr *tracer) take(without ...string) []string {
	var events []string
	for _, e := range tr.events {
		if !slices.Contains(without, e.op) {
			events = append(events, e.String())
		}
	}
	tr.events = nil
	return slices.Compact(events)
}

// only is take for the operations named.
func (tr *tracer) only(ops ...string) []string {
	tr.events = slices.DeleteFunc(tr.events, func(e event) bool { return !slices.Contains(ops, e.op) })
	return tr.take()
}

func (tr *tracer) Delete(name string, syncDir bool) error {
	err := tr.attempt(name[strings.LastIndexByte(name, '-')+1:], "delete", "dirsync=%v", syncDir)
	if err != nil {
		return err
	}
	return tr.VFS.Delete(name, syncDir)
}

func (tr *tracer) OpenFilename(name *sqlitevfs.Filename, flags sqlitevfs.OpenFlag) (sqlitevfs.File, sqlitevfs.OpenFlag, error) {
	lent, flags, err := vfsutil.WrapOpenFilename(tr.VFS, name, flags)
	if err != nil {
		return nil, flags, err
	}
	f := &tracedFile{File: lent, tr: tr, flags: flags, kind: kindOf(flags)}
	if flags&(sqlitevfs.OPEN_WAL|sqlitevfs.OPEN_MAIN_JOURNAL) != 0 {
		f.main = name.DatabaseFile()
	}
	if shm := vfsutil.WrapSharedMemory(lent); shm != nil {
		f.shm = struct{ sqlitevfs.SharedMemory }{shm}
		if tr.shm != nil {
			f.shm = tr.shm(name.String(), shm)
		}
	}
	tr.files = append(tr.files, f)
	return f, flags, nil
}

// kindOf is how a file is called in traces.
func kindOf(flags sqlitevfs.OpenFlag) string {
	switch {
	case flags&sqlitevfs.OPEN_MAIN_DB != 0:
		return "db"
	case flags&sqlitevfs.OPEN_WAL != 0:
		return "wal"
	case flags&sqlitevfs.OPEN_MAIN_JOURNAL != 0:
		return "journal"
	case flags&sqlitevfs.OPEN_SUPER_JOURNAL != 0:
		return "super"
	}
	return "temp"
}

// A tracedFile is a file of the operating system's VFS whose calls are noted.
type tracedFile struct {
	sqlitevfs.File
	tr    *tracer
	flags sqlitevfs.OpenFlag
	kind  string
	shm   sqlitevfs.SharedMemory
	main  sqlitevfs.File // of a WAL or a journal: what DatabaseFile returned
	db    any            // what SetDB was given
}

func (f *tracedFile) ReadAt(p []byte, off int64) (n int, err error) {
	if err = f.tr.attempt(f.kind, "read", "%d@%d", len(p), off); err == nil {
		n, err = f.File.ReadAt(p, off)
	}
	if f.tr.answer != nil {
		return f.tr.answer(f.kind, "read", p, n, err)
	}
	return n, err
}

func (f *tracedFile) WriteAt(p []byte, off int64) (n int, err error) {
	commit := ""
	if f.kind == "wal" && len(p) == 24 && binary.BigEndian.Uint32(p[4:]) != 0 {
		commit = " commit" // the header says how many pages the database has: the last frame of a commit
	}
	if err = f.tr.attempt(f.kind, "write", "%d@%d%s", len(p), off, commit); err == nil {
		n, err = f.File.WriteAt(p, off)
	}
	if f.tr.answer != nil {
		return f.tr.answer(f.kind, "write", p, n, err)
	}
	return n, err
}

func (f *tracedFile) Truncate(size int64) error {
	if err := f.tr.attempt(f.kind, "truncate", "%d", size); err != nil {
		return err
	}
	return f.File.Truncate(size)
}

// Sync syncs nothing: no test here turns the power off.
func (f *tracedFile) Sync(flags sqlitevfs.SyncFlag) error {
	return f.tr.attempt(f.kind, "sync", "%d", flags)
}

func (f *tracedFile) Size() (int64, error) {
	f.tr.note(f.kind, "size", "")
	return f.File.Size()
}

func (f *tracedFile) Lock(level sqlitevfs.LockLevel) error {
	f.tr.note(f.kind, "lock", "%d", level)
	return f.File.Lock(level)
}

func (f *tracedFile) Unlock(level sqlitevfs.LockLevel) error {
	f.tr.note(f.kind, "unlock", "%d", level)
	return f.File.Unlock(level)
}

func (f *tracedFile) SharedMemory() sqlitevfs.SharedMemory {
	f.tr.note("shm", "getter", "")
	return f.shm
}

func (f *tracedFile) Pragma(name, value string) (string, error) {
	f.tr.note(f.kind, "pragma", "%s=%s", name, value)
	if f.tr.pragma != nil {
		return f.tr.pragma(name, value)
	}
	return "", sqlite3.NOTFOUND
}

func (f *tracedFile) SyncSuper(string) error {
	f.tr.note(f.kind, "FCNTL_SYNC", "")
	return sqlite3.NOTFOUND
}

func (f *tracedFile) DeviceCharacteristics() sqlitevfs.DeviceCharacteristic {
	return f.File.DeviceCharacteristics() | f.tr.claims
}

func (f *tracedFile) SetDB(db any)                 { f.db = db }
func (f *tracedFile) CommitPhaseTwo() error        { return f.tr.attempt(f.kind, "PHASETWO", "") }
func (f *tracedFile) CheckpointStart()             { f.tr.note(f.kind, "CKPT_START", "") }
func (f *tracedFile) CheckpointDone()              { f.tr.note(f.kind, "CKPT_DONE", "") }
func (f *tracedFile) PowersafeOverwrite() bool     { return vfsutil.WrapPowersafeOverwrite(f.File) }
func (f *tracedFile) SetPowersafeOverwrite(b bool) { vfsutil.WrapSetPowersafeOverwrite(f.File, b) }

// openTraced opens a database of a new directory through the tracer and runs
// sql on it. The events so far are forgotten.
func openTraced(t *testing.T, tr *tracer, sql string) (c *sqlite3.Conn, path string) {
	path = t.TempDir() + "/test.db"
	c = open(t, path, tr.name)
	exec(t, c, sql)
	tr.take()
	return c, path
}

var errCause = io.ErrNoProgress // an error that nothing else here returns
