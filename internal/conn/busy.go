package conn

import (
	"context"
	"errors"
	"time"

	"github.com/turso-coop/turso-coop/vfs"
)

// Back-off of the busy handler. The first waits are short, because most locks are held for one small transaction; the
// longest bounds how late a free lock is noticed.
//
// Who holds the turn looks more often: all writers of the process wait behind it, a writer of another process that
// commits again and again leaves the lock free for moments only, and there is one such connection for each database.
const (
	busyWaitMin     = 200 * time.Microsecond
	busyWaitMax     = 5 * time.Millisecond
	busyWaitMaxTurn = 500 * time.Microsecond
)

// busyWait is the busy handler of one connection: https://sqlite.org/c3ref/busy_handler.html
type busyWait struct {
	timeout  time.Duration
	replaced bool // SQLite has put its own handler in place of this one
	deadline time.Time
	shared   bool // the deadline is that of the call under way, whatever it waits for
	delay    time.Duration
	timer    *time.Timer
	counts   *counts
	turns    *turns
}

// BusyTimeout returns how long a statement waits for a lock.
func (b *busyWait) BusyTimeout() time.Duration { return b.timeout }

// wait is called by SQLite each time a lock is found taken; count is 0 at the first call of a step. It returns false
// when SQLite shall give up: at the time-out, or when ctx ends.
func (b *busyWait) wait(ctx context.Context, count int) (retry bool) {
	now := time.Now()
	if count == 0 {
		if !b.shared {
			b.deadline = now.Add(b.timeout)
		}
		b.delay = busyWaitMin
		b.counts.lockWaits.Add(1)
	}
	longest := busyWaitMax
	if b.turns.held > 0 {
		longest = busyWaitMaxTurn
		b.turns.meetForeign()
	}
	left := b.deadline.Sub(now)
	if left <= 0 {
		return false
	}
	delay := min(b.delay, left)
	b.delay = min(2*b.delay, longest)
	if b.timer == nil {
		b.timer = time.NewTimer(delay)
	} else {
		b.timer.Reset(delay)
	}
	b.counts.waitingUntil.Store(now.Add(delay).UnixNano())
	select {
	case <-b.timer.C:
		b.counts.lockWait.Add(int64(delay))
		return true
	case <-ctx.Done():
		b.timer.Stop()
		return false
	}
}

// until returns until when the call under way waits for whatever it has to; it begins to wait now.
func (b *busyWait) until(now time.Time) time.Time {
	if !b.shared {
		b.share(now.Add(b.timeout))
	}
	return b.deadline
}

// share sets the deadline of the call under way.
func (b *busyWait) share(deadline time.Time) { b.deadline, b.shared = deadline, true }

// BusyHandlerReplaced implements vfs.Owner.
func (b *busyWait) BusyHandlerReplaced(timeout time.Duration) {
	b.timeout = timeout
	b.replaced = true
}

// owner is who the files of a connection tell what PRAGMAs have replaced.
type owner struct {
	*busyWait
	*hooks
	*walWatch
	*turns
}

// installBusy makes c wait for locks up to timeout. The files of our VFS say when PRAGMA busy_timeout has replaced the
// handler. Other files have a handler of the binding, which polls.
func (c *Conn) installBusy(timeout time.Duration) error {
	c.busy.timeout, c.busy.counts, c.busy.turns = max(timeout, 0), &c.counts, &c.turns
	switch err := vfs.Own(c.db, owner{&c.busy, &c.hooks, &c.wal, &c.turns}); {
	case errors.Is(err, vfs.ErrNotOurs):
		return c.db.BusyTimeout(c.busy.timeout)
	case err != nil:
		return err
	}
	return c.db.BusyHandler(c.busy.wait)
}

// restoreBusy installs the handler again if SQLite has replaced it in the call that returns now.
func (c *Conn) restoreBusy() {
	if c.busy.replaced {
		c.busy.replaced = false
		_ = c.db.BusyHandler(c.busy.wait) // fails only without a connection
	}
}
