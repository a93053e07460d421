package vfs

import "github.com/turso-coop/turso-coop/completion"

// truncateFile sets a file's size.
type truncateFile struct {
	f     *file
	c     completion.Completion
	size  int64
	state truncateState
}

type truncateState uint8

const (
	truncateStart truncateState = iota // nothing is submitted
	truncateWait                       // the truncation is submitted; when c has finished without an error, every process sees the size, and it is not durable
	truncateDone                       // the result was returned
)

func (m *truncateFile) start(sizeBytes int64) {
	m.size, m.state = sizeBytes, truncateStart
}

func (m *truncateFile) Step() (completion.IOResult[struct{}], error) {
	for {
		switch m.state {
		case truncateStart:
			m.state = truncateWait
			m.f.io.Truncate(&m.c, m.size)
			return completion.IO[struct{}](&m.c), nil
		case truncateWait:
			m.state = truncateDone
			return completion.Done(struct{}{}), m.c.Err()
		default:
			panic("vfs: truncateFile stepped after it was done")
		}
	}
}
