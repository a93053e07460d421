package completion

// IOResult is what one step of an operation came to: finished with a value
// ([Done]), or waiting for a completion ([IO]). It is returned beside an error
// and means something only when that error is nil, or, where the machine says
// so, as the partial value that goes with the error (a short read and io.EOF).
//
// Dropping an IOResult loses the operation: vet's must-use check refuses it.
type IOResult[T any] struct {
	pending *Completion
	value   T
}

// Done is the result of an operation that is over.
func Done[T any](value T) IOResult[T] {
	return IOResult[T]{value: value}
}

// IO is the result of an operation that waits for c: step again when c has
// finished. Stepping earlier is harmless only behind a [StateMachine].
func IO[T any](c *Completion) IOResult[T] {
	if c == nil {
		panic("completion: IO(nil); yield on completion.Yield to let others run")
	}
	return IOResult[T]{pending: c}
}

// Again passes a pending result on as the result of an outer operation of
// another type. Of a result that is not pending, as beside an error, it makes
// the zero IOResult.
func Again[U, T any](r IOResult[T]) IOResult[U] {
	return IOResult[U]{pending: r.pending}
}

// Map applies f to the value of a finished result and passes a pending one on.
func Map[T, U any](r IOResult[T], f func(T) U) IOResult[U] {
	if r.Pending() {
		return Again[U](r)
	}
	return Done(f(r.value))
}

// Pending reports whether the operation waits for [IOResult.Completion].
func (r IOResult[T]) Pending() bool { return r.pending != nil }

// Completion is what the operation waits for, nil when it is over.
func (r IOResult[T]) Completion() *Completion { return r.pending }

// Value is the value of an operation that is over. It panics while the
// operation is pending: the caller forgot to wait.
func (r IOResult[T]) Value() T {
	if r.pending != nil {
		panic("completion: Value of a pending IOResult; wait for its Completion and step again")
	}
	return r.value
}

// A Stepper is an operation that runs in steps. Step is called by one
// goroutine at a time, again after each pending result once its completion has
// finished, and never after it has returned Done or an error.
type Stepper[T any] interface {
	Step() (IOResult[T], error)
}

// A Waiter blocks the calling goroutine until c has finished; an engine bound
// to somebody's [Waker] is one. It may first submit what is queued.
type Waiter interface {
	Wait(c *Completion)
}

// Drive steps s until it is over, waiting with w in between, and returns what
// the last step returned. It is for callers that have nothing else to do.
func Drive[T any](s Stepper[T], w Waiter) (T, error) {
	for {
		r, err := s.Step()
		if err != nil || !r.Pending() {
			return r.value, err
		}
		if !r.pending.Finished() {
			w.Wait(r.pending)
		}
	}
}
