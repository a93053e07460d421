// Package completion says what an unfinished operation is.
//
// Code that does I/O cooperatively never blocks inside an operation. It is
// written as a state machine with one method,
//
//	Step() (IOResult[T], error)
//
// that runs until the operation is over or has to wait. In the first case it
// returns [Done] with the value, in the second [IO] with the [Completion] that
// it waits for: "call me again when this one has finished". Whoever called
// Step decides what waiting means: a goroutine may park in an engine, a
// scheduler may step somebody else, a test may finish the completion by hand.
//
// # Reading a step
//
// A machine that uses another machine passes a pending result on in one form,
// never varied, so that it can be searched for:
//
//	r, err := op.Step()
//	if err != nil || r.Pending() {
//		return completion.Again[U](r), err
//	}
//
// and it yields on an operation of its own with
//
//	return completion.IO[T](&m.c), nil
//
// # The re-entrancy rule
//
// Between entering a state and its yield, write nothing but the next state and
// the pending completion.
//
// A state is entered again whenever a sub-operation in it was still pending;
// an append, an index++ or a map insert before the yield would then happen
// twice. Data that must survive a yield lives in fields and is written after
// the wait. States are a small integer type whose constants say what is already
// true, and what is already durable, on entry; a step is
//
//	for {
//		switch m.state {
//		case readStart:
//			m.state = readWait
//			m.file.ReadAt(&m.c, m.buf, m.offBytes)
//			return completion.IO[int](&m.c), nil
//		case readWait: // the bytes are in m.buf
//			m.state = readDone
//			return completion.Done(m.c.N()), m.c.Err()
//		default:
//			panic("pkg: readPage stepped after it was done")
//		}
//	}
//
// # Life of a completion
//
// The zero [Completion] is idle. An engine that takes an operation calls
// [Completion.Begin], and exactly once [Completion.Finish]; in between the
// completion is pending and the engine, or the kernel, owns the operation's
// buffers — also after [Completion.Cancel], which is only a request. A finished
// completion may be begun again, so completions are embedded in the machines
// that wait for them and nothing is allocated per operation.
//
// Several operations are waited for together with a [Group], which is itself
// waited for as one completion, so groups nest.
//
// # Who waits, and how
//
// A goroutine parks on a [Waker]: one per connection, reused, usable in select.
// [Completion.Park] says whether there is anything left to wait for after the
// waker has been announced, so no wake-up is lost; a spurious one is legal, and
// every wait is a loop. [Drive] is the loop for a caller that has nothing else
// to do.
//
// The model is that of Turso's engine (core/types.rs, core/io/completions.rs),
// in Go: its Result<IOResult<T>> is Step's result, its return_if_io! the form
// above, its CompletionGroup a Group with the edges settled.
package completion
