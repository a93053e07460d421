package simdisk

import (
	"errors"
	"slices"
	"syscall"

	"github.com/turso-coop/turso-coop/completion"
	"github.com/turso-coop/turso-coop/ioengine"
)

var (
	errNegative      = syscall.EINVAL
	errBadDescriptor = syscall.EBADF
	errTooLarge      = syscall.EFBIG
)

// pathError says which file there is none of.
type pathError struct{ op, path string }

func (e *pathError) Error() string { return "simdisk: " + e.op + " " + e.path + ": no such file" }
func (e *pathError) Unwrap() error { return syscall.ENOENT }

// A File is an open file of a [Disk]. It implements [ioengine.File] and adds
// what SQLite wants of a file beyond that. All methods may be called
// concurrently.
type File struct {
	d    *Disk
	desc *description
	owns bool // it came from OpenFile: Close closes the descriptor too

	underway int // operations that have not finished; under d.mu
	closed   bool
}

var _ ioengine.File = (*File)(nil)

// Fd is the file's descriptor on this disk, for [Disk.Open]. It is no
// descriptor of the operating system that the program runs on.
func (f *File) Fd() uintptr { return f.desc.fd }

// ReadAt implements [ioengine.File]. If the page cache holds the whole of it,
// the read is over when ReadAt returns, and has taken no time.
func (f *File) ReadAt(c *completion.Completion, p []byte, offBytes int64) {
	c.Begin(f.d)
	f.d.take(f, op{c: c, call: CallRead, buf: p, off: offBytes})
}

// ReadInline implements [ioengine.File]: whether a read waits is for ReadAt to say.
func (f *File) ReadInline([]byte, int64) bool { return false }

// ReadMissed implements [ioengine.File].
func (f *File) ReadMissed(c *completion.Completion, p []byte, offBytes int64) {
	f.ReadAt(c, p, offBytes)
}

// ReadAlone implements [ioengine.File]: on this disk every read is queued.
func (f *File) ReadAlone([]byte, int64) (int, bool, error) { return 0, false, nil }

// ReadvAt implements [ioengine.File].
func (f *File) ReadvAt(c *completion.Completion, bufs [][]byte, offBytes int64) {
	c.Begin(f.d)
	f.d.take(f, op{c: c, call: CallRead, bufs: bufs, vectored: true, off: offBytes})
}

// ReadCached implements [ioengine.File]. No fault strikes it.
func (f *File) ReadCached(p []byte, offBytes int64) bool {
	d := f.d
	d.mu.Lock()
	defer d.mu.Unlock()
	if f.closed || f.desc.closed || f.desc.inode == nil || f.desc.uncachable || offBytes < 0 {
		return false
	}
	end := offBytes + int64(len(p))
	return f.desc.inode.cachedUpTo(offBytes, end) == int64(len(p)) && f.desc.inode.cache.read(p, offBytes) == len(p)
}

// ReadAhead implements [ioengine.File]. It takes no time, no fault strikes it,
// and the whole of the ranges is in the page cache when it returns.
func (f *File) ReadAhead(c *completion.Completion, ranges []ioengine.Range) {
	c.Begin(f.d)
	d := f.d
	d.mu.Lock()
	err := error(ioengine.ErrClosed)
	if !d.closed && !f.closed && !f.desc.closed {
		err = nil
		d.stats.ReadAheads++
		for _, r := range ranges {
			off, end := max(r.OffBytes, 0), r.OffBytes+r.Bytes
			if f.desc.inode != nil && off < end {
				f.desc.inode.setResident(off, min(end, f.desc.inode.cache.size))
			}
			d.stats.RangesAhead++
			d.stats.BytesAhead += max(0, end-off)
		}
	}
	d.mu.Unlock()
	c.Finish(0, err)
}

// WriteAt implements [ioengine.File].
func (f *File) WriteAt(c *completion.Completion, p []byte, offBytes int64) {
	c.Begin(f.d)
	f.d.take(f, op{c: c, call: CallWrite, buf: p, off: offBytes})
}

// WritevAt implements [ioengine.File].
func (f *File) WritevAt(c *completion.Completion, bufs [][]byte, offBytes int64) {
	c.Begin(f.d)
	f.d.take(f, op{c: c, call: CallWrite, bufs: bufs, vectored: true, off: offBytes})
}

// Sync implements [ioengine.File]. All modes promise the same.
func (f *File) Sync(c *completion.Completion, _ ioengine.SyncMode) {
	c.Begin(f.d)
	call := CallSync
	if f.desc.dir != nil {
		call = CallSyncDir
	}
	f.d.take(f, op{c: c, call: call})
}

// Truncate implements [ioengine.File].
func (f *File) Truncate(c *completion.Completion, sizeBytes int64) {
	c.Begin(f.d)
	f.d.take(f, op{c: c, call: CallTruncate, off: sizeBytes})
}

// Allocate implements [ioengine.File].
func (f *File) Allocate(c *completion.Completion, sizeBytes int64) {
	c.Begin(f.d)
	f.d.take(f, op{c: c, call: CallAllocate, off: sizeBytes})
}

// Size implements [ioengine.File].
func (f *File) Size() (int64, error) {
	d := f.d
	d.mu.Lock()
	defer d.mu.Unlock()
	size, err := int64(0), error(nil)
	switch fault := d.match(CallSize, f.desc.path, 0, 0); {
	case f.closed || f.desc.closed:
		err = ioengine.ErrClosed
	case fault.err() != nil:
		err = fault.err()
	case f.desc.inode != nil:
		size = f.desc.inode.cache.size
	}
	d.immediate(CallSize, f.desc.path, 0, size, err)
	return size, err
}

// Close implements [ioengine.File]. A file from [Disk.OpenFile] is closed as a
// whole, and its lock with it; of one from [Disk.Open] the descriptor stays.
func (f *File) Close() error {
	d := f.d
	d.mu.Lock()
	defer d.mu.Unlock()
	first := !f.closed
	f.closed = true
	d.drain(&f.underway)
	if !first {
		return ioengine.ErrClosed
	}
	if f.owns && !f.desc.closed {
		d.release(f.desc)
		d.open = slices.DeleteFunc(d.open, func(o *description) bool { return o == f.desc })
		d.sweep()
	}
	return nil
}

// errIsRetried reports whether the engine makes a call again that failed so.
func errIsRetried(err error) bool {
	return errors.Is(err, syscall.EINTR) || errors.Is(err, syscall.EAGAIN)
}
