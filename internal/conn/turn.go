package conn

import (
	"context"
	"runtime"
	"time"

	"github.com/ncruces/go-sqlite3"

	"github.com/turso-coop/turso-coop/vfs"
)

// turns are the places of a connection among the writers of this process, one for each database that it writes to.
//
// A turn is taken when SQLite says that a write transaction starts, or shortly before, and left when a call has returned
// and no database is being written any more: then SQLite's lock is free, and so is the connection's snapshot.
type turns struct {
	c      *Conn
	queue  *vfs.Queue // of the main database; nil if it is not a file of ours
	main   vfs.Turn   // in queue
	others []place    // of attached databases
	held   int
	serial int64 // of what holds the turn in queue

	together bool // what holds it could have been run together with others

	// lent says that somebody steps statements on the bare connection, whose end is not seen here: it does not queue.
	lent bool
}

type place struct {
	queue *vfs.Queue
	turn  *vfs.Turn
}

// in returns the place in q.
func (t *turns) in(q *vfs.Queue) *vfs.Turn {
	if q == t.queue {
		return &t.main
	}
	for _, p := range t.others {
		if p.queue == q {
			return p.turn
		}
	}
	p := place{q, &vfs.Turn{}}
	t.others = append(t.others, p)
	return p.turn
}

// WriteStarts implements vfs.Owner. If the turn does not come SQLite is left to find its lock taken, and to say so.
func (t *turns) WriteStarts(q *vfs.Queue) {
	if q == nil || t.lent {
		return
	}
	turn := t.in(q)
	if turn.Held() || t.try(q, turn) || t.c.busy.timeout == 0 {
		return
	}
	t.wait(t.c.db.GetInterrupt(), q, turn, time.Now())
}

// try takes the turn in q if it is free.
func (t *turns) try(q *vfs.Queue, turn *vfs.Turn) bool {
	if !q.TryEnter(turn) {
		return false
	}
	t.took(q)
	return true
}

func (t *turns) took(q *vfs.Queue) {
	t.held++
	if q == t.queue {
		t.serial = q.Serial()
	}
}

// wait waits for the turn in q as the busy handler would for a lock, and until the same deadline. It is called at now.
func (t *turns) wait(ctx context.Context, q *vfs.Queue, turn *vfs.Turn, now time.Time) vfs.Outcome {
	n := &t.c.counts
	deadline := t.c.busy.until(now)
	n.waitingUntil.Store(deadline.UnixNano())
	outcome := q.Enter(ctx, turn, deadline.Sub(now))
	n.waitingUntil.Store(0)
	if outcome == vfs.Entered {
		t.took(q)
	}
	took := int64(time.Since(now))
	n.lockWaits.Add(1)
	n.lockWait.Add(took)
	n.turnWaits.Add(1)
	n.turnWait.Add(took)
	return outcome
}

// leave gives the turns to others, unless the connection is still writing.
func (t *turns) leave() {
	if t.held == 0 || t.c.err == nil && t.c.db.TxnState("") == sqlite3.TXN_WRITE {
		return
	}
	t.giveUp()
}

// giveUp gives the turns to others. Who is still writing has SQLite's lock.
func (t *turns) giveUp() {
	if t.held == 0 {
		return
	}
	if t.together && t.queue.Contended() {
		// Goroutines that are ready to run come to wait now, and are found by whoever is next.
		runtime.Gosched()
	}
	t.held, t.serial, t.together = 0, 0, false
	if t.main.Held() {
		t.main.Leave()
	}
	for _, p := range t.others {
		if p.turn.Held() {
			p.turn.Leave()
		}
	}
	t.others = nil
}

// meetForeign takes note that a lock was found taken. If the connection has the turn and is not writing yet, it is somebody
// who does not queue that writes.
func (t *turns) meetForeign() {
	if t.main.Held() && t.c.db.TxnState("main") != sqlite3.TXN_WRITE {
		t.queue.SawForeign()
	}
}

// HandOut returns SQLite's connection, nil once it is closed, for whoever steps statements himself. What this package
// promises does not hold for those; until Returned is called the connection also waits for no turn.
func (c *Conn) HandOut() *sqlite3.Conn {
	if c.depth == 0 {
		c.turns.giveUp()
	}
	c.turns.lent = true
	c.gather.changed = true
	return c.db
}

// Returned says that nobody uses the bare connection any more.
func (c *Conn) Returned() { c.turns.lent = false }
