package completion_test

import (
	"testing"

	. "github.com/turso-coop/turso-coop/completion"
)

// addLengths reads two lengths one after the other and adds them up: the
// smallest machine with two waits and data that survives a yield.
type addLengths struct {
	submit func(c *Completion)
	c      Completion
	state  addState
	first  int
}

type addState uint8

const (
	addStart  addState = iota // nothing is submitted
	addFirst                  // the first read is submitted
	addSecond                 // first holds the first length, the second read is submitted
	addDone                   // the result was returned
)

func (m *addLengths) Step() (IOResult[int], error) {
	for {
		switch m.state {
		case addStart:
			m.state = addFirst
			m.submit(&m.c)
			return IO[int](&m.c), nil
		case addFirst:
			if err := m.c.Err(); err != nil {
				m.state = addDone
				return IOResult[int]{}, err
			}
			m.first = m.c.N()
			m.state = addSecond
			m.submit(&m.c)
			return IO[int](&m.c), nil
		case addSecond:
			m.state = addDone
			return Done(m.first + m.c.N()), m.c.Err()
		default:
			panic("completion: addLengths stepped after it was done")
		}
	}
}

// scripted finishes each submission at once or leaves it to be finished by
// Wait, as the bits of pattern say; submission number failing fails.
type scripted struct {
	pattern uint
	failing int
	n       int
	late    func()
}

func (s *scripted) submit(c *Completion) {
	c.Begin(nil)
	n, err := 10, error(nil)
	if s.n == s.failing {
		n, err = 0, errIO
	}
	finish := func() { c.Finish(n, err) }
	if s.pattern>>s.n&1 == 0 {
		finish()
	} else {
		s.late = finish
	}
	s.n++
}

func (s *scripted) Wait(*Completion) { s.late() }

// Every pattern of finishing inside the submission and later, with every
// single failure, also when the machine is stepped too early.
func TestMachineUnderEveryPattern(t *testing.T) {
	for pattern := uint(0); pattern < 4; pattern++ {
		for failing := -1; failing < 2; failing++ {
			for _, early := range []bool{false, true} {
				s := &scripted{pattern: pattern, failing: failing}
				m := NewStateMachine[int](&addLengths{submit: s.submit})
				n, err := Drive(m, waiter(func(c *Completion) {
					if early {
						if r, err := m.Step(); err != nil || r.Completion() != c {
							t.Fatal("an early step did not return the same completion")
						}
					}
					s.Wait(c)
				}))
				want, wantErr := 20, error(nil)
				switch failing {
				case 0:
					want, wantErr = 0, errIO
				case 1:
					want, wantErr = 10, errIO // the partial value goes with its error
				}
				if n != want || err != wantErr {
					t.Errorf("pattern %02b failing %d: %d, %v", pattern, failing, n, err)
				}
			}
		}
	}
}

type waiter func(*Completion)

func (w waiter) Wait(c *Completion) { w(c) }

type stepFunc func() (IOResult[int], error)

func (f stepFunc) Step() (IOResult[int], error) { return f() }

func TestStateMachineMisusePanics(t *testing.T) {
	mustPanic(t, "after it was over", func() {
		m := NewStateMachine[int](stepFunc(func() (IOResult[int], error) { return Done(1), nil }))
		_, _ = m.Step()
		_, _ = m.Step()
	})
	mustPanic(t, "after it was over", func() {
		m := NewStateMachine[int](stepFunc(func() (IOResult[int], error) { return IOResult[int]{}, errIO }))
		_, _ = m.Step()
		_, _ = m.Step()
	})
	mustPanic(t, "one goroutine", func() {
		var m *StateMachine[int]
		m = NewStateMachine[int](stepFunc(func() (IOResult[int], error) { return m.Step() }))
		_, _ = m.Step()
	})
}

func TestDriveGoesOnAfterAYield(t *testing.T) {
	steps := 0
	n, err := Drive(stepFunc(func() (IOResult[int], error) {
		if steps++; steps < 3 {
			return IO[int](Yield), nil
		}
		return Done(steps), nil
	}), waiter(func(*Completion) { t.Error("waited for Yield") }))
	if n != 3 || err != nil {
		t.Fatalf("%d, %v", n, err)
	}
}
