package vfs

import "github.com/turso-coop/turso-coop/completion"

// readPage reads a piece of a file, most often a page. A page that the engine
// can answer from the page cache is there when the operation is taken, and the
// machine does not wait.
type readPage struct {
	f     *file
	c     completion.Completion
	p     []byte // the caller's, and the engine's while c is pending
	off   int64
	state readState
}

// A readWaiter waits, and takes note of it: what is not waited for was in the
// page cache.
type readWaiter struct {
	completion.Waiter
	waited bool
}

func (w *readWaiter) Wait(c *completion.Completion) {
	w.waited = true
	w.Waiter.Wait(c)
}

type readState uint8

const (
	readStart readState = iota // nothing is submitted
	readWait                   // the read is submitted; when c has finished, its N bytes are in p
	readDone                   // the result was returned
)

func (m *readPage) start(p []byte, offBytes int64) {
	m.p, m.off, m.state = p, offBytes, readStart
}

func (m *readPage) Step() (completion.IOResult[int], error) {
	for {
		switch m.state {
		case readStart:
			m.state = readWait
			m.f.io.ReadAt(&m.c, m.p, m.off)
			return completion.IO[int](&m.c), nil
		case readWait:
			m.state = readDone
			m.p = nil // it aliases SQLite's memory
			return completion.Done(m.c.N()), m.c.Err()
		default:
			panic("vfs: readPage stepped after it was done")
		}
	}
}
