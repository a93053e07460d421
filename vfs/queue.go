package vfs

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ncruces/go-sqlite3"
)

// A Queue is where the connections of this process that want to write to one
// database file wait for their turn, first come first served. SQLite says when
// a write transaction is about to start (see [Owner]); who owns the connection
// enters the queue then, and leaves it when the call that ended the transaction
// has returned.
//
// The queue is an optimisation of order: who holds the turn finds SQLite's lock
// free, unless another process, or a connection that does not queue, has it.
// SQLite's locks remain the truth, and nothing is wrong if somebody writes
// without a turn.
//
// All methods may be called concurrently, each Turn by one goroutine.
type Queue struct {
	id    fileID
	files int // open files of the database; under queues.mu

	mu          sync.Mutex
	held        bool
	first, last *Turn // those that wait
	waiting     int
	contended   int // turns to come until it is forgotten that somebody had to wait

	courtesy courtesy
	serial   atomic.Int64
}

// A Turn is one connection's place in a queue. The zero value is ready for use.
type Turn struct {
	// Offer is what another connection may do in place of the one that waits,
	// see [Queue.Take]; nil if there is nothing. It is read while the Turn waits.
	Offer any

	queue      *Queue
	state      turnState // under queue.mu
	prev, next *Turn
	wake       chan struct{} // holds one: the state has changed, perhaps
	timer      *time.Timer
}

type turnState uint8

const (
	turnNone    turnState = iota // not in a queue
	turnWaiting                  // in the list of those that wait
	turnTaken                    // another connection does what is offered, and will serve it or give it back
	turnServed                   // another connection has done what was offered
	turnHeld                     // the connection may write
)

// An Outcome is how waiting for a turn has ended.
type Outcome uint8

const (
	GaveUp  Outcome = iota // the time is over or the context has ended: there is no turn to leave
	Entered                // the turn is held
	Served                 // what was offered has been done: there is no turn to leave
)

// TryEnter takes the turn if nobody holds it. It does not wait.
func (q *Queue) TryEnter(t *Turn) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.held || q.courtesy.due() {
		return false
	}
	q.held = true
	t.queue, t.state = q, turnHeld
	return true
}

// Enter waits for the turn for up to timeout, or until the end of ctx. Once another
// connection has taken the offer of t the wait lasts at least until that has
// served it or given it back.
func (q *Queue) Enter(ctx context.Context, t *Turn, timeout time.Duration) Outcome {
	q.mu.Lock()
	if !q.held {
		q.held = true
		t.queue, t.state = q, turnHeld
		q.mu.Unlock()
		return q.waitForOthers(ctx, t, timeout)
	}
	if t.wake == nil {
		t.wake = make(chan struct{}, 1)
	}
	t.queue, t.state = q, turnWaiting
	q.append(t)
	q.contended = contendedTurns
	q.mu.Unlock()

	late, ended := t.startTimer(timeout), ctx.Done()
	for state := turnWaiting; state == turnWaiting || state == turnTaken; {
		select {
		case <-t.wake:
		case <-late:
			late, ended = nil, nil
		case <-ended:
			late, ended = nil, nil
		}
		state = q.look(t, late == nil)
	}
	t.timer.Stop()
	switch t.state {
	case turnNone:
		return GaveUp
	case turnServed:
		t.state = turnNone
		return Served
	}
	return q.waitForOthers(ctx, t, timeout)
}

func (t *Turn) startTimer(d time.Duration) <-chan time.Time {
	if t.timer == nil {
		t.timer = time.NewTimer(d)
	} else {
		t.timer.Reset(d)
	}
	return t.timer.C
}

// look returns the state of t, which has waited. If it still does and its time is over it is removed from those that wait.
func (q *Queue) look(t *Turn, over bool) turnState {
	q.mu.Lock()
	defer q.mu.Unlock()
	if over && t.state == turnWaiting {
		q.remove(t)
		t.state = turnNone
	}
	return t.state
}

// woken has who waits at t look at its state, now or when it next waits.
func (t *Turn) woken() {
	select {
	case t.wake <- struct{}{}:
	default: // it has not looked since it was last woken
	}
}

// Held reports whether the turn is held.
func (t *Turn) Held() bool { return t.state == turnHeld }

// Leave gives the turn to who waits longest.
func (t *Turn) Leave() {
	q := t.queue
	q.mu.Lock()
	t.state = turnNone
	q.contended = max(0, q.contended-1)
	next := q.first
	if next != nil {
		q.remove(next)
		next.state = turnHeld
	} else {
		q.held = false
	}
	q.courtesy.left()
	q.mu.Unlock()
	if next != nil {
		next.woken()
	}
}

// contendedTurns is for how many turns it counts that somebody had to wait.
const contendedTurns = 100

// Contended reports whether somebody had to wait lately.
func (q *Queue) Contended() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.contended > 0
}

// Offers reports whether somebody waits whose offer accept agrees to. It is
// called with the queue locked: it only looks.
func (q *Queue) Offers(accept func(offer any) bool) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	for t := q.first; t != nil; t = t.next {
		if t.Offer != nil && accept(t.Offer) {
			return true
		}
	}
	return false
}

// Take removes from those that wait, in their order, the first with an offer
// that accept agrees to, and returns it; nil if there is none. The caller holds
// the turn. It must end with Serve or GiveBack for each.
func (q *Queue) Take(accept func(offer any) bool) *Turn {
	q.mu.Lock()
	defer q.mu.Unlock()
	for t := q.first; t != nil; t = t.next {
		if t.Offer != nil && accept(t.Offer) {
			q.remove(t)
			t.state = turnTaken
			return t
		}
	}
	return nil
}

// Serve tells who waits at t that its offer has been done.
func (t *Turn) Serve() {
	t.queue.mu.Lock()
	t.state = turnServed
	t.queue.mu.Unlock()
	t.woken()
}

// GiveBack puts t, which was taken, before all others that wait. If offered is
// false nobody else may take it again.
func (t *Turn) GiveBack(offered bool) {
	q := t.queue
	q.mu.Lock()
	defer q.mu.Unlock()
	if !offered {
		t.Offer = nil
	}
	t.state = turnWaiting
	t.next = q.first
	if t.next != nil {
		t.next.prev = t
	} else {
		q.last = t
	}
	q.first = t
	q.waiting++
	t.woken() // its time may have come to its end meanwhile
}

func (q *Queue) append(t *Turn) {
	t.prev = q.last
	if t.prev != nil {
		t.prev.next = t
	} else {
		q.first = t
	}
	q.last = t
	q.waiting++
}

func (q *Queue) remove(t *Turn) {
	if t.prev != nil {
		t.prev.next = t.next
	} else {
		q.first = t.next
	}
	if t.next != nil {
		t.next.prev = t.prev
	} else {
		q.last = t.prev
	}
	t.prev, t.next = nil, nil
	q.waiting--
}

// Serial returns the next of the numbers by which those that hold the turn can
// say in which order they have written; the first is 1.
func (q *Queue) Serial() int64 { return q.serial.Add(1) }

// Waiting returns how many connections wait.
func (q *Queue) Waiting() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.waiting
}

// A fileID tells one file from every other, whatever their paths: in the terms
// of unix its device and inode.
type fileID struct{ device, file uint64 }

// queues are the queues of the databases that are open in this process.
var queues struct {
	mu   sync.Mutex
	byID map[fileID]*Queue
}

// openQueue returns the queue of a database file that has been opened, nil if
// the system does not tell which file it is.
func openQueue(fd uintptr) *Queue {
	id, err := fileIDOf(fd)
	if err != nil {
		return nil
	}
	queues.mu.Lock()
	defer queues.mu.Unlock()
	q := queues.byID[id]
	if q == nil {
		q = &Queue{id: id}
		if queues.byID == nil {
			queues.byID = map[fileID]*Queue{}
		}
		queues.byID[id] = q
	}
	q.files++
	return q
}

// close is called when one of the files has been closed.
func (q *Queue) close() {
	if q == nil {
		return
	}
	queues.mu.Lock()
	defer queues.mu.Unlock()
	if q.files--; q.files == 0 {
		delete(queues.byID, q.id)
	}
}

// QueueOf returns the queue of c's main database, nil if that is not a file of
// ours.
func QueueOf(c *sqlite3.Conn) *Queue {
	main, ok := mainFile(c)
	if !ok {
		return nil
	}
	return main.queue
}
