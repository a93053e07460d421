package simdisk

import (
	"cmp"
	"fmt"
	"math/bits"
	"slices"
	"time"

	"github.com/turso-coop/turso-coop/completion"
	"github.com/turso-coop/turso-coop/ioengine"
)

// queueLimit is where a caller that only submits starts to submit what it
// queued, as in package ioengine.
const queueLimit = 256

// An op is one operation that the engine has taken: its completion is pending.
// It takes one call to the operating system, or several.
type op struct {
	c    *completion.Completion
	f    *File
	desc *description
	call Call

	buf      []byte   // of a read or write: this one,
	bufs     [][]byte // or these, one after the other
	vectored bool
	off      int64 // truncate and allocate: the size
	n        int   // bytes moved by earlier calls

	// Of the call under way.
	number   uint64
	fault    *Fault
	finishAt time.Duration
	cutoff   uint64 // a sync covers the changes up to this one
	copied   []byte // of a write, once a cut has needed its bytes
	canceled bool

	retries int
	parts   []*op // operations that this one stands for: equal syncs, or writes that touch
	err     error // when it is over
}

func (o *op) size() int {
	n := len(o.buf)
	for _, b := range o.bufs {
		n += len(b)
	}
	return n
}

// position is where the next byte goes, or the size that is asked for.
func (o *op) position() int64 { return o.off + int64(o.n) }

// each calls do with what is left of the buffers, up to n bytes.
func (o *op) each(n int, do func(p []byte)) {
	skip := o.n
	piece := func(b []byte) {
		cut := min(skip, len(b))
		skip -= cut
		b = b[cut:]
		b = b[:min(n, len(b))]
		if n -= len(b); len(b) > 0 {
			do(b)
		}
	}
	piece(o.buf)
	for _, b := range o.bufs {
		piece(b)
	}
}

// rest is what is left to write, in one piece, which may be the caller's.
func (o *op) rest() []byte {
	if !o.vectored {
		return o.buf[o.n:]
	}
	var p []byte
	o.each(o.size(), func(b []byte) { p = append(p, b...) })
	return p
}

// snapshot is a copy of what is left to write.
func (o *op) snapshot() []byte {
	if o.call == CallWrite && o.copied == nil {
		o.copied = slices.Clone(o.rest())
	}
	return o.copied
}

// take queues an operation, unless it is over at once.
func (d *Disk) take(f *File, o op) {
	d.mu.Lock()
	d.count(o.call)
	err := error(nil)
	switch {
	case d.closed || f.closed:
		err = ioengine.ErrClosed
	case o.off < 0:
		err = errNegative
	}
	if err != nil {
		d.mu.Unlock()
		o.c.Finish(0, err)
		return
	}
	o.f, o.desc = f, f.desc
	f.underway++
	d.underway++
	taken := d.newOp()
	*taken = o
	if o.call == CallRead && !o.vectored && d.readCached(taken) {
		d.mu.Unlock()
		d.finish(taken)
		return
	}
	d.queue = append(d.queue, taken)
	if len(d.queue) >= queueLimit {
		d.submit()
	}
	d.mu.Unlock()
}

func (d *Disk) newOp() *op {
	n := len(d.unused)
	if n == 0 {
		return new(op)
	}
	o := d.unused[n-1]
	d.unused = d.unused[:n-1]
	return o
}

// count counts an operation that was taken.
func (d *Disk) count(call Call) {
	switch s := &d.stats; call {
	case CallRead:
		s.Reads++
	case CallWrite:
		s.Writes++
	case CallTruncate:
		s.Truncates++
	case CallAllocate:
		s.Allocates++
	case CallSync, CallSyncDir:
		s.Syncs++
	}
}

// submit hands everything that is queued to the operating system. The caller
// holds mu.
func (d *Disk) submit() {
	if len(d.queue) == 0 {
		return
	}
	batch := d.queue
	d.stats.Batches++
	d.stats.Batched += int64(len(batch))
	d.stats.BatchSizes[min(bits.Len(uint(len(batch)-1)), len(d.stats.BatchSizes)-1)]++
	slices.SortStableFunc(batch, func(a, b *op) int {
		return cmp.Or(cmp.Compare(a.call, b.call), cmp.Compare(a.desc.fd, b.desc.fd), cmp.Compare(a.off, b.off))
	})
	for i := 0; i < len(batch); {
		run, end := 1, batch[i].off+int64(batch[i].size())
		for i+run < len(batch) && batch[i].goesWith(batch[i+run], end) {
			end += int64(batch[i+run].size())
			run++
		}
		d.start(d.together(batch[i : i+run]))
		i += run
	}
	d.queue = batch[:0]
}

// goesWith reports whether one call can do a later operation too: a write that
// begins where those with o end, or a sync of the same open file. Only that is
// told of the same errors.
func (o *op) goesWith(later *op, end int64) bool {
	if later.call != o.call || later.desc != o.desc {
		return false
	}
	return o.call == CallSync || o.call == CallSyncDir || o.call == CallWrite && later.off == end
}

// together is one operation that stands for several which go together.
func (d *Disk) together(ops []*op) *op {
	if len(ops) == 1 {
		return ops[0]
	}
	all := d.newOp()
	*all = op{f: ops[0].f, desc: ops[0].desc, call: ops[0].call, off: ops[0].off, vectored: true, parts: slices.Clone(ops)}
	if all.call == CallWrite {
		d.stats.MergedWrites += int64(len(ops) - 1)
	} else {
		d.stats.SharedSyncs += int64(len(ops) - 1)
	}
	for _, o := range ops {
		if all.call == CallWrite {
			all.bufs = append(append(all.bufs, o.buf), o.bufs...)
		}
	}
	return all
}

// start begins the next call of an operation. The caller holds mu.
func (d *Disk) start(o *op) {
	d.calls++
	d.stats.SystemCalls++
	o.number, o.cutoff, o.copied = d.calls, d.seq, nil
	n := int64(o.size() - o.n)
	o.fault = d.match(o.call, o.desc.path, o.position(), n)
	o.finishAt = d.now + d.options.latency(d.draw(drawLatency, o.number)) + o.fault.delay()
	at, _ := slices.BinarySearchFunc(d.flight, o, func(a, b *op) int {
		return cmp.Or(cmp.Compare(a.finishAt, b.finishAt), cmp.Compare(a.number, b.number))
	})
	d.flight = slices.Insert(d.flight, at, o)
	d.record(Event{Phase: Started, Call: o.call, Path: o.desc.path, Off: o.position(), Len: n}, 0)
}

// advance submits what is queued and lets time pass until the next call
// finishes. It reports false if there is nothing to wait for.
func (d *Disk) advance() bool {
	d.drive.Lock()
	defer d.drive.Unlock()
	d.mu.Lock()
	d.submit()
	if len(d.flight) == 0 {
		d.mu.Unlock()
		return false
	}
	o := d.flight[0]
	d.flight = slices.Delete(d.flight, 0, 1)
	d.now = max(d.now, o.finishAt)
	over := d.carryOut(o)
	d.mu.Unlock()
	if over {
		d.finish(o)
	}
	return true
}

// finish ends an operation, or those that it stands for; mu is not held.
func (d *Disk) finish(o *op) {
	if o.parts == nil {
		d.finishOne(o)
		return
	}
	n := o.n
	for _, part := range o.parts {
		part.n = min(n, part.size())
		n -= part.n
		if part.n < part.size() || part.size() == 0 {
			part.err = o.err
		}
		d.finishOne(part)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.recycle(o)
}

func (d *Disk) finishOne(o *op) {
	o.c.Finish(o.n, o.err)
	d.mu.Lock()
	defer d.mu.Unlock()
	switch o.call {
	case CallRead:
		d.stats.BytesRead += int64(o.n)
	case CallWrite:
		d.stats.BytesWritten += int64(o.n)
	}
	d.underway--
	if o.f.underway--; o.f.underway == 0 {
		d.idle.Broadcast()
	}
	d.recycle(o)
}

func (d *Disk) recycle(o *op) {
	*o = op{}
	d.unused = append(d.unused, o)
}

// drain lets time pass until the count of operations under way is 0. The
// caller holds mu, which is released meanwhile.
func (d *Disk) drain(underway *int) {
	for *underway > 0 {
		d.mu.Unlock()
		progress := d.advance()
		d.mu.Lock()
		if !progress && *underway > 0 {
			d.idle.Wait() // another goroutine is about to finish the last one
		}
	}
}

// Open implements [ioengine.Engine] for the descriptors that [File.Fd] gives.
func (d *Disk) Open(fd uintptr) (ioengine.File, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return nil, ioengine.ErrClosed
	}
	for _, o := range d.open {
		if o.fd == fd {
			return &File{d: d, desc: o}, nil
		}
	}
	return nil, errBadDescriptor
}

// Wait implements [ioengine.Engine]: it lets virtual time pass until c has
// finished. Of several goroutines that wait, one at a time does so for all.
func (d *Disk) Wait(c *completion.Completion, w *completion.Waker) {
	for !c.Finished() {
		if d.advance() {
			continue
		}
		// Nothing that this disk has will finish c: somebody else does.
		if !c.Park(w) {
			return
		}
		<-w.C()
	}
}

// Step implements [ioengine.Engine]: it submits what is queued and lets virtual
// time pass until one call finishes.
func (d *Disk) Step() { d.advance() }

// Cancel implements [completion.Canceler]. An operation that the operating
// system has not got is stopped. Of one that it has, the seed decides: it goes
// on, or it is stopped without having had any effect.
func (d *Disk) Cancel(c *completion.Completion) {
	d.mu.Lock()
	for i, o := range d.queue {
		if o.c == c {
			d.queue = slices.Delete(d.queue, i, i+1)
			d.stats.Canceled++
			o.n, o.err = 0, completion.ErrCanceled
			d.mu.Unlock()
			d.finish(o)
			return
		}
	}
	defer d.mu.Unlock()
	for _, o := range d.flight {
		if o.c != c || o.parts != nil || o.call == CallSync || o.call == CallSyncDir || o.n > 0 || o.canceled {
			continue // a sync may answer others, too
		}
		fault := d.match(CallCancel, o.desc.path, o.off, int64(o.size()))
		if fault == nil && d.draw(drawCancel, o.number)%2 == 0 {
			o.canceled = true
			d.stats.Canceled++
		}
		d.immediate(CallCancel, o.desc.path, o.off, 0, nil)
	}
}

// Stats implements [ioengine.Engine].
func (d *Disk) Stats() ioengine.Stats {
	d.mu.Lock()
	defer d.mu.Unlock()
	s := d.stats
	s.Engine, s.Reason = Kind, fmt.Sprintf("a simulated disk, seed %d", d.options.Seed)
	return s
}

// Close implements [ioengine.Engine]. The disk keeps what it holds: a cut can
// still be taken, and what is open and locked no longer is.
func (d *Disk) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	first := !d.closed
	d.closed = true
	d.drain(&d.underway)
	if !first {
		return ioengine.ErrClosed
	}
	for _, o := range d.open {
		d.release(o)
	}
	d.open = nil
	d.sweep()
	return nil
}

// release lets go of an open file.
func (d *Disk) release(o *description) {
	o.closed, o.lock = true, LockNone
	if o.inode != nil {
		o.inode.opens--
	}
}
