package vfs

import (
	"encoding/binary"
	"io"

	"github.com/ncruces/go-sqlite3"
	sqlitevfs "github.com/ncruces/go-sqlite3/vfs"

	"github.com/turso-coop/turso-coop/completion"
)

// Sizes in a WAL: https://sqlite.org/walformat.html
const (
	walHeaderBytes   = 32
	frameHeaderBytes = 24
)

// A CommitWindow is the part of a commit in which the frames that SQLite
// writes to a WAL wait for each other, to be written by one call. Who owns the
// connection opens it at the end of its commit hook
// (https://sqlite.org/c3ref/commit_hook.html) and closes it when the call that
// committed returns; in between each WAL leaves it by itself, at the latest in
// the write that completes the frame that commits, so that what could not be
// written is the error of that write and the commit fails.
//
// Nothing is lost by this to other processes or by being killed: until SQLite
// publishes the commit, nobody but this connection may want the frames, and by
// then they are in the page cache. Without a window everything is written
// through at once.
//
// A nil window stays closed. The goroutine that uses the connection uses its
// window.
type CommitWindow struct {
	session *session
	open    bool
	commits int64 // for which it was opened
	holding int   // files that hold something back
}

// CommitWindowOf returns the window of c's commits, nil if the main database
// is not a file of ours.
func CommitWindowOf(c *sqlite3.Conn) *CommitWindow {
	main, ok := mainFile(c)
	if !ok {
		return nil
	}
	main.session.window.session = main.session
	return &main.session.window
}

// Open says that nothing can keep SQLite from writing its commit now.
func (w *CommitWindow) Open() {
	if w != nil {
		w.open = true
		w.commits++
	}
}

// Close ends the window. A commit that was written has left nothing to do.
func (w *CommitWindow) Close() {
	if w == nil || !w.open {
		return
	}
	w.open = false
	if w.holding == 0 {
		return
	}
	for f := range w.session.files {
		f.flushUnheard()
	}
}

// heldBytes bounds what one commit holds back; beyond it, it writes through.
const heldBytes = 4 << 20

// writeBehind says what a WAL may hold back: frames that follow one another,
// the last perhaps without its page.
type writeBehind struct {
	// never: SQLite pads commits to whole sectors, with frames that say that
	// they commit and with a sync in the middle of one.
	never     bool
	pageBytes int   // 0 while it is not known
	commits   bool  // the last header says that its frame commits
	left      int64 // the window's commit whose frames are written through from here on
	unheard   error // of writing where no error can be returned
}

// follows reports whether p is the next piece of a frame after h: a header
// where a frame begins, or the page of the last header.
func (b *writeBehind) follows(h *held, p []byte, off int64) bool {
	if b.pageBytes == 0 || off < walHeaderBytes || h.any() && off != h.end() {
		return false
	}
	switch (off - walHeaderBytes) % int64(frameHeaderBytes+b.pageBytes) {
	case 0:
		return len(p) == frameHeaderBytes
	case frameHeaderBytes:
		return len(p) == b.pageBytes && h.any()
	}
	return false
}

// complete reports whether the frame that commits is in h with its page.
func (b *writeBehind) complete(h *held) bool {
	return b.commits && len(h.buf)%(frameHeaderBytes+b.pageBytes) == 0
}

// learn reads the size of pages from a WAL's header, or its second quarter.
func (b *writeBehind) learn(size []byte) {
	if n := binary.BigEndian.Uint32(size); n >= 512 && n <= 65536 && n&(n-1) == 0 {
		b.pageBytes = int(n)
	}
}

// holdBack takes a write to a WAL if it may wait. What waited before it is
// written now if it may not, and in any case with the end of the commit.
func (f *file) holdBack(p []byte, off int64) (held bool, err error) {
	b, h := &f.behind, &f.held
	if off == 0 && len(p) == walHeaderBytes {
		b.learn(p[8:12])
	}
	if b.never || !f.session.windowOpen(b) {
		return false, f.heard()
	}
	if b.pageBytes == 0 {
		f.learnPageSize()
	}
	if !b.follows(h, p, off) {
		return false, f.flush()
	}
	if !h.any() {
		f.session.window.holding++
	}
	if len(p) == frameHeaderBytes {
		b.commits = binary.BigEndian.Uint32(p[4:]) != 0 // the size of the database after a commit
	}
	h.put(p, off)
	if b.complete(h) || len(h.buf) >= heldBytes {
		// After the frame that commits SQLite may write earlier headers again,
		// and at synchronous=NORMAL publishes the commit without another call.
		b.left = f.session.window.commits
		return true, f.flush()
	}
	return true, nil
}

// windowOpen reports whether frames of b's file may wait.
func (s *session) windowOpen(b *writeBehind) bool {
	return s != nil && s.window.open && b.left != s.window.commits
}

// leaveWindow writes what waits, and from there on through, until the next
// commit. If nothing waits this is before the first frame: SQLite syncs the
// header of a WAL that it begins anew.
func (f *file) leaveWindow() error {
	if f.held.any() {
		f.behind.left = f.session.window.commits
	}
	return f.flush()
}

// flush writes what waits. What cannot be written is given up: a later attempt
// could hit frames that by then are somebody else's.
func (f *file) flush() error {
	if !f.held.any() {
		return f.heard()
	}
	f.calls.flushes.Add(1)
	f.write.start(f.held.buf, f.held.start)
	_, err := completion.Drive(&f.write, f.wait)
	switch {
	case f.flags&sqlitevfs.OPEN_WAL == 0:
	case err == nil:
		f.grew(f.held.end())
	default:
		f.behind.left = f.session.window.commits
	}
	f.discard()
	return f.fail(opWrite, err)
}

// flushUnheard writes what waits where SQLite can be told of no error: it is
// told at the next call that can fail.
func (f *file) flushUnheard() {
	if f.held.any() {
		f.behind.unheard = f.flush()
	}
}

// heard returns an error that nobody was told of, once.
func (f *file) heard() error {
	err := f.behind.unheard
	f.behind.unheard = nil
	return err
}

// discard gives up what waits.
func (f *file) discard() {
	if !f.held.any() {
		return
	}
	f.held.drop()
	if f.flags&sqlitevfs.OPEN_WAL != 0 {
		f.behind.commits = false
		f.session.window.holding--
	}
}

// learnPageSize reads the size of pages that another connection has written
// the WAL's header with. It is the same as long as the WAL is open.
func (f *file) learnPageSize() {
	var size [4]byte
	f.read.start(size[:], 8)
	if _, err := completion.Drive(&f.read, f.wait); err == nil || err == io.EOF {
		f.behind.learn(size[:])
	}
}

// CommitPhaseTwo is called by SQLite when everybody can see a commit. Its error
// would be that of the commit all the same.
func (f *file) CommitPhaseTwo() error {
	if f.session == nil {
		return nil
	}
	f.session.window.Close()
	if f.wal != nil {
		return f.wal.heard()
	}
	return nil
}

// SharedMemory is asked for at every operation on the WAL-index, the unlocking
// of the WAL among them. Nothing is ever held back that long, unless a page
// was spilled by the commit itself; that may belong to nobody afterwards, so
// it is written while the lock is still held.
func (f *file) SharedMemory() sqlitevfs.SharedMemory {
	if f.wal != nil {
		f.wal.flushUnheard()
	}
	f.CheckpointDone() // if a panic has kept SQLite from saying so
	return f.shm
}
