package ioengine

import (
	"sync"
	"sync/atomic"

	"github.com/turso-coop/turso-coop/completion"
)

// A file is a descriptor known to an engine.
type file struct {
	e      *engine
	fd     uintptr
	serial uint64 // tells the engine's files apart, in order of Open

	// cannotProbe remembers that the file's file system does not answer reads
	// from its page cache alone (RWF_NOWAIT).
	cannotProbe atomic.Bool

	// underway counts the operations that were taken and have not finished.
	underway atomic.Int64
	closed   atomic.Bool

	mu      sync.Mutex
	drained sync.Cond // of mu: underway has become 0 and the file is closed

	// Syncs of one file are led by one caller at a time. Those that come
	// while a sync runs have writes before them that it may have missed: they
	// wait here and are answered together by the next one.
	leading    bool
	unsynced   []op
	spare      []op // for the next ones
	lastShared bool // the last sync answered several
}

func (f *file) ReadAt(c *completion.Completion, p []byte, offBytes int64) {
	c.Begin(f.e)
	if f.acquire() {
		inline := f.readInline(p, offBytes)
		if inline {
			c.Finish(len(p), nil)
		}
		f.release()
		if inline {
			return
		}
	}
	f.takeRead(c, p, offBytes)
}

func (f *file) ReadInline(p []byte, offBytes int64) bool {
	return !f.closed.Load() && f.readInline(p, offBytes)
}

func (f *file) ReadMissed(c *completion.Completion, p []byte, offBytes int64) {
	c.Begin(f.e)
	f.takeRead(c, p, offBytes)
}

func (f *file) ReadAlone(p []byte, offBytes int64) (n int, alone bool, err error) {
	if offBytes < 0 || f.closed.Load() || f.e.trace.Load() != nil {
		return 0, false, nil
	}
	if alone = f.e.reads.Add(1) == 1; alone {
		n, err = sysPread(f.fd, p, offBytes)
		f.e.stats.alone.Add(1) // stands for the read and its system call too
		f.e.stats.bytesRead.Add(int64(n))
	}
	f.e.reads.Add(-1)
	if !alone || err != nil || n == len(p) {
		return n, alone, err
	}
	rest := op{f: f, kind: opRead, buf: p, off: offBytes, n: n}
	err = rest.transfer()
	f.e.stats.bytesRead.Add(int64(rest.n - n))
	return rest.n, true, err
}

func (f *file) takeRead(c *completion.Completion, p []byte, offBytes int64) {
	f.e.stats.taken[opRead].Add(1)
	f.take(op{c: c, kind: opRead, buf: p, off: offBytes})
}

// readInline answers a read from the page cache if the whole of it is there.
// A short or empty answer is no statement about the end of the file, only
// about what is cached: the ordinary read decides.
func (f *file) readInline(p []byte, off int64) bool {
	if len(p) == 0 || off < 0 || f.cannotProbe.Load() {
		return false
	}
	traced := f.e.traceInline()
	n := f.probe(p, off)
	if n < len(p) {
		f.e.stats.systemCalls.Add(1)
		traced.abandon()
		return false
	}
	if traced != nil {
		traced.end(&op{f: f, kind: opRead, off: off, n: n}, nil)
	}
	f.e.stats.inlineHits.Add(1) // stands for the read and its system call too
	f.e.stats.bytesRead.Add(int64(n))
	return true
}

// probe reads as much of p as the page cache holds.
func (f *file) probe(p []byte, off int64) int {
	n, supported := sysReadCached(f.fd, p, off)
	if !supported {
		f.cannotProbe.Store(true)
	}
	return n
}

func (f *file) ReadvAt(c *completion.Completion, bufs [][]byte, offBytes int64) {
	c.Begin(f.e)
	f.e.stats.taken[opRead].Add(1)
	f.take(op{c: c, kind: opRead, bufs: bufs, off: offBytes})
}

func (f *file) WriteAt(c *completion.Completion, p []byte, offBytes int64) {
	c.Begin(f.e)
	f.e.stats.taken[opWrite].Add(1)
	f.take(op{c: c, kind: opWrite, buf: p, off: offBytes})
}

func (f *file) WritevAt(c *completion.Completion, bufs [][]byte, offBytes int64) {
	c.Begin(f.e)
	f.e.stats.taken[opWrite].Add(1)
	f.take(op{c: c, kind: opWrite, bufs: bufs, off: offBytes})
}

func (f *file) Sync(c *completion.Completion, mode SyncMode) {
	c.Begin(f.e)
	f.e.stats.taken[opSync].Add(1)
	f.take(op{c: c, kind: opSync, mode: mode})
}

func (f *file) Truncate(c *completion.Completion, sizeBytes int64) {
	c.Begin(f.e)
	f.e.stats.taken[opTruncate].Add(1)
	f.take(op{c: c, kind: opTruncate, off: sizeBytes})
}

func (f *file) Allocate(c *completion.Completion, sizeBytes int64) {
	c.Begin(f.e)
	f.e.stats.taken[opAllocate].Add(1)
	f.take(op{c: c, kind: opAllocate, off: sizeBytes})
}

func (f *file) Size() (int64, error) { return sysSize(f.fd) }

// take queues an operation whose completion has been begun.
func (f *file) take(o op) {
	if o.off < 0 { // to the kernel, -1 is the descriptor's own position
		o.c.Finish(0, errNegative)
		return
	}
	if !f.acquire() {
		o.c.Finish(0, ErrClosed)
		return
	}
	o.f = f
	f.e.beginTrace(&o)
	f.e.push(o)
}

// acquire counts an operation as underway, unless the file is closed.
func (f *file) acquire() bool {
	f.underway.Add(1)
	if f.closed.Load() {
		f.release()
		return false
	}
	return true
}

// shared reports whether more than one operation is underway.
func (f *file) shared() bool { return f.underway.Load() > 1 }

// release is called once an operation has finished.
func (f *file) release() {
	if f.underway.Add(-1) == 0 && f.closed.Load() {
		f.mu.Lock()
		f.drained.Broadcast()
		f.mu.Unlock()
	}
}

// Close implements File. What is still queued is submitted: nobody else may
// be going to.
func (f *file) Close() error {
	f.mu.Lock()
	first := !f.closed.Swap(true)
	for f.underway.Load() > 0 {
		f.mu.Unlock()
		f.e.Step()
		f.mu.Lock()
		if f.underway.Load() > 0 {
			f.drained.Wait()
		}
	}
	f.mu.Unlock()
	if !first {
		return ErrClosed
	}
	f.e.forget(f)
	return nil
}
