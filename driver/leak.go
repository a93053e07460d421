package driver

import (
	"log/slog"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/turso-coop/turso-coop/internal/conn"
)

// lease watches over rows or a transaction that are open. There is one only if the DSN has _leaks.
//
// Rows that the program has lost are found by the garbage collector. A transaction never is, because a goroutine of
// database/sql waits for its context: that it is open for long is all there is to see. The same goes for rows with a
// context that can end.
type lease struct {
	what   string
	conn   *conn.Conn
	origin conn.Origin
	since  time.Time
	named  bool // the connection knows the origin from this lease
	timer  *time.Timer
	ended  atomic.Bool
}

// lend returns a lease that begins now, nil if leaks are not looked for.
func (c *session) lend(what string) *lease {
	if c.cfg.leaks == 0 {
		return nil
	}
	l := &lease{what: what, conn: c.Conn, origin: conn.Here(), since: time.Now()}
	l.named = c.SetOrigin(l.origin)
	l.timer = time.AfterFunc(c.cfg.leaks, func() { l.report("turso-coop: " + what + " still open") })
	return l
}

// watch reports r if the program loses it.
func (l *lease) watch(r *rows) {
	if l != nil {
		runtime.AddCleanup(r, func(l *lease) {
			l.report("turso-coop: rows lost without Close; their connection does not return to the pool")
			l.end()
		}, l)
	}
}

// end is called when what was lent has been given back.
func (l *lease) end() {
	if l == nil || l.ended.Swap(true) {
		return
	}
	l.timer.Stop()
	if l.named {
		l.conn.ClearOrigin()
	}
}

func (l *lease) report(message string) {
	if l.ended.Load() {
		return
	}
	l.conn.CountLeak()
	slog.Warn(message, "open", time.Since(l.since), "file", l.conn.File(), "connection", l.conn.ID(), "opened", l.origin.String())
}
