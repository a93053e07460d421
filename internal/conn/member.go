package conn

import (
	"context"
	"errors"
	"time"

	"github.com/ncruces/go-sqlite3"
)

// request is one run of a statement that another connection may do.
type request struct {
	c        *Conn
	s        *Stmt // compiled on c: the other connection uses its text
	ctx      context.Context
	args     []any
	size     int // of args, in bytes
	wantRows bool
	deadline time.Time // for locks

	before Result // what the statements before it have left on c

	err    error
	result Result
	total  int64 // by how much total_changes() has grown
	rows   *Rows
	serial int64
	took   time.Duration // by its steps and the commit, if slow statements are reported

	patience patience // of those who wait for it

	tooMany bool // it returned more rows than are kept for another connection
	home    bool // it has to be run on c
	again   bool // it is run by itself, and what it does is done
	done    bool // it has been
}

// patience is the context of a statement that others wait for to be answered. It ends also when that takes too long: what
// another runs may never end, and their own statements are done.
type patience struct {
	context.Context
	left int // how often SQLite may ask whether it shall stop: it does so about every thousand instructions
}

func (p *patience) Err() error {
	if err := p.Context.Err(); err != nil {
		return err
	}
	if p.left == 0 {
		return context.DeadlineExceeded
	}
	p.left--
	return nil
}

// Rows are the rows that a statement has returned on another connection.
type Rows struct {
	*Description
	values []any
	next   int
	bytes  int
}

// Next stores the next row in dest, as [Stmt.Columns] does.
func (r *Rows) Next(dest []any) bool {
	if r.next == len(r.values) {
		return false
	}
	r.next += copy(dest, r.values[r.next:])
	return true
}

// count returns how many rows there are.
func (r *Rows) count() int {
	if len(r.Names) == 0 {
		return 0
	}
	return len(r.values) / len(r.Names)
}

// runOn runs r on c and keeps its result.
func (c *Conn) runOn(r *request) {
	g := &c.gather
	g.current, g.counters, r.tooMany = r, false, false
	r.err, r.result, r.rows, r.total, r.took, r.serial = nil, r.before, nil, 0, 0, c.turns.queue.Serial()
	if r.ctx.Err() != nil {
		r.err = withContext(r.ctx, sqlite3.INTERRUPT)
		return
	}
	s := g.members[0].s // c's own, which is not running
	acquired := r.s.name() != s.name()
	if acquired {
		if s, _, r.err = c.Acquire(context.Background(), r.s.name()); r.err != nil {
			return
		}
	}
	c.busy.share(r.deadline)
	r.patience = patience{r.ctx, maxAsked}
	if r == g.members[0] || r.again { // the others have not been run; or this one has been, and did not take too long
		c.db.SetInterrupt(r.ctx)
	} else {
		c.db.SetInterrupt(&r.patience)
	}
	c.db.SetLastInsertRowID(r.before.RowID)
	s.used = true
	err := s.runFor(r)
	if err != nil {
		r.err = c.withFailure(withContext(r.ctx, err))
	}
	s.noteSteps()
	s.spoiled = s.spoiled || spoils(err)
	if acquired {
		s.keep()
	}
	switch {
	case g.counters:
		r.home = true
		g.family.note(r.s.name(), AloneCounters)
	case r.tooMany:
		r.home = true
		g.family.note(r.s.name(), AloneRows)
	case r.patience.left == 0 && errors.Is(err, sqlite3.INTERRUPT):
		r.home = true
		g.family.note(r.s.name(), AloneLong)
	}
	if r.home {
		r.total = 0
	}
}

// runFor gives s the arguments of r, runs it to its end, and keeps what it has left.
func (s *Stmt) runFor(r *request) (err error) {
	defer s.withoutMemory(r, &err)
	if err = s.bindAll(r.args); err != nil {
		return err
	}
	c := s.c
	total, timer := c.db.TotalChanges(), c.startTimer()
	err = s.runToEnd(r)
	r.took = c.sinceTimer(timer)
	r.result, r.total = Result{c.db.LastInsertRowID(), c.db.Changes()}, c.db.TotalChanges()-total
	if s.afterItsEnd(err, total) {
		return nil
	}
	return err
}

// withoutMemory is deferred: where the binding has panicked because the connection has no memory left for r it is run on its
// own one, which may have more. If its changes are there to stay, and only its rows cannot be read, that is its error.
func (s *Stmt) withoutMemory(r *request, err *error) {
	p := recover()
	if p == nil {
		return
	}
	if !outOfMemory(p) || cutShort() {
		panic(p)
	}
	*err, r.rows = sqlite3.NOMEM, nil
	r.home = !r.again || !s.s.Busy()
	repeated(s.s.Reset)
}

func (s *Stmt) runToEnd(r *request) error {
	if !r.wantRows {
		return s.s.Exec()
	}
	rows := &Rows{}
	for s.s.Step() {
		if rows.Description == nil {
			rows.Description = s.Describe()
			// SQLite has made all changes before the first row. They stay, so that the other rows are told as well.
			s.c.db.SetInterrupt(context.Background())
		}
		if err := rows.add(s); err != nil || r.tooMany {
			_ = s.s.Reset()
			return err
		}
		// By itself it is committed even if not all of its rows are read.
		r.tooMany = !r.again && (len(rows.values) > maxRowValues || rows.bytes > maxRowBytes)
	}
	err := s.s.Err()
	if rows.Description == nil {
		rows.Description = s.Describe()
	}
	r.rows = rows
	if err != nil {
		repeated(s.s.Reset)
		return err
	}
	return s.s.Reset()
}

// add keeps the row that s stands on.
func (r *Rows) add(s *Stmt) error {
	n := len(r.values)
	r.values = append(r.values, make([]any, len(r.Names))...)
	row := r.values[n:]
	if err := s.columns(row); err != nil {
		return err
	}
	r.bytes += sizeOf(row)
	return nil
}

// noteSteps takes note of how long a run was that has ended. SQLite counts anew from there: it looks whether it shall
// stop every thousand instructions of a statement, over all of its runs, and after the last one too.
func (s *Stmt) noteSteps() {
	if s.s == nil {
		return
	}
	steps := s.s.Status(sqlite3.STMTSTATUS_VM_STEP, true)
	if f := s.c.gather.family; f != nil && steps > maxSteps {
		f.note(s.name(), AloneLong)
	}
}

// sizeOf returns about how much memory values take, in bytes.
func sizeOf(values []any) (bytes int) {
	for _, v := range values {
		switch v := v.(type) {
		case string:
			bytes += len(v)
		case []byte:
			bytes += len(v)
		case sqlite3.ZeroBlob:
			bytes += int(v)
		}
		bytes += 16
	}
	return bytes
}
