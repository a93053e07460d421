package completion

import (
	"context"
	"errors"
	"sync/atomic"
)

// ErrCanceled is the error of an operation that [Completion.Cancel] stopped
// before it had any effect. One that could not be stopped finishes as if it
// had never been asked.
var ErrCanceled = errors.New("completion: operation canceled")

// A Canceler is asked by [Completion.Cancel] to stop the operation behind c.
// It may be too late, and it still finishes c exactly once.
type Canceler interface {
	Cancel(c *Completion)
}

// A Completion is one operation that finishes later. The zero value is idle
// and ready to be begun.
//
// One side owns the operation: it embeds the completion, hands it to an
// engine, waits, and reads the result. The other side, the engine, calls
// [Completion.Begin] and [Completion.Finish]. Finished, Succeeded, Err, N, Park
// and Cancel may be called from any goroutine between the two, and the result
// is stable from Finish until the next Begin.
type Completion struct {
	// link is the one word that publishes the state: nil while idle,
	// &pendingMark, the group that counts this completion while pending, and
	// &finishedMark. Everything else is written before it is swapped.
	link  atomic.Pointer[Group]
	waker atomic.Pointer[Waker]

	n      int
	err    error
	onDone func(n int, err error)
	op     Canceler
}

var pendingMark, finishedMark Group

// Yield is a completion that has always finished. A machine that returns
// IO(Yield) has nothing to wait for and only lets others run.
var Yield = func() *Completion {
	c := new(Completion)
	c.link.Store(&finishedMark)
	return c
}()

// OnDone sets a callback for every later operation of c. It runs exactly once
// an operation, on the finishing goroutine, before anybody can see c finished;
// it must not block, submit, or finish other completions. Set it while c is
// not pending.
func (c *Completion) OnDone(f func(n int, err error)) { c.onDone = f }

// Begin marks c pending on behalf of op, which [Completion.Cancel] will ask;
// nil means that the operation cannot be canceled. An engine calls it when it
// takes the operation. A completion that has finished may be begun again.
func (c *Completion) Begin(op Canceler) {
	old := c.link.Load()
	if c == Yield || (old != nil && old != &finishedMark) {
		panic("completion: Begin of a completion that is still pending; wait for it, or use one completion for each operation in flight")
	}
	c.n, c.err, c.op = 0, nil, op
	if c.waker.Load() != nil {
		c.waker.Store(nil) // of the previous operation
	}
	if !c.link.CompareAndSwap(old, &pendingMark) {
		panic("completion: Begin called concurrently; one goroutine owns a completion")
	}
}

// Finish ends the operation: n bytes were moved, and err is why not all, or
// nil. Whoever sees c finished also sees everything done before Finish.
// The caller must not touch c afterwards: its owner may already reuse it.
func (c *Completion) Finish(n int, err error) {
	c.mustBePending(c.link.Load())
	c.n, c.err = n, err
	if c.onDone != nil {
		c.onDone(n, err)
	}
	group := c.link.Swap(&finishedMark)
	c.mustBePending(group)
	if group != &pendingMark {
		group.release()
	}
	// c may belong to its next operation by now: waking that one's waiter too
	// early is a spurious wake-up, which is legal.
	if w := c.waker.Load(); w != nil {
		w.Wake()
	}
}

func (c *Completion) mustBePending(link *Group) {
	switch link {
	case nil:
		panic("completion: Finish before Begin; an engine begins the completions it takes")
	case &finishedMark:
		panic("completion: Finish called twice; each operation finishes exactly once")
	}
}

// Finished reports whether the operation is over.
func (c *Completion) Finished() bool { return c.link.Load() == &finishedMark }

// Succeeded reports whether the operation is over and had no error.
func (c *Completion) Succeeded() bool { return c.Finished() && c.err == nil }

// Err is the operation's error, nil while it is pending.
func (c *Completion) Err() error {
	if !c.Finished() {
		return nil
	}
	return c.err
}

// N is the number of bytes that the operation moved, 0 while it is pending.
func (c *Completion) N() int {
	if !c.Finished() {
		return 0
	}
	return c.n
}

// Cancel asks the engine to stop the operation. It returns at once; c still
// finishes, with [ErrCanceled] or with the operation's own result, and until
// then its buffers are not the caller's. Canceling a finished completion does
// nothing. The caller keeps c from being begun again meanwhile.
func (c *Completion) Cancel() {
	link := c.link.Load()
	if link == nil || link == &finishedMark || c.op == nil {
		return
	}
	c.op.Cancel(c)
}

// Park announces w as the waker of c and reports whether there is still
// something to wait for. When it says true, w will be woken after c has
// finished; when it says false, c had already finished. One waker is
// announced at a time: a later Park replaces it.
func (c *Completion) Park(w *Waker) bool {
	c.waker.Store(w)
	return !c.Finished()
}

// Wait blocks until c has finished, parked on w, or until ctx is done, whose
// error it then returns while the operation goes on. It submits nothing: use
// it when somebody else drives the engine.
func (c *Completion) Wait(ctx context.Context, w *Waker) error {
	for c.Park(w) {
		select {
		case <-w.C():
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}
