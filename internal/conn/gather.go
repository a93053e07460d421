package conn

import (
	"cmp"
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ncruces/go-sqlite3"

	"github.com/turso-coop/turso-coop/vfs"
)

// Gathering: when statements wait for the writer's turn, each a transaction by itself, whoever gets the turn runs them all
// on its own connection, in the order in which they wait, in one transaction. They share its commit, and are answered when
// it is durable, each with its own result, rows or error.
//
// To each caller it is as if its statement had run by itself, after those before it. What has to hold for that:
//
//   - The statement means the same on the other connection: both belong to one Family and are as they were opened.
//   - SQLite treats an error of a statement inside a transaction as it does outside: ABORT undoes the statement, FAIL keeps
//     its earlier rows, and so on. Where something else may be undone, or must be, nobody has been answered yet: the
//     transaction is rolled back and its statements are run again, each as a transaction of its own.
//   - Nothing is told before the commit has returned.

// Bounds of a group, so that nobody waits for much more than a commit of somebody else's.
const (
	maxMembers      = 256
	maxArgsBytes    = 1 << 20
	ownArgsBytes    = maxArgsBytes / 4 // a statement with more runs alone
	maxRowValues    = 1024             // of RETURNING, for one statement
	maxRowBytes     = 256 << 10
	maxSteps        = 20_000 // instructions of SQLite's machine, about half a millisecond; a statement that took more runs alone
	maxAsked        = 1000   // of a thousand instructions each, about 25 ms: who takes more is stopped and runs alone
	minGroupTime    = 500 * time.Microsecond
	maxTexts        = 1000
	membersPerClock = 4 // the clock is looked at after the first statement and every so many
	commitsToMean   = 8 // how many commits weigh in the mean duration of one
)

// A Family is the connections that run each other's statements: those that were opened alike.
type Family struct {
	atLeast time.Duration // for which a group takes further statements; 0 is minGroupTime
	commit  atomic.Int64  // mean duration of a commit, in ns
	alone   sync.Map      // why statements are not run together with others, by their text
	texts   atomic.Int64  // in alone
}

// gather is what a connection needs to run statements of others, and to have its own run.
type gather struct {
	family  *Family // nil if it does neither
	changed bool    // the connection is not, or no longer, as others of its family
	keys    foreignKeys
	journal bool // whether it has a journal has been looked at

	own     request
	members []*request // of the group that the connection runs: not answered yet
	current *request   // the one that is run, nil during the commit

	changes uint32 // that the database counted when the group began
	counts  bool   // it counts them

	fallen   error // a panic that came when the connection's own statement was done
	running  bool  // statements of others are run
	counters bool  // and the current one has asked for a number of its own connection

	begin, commit, rollback *sqlite3.Stmt
}

type foreignKeys uint8

const (
	keysUnknown foreignKeys = iota
	keysOff
	keysOn
)

// offer has s run by another connection, or runs those of others together with it. It returns nil if s is to be run as
// ever, by itself.
func (c *Conn) offer(ctx context.Context, s *Stmt, args []any, wantRows bool) *request {
	if s.readOnly {
		return nil
	}
	size := sizeOf(args)
	why := c.alone(s, size)
	if why == together {
		t := &c.turns
		t.together = true
		switch {
		case t.try(t.queue, &t.main):
			why = AloneNobodyWaits
		case c.busy.timeout == 0:
			why = AloneNoWait
		default:
			if r := c.wait(ctx, s, args, size, wantRows); r != nil {
				return r
			}
			why = AloneNobodyWaits
		}
	}
	c.counts.alone[why].Add(1)
	return nil
}

// alone says why s cannot be run together with others.
func (c *Conn) alone(s *Stmt, size int) Alone {
	g := &c.gather
	switch {
	case g.family == nil || c.turns.queue == nil:
		return AloneOff
	case s.kind != data || !s.whole:
		return AloneKind
	case g.changed || c.turns.lent || c.hooks.count > 0:
		return AloneChanged
	case !c.db.GetAutocommit() || c.state.running > 0 || len(c.held) > 0:
		return AloneTransaction
	case s.never != together:
		return s.never
	case size > ownArgsBytes || len(s.name()) > maxCachedText: // which whoever runs it would have to compile anew
		return AloneLarge
	case !c.undoes():
		return AloneChanged
	}
	if g.family.texts.Load() > 0 {
		if why, known := g.family.alone.Load(s.name()); known {
			s.never = why.(Alone)
		}
	}
	return s.never
}

// wait waits for the turn, or for another connection to have run s.
func (c *Conn) wait(ctx context.Context, s *Stmt, args []any, size int, wantRows bool) *request {
	t, r, now := &c.turns, &c.gather.own, time.Now()
	*r = request{
		c: c, s: s, ctx: ctx, args: args, size: size, wantRows: wantRows,
		deadline: c.busy.until(now), before: Result{c.db.LastInsertRowID(), c.Changes()},
	}
	r.result = r.before
	s.beginAt(now)
	t.main.Offer = r
	outcome := t.wait(ctx, t.queue, &t.main, now)
	mayLead := t.main.Offer != nil
	t.main.Offer = nil
	if outcome == vfs.Entered && (!mayLead || !c.lead(r)) || outcome == vfs.GaveUp {
		return nil
	}
	r.args = nil
	if c.err != nil {
		return r
	}
	if outcome == vfs.Served {
		c.counters.total += r.total
	}
	s.took = r.took
	if r.rows != nil {
		s.rows = r.rows.count()
	}
	s.end(r.err)
	c.left(r.result)
	return r
}

// left makes c's counters what a statement has left that ran elsewhere, or before others did on c.
func (c *Conn) left(r Result) {
	c.db.SetLastInsertRowID(r.RowID)
	n := &c.counters
	n.elsewhere, n.changes, n.at, n.last = true, r.Changes, c.db.TotalChanges(), c.db.Changes()
}

// accepts reports whether c may run the request that is offered.
func (c *Conn) accepts(offer any) bool {
	return offer.(*request).c.gather.family == c.gather.family
}

// lead runs own, and what others offer, in one transaction. c holds the turn, and keeps it. It returns false, with nothing
// done, if own is to be run by itself.
func (c *Conn) lead(own *request) (led bool) {
	defer c.survive(own, &led)
	g := &c.gather
	if !c.turns.queue.Offers(c.accepts) {
		return false
	}
	before := c.db.TotalChanges()
	if !c.beginGroup(own) {
		c.db.SetInterrupt(own.ctx)
		c.busy.share(own.deadline)
		return false
	}
	g.changes, g.counts = vfs.ChangeCounter(c.db)
	g.members = append(g.members[:0], own)
	g.running = true
	whole := c.runMembers(own)
	var failed error
	if whole {
		failed = c.commitGroup(own)
	}
	if c.err == nil && (!whole || failed != nil) {
		c.runAgain(failed)
	}
	if c.err != nil { // a function that SQLite called has called again, and that has panicked
		if !own.done {
			own.err = c.err
		}
		return true
	}
	g.running, g.current = false, nil
	c.counters.total += own.total - (c.db.TotalChanges() - before)
	c.left(own.before) // which own, if it is still to be run, shall find
	if own.home {
		c.turns.serial = c.turns.queue.Serial() // it runs after those that are answered now
		c.db.SetInterrupt(own.ctx)
		c.busy.share(own.deadline)
	}
	c.answer(own)
	return !own.home
}

// survive is deferred: a panic in what c runs for others is not the error of own if that is done.
func (c *Conn) survive(own *request, led *bool) {
	if !own.done {
		return
	}
	if p := recover(); p != nil {
		c.gather.fallen = c.panicked(p)
		*led = true
	}
}

// beginGroup begins the transaction of a group. If it cannot the statement of own meets by itself what it may have been.
// What ends the transaction is compiled before, as nothing may keep it from ending.
func (c *Conn) beginGroup(own *request) bool {
	g := &c.gather
	for _, s := range []struct {
		sql  string
		stmt **sqlite3.Stmt
	}{{"BEGIN IMMEDIATE", &g.begin}, {"COMMIT", &g.commit}, {"ROLLBACK", &g.rollback}} {
		if *s.stmt == nil {
			var err error
			c.db.SetInterrupt(context.Background())
			if *s.stmt, _, err = c.db.PrepareFlags(s.sql, sqlite3.PREPARE_PERSISTENT); err != nil {
				return false
			}
		}
	}
	if c.control(own.ctx, own.deadline, g.begin) == nil {
		return true
	}
	if !c.db.GetAutocommit() { // SQLite was interrupted after it had begun
		_ = c.control(context.Background(), time.Time{}, g.rollback)
	}
	return false
}

// runMembers runs own and what waits. It returns false after a request with which the transaction cannot be committed.
func (c *Conn) runMembers(own *request) bool {
	g := &c.gather
	limit := max(cmp.Or(g.family.atLeast, minGroupTime), time.Duration(g.family.commit.Load()))
	start := time.Now()
	size := 0
	for r := own; r != nil; {
		if !c.run(r) {
			return false
		}
		size += r.size
		if n := len(g.members); n == maxMembers || size > maxArgsBytes || n%membersPerClock == 1 && time.Since(start) > limit {
			break
		}
		if t := c.turns.queue.Take(c.accepts); t != nil {
			r = t.Offer.(*request)
			g.members = append(g.members, r)
		} else {
			r = nil
		}
	}
	return true
}

// run runs r in the transaction of the group. It returns false if that has to be rolled back, or has been.
func (c *Conn) run(r *request) bool {
	c.runOn(r)
	switch {
	case r.home, c.err != nil:
		return false
	case c.db.GetAutocommit(): // it has rolled everything back: OR ROLLBACK, RAISE(ROLLBACK), an interrupt, a full disk
		return false
	case c.keysViolated(): // which by itself it would have failed for at its end
		return false
	}
	return true
}

// keysViolated reports whether deferred foreign keys are violated.
func (c *Conn) keysViolated() bool {
	g := &c.gather
	if g.keys == keysUnknown {
		g.keys = keysOff
		if on, err := c.db.Config(sqlite3.DBCONFIG_ENABLE_FKEY); on || err != nil {
			g.keys = keysOn
		}
	}
	if g.keys == keysOff {
		return false
	}
	violated, _, err := c.db.Status(sqlite3.DBSTATUS_DEFERRED_FKS, false)
	return violated > 0 || err != nil
}

// commitGroup commits. If that fails the transaction may still be open.
func (c *Conn) commitGroup(own *request) error {
	g := &c.gather
	g.current = nil
	start := time.Now()
	if err := c.control(context.Background(), own.deadline, g.commit); err != nil {
		return c.withFailure(err)
	}
	took := time.Since(start)
	g.family.committed(took)
	for _, r := range g.members {
		r.took += took // who reports slow statements does not want to know less than of one that committed by itself
	}
	if len(g.members) == 1 {
		c.counts.alone[AloneNobodyWaits].Add(1)
		return nil
	}
	c.counts.groups.Add(1)
	c.counts.gathered.Add(int64(len(g.members)))
	c.counts.sizes[sizeClass(len(g.members))].Add(1)
	return nil
}

// runAgain runs the members of a group that was not committed each by itself, as nothing of it has been done. That is so
// for the one whose error has rolled the transaction back, too: one that ran before it may not do so again, as when its
// context has ended meanwhile, and the error may have been due to that.
func (c *Conn) runAgain(failed error) {
	g := &c.gather
	c.window.Close()
	ended := c.db.GetAutocommit()
	if !ended {
		_ = c.control(context.Background(), time.Time{}, g.rollback)
	}
	unknown := failed != nil && ended && c.mayBeCommitted()
	for _, r := range g.members {
		switch {
		case unknown:
			r.err, r.done = failed, true
		case !r.home:
			c.counts.alone[AloneAgain].Add(1)
			r.again = true
			c.runOn(r)
			if c.err != nil {
				return
			}
			r.done = !r.home
		}
	}
}

// mayBeCommitted reports whether the commit of a group, which has failed, may have been done all the same. With a WAL it
// was not: frames that could not be written or synced are not published. Without one a transaction is committed when its
// journal is gone, and that alone may have failed to become durable; then the database counts one change more.
func (c *Conn) mayBeCommitted() bool {
	g := &c.gather
	if !g.counts {
		return false
	}
	if c.control(context.Background(), time.Time{}, g.begin) != nil {
		return true
	}
	changes, ok := vfs.ChangeCounter(c.db)
	rolledBack := c.control(context.Background(), time.Time{}, g.rollback)
	return !ok || rolledBack != nil || changes != g.changes
}

// answer answers the members but own. Those that have to run on their own connection get the turn next.
func (c *Conn) answer(own *request) {
	g := &c.gather
	for i := len(g.members) - 1; i > 0; i-- {
		if r := g.members[i]; r.home {
			r.c.turns.main.GiveBack(false)
			g.members[i] = nil
		}
	}
	for _, r := range g.members[1:] {
		if r != nil {
			r.c.turns.main.Serve()
		}
	}
	clear(g.members)
	g.members = g.members[:0]
}

// abandonGroup ends a group whose run has panicked, with err. What was run by itself is done. During the commit nobody can
// say what has become of it. Otherwise nothing has: who was not being run waits again.
func (c *Conn) abandonGroup(err error) {
	g := &c.gather
	if len(g.members) == 0 {
		return
	}
	if c.err == nil {
		if !c.db.GetAutocommit() {
			_ = c.control(context.Background(), time.Time{}, g.rollback)
		}
		g.members[0].s.end(err)
	}
	for i := len(g.members) - 1; i > 0; i-- {
		r := g.members[i]
		switch {
		case r.done:
			r.c.turns.main.Serve()
		case g.current == nil || r == g.current:
			r.err = err
			r.c.turns.main.Serve()
		default:
			r.c.turns.main.GiveBack(!r.home)
		}
	}
	clear(g.members)
	g.members, g.running, g.current, g.fallen = g.members[:0], false, nil, nil
}

// control runs a statement that begins or ends the transaction of a group.
func (c *Conn) control(ctx context.Context, deadline time.Time, s *sqlite3.Stmt) error {
	c.busy.share(deadline)
	c.db.SetInterrupt(ctx)
	return s.Exec()
}

// committed takes note of how long a commit has taken.
func (f *Family) committed(d time.Duration) {
	mean := f.commit.Load()
	f.commit.Store(mean + (int64(d)-mean)/commitsToMean)
}

// note takes note of why statements of this text are better run by themselves.
func (f *Family) note(text string, why Alone) {
	if len(text) > maxCachedText || f.texts.Load() >= maxTexts {
		return
	}
	if _, known := f.alone.LoadOrStore(text, why); !known {
		f.texts.Add(1)
	}
}
