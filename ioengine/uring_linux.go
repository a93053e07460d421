package ioengine

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/turso-coop/turso-coop/completion"
)

const (
	// ringEntries: 1024 would fail under the 64 KiB MEMLOCK limit that
	// ordinary users had before kernel 5.12.
	ringEntries = 512
	// cancelMark is the user data of a cancel request; no slot has it.
	cancelMark = 1 << 63
)

// A uring submits reads and writes through an io_uring. Everything else goes
// to the workers: the kernel would only hand it to threads of its own, and a
// plain call costs less.
//
// The ring's descriptor is in Go's netpoller, so completions wake a goroutine
// and no thread blocks in io_uring_enter. The reaping goroutine starts with the
// first submission and ends when the last file is closed.
type uring struct {
	e    *engine
	ring *ring
	file *os.File // the ring's descriptor, for the netpoller
	conn syscall.RawConn

	mu          sync.Mutex
	slots       []slot
	free        []uint32  // slots that are not in use
	backlog     []op      // taken, waiting for a slot
	unsubmitted []uint32  // slots of requests in the submission queue, in order
	inKernel    int       // slots in use
	reaping     bool      // the reaping goroutine runs
	stopped     sync.Cond // of mu: it no longer does

	// reapMu is held while the completion queue is emptied, and taken before
	// mu. Slots are fewer than its entries, so it never overflows.
	reapMu sync.Mutex
	reaped []reaped
}

// A slot keeps what the kernel works on reachable for the garbage collector
// while only the kernel knows it. generation tells its uses apart.
type slot struct {
	op         op
	iov        []unix.Iovec
	generation uint32
	used       bool
	canceled   bool
}

type reaped struct {
	op       op
	result   int32
	canceled bool

	settled bool // the operation is over, with err
	err     error
}

func newRing(e *engine, setup setupFunc) (mechanism, error) {
	r, err := openRing(ringEntries, setup)
	if err != nil {
		return nil, err
	}
	u := &uring{e: e, ring: r, slots: make([]slot, ringEntries)}
	u.stopped.L = &u.mu
	for i := range u.slots {
		u.free = append(u.free, uint32(i))
	}
	if err := u.register(); err != nil {
		r.unmap()
		u.file.Close() // it owns the descriptor: a second close could hit another file's
		return nil, err
	}
	return u, nil
}

// register puts the ring's descriptor into the netpoller.
func (u *uring) register() error {
	nonblocking := unix.SetNonblock(u.ring.fd, true) // before NewFile, which looks
	u.file = os.NewFile(uintptr(u.ring.fd), "io_uring")
	if nonblocking != nil {
		return fmt.Errorf("set non-blocking: %w", nonblocking)
	}
	if err := u.file.SetReadDeadline(time.Time{}); err != nil {
		return fmt.Errorf("the ring cannot be polled: %w", err)
	}
	var err error
	u.conn, err = u.file.SyscallConn()
	return err
}

func (u *uring) submit(batch []op) {
	var others []op
	u.mu.Lock()
	for i := range batch {
		if batch[i].kind == opRead || batch[i].kind == opWrite {
			u.backlog = append(u.backlog, batch[i])
		} else {
			others = append(others, batch[i])
		}
	}
	u.pushBacklog()
	u.mu.Unlock()
	if len(others) > 0 {
		u.e.workers.submit(others)
	}
}

// pushBacklog submits as much of the backlog as there are slots for. The
// caller holds mu.
func (u *uring) pushBacklog() {
	n := min(len(u.backlog), len(u.free))
	for i := range n {
		u.prepare(&u.backlog[i])
	}
	u.backlog = slices.Delete(u.backlog, 0, n)
	u.enter()
}

// prepare writes one operation into the submission queue. The caller holds mu.
func (u *uring) prepare(o *op) {
	id := u.free[len(u.free)-1]
	u.free = u.free[:len(u.free)-1]
	s := &u.slots[id]
	o.start("ring")
	s.op, s.used, s.canceled = *o, true, false
	u.inKernel++
	buf, bufs := o.rest()
	q := sqe{fd: int32(o.f.fd), off: uint64(o.off + int64(o.n)), userData: s.userData(id)}
	if bufs == nil {
		q.opcode = opcodeRead
		if o.kind == opWrite {
			q.opcode = opcodeWrite
		}
		q.setBuffer(buf)
	} else {
		q.opcode = opcodeReadv
		if o.kind == opWrite {
			q.opcode = opcodeWritev
		}
		s.iov = q.setBuffers(s.iov[:0], bufs)
	}
	u.ring.push(&q)
	u.unsubmitted = append(u.unsubmitted, id)
}

func (s *slot) userData(id uint32) uint64 {
	return uint64(s.generation&0x7fffffff)<<32 | uint64(id)
}

// enter tells the kernel of what is in the submission queue. The caller holds
// mu, which is released while the kernel is short of resources.
func (u *uring) enter() {
	for len(u.unsubmitted) > 0 {
		u.e.stats.systemCalls.Add(1)
		n, errno := u.ring.enter(len(u.unsubmitted))
		switch errno {
		case 0:
			u.unsubmitted = slices.Delete(u.unsubmitted, 0, n)
		case unix.EINTR:
		case unix.EAGAIN, unix.EBUSY:
			u.mu.Unlock()
			u.reapMu.Lock()
			u.drain()
			u.reapMu.Unlock()
			runtime.Gosched()
			u.mu.Lock()
		default:
			u.retract()
		}
	}
	if u.inKernel > 0 && !u.reaping {
		u.reaping = true
		go u.reapLoop()
	}
}

// retract takes back what the kernel refuses to accept and lets the workers do
// it: a broken ring is slow, not wrong. The caller holds mu.
func (u *uring) retract() {
	u.ring.retract(len(u.unsubmitted))
	var ops []op
	for _, id := range u.unsubmitted {
		if id != noSlot {
			ops = append(ops, u.vacate(id))
		}
	}
	u.unsubmitted = u.unsubmitted[:0]
	u.e.stats.fallbacks.Add(int64(len(ops)))
	u.e.workers.submit(ops)
}

// noSlot stands for a cancel request among the unsubmitted.
const noSlot = ^uint32(0)

// vacate frees a slot and returns its operation. The caller holds mu.
func (u *uring) vacate(id uint32) op {
	s := &u.slots[id]
	o := s.op
	s.op, s.used = op{}, false
	s.generation++
	clear(s.iov)
	u.free = append(u.free, id)
	u.inKernel--
	return o
}

// reapLoop finishes what the kernel reports, until rest stops it.
func (u *uring) reapLoop() {
	for {
		err := u.conn.Read(func(uintptr) bool {
			u.reap()
			return false // until the next report, or the deadline of rest
		})
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			panic(fmt.Sprintf("ioengine: the ring's descriptor cannot be polled any more: %v", err))
		}
		u.mu.Lock()
		_ = u.file.SetReadDeadline(time.Time{})
		u.reaping = u.inKernel > 0 // a file was opened meanwhile, and used
		u.stopped.Broadcast()
		stop := !u.reaping
		u.mu.Unlock()
		if stop {
			return
		}
	}
}

// rest ends the reaping goroutine. It cannot end itself: waiters that reap
// what they wait for leave it nothing to wake up for.
func (u *uring) rest() {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.reaping && u.inKernel == 0 {
		_ = u.file.SetReadDeadline(time.Unix(1, 0)) // long ago: Read returns now
	}
	for u.reaping && u.inKernel == 0 {
		u.stopped.Wait()
	}
}

func (u *uring) help(*completion.Completion) {
	if u.reapMu.TryLock() { // otherwise somebody is at it already
		u.drain()
		u.reapMu.Unlock()
		u.refill()
	}
}

func (u *uring) reap() {
	u.reapMu.Lock()
	u.drain()
	u.reapMu.Unlock()
	u.refill()
}

// refill submits what waited for a slot.
func (u *uring) refill() {
	u.mu.Lock()
	if len(u.backlog) > 0 {
		u.pushBacklog()
	}
	u.mu.Unlock()
}

// drain finishes everything in the completion queue. The caller holds reapMu.
func (u *uring) drain() {
	u.collect()
	reads := 0
	for i := range u.reaped {
		r := &u.reaped[i]
		u.settle(r)
		if r.settled && r.op.kind == opRead {
			reads++
		}
	}
	if reads > 0 {
		u.e.readsDone(reads)
	}
	for i := range u.reaped {
		r := &u.reaped[i]
		if r.settled {
			r.op.finish(r.err)
		} else {
			u.e.stats.fallbacks.Add(1)
			u.e.workers.submit([]op{r.op})
		}
	}
	clear(u.reaped)
	u.reaped = u.reaped[:0]
}

// collect moves what the kernel reports into reaped. The caller holds reapMu.
func (u *uring) collect() {
	u.mu.Lock()
	defer u.mu.Unlock()
	for {
		q, ok := u.ring.pop()
		if !ok {
			return
		}
		if q.userData == cancelMark {
			continue
		}
		id := uint32(q.userData)
		s := &u.slots[id]
		if !s.used || s.userData(id) != q.userData {
			panic("ioengine: the kernel reported an operation twice")
		}
		canceled := s.canceled
		u.reaped = append(u.reaped, reaped{op: u.vacate(id), result: q.res, canceled: canceled})
	}
}

// settle decides what the kernel's result means for the operation. What the
// kernel did not do whole (a short transfer, the end of the file, a thread
// that exited under its request) stays unsettled: an ordinary call finishes
// it, and that call's answer counts.
func (u *uring) settle(r *reaped) {
	if r.result >= 0 {
		r.op.n += int(r.result)
		r.settled = r.op.n == r.op.size()
		return
	}
	switch errno := unix.Errno(-r.result); errno {
	case unix.ECANCELED:
		if r.canceled {
			u.e.stats.canceled.Add(1)
			r.settled, r.err = true, completion.ErrCanceled
		}
	case unix.EAGAIN, unix.EINTR, unix.EFAULT:
	default:
		r.settled, r.err = true, errno
	}
}

// cancel asks the kernel to stop an operation that it has, or removes one that
// waits for a slot.
func (u *uring) cancel(c *completion.Completion) {
	u.mu.Lock()
	if i := slices.IndexFunc(u.backlog, func(o op) bool { return o.c == c }); i >= 0 {
		o := u.backlog[i]
		u.backlog = slices.Delete(u.backlog, i, i+1)
		u.mu.Unlock()
		u.e.stats.canceled.Add(1)
		if o.kind == opRead {
			u.e.readsDone(1)
		}
		o.finish(completion.ErrCanceled)
		return
	}
	defer u.mu.Unlock()
	id := slices.IndexFunc(u.slots, func(s slot) bool { return s.used && s.op.c == c })
	if id < 0 {
		u.e.workers.cancel(c)
		return
	}
	s := &u.slots[id]
	if len(u.unsubmitted) == ringEntries {
		return // no room for the request, and it is only one
	}
	s.canceled = true
	u.ring.push(&sqe{opcode: opcodeAsyncCancel, fd: -1, addr: s.userData(uint32(id)), userData: cancelMark})
	u.unsubmitted = append(u.unsubmitted, noSlot)
	u.enter()
}

func (u *uring) close() error {
	u.rest()
	u.ring.unmap()
	return u.file.Close()
}
