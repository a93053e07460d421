// Package reentry is what the rule about writes before a yield is tried on.
package reentry

import (
	"errors"

	"github.com/turso-coop/turso-coop/completion"
)

type state uint8

const (
	start state = iota
	wait
	done
)

type machine struct {
	state   state
	c       completion.Completion
	read    *completion.Completion
	group   completion.Group
	op      completion.Stepper[int]
	pages   []int
	index   int
	seen    map[int]bool
	buf     []byte
	inner   struct{ total int }
	pointer *int
}

func (m *machine) submit(c *completion.Completion) *completion.Completion { return c }

// The pitfalls of the model's table.

type appendBeforeYield struct{ machine }

func (m *appendBeforeYield) Step() (completion.IOResult[int], error) {
	switch m.state {
	case start:
		m.pages = append(m.pages, 1) // want
		r, err := m.op.Step()
		if err != nil || r.Pending() {
			return completion.Again[int](r), err
		}
		m.state = done
		return completion.Done(r.Value()), nil
	default:
		panic("stepped after it was done")
	}
}

type indexBeforeYield struct{ machine }

func (m *indexBeforeYield) Step() (completion.IOResult[int], error) {
	for {
		switch m.state {
		case start:
			m.index++ // want
			return completion.IO[int](&m.c), nil
		case wait:
			m.index += 2 // want
			r, err := m.op.Step()
			if err != nil {
				return completion.IOResult[int]{}, err
			}
			if r.Pending() {
				return r, nil
			}
		default:
			panic("stepped after it was done")
		}
	}
}

type insertBeforeYield struct{ machine }

func (m *insertBeforeYield) Step() (completion.IOResult[int], error) {
	switch m.state {
	case start:
		m.seen[1] = true  // want
		delete(m.seen, 2) // want
		return m.op.Step()
	default:
		panic("stepped after it was done")
	}
}

type otherWrites struct{ machine }

func (m *otherWrites) Step() (completion.IOResult[string], error) {
	switch m.state {
	case start:
		copy(m.buf[1:], "x") // want
		m.inner.total = 1    // want
		*m.pointer = 2       // want
		m.buf[0] ^= 1        // want
		clear(m.pages)       // want
		r, err := m.op.Step()
		if err != nil || r.Pending() {
			return completion.Again[string](r), err
		}
	}
	return completion.Done(""), nil
}

// A write on one branch, in a loop, and through a function that may yield.

type branches struct{ machine }

func (m *branches) Step() (completion.IOResult[int], error) {
	switch m.state {
	case start:
		if len(m.pages) > 3 {
			m.index = 0 // want
		} else {
			m.state = wait
			m.index = 1 // the machine does not come back
		}
		return completion.IO[int](&m.c), nil
	case wait:
		for range 3 {
			r, err := m.op.Step()
			if err != nil || r.Pending() {
				return r, err
			}
			m.index++ // want
		}
		return completion.Done(m.index), nil
	default:
		m.index = 7 // want
		return m.again()
	}
}

func (m *branches) again() (completion.IOResult[int], error) {
	return completion.IO[int](&m.c), nil
}

// A machine without states comes back to its beginning.

type stateless struct{ machine }

func (m *stateless) Step() (completion.IOResult[int], error) {
	m.index++ // want
	return completion.IO[int](&m.c), nil
}

var counter int

func literals() completion.Stepper[int] {
	captured := 0
	state := start
	f := func() (completion.IOResult[int], error) {
		local := 0
		local++
		switch state {
		case start:
			captured++ // want
			counter++  // want
			return completion.IO[int](completion.Yield), nil
		case wait:
			captured++
			state = done
			return completion.IO[int](completion.Yield), nil
		}
		return completion.Done(local), nil
	}
	_ = f
	return nil
}

// What a machine may do.

type innocent struct{ machine }

func (m *innocent) Step() (completion.IOResult[int], error) {
	for {
		switch m.state {
		case start:
			m.state = wait
			m.read = m.submit(&m.c)
			return completion.IO[int](m.read), nil
		case wait:
			if err := m.read.Err(); err != nil {
				m.pages = nil
				return m.finish(err)
			}
			m.pages = append(m.pages, m.read.N()) // after the wait, and the state moves on
			m.index++
			m.state = done
		case done:
			local := []int{}
			local = append(local, 1)
			m.group = completion.Group{}
			m.read = nil
			r, err := m.op.Step()
			if err != nil || r.Pending() {
				return completion.Again[int](r), err
			}
			m.index = len(local)
			return completion.Done(m.index), nil
		default:
			m.index++
			panic("stepped after it was done")
		}
	}
}

func (m *innocent) finish(err error) (completion.IOResult[int], error) {
	m.state = done
	return completion.Done(0), errors.Join(err)
}

// Functions that are no machines write what they like.
func (m *machine) reset() int {
	m.index++
	return m.index
}
