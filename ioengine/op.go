package ioengine

import (
	"io"

	"github.com/turso-coop/turso-coop/completion"
)

type opKind uint8

const (
	opRead opKind = iota
	opWrite
	opSync
	opTruncate
	opAllocate
	opReadAhead
	opKinds
)

// maxIOV is the number of buffers that one vectored system call takes
// (IOV_MAX on Linux and the BSDs).
const maxIOV = 1024

// An op is one operation that an engine has taken: its completion is pending.
type op struct {
	c    *completion.Completion
	f    *file
	kind opKind
	mode SyncMode

	// A read or write moves buf, or the buffers of bufs one after the other,
	// to or from off; n bytes have been moved already.
	buf  []byte
	bufs [][]byte
	off  int64 // truncate and allocate: the size
	n    int

	ranges []Range // read-ahead: what to ask for

	// merged is not nil if this stands for several writes; c is nil then.
	merged *merged
	traced *traced // nil unless the operation is traced
}

// size is the number of bytes that the operation has to move in all.
func (o *op) size() int {
	n := len(o.buf)
	for _, b := range o.bufs {
		n += len(b)
	}
	return n
}

// rest is what is still to be moved, as one buffer or, if that is nil, as at
// most maxIOV of them.
func (o *op) rest() ([]byte, [][]byte) {
	if o.bufs == nil {
		return o.buf[o.n:], nil
	}
	skip := o.n
	for i, b := range o.bufs {
		if skip >= len(b) {
			skip -= len(b)
			continue
		}
		bufs := o.bufs[i:min(i+maxIOV, len(o.bufs))]
		if skip == 0 {
			return nil, bufs
		}
		return b[skip:], nil // finish the buffer that was cut first
	}
	return nil, nil
}

// run carries the operation out with blocking system calls, from wherever it
// stands, and finishes it.
func (o *op) run() {
	switch o.kind {
	case opRead, opWrite:
		o.finish(o.transfer())
	case opSync:
		o.f.lead() // the operation itself has joined
	case opTruncate:
		o.f.e.stats.systemCalls.Add(1)
		o.finish(sysTruncate(o.f.fd, o.off))
	case opAllocate:
		o.f.e.stats.systemCalls.Add(1)
		o.finish(sysAllocate(o.f.fd, o.off))
	case opReadAhead:
		o.readAhead()
	}
}

// transfer moves the rest of the bytes: a short answer of the system is not
// the end of the operation, only no answer at all is.
func (o *op) transfer() error {
	for want := o.size(); o.n < want; {
		n, err := o.transferOnce()
		o.n += n
		switch {
		case err != nil:
			return err
		case n == 0 && o.kind == opRead:
			return io.EOF
		case n == 0:
			return io.ErrShortWrite
		}
	}
	return nil
}

func (o *op) transferOnce() (int, error) {
	o.f.e.stats.systemCalls.Add(1)
	off := o.off + int64(o.n)
	buf, bufs := o.rest()
	switch {
	case o.kind == opRead && bufs != nil:
		return sysPreadv(o.f.fd, bufs, off)
	case o.kind == opRead:
		return sysPread(o.f.fd, buf, off)
	case bufs != nil:
		return sysPwritev(o.f.fd, bufs, off)
	default:
		return sysPwrite(o.f.fd, buf, off)
	}
}

// finish ends the operation. The completion's owner may reuse everything but
// the file when Finish returns.
func (o *op) finish(err error) {
	if o.merged != nil {
		o.merged.finish(o.n, err)
		return
	}
	f := o.f
	switch o.kind {
	case opRead:
		f.e.stats.bytesRead.Add(int64(o.n))
	case opWrite:
		f.e.stats.bytesWritten.Add(int64(o.n))
	}
	if o.traced != nil {
		o.traced.end(o, err)
	}
	o.c.Finish(o.n, err)
	f.release()
}
