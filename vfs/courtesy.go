package vfs

import (
	"context"
	"time"
)

// courtesy keeps the writers of this process from starving those of others.
//
// Another process sees only SQLite's lock, and looks for it at intervals of up
// to 100 ms (the steps of sqliteDefaultBusyCallback in SQLite's main.c). Writers
// that follow each other within microseconds leave it next to no chance. So
// when somebody else is known to write, the turn rests now and then: after each
// burst of turns as long as that burst was, so that one look in two finds the
// lock free. Its fields are used under the queue's lock.
type courtesy struct {
	foreign time.Time // when somebody without a turn was last seen to write, or to keep the turn's holder from it
	began   time.Time // when the burst began
	rest    time.Time // until when the turn rests
}

const (
	// foreignFor is how long a foreign writer is expected to come back.
	foreignFor = 2 * time.Second
	// burst is how long turns follow each other without a rest. It is far more
	// than the resolution of timers.
	burst = 4 * time.Millisecond
	// longestRest bounds the rest after a turn that was itself long.
	longestRest = 50 * time.Millisecond
)

// left is called when a turn is left.
func (k *courtesy) left() {
	if k.foreign.IsZero() {
		return
	}
	now := time.Now()
	switch took := now.Sub(k.began); {
	case now.Sub(k.foreign) > foreignFor:
		*k = courtesy{}
	case now.Before(k.rest): // others have not begun yet
	case took > 2*longestRest+burst: // nobody wrote for a while
		k.began = now
	case took >= burst:
		k.rest = now.Add(min(took, longestRest))
		k.began = k.rest
	}
}

// due reports whether the turn rests.
func (k *courtesy) due() bool { return !k.rest.IsZero() && time.Now().Before(k.rest) }

// SawForeign notes that somebody who does not queue, most often another
// process, writes to the database or keeps the holder of the turn from it.
func (q *Queue) SawForeign() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.courtesy.foreign = time.Now()
	q.courtesy.began = q.courtesy.foreign // waiting for him is no burst of ours
}

// waitForOthers lets the turn, which t holds, rest if that is due.
func (q *Queue) waitForOthers(ctx context.Context, t *Turn, timeout time.Duration) Outcome {
	q.mu.Lock()
	rest := q.courtesy.rest
	q.mu.Unlock()
	if rest.IsZero() {
		return Entered
	}
	if d := time.Until(rest); d > 0 {
		select {
		case <-t.startTimer(min(d, timeout)):
		case <-ctx.Done():
			t.timer.Stop()
		}
	}
	if ctx.Err() != nil {
		t.Leave()
		return GaveUp
	}
	return Entered
}
