package vfs

import "github.com/turso-coop/turso-coop/completion"

// writePage writes a piece of a file through to the page cache: a page of the
// database, a frame of the WAL or a part of it, a record of a journal.
type writePage struct {
	f     *file
	c     completion.Completion
	p     []byte // the caller's, and the engine's while c is pending
	off   int64
	state writeState
}

type writeState uint8

const (
	writeStart writeState = iota // nothing is submitted
	writeWait                    // the write is submitted; when c has finished without an error, every process sees all of p, and none of it is durable
	writeDone                    // the result was returned
)

func (m *writePage) start(p []byte, offBytes int64) {
	m.p, m.off, m.state = p, offBytes, writeStart
}

func (m *writePage) Step() (completion.IOResult[int], error) {
	for {
		switch m.state {
		case writeStart:
			m.state = writeWait
			m.f.io.WriteAt(&m.c, m.p, m.off)
			return completion.IO[int](&m.c), nil
		case writeWait:
			m.state = writeDone
			m.p = nil // it aliases SQLite's memory
			return completion.Done(m.c.N()), m.c.Err()
		default:
			panic("vfs: writePage stepped after it was done")
		}
	}
}
