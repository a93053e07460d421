package completion

import "sync/atomic"

// A StateMachine guards a [Stepper]. Stepping it while it still waits is
// harmless: it returns the same completion without entering the inner machine.
// Stepping it after it is over, or from two goroutines at once, panics.
type StateMachine[T any] struct {
	inner   Stepper[T]
	waiting *Completion
	phase   atomic.Uint32
}

const (
	phaseReady    = iota // may be stepped
	phaseStepping        // a goroutine is inside inner.Step
	phaseOver            // inner returned Done or an error
)

// NewStateMachine guards inner, which nobody else steps from now on.
func NewStateMachine[T any](inner Stepper[T]) *StateMachine[T] {
	return &StateMachine[T]{inner: inner}
}

// Step steps the inner machine unless what it waits for is unfinished.
func (m *StateMachine[T]) Step() (IOResult[T], error) {
	if !m.phase.CompareAndSwap(phaseReady, phaseStepping) {
		if m.phase.Load() == phaseOver {
			panic("completion: StateMachine stepped after it was over; start a new one")
		}
		panic("completion: StateMachine stepped concurrently, or again after a step that panicked; one goroutine steps it at a time")
	}
	if m.waiting != nil && !m.waiting.Finished() {
		m.phase.Store(phaseReady)
		return IO[T](m.waiting), nil
	}
	r, err := m.inner.Step()
	if err != nil || !r.Pending() {
		m.phase.Store(phaseOver)
		return r, err
	}
	m.waiting = r.pending
	m.phase.Store(phaseReady)
	return r, nil
}
