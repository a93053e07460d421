package ioengine

import (
	"maps"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/turso-coop/turso-coop/completion"
)

const (
	defaultWorkers = 16
	// queueLimit is where a caller that only submits, and never waits, starts
	// to submit what it queued.
	queueLimit = 256
)

// A mechanism moves batches of operations.
type mechanism interface {
	// submit takes a batch; the slice is the caller's again afterwards.
	submit(batch []op)
	// help does what the calling goroutine can do towards c without blocking
	// on anybody else; c nil means towards anything.
	help(c *completion.Completion)
	// cancel stops c's operation if it can, and then finishes it.
	cancel(c *completion.Completion)
	// rest ends the goroutines that wait for work: no file is open.
	rest()
	// close releases what the mechanism holds; nothing is underway.
	close() error
}

// An engine queues operations and decides who carries them out; the mechanism
// does. It is common to the pool and the ring.
type engine struct {
	kind    Kind
	reason  string
	mech    mechanism
	workers *pool
	ahead   *pool // passes hints to read ahead on
	// readsBeside is the number of reads that may be underway when a waiter
	// still carries its own out by a plain system call. Beyond it, the
	// mechanism is better: a ring as soon as there are two.
	readsBeside int64

	// reads are those that may wait for the disk: they left the queue, or never
	// were in it, and have not finished.
	reads atomic.Int64

	stats counters
	trace atomic.Pointer[Trace]

	mu     sync.Mutex
	queue  []op // taken, not yet submitted, in order
	spare  []op // the other half of the double buffer
	files  map[*file]struct{}
	opened uint64 // files, ever
	closed bool

	recycled sync.Pool // of *merged
}

func newEngine(workers int) *engine {
	e := &engine{
		kind:        Pool,
		workers:     newPool(workers),
		ahead:       newPool(aheadWorkers),
		readsBeside: int64(workers) - 1,
		files:       map[*file]struct{}{},
	}
	e.mech = e.workers
	return e
}

// useRing makes r the mechanism; the workers stay for what it does not do.
func (e *engine) useRing(r mechanism) {
	e.kind, e.reason = Uring, "io_uring works"
	e.mech, e.readsBeside = r, 0
}

func (e *engine) Open(fd uintptr) (File, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return nil, ErrClosed
	}
	e.opened++
	f := &file{e: e, fd: fd, serial: e.opened}
	f.drained.L = &f.mu
	e.files[f] = struct{}{}
	return f, nil
}

// forget is called when a file has been closed.
func (e *engine) forget(f *file) {
	e.mu.Lock()
	delete(e.files, f)
	last := len(e.files) == 0
	e.mu.Unlock()
	if last {
		e.mech.rest()
	}
}

// push queues an operation.
func (e *engine) push(o op) {
	e.mu.Lock()
	e.queue = append(e.queue, o)
	full := len(e.queue) >= queueLimit
	e.mu.Unlock()
	if full {
		e.flush()
	}
}

func (e *engine) Wait(c *completion.Completion, w *completion.Waker) {
	for !c.Finished() {
		if e.runAlone(c) {
			continue
		}
		e.flush()
		e.mech.help(c)
		if !c.Park(w) {
			return
		}
		e.stats.parks.Add(1)
		<-w.C()
	}
}

func (e *engine) Step() {
	e.flush()
	e.mech.help(nil)
}

// runAlone carries c's operation out on the waiting goroutine if it is all
// that is queued: handing it over would cost more than it saves. A write only
// goes to the page cache, so that holds whatever else is underway; a read
// waits for the disk, and several are faster together.
func (e *engine) runAlone(c *completion.Completion) bool {
	e.mu.Lock()
	if len(e.queue) == 1 && e.queue[0].c == c && e.queue[0].kind == opWrite && e.queue[0].f.shared() {
		// Others write to the same file: let them queue what may be written
		// together with this.
		e.mu.Unlock()
		runtime.Gosched()
		e.mu.Lock()
	}
	if len(e.queue) != 1 || e.queue[0].c != c || (e.queue[0].kind == opRead && e.reads.Load() > e.readsBeside) {
		e.mu.Unlock()
		return false
	}
	o := e.queue[0]
	e.queue[0] = op{}
	e.queue = e.queue[:0]
	if o.kind == opRead {
		e.reads.Add(1)
	}
	e.mu.Unlock()
	e.stats.direct.Add(1)
	if o.kind == opSync && !o.f.join(&o) {
		return false // somebody leads already and will answer it
	}
	o.start("direct")
	o.run()
	if o.kind == opRead {
		e.readsDone(1)
	}
	return true
}

func (e *engine) readsDone(n int) { e.reads.Add(-int64(n)) }

// flush submits everything that is queued. Whoever gets in first submits for
// everybody: it lets the others that are about to queue something do so first.
func (e *engine) flush() {
	e.mu.Lock()
	if len(e.queue) == 0 {
		e.mu.Unlock()
		return
	}
	if e.reads.Load() > 0 {
		e.mu.Unlock()
		runtime.Gosched()
		e.mu.Lock()
	}
	batch := e.queue
	e.queue, e.spare = e.spare[:0], nil
	for i := range batch {
		if batch[i].kind == opRead {
			e.reads.Add(1)
		}
	}
	e.mu.Unlock()
	if len(batch) == 0 {
		return
	}
	e.stats.countBatch(len(batch))
	e.submit(batch)
	clear(batch)
	e.mu.Lock()
	if e.spare == nil {
		e.spare = batch
	}
	e.mu.Unlock()
}

// submit hands a batch over. Writes that became one are carried out here:
// nothing is gained by sending a single one to the page cache through others.
func (e *engine) submit(batch []op) {
	batch = slices.DeleteFunc(batch, func(o op) bool { return o.kind == opSync && !o.f.join(&o) })
	if len(batch) > 1 {
		batch = e.mergeWrites(batch)
	}
	if len(batch) == 1 && batch[0].merged != nil {
		batch[0].start("merged")
		batch[0].run()
		return
	}
	if len(batch) > 0 {
		e.mech.submit(batch)
	}
}

// Cancel stops c's operation if it has not started: then it finishes with
// completion.ErrCanceled and has had no effect. It implements
// completion.Canceler, for Completion.Cancel.
func (e *engine) Cancel(c *completion.Completion) {
	e.mu.Lock()
	i := slices.IndexFunc(e.queue, func(o op) bool { return o.c == c })
	if i < 0 {
		e.mu.Unlock()
		e.ahead.cancel(c)
		e.mech.cancel(c)
		return
	}
	o := e.queue[i]
	e.queue = slices.Delete(e.queue, i, i+1)
	e.mu.Unlock()
	e.stats.canceled.Add(1)
	o.finish(completion.ErrCanceled)
}

func (e *engine) Stats() Stats {
	s := e.stats.snapshot()
	s.Engine, s.Reason = e.kind, e.reason
	return s
}

// Close closes the files that are still open, and so waits for everything
// underway.
func (e *engine) Close() error {
	e.mu.Lock()
	if e.closed {
		e.mu.Unlock()
		return ErrClosed
	}
	e.closed = true // no file is opened from here on
	files := slices.Collect(maps.Keys(e.files))
	e.mu.Unlock()
	for _, f := range files {
		_ = f.Close() // ErrClosed if its owner was faster; it is drained either way
	}
	return e.mech.close()
}
