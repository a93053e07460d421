package ioengine

import (
	"errors"
	"fmt"

	"github.com/turso-coop/turso-coop/completion"
)

// ErrClosed is the error of an operation on a file or an engine that was
// closed before the operation was taken.
var ErrClosed = errors.New("ioengine: closed")

var errNegative = errors.New("ioengine: negative offset or size")

// An Engine takes operations on files and finishes them. See the package
// comment for the contract.
type Engine interface {
	// Open makes an open descriptor known to the engine. The descriptor stays
	// the caller's, who closes the File first and the descriptor second: a
	// request that is still underway would otherwise hit whatever file gets
	// the descriptor's number next. Its position (lseek(2)) is not kept.
	Open(fd uintptr) (File, error)

	// Wait blocks until c has finished, submitting what is queued first and
	// parking on w, the caller's own, if that is needed.
	Wait(c *completion.Completion, w *completion.Waker)

	// Step submits what is queued and finishes what is ready, without
	// blocking. It is for callers that have other things to do.
	Step()

	// Stats returns the counts so far.
	Stats() Stats

	// Close waits for everything that was taken and releases the engine.
	Close() error
}

// A File is an open file of an engine. Each method takes one operation, whose
// result is in c when it has finished: N is the number of bytes moved.
type File interface {
	// ReadAt fills p from offset offBytes. Fewer bytes than len(p) come with
	// an error, io.EOF at the end of the file.
	ReadAt(c *completion.Completion, p []byte, offBytes int64)

	// ReadInline is ReadAt for what the page cache holds: if that is all of p, it
	// makes the read and reports true. It does not wait for the disk. Otherwise p
	// may be overwritten in part, and the read is yet to be made, by ReadMissed.
	ReadInline(p []byte, offBytes int64) bool

	// ReadMissed is ReadAt after ReadInline has failed: it does not ask the page
	// cache again.
	ReadMissed(c *completion.Completion, p []byte, offBytes int64)

	// ReadAlone makes the read by an ordinary system call, unless another one
	// may be waiting for the disk at the time; then it reports that it is not
	// alone and has done nothing. It is for those who expect that the page cache
	// holds p, and do not mind to wait if not: asking first costs a little.
	//
	// ReadInline, ReadAlone and ReadCached are over when they return, and Close
	// does not wait for them: whoever closes the descriptor sees to that none runs.
	ReadAlone(p []byte, offBytes int64) (n int, alone bool, err error)

	// ReadvAt fills the buffers one after the other, as ReadAt does one.
	// The slice of buffers is the engine's too until c has finished.
	ReadvAt(c *completion.Completion, bufs [][]byte, offBytes int64)

	// ReadCached looks into the page cache without reading: it fills p from
	// offset offBytes if the page cache holds all of it, and reports whether it
	// did; p may be overwritten in part if not. It is no operation of the engine's
	// in Stats. Where the system cannot be asked for what is cached (other than
	// Linux, some file systems) it reports false, and so does ReadInline.
	ReadCached(p []byte, offBytes int64) bool

	// ReadAhead asks the system to bring ranges of the file to the page cache.
	// It is a hint: that it finishes means that it has been passed on, not that
	// anything was read, and what cannot be read is not told. It starts at
	// once, beside the queue, and closing the File gives up what is left of it.
	// The slice is the engine's until c has finished.
	ReadAhead(c *completion.Completion, ranges []Range)

	// WriteAt writes p at offset offBytes, and so to the page cache: it is
	// durable after a later Sync.
	WriteAt(c *completion.Completion, p []byte, offBytes int64)

	// WritevAt writes the buffers one after the other, as WriteAt does one.
	WritevAt(c *completion.Completion, bufs [][]byte, offBytes int64)

	// Sync makes every write durable that had finished before this call, and
	// the file size that is needed to read them.
	Sync(c *completion.Completion, mode SyncMode)

	// Truncate sets the file's size.
	Truncate(c *completion.Completion, sizeBytes int64)

	// Allocate makes the file at least sizeBytes long, with space reserved
	// where the file system can; new bytes read as zeros.
	Allocate(c *completion.Completion, sizeBytes int64)

	// Size is the file's size in bytes. It does not wait.
	Size() (int64, error)

	// Close waits for the operations of this file and forgets it. It leaves
	// the descriptor open.
	Close() error
}

// A Range is a part of a file.
type Range struct{ OffBytes, Bytes int64 }

// A SyncMode says how much a sync must promise. Only macOS tells the modes
// apart; elsewhere each is the strongest that the system has for file data
// (fdatasync on Linux). A sync that answers several asks for the strongest.
type SyncMode uint8

const (
	// SyncNormal is the system's ordinary file sync (on macOS fsync, which
	// leaves the bytes in the drive's cache).
	SyncNormal SyncMode = iota
	// SyncBarrier keeps what was written before it ahead of what is written
	// after it (on macOS F_BARRIERFSYNC).
	SyncBarrier
	// SyncFull is durable when it returns (on macOS F_FULLFSYNC).
	SyncFull
)

// A Kind names a mechanism.
type Kind string

const (
	Auto  Kind = ""      // io_uring where it works, otherwise the pool
	Uring Kind = "uring" // io_uring, or an error that says why not
	Pool  Kind = "pool"  // the portable pool
)

// ParseKind turns what a user wrote into a Kind.
func ParseKind(s string) (Kind, error) {
	switch k := Kind(s); k {
	case Auto, Uring, Pool:
		return k, nil
	}
	return Auto, fmt.Errorf("ioengine: unknown engine %q: want uring or pool", s)
}

// Options configures an engine. The zero value is right for most programs.
type Options struct {
	Kind Kind
	// Workers bounds the goroutines that run blocking system calls at the
	// same time; 0 means 16. The io_uring engine uses them for what a ring
	// does not do better.
	Workers int

	// setup replaces io_uring_setup in tests.
	setup setupFunc
}

// Open starts an engine. With [Auto] it does not fail: where io_uring cannot
// be had it takes the pool, and Stats().Reason says why.
func Open(o Options) (Engine, error) {
	if o.Workers <= 0 {
		o.Workers = defaultWorkers
	}
	e := newEngine(o.Workers)
	switch o.Kind {
	case Pool:
		e.reason = "asked for"
		return e, nil
	case Auto, Uring:
		r, err := newRing(e, o.setup)
		if err == nil {
			e.useRing(r)
			return e, nil
		}
		if o.Kind == Uring {
			return nil, fmt.Errorf("ioengine: io_uring cannot be used: %w", err)
		}
		e.reason = "io_uring cannot be used: " + err.Error()
		return e, nil
	}
	_, err := ParseKind(string(o.Kind))
	return nil, err
}

// A waiter is an engine bound to a waker.
type waiter struct {
	e Engine
	w *completion.Waker
}

func (w waiter) Wait(c *completion.Completion) { w.e.Wait(c, w.w) }

// NewWaiter binds e to a waker of its own, for one goroutine at a time to wait
// with: what [completion.Drive] wants.
func NewWaiter(e Engine) completion.Waiter {
	return waiter{e, completion.NewWaker()}
}
