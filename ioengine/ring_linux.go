package ioengine

import (
	"fmt"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The kernel's interface, from io_uring(7), io_uring_setup(2),
// io_uring_enter(2) and linux/io_uring.h.

const (
	opcodeReadv       = 1
	opcodeWritev      = 2
	opcodeAsyncCancel = 14
	opcodeRead        = 22
	opcodeWrite       = 23
	opcodesWanted     = opcodeWrite + 1

	// featuresWanted: one mapping for both queues; completions are never
	// dropped; what a request points to is read while it is submitted, so
	// iovecs may be reused; and the kernel's own threads belong to the process
	// (5.12), so that no write lands after it was killed and its locks are gone.
	featuresWanted = 1<<0 | 1<<1 | 1<<2 | 1<<9

	registerProbe   = 8
	probeSupported  = 1 << 0
	offsetQueues    = 0
	offsetRequests  = 0x10000000
	maxRequestBytes = 1 << 30 // a request's length is an uint32, its result an int32
)

// ringParams is struct io_uring_params.
type ringParams struct {
	sqEntries, cqEntries, flags, sqThreadCPU, sqThreadIdle, features, wqFD uint32
	_                                                                      [3]uint32
	sq                                                                     sqOffsets
	cq                                                                     cqOffsets
}

type sqOffsets struct {
	head, tail, mask, entries, flags, dropped, array, _ uint32
	_                                                   uint64
}

type cqOffsets struct {
	head, tail, mask, entries, overflow, cqes, flags, _ uint32
	_                                                   uint64
}

// sqe is struct io_uring_sqe, a request.
type sqe struct {
	opcode, flags uint8
	ioprio        uint16
	fd            int32
	off, addr     uint64
	length        uint32
	opFlags       uint32
	userData      uint64
	_             [3]uint64
}

// cqe is struct io_uring_cqe, a result.
type cqe struct {
	userData uint64
	res      int32
	flags    uint32
}

// setBuffer points the request at p, which stays reachable in its slot.
// Go's heap does not move, and p is on it: it was passed through an interface.
func (q *sqe) setBuffer(p []byte) {
	q.addr = uint64(uintptr(unsafe.Pointer(unsafe.SliceData(p))))
	q.length = uint32(min(len(p), maxRequestBytes))
}

// setBuffers points the request at bufs through iov, which it extends. Both
// stay reachable in the request's slot.
func (q *sqe) setBuffers(iov []unix.Iovec, bufs [][]byte) []unix.Iovec {
	left := maxRequestBytes
	for _, b := range bufs {
		if left == 0 {
			break
		}
		b = b[:min(len(b), left)]
		left -= len(b)
		v := unix.Iovec{Base: unsafe.SliceData(b)}
		v.SetLen(len(b))
		iov = append(iov, v)
	}
	q.addr = uint64(uintptr(unsafe.Pointer(unsafe.SliceData(iov))))
	q.length = uint32(len(iov))
	return iov
}

// A setupFunc is io_uring_setup(2), or what a test puts in its place.
type setupFunc func(entries uint32, p *ringParams) (fd int, err error)

func ioUringSetup(entries uint32, p *ringParams) (int, error) {
	fd, _, errno := unix.Syscall(unix.SYS_IO_URING_SETUP, uintptr(entries), uintptr(unsafe.Pointer(p)), 0)
	if errno != 0 {
		return -1, errno
	}
	return int(fd), nil
}

// A ring is an io_uring: its descriptor and the memory shared with the kernel.
// push, enter and retract are for one goroutine at a time, and so is pop.
type ring struct {
	fd       int
	call     func(fd, n int) (int, unix.Errno) // io_uring_enter(2); tests replace it
	queues   []byte                            // both queues' heads, tails and entries
	requests []byte                            // the sqes

	sqTail, sqMask *uint32
	sqArray        []uint32
	sqes           []sqe
	cqHead, cqTail *uint32
	cqMask         *uint32
	cqes           []cqe
}

func openRing(entries uint32, setup setupFunc) (*ring, error) {
	if setup == nil {
		setup = ioUringSetup
	}
	var p ringParams
	fd, err := setup(entries, &p)
	if err != nil {
		return nil, fmt.Errorf("io_uring_setup: %w", err)
	}
	r := &ring{fd: fd, call: ioUringEnter}
	if err = r.check(&p); err == nil {
		err = r.mmap(&p)
	}
	if err != nil {
		unix.Close(fd)
		return nil, err
	}
	return r, nil
}

// check refuses a kernel that lacks what the engine relies on.
func (r *ring) check(p *ringParams) error {
	if missing := featuresWanted &^ p.features; missing != 0 {
		return fmt.Errorf("the kernel's io_uring lacks features %#x (want Linux 5.12 or newer)", missing)
	}
	var probe struct {
		lastOp, opsLen uint8
		_              uint16
		_              [3]uint32
		ops            [opcodesWanted]struct {
			op, _ uint8
			flags uint16
			_     uint32
		}
	}
	_, _, errno := unix.Syscall6(unix.SYS_IO_URING_REGISTER, uintptr(r.fd), registerProbe,
		uintptr(unsafe.Pointer(&probe)), opcodesWanted, 0, 0)
	if errno != 0 {
		return fmt.Errorf("io_uring_register: %w", errno)
	}
	for _, op := range []int{opcodeReadv, opcodeWritev, opcodeAsyncCancel, opcodeRead, opcodeWrite} {
		if probe.ops[op].flags&probeSupported == 0 {
			return fmt.Errorf("the kernel's io_uring lacks operation %d", op)
		}
	}
	return nil
}

// mmap maps the memory that the kernel shares.
func (r *ring) mmap(p *ringParams) (err error) {
	size := max(
		int(p.sq.array)+int(p.sqEntries)*int(unsafe.Sizeof(uint32(0))),
		int(p.cq.cqes)+int(p.cqEntries)*int(unsafe.Sizeof(cqe{})))
	r.queues, err = unix.Mmap(r.fd, offsetQueues, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED|unix.MAP_POPULATE)
	if err != nil {
		return fmt.Errorf("mmap of the queues: %w", err)
	}
	r.requests, err = unix.Mmap(r.fd, offsetRequests, int(p.sqEntries)*int(unsafe.Sizeof(sqe{})),
		unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED|unix.MAP_POPULATE)
	if err != nil {
		_ = unix.Munmap(r.queues)
		return fmt.Errorf("mmap of the requests: %w", err)
	}
	// The kernel said where in the mapping its words and arrays are.
	word := func(off uint32) *uint32 { return (*uint32)(unsafe.Pointer(&r.queues[off])) }
	r.sqTail, r.sqMask = word(p.sq.tail), word(p.sq.mask)
	r.cqHead, r.cqTail, r.cqMask = word(p.cq.head), word(p.cq.tail), word(p.cq.mask)
	r.sqArray = unsafe.Slice(word(p.sq.array), p.sqEntries)
	r.sqes = unsafe.Slice((*sqe)(unsafe.Pointer(&r.requests[0])), p.sqEntries)
	r.cqes = unsafe.Slice((*cqe)(unsafe.Pointer(&r.queues[p.cq.cqes])), p.cqEntries)
	return nil
}

func (r *ring) unmap() {
	_ = unix.Munmap(r.queues)
	_ = unix.Munmap(r.requests)
}

// push appends a request to the submission queue, which has room: there are
// no more slots than entries, and enter empties it.
func (r *ring) push(q *sqe) {
	tail := *r.sqTail // only this side writes it
	i := tail & *r.sqMask
	r.sqes[i] = *q
	r.sqArray[i] = i
	atomic.StoreUint32(r.sqTail, tail+1)
}

// retract takes the last n requests back, which the kernel has not accepted.
func (r *ring) retract(n int) {
	atomic.StoreUint32(r.sqTail, *r.sqTail-uint32(n))
}

// enter submits n requests and returns how many the kernel accepted.
func (r *ring) enter(n int) (int, unix.Errno) {
	return r.call(r.fd, n)
}

func ioUringEnter(fd, n int) (int, unix.Errno) {
	accepted, _, errno := unix.Syscall6(unix.SYS_IO_URING_ENTER, uintptr(fd), uintptr(n), 0, 0, 0, 0)
	return int(accepted), errno
}

// pop removes the oldest result from the completion queue.
func (r *ring) pop() (cqe, bool) {
	head := *r.cqHead // only this side writes it
	if head == atomic.LoadUint32(r.cqTail) {
		return cqe{}, false
	}
	q := r.cqes[head&*r.cqMask]
	atomic.StoreUint32(r.cqHead, head+1)
	return q, true
}
