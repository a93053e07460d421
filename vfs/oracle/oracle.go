//go:build unix

package oracle

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/ncruces/go-sqlite3/util/vfsutil"
	sqlitevfs "github.com/ncruces/go-sqlite3/vfs"
	"golang.org/x/sys/unix"

	"github.com/turso-coop/turso-coop/vfs/internal/seam"
)

func init() { seam.Wrap = watch }

// A watched file is what SQLite gets. One connection uses it.
type watched struct {
	seam.File // what is tested
	file      reader
	path      string // "" for a temporary file
	flags     sqlitevfs.OpenFlag
	shadow    shadow

	main     *watched // of a WAL or a rollback journal, its database
	wal      *watched // of a database, while they are open
	journals []*watched

	last [32]operation // for a report
	ops  int
}

type operation struct {
	name string
	n    int
	off  int64
}

func watch(f seam.File, fd uintptr, name *sqlitevfs.Filename, flags sqlitevfs.OpenFlag) sqlitevfs.File {
	w := &watched{File: f, file: reader{int(fd)}, path: name.String(), flags: flags, shadow: newShadow()}
	if flags&(sqlitevfs.OPEN_WAL|sqlitevfs.OPEN_MAIN_JOURNAL) != 0 {
		w.main, _ = vfsutil.UnwrapFile[*watched](name.DatabaseFile())
	}
	if w.main != nil && w.is(sqlitevfs.OPEN_WAL) {
		w.main.wal = w
	} else if w.main != nil {
		w.main.journals = append(w.main.journals, w)
	}
	return w
}

func (w *watched) is(kind sqlitevfs.OpenFlag) bool { return w.flags&kind != 0 }

// Unwrap lets package vfs find its own file.
func (w *watched) Unwrap() sqlitevfs.File { return w.File }

func (w *watched) note(name string, n int, off int64) {
	w.last[w.ops%len(w.last)] = operation{name, n, off}
	w.ops++
}

// fail ends the process.
func (w *watched) fail(when, what string) {
	var ops []string
	for i := max(0, w.ops-len(w.last)); i < w.ops; i++ {
		o := w.last[i%len(w.last)]
		ops = append(ops, fmt.Sprintf("%s %d@%d", o.name, o.n, o.off))
	}
	fmt.Fprintf(os.Stderr, "oracle: %s, %s: %s\nlast operations on it: %s\n", w.path, when, what, strings.Join(ops, ", "))
	os.Exit(2)
}

// check compares what was written since the last time. A nil file is none.
func (w *watched) check(when string) {
	if w == nil || w.shadow.empty() {
		return
	}
	if what := w.shadow.compareFresh(w.file); what != "" {
		w.fail(when, what)
	}
}

// settle compares everything before a lock is given up.
func (w *watched) settle(when string) {
	if w == nil || w.shadow.empty() {
		return
	}
	if what := w.shadow.compareAll(w.file); what != "" {
		w.fail(when, what)
	}
	w.shadow.forget()
}

// failed forgets a file after an error: nobody knows what is in it.
func (w *watched) failed(err error) {
	if err != nil {
		w.shadow.forget()
	}
}

func (w *watched) ReadAt(p []byte, off int64) (int, error) {
	n, err := w.File.ReadAt(p, off)
	w.note("read", len(p), off)
	switch {
	case err == nil && n < len(p):
		w.fail("read", fmt.Sprintf("%d bytes of %d at %d came without an error", n, len(p), off))
	case err != nil && err != io.EOF:
		w.failed(err)
	case w.protected(off):
		w.compareRead(p[:n], len(p), off)
	}
	return n, err
}

// protected reports whether nobody can change, while this connection reads,
// what it reads. Nothing protects what is read to find out the journal mode,
// or whether somebody else has left a journal.
func (w *watched) protected(off int64) bool {
	switch {
	case w.is(sqlitevfs.OPEN_MAIN_DB):
		return w.LockState() >= sqlitevfs.LOCK_SHARED && (w.wal != nil || off >= firstPageBytes)
	case w.is(sqlitevfs.OPEN_MAIN_JOURNAL):
		return w.main != nil && w.main.LockState() >= sqlitevfs.LOCK_RESERVED
	case w.is(sqlitevfs.OPEN_SUPER_JOURNAL):
		return false
	}
	return true
}

// firstPageBytes is the smallest page: a read of the first begins within it.
const firstPageBytes = 512

func (w *watched) compareRead(got []byte, want int, off int64) {
	expected := make([]byte, want)
	n := w.shadow.overlay(expected, w.file.readAt(expected, off), off)
	if !bytes.Equal(got, expected[:n]) {
		i := 0
		for i < min(n, len(got)) && got[i] == expected[i] {
			i++
		}
		w.fail("read", fmt.Sprintf("%d bytes of %d at %d, where %d are; they differ from byte %d on", len(got), want, off, n, i))
	}
}

// beforeChange is called before a file changes: the journal of a database has
// to be in place by then.
func (w *watched) beforeChange() {
	for _, j := range w.journals {
		j.check("before the database changes")
	}
}

func (w *watched) WriteAt(p []byte, off int64) (int, error) {
	w.beforeChange()
	w.note("write", len(p), off)
	w.shadow.write(p, off)
	if !w.shadow.shrink(w.file) {
		w.fail("write", "too much of what SQLite has written is not in the file")
	}
	n, err := w.File.WriteAt(p, off)
	w.failed(err)
	return n, err
}

func (w *watched) Truncate(size int64) error {
	w.beforeChange()
	w.note("truncate", 0, size)
	err := w.File.Truncate(size)
	w.shadow.truncate(size)
	w.failed(err)
	return err
}

func (w *watched) SizeHint(size int64) error {
	w.note("size hint", 0, size)
	w.shadow.size = -1
	return w.File.SizeHint(size)
}

func (w *watched) Sync(flags sqlitevfs.SyncFlag) error {
	err := w.File.Sync(flags)
	w.note("sync", 0, 0)
	w.failed(err)
	w.check("after a sync")
	return err
}

func (w *watched) Size() (int64, error) {
	size, err := w.File.Size()
	w.failed(err)
	if want := max(w.shadow.size, w.shadow.end()); err == nil && size < want {
		w.fail("size", fmt.Sprintf("it is told as %d, and is %d", size, want))
	}
	return size, err
}

func (w *watched) CommitPhaseTwo() error {
	err := w.File.CommitPhaseTwo()
	if w.wal != nil {
		w.wal.failed(err)
	}
	w.all("at COMMIT_PHASETWO", (*watched).check)
	return err
}

// all applies a comparison to a database and what belongs to it.
func (w *watched) all(when string, compare func(*watched, string)) {
	compare(w, when)
	compare(w.wal, when)
	for _, j := range w.journals {
		compare(j, when)
	}
}

// SharedMemory is asked for before every operation on the WAL-index: a
// publication, or an unlocking of what was written in WAL mode.
func (w *watched) SharedMemory() sqlitevfs.SharedMemory {
	shm := w.File.SharedMemory()
	if w.wal != nil {
		w.settle("before an operation on the WAL-index")
		w.wal.settle("before an operation on the WAL-index")
	}
	return shm
}

func (w *watched) Unlock(level sqlitevfs.LockLevel) error {
	w.all("before unlocking", (*watched).settle)
	return w.File.Unlock(level)
}

// CheckpointDone comes right before readers stop to look at the WAL.
func (w *watched) CheckpointDone() {
	w.File.CheckpointDone()
	w.check("at CKPT_DONE")
}

func (w *watched) Close() error {
	if w.main != nil && w.main.wal == w {
		w.main.wal = nil
	} else if w.main != nil {
		w.main.journals = slices.DeleteFunc(w.main.journals, func(j *watched) bool { return j == w })
	}
	w.settle("before closing")
	return w.File.Close()
}

// reader reads a file past everything that is tested.
type reader struct{ fd int }

// readAt reads until p is full or the file ends.
func (r reader) readAt(p []byte, off int64) (n int) {
	for n < len(p) {
		m, err := unix.Pread(r.fd, p[n:], off+int64(n))
		if err == unix.EINTR {
			continue
		}
		if m <= 0 || err != nil {
			break
		}
		n += m
	}
	return n
}

func (r reader) size() int64 {
	var s unix.Stat_t
	if err := unix.Fstat(r.fd, &s); err != nil {
		return -1
	}
	return s.Size
}
