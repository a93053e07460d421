package vfs

import "github.com/turso-coop/turso-coop/completion"

// allocateFile makes a file at least as long as SQLite expects it to become
// (SQLITE_FCNTL_SIZE_HINT).
type allocateFile struct {
	f     *file
	c     completion.Completion
	size  int64
	state allocateState
}

type allocateState uint8

const (
	allocateStart allocateState = iota // nothing is submitted
	allocateWait                       // the allocation is submitted; when c has finished without an error, the file has at least the size, with zeros at its new end
	allocateDone                       // the result was returned
)

func (m *allocateFile) start(sizeBytes int64) {
	m.size, m.state = sizeBytes, allocateStart
}

func (m *allocateFile) Step() (completion.IOResult[struct{}], error) {
	for {
		switch m.state {
		case allocateStart:
			m.state = allocateWait
			m.f.io.Allocate(&m.c, m.size)
			return completion.IO[struct{}](&m.c), nil
		case allocateWait:
			m.state = allocateDone
			return completion.Done(struct{}{}), m.c.Err()
		default:
			panic("vfs: allocateFile stepped after it was done")
		}
	}
}
