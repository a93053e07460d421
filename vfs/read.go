package vfs

import "github.com/turso-coop/turso-coop/completion"

// readPage reads a piece of a file, most often a page, that the page cache does
// not hold: what it holds is read before there is anything to wait for.
type readPage struct {
	f     *file
	c     completion.Completion
	p     []byte // the caller's, and the engine's while c is pending
	off   int64
	state readState
}

// A trust is how many reads the page cache has answered one after the other.
// After so many, most do not ask it any more before they read: that costs a
// twentieth of a cached scan. One that has to wait all the same is taken for
// answered, until one that asks finds out.
type trust uint32

const (
	trustAfter = 256
	askEvery   = 16
)

// asks reports whether the next read asks the page cache first.
func (t trust) asks() bool { return t < trustAfter || t%askEvery == 0 }

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
			m.f.io.ReadMissed(&m.c, m.p, m.off)
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
