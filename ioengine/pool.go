package ioengine

import (
	"slices"
	"sync"

	"github.com/turso-coop/turso-coop/completion"
)

// A pool carries operations out by blocking system calls, on at most limit
// goroutines. They are started when there is work and end when there is none,
// so an idle engine has none.
type pool struct {
	limit int

	mu      sync.Mutex
	work    []op // work[head:] waits, in order of submission
	head    int
	workers int
}

func newPool(limit int) *pool { return &pool{limit: limit} }

func (p *pool) submit(batch []op) {
	p.mu.Lock()
	p.work = append(p.work, batch...)
	start := max(0, min(p.limit-p.workers, len(p.work)-p.head))
	p.workers += start
	p.mu.Unlock()
	for range start {
		go p.worker()
	}
}

// worker runs operations until there are none.
func (p *pool) worker() {
	for {
		p.mu.Lock()
		if p.head == len(p.work) {
			p.workers--
			p.mu.Unlock()
			return
		}
		o := p.take(p.head)
		p.mu.Unlock()
		o.start("worker")
		p.run(o)
	}
}

// take removes work[i]. The caller holds mu.
func (p *pool) take(i int) op {
	o := p.work[i]
	copy(p.work[p.head+1:i+1], p.work[p.head:i]) // nothing if it is the first
	p.work[p.head] = op{}
	p.head++
	if p.head == len(p.work) {
		p.work, p.head = p.work[:0], 0
	}
	return o
}

func (p *pool) run(o op) {
	e, read := o.f.e, o.kind == opRead
	o.run()
	if read {
		e.readsDone(1)
	}
}

// help carries c's operation out on the waiting goroutine, if no worker has
// got to it yet.
func (p *pool) help(c *completion.Completion) {
	if o, ok := p.find(func(o op) bool { return o.c == c }); ok {
		o.start("direct")
		p.run(o)
	}
}

// find removes the first waiting operation that match accepts.
func (p *pool) find(match func(op) bool) (op, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	i := slices.IndexFunc(p.work[p.head:], match)
	if i < 0 {
		return op{}, false
	}
	return p.take(p.head + i), true
}

// cancel leaves syncs alone, because the one that waits here leads others, and
// what a ring has begun: a canceled operation has had no effect.
func (p *pool) cancel(c *completion.Completion) {
	o, ok := p.find(func(o op) bool { return o.c == c && o.kind != opSync && o.n == 0 })
	if !ok {
		return
	}
	e, read := o.f.e, o.kind == opRead
	e.stats.canceled.Add(1)
	o.finish(completion.ErrCanceled)
	if read {
		e.readsDone(1)
	}
}

// rest has nothing to do: workers end when there is no work.
func (p *pool) rest() {}

func (p *pool) close() error { return nil }
