package conn

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ncruces/go-sqlite3"
)

// Counts are what connections have done.
type Counts struct {
	Statements  int64         // runs of statements
	Slow        int64         // runs that were logged as slow
	CacheHits   int64         // uses of a kept statement
	CacheMisses int64         // statements compiled that could have been kept
	LockWaits   int64         // times that a taken lock was waited for
	LockWait    time.Duration // how long that took
	TurnWaits   int64         // those of LockWaits that were waits for the turn among the writers of this process
	TurnWait    time.Duration // how long that took
	Gathered    int64         // statements that were run together with others, in groups
	Groups      int64
	GroupSizes  [SizeClasses]int64     // the groups of 2 statements, of 3 and 4, of 5 to 8, and so on
	Alone       [len(aloneTexts)]int64 // runs of statements that write, which were not, by the reason
	Leaks       int64                  // rows and transactions that were reported as left open
}

// counts are the Counts of one connection: its user adds, everybody may read.
type counts struct {
	statements, slow, cacheHits, cacheMisses, lockWaits, lockWait, turnWaits, turnWait, leaks atomic.Int64

	gathered, groups atomic.Int64
	sizes            [SizeClasses]atomic.Int64
	alone            [len(aloneTexts)]atomic.Int64

	waitingUntil atomic.Int64 // in ns since 1970: until then the busy handler waits
}

func (n *counts) addTo(sum *Counts) {
	sum.Statements += n.statements.Load()
	sum.Slow += n.slow.Load()
	sum.CacheHits += n.cacheHits.Load()
	sum.CacheMisses += n.cacheMisses.Load()
	sum.LockWaits += n.lockWaits.Load()
	sum.LockWait += time.Duration(n.lockWait.Load())
	sum.TurnWaits += n.turnWaits.Load()
	sum.TurnWait += time.Duration(n.turnWait.Load())
	sum.Leaks += n.leaks.Load()
	sum.Gathered += n.gathered.Load()
	sum.Groups += n.groups.Load()
	for i := range n.sizes {
		sum.GroupSizes[i] += n.sizes[i].Load()
	}
	for i := range n.alone {
		sum.Alone[i] += n.alone[i].Load()
	}
}

// Activity says what a connection is doing.
type Activity struct {
	// ID counts the connections that the process has opened; the first is 1.
	ID int64

	// File is the path of the main database, "" if it is in memory or temporary.
	File string

	// Statement is the first word, in capitals, of the statement that runs, or that ran last in a transaction that is
	// still open; "" if there is neither. Rows that are open keep their statement running.
	Statement string

	// Since is when that statement began, or ended if none runs.
	Since time.Time

	// Reading and Writing are since when the connection reads a state of the database that it keeps others from
	// replacing, and since when it is the writer or waits to be; zero if it is not.
	Reading, Writing time.Time

	// Idle says that no statement runs: the connection is in a transaction and waits for its user.
	Idle bool

	// Waiting says that it waits for a lock.
	Waiting bool

	// Origin is where in the program the transaction or the rows were opened, if that is recorded.
	Origin Origin
}

// state is what the Activity of a connection is made of. The user of the connection writes it, under mu, and reads it
// without.
type state struct {
	id   int64
	file string

	mu               sync.Mutex
	word             string
	since            time.Time
	reading, writing time.Time
	running, writers int  // statements that run, and those of them that are not read-only
	transaction      bool // an explicit one is open
	hasWritten       bool // and is known to hold the write lock
	origin           Origin
}

// registry holds the connections that are open.
var registry struct {
	sync.Mutex
	lastID int64
	conns  map[*Conn]struct{}
	closed Counts // of the connections that are not open any more
}

func (c *Conn) register() {
	if name := c.db.Filename("main"); name != nil {
		c.state.file = name.String()
	}
	registry.Lock()
	defer registry.Unlock()
	if registry.conns == nil {
		registry.conns = map[*Conn]struct{}{}
	}
	registry.lastID++
	c.state.id = registry.lastID
	registry.conns[c] = struct{}{}
}

func (c *Conn) unregister() {
	registry.Lock()
	defer registry.Unlock()
	if _, open := registry.conns[c]; open {
		delete(registry.conns, c)
		c.counts.addTo(&registry.closed)
	}
}

// Counts returns what c has done.
func (c *Conn) Counts() (n Counts) {
	c.counts.addTo(&n)
	return n
}

// TotalCounts returns what the connections of the process have done, and how many have been opened and are open.
func TotalCounts() (n Counts, opened, open int64) {
	registry.Lock()
	defer registry.Unlock()
	n = registry.closed
	for c := range registry.conns {
		c.counts.addTo(&n)
	}
	return n, registry.lastID, int64(len(registry.conns))
}

// Activities returns what the connections of the process are doing, in the order in which they were opened.
func Activities() []Activity {
	registry.Lock()
	conns := make([]*Conn, 0, len(registry.conns))
	for c := range registry.conns {
		conns = append(conns, c)
	}
	registry.Unlock()
	list := make([]Activity, len(conns))
	for i, c := range conns {
		list[i] = c.Activity()
	}
	slices.SortFunc(list, func(a, b Activity) int { return cmp.Compare(a.ID, b.ID) })
	return list
}

// Activity returns what c is doing. Unlike other methods it may be called by any goroutine at any time.
func (c *Conn) Activity() Activity {
	s := &c.state
	s.mu.Lock()
	defer s.mu.Unlock()
	a := Activity{
		ID: s.id, File: s.file, Reading: s.reading, Writing: s.writing, Idle: s.running == 0, Origin: s.origin,
		Waiting: time.Now().UnixNano() < c.counts.waitingUntil.Load(),
	}
	if s.running > 0 || s.transaction {
		a.Statement, a.Since = strings.ToUpper(s.word), s.since
	}
	return a
}

// SetOrigin records where in the program the transaction or the rows that come next are opened, unless they are within
// others whose place is recorded. It reports whether it has; then ClearOrigin must follow. Any goroutine may call both.
func (c *Conn) SetOrigin(origin Origin) bool {
	c.state.mu.Lock()
	defer c.state.mu.Unlock()
	if c.state.origin != nil {
		return false
	}
	c.state.origin = origin
	return true
}

// ClearOrigin forgets what SetOrigin has recorded.
func (c *Conn) ClearOrigin() {
	c.state.mu.Lock()
	defer c.state.mu.Unlock()
	c.state.origin = nil
}

// ID returns the number of the connection: it counts those that the process has opened.
func (c *Conn) ID() int64 { return c.state.id }

// File returns the path of the main database, "" if it is in memory or temporary.
func (c *Conn) File() string { return c.state.file }

// CountLeak counts rows or a transaction that were left open. Any goroutine may call it.
func (c *Conn) CountLeak() { c.counts.leaks.Add(1) }

// begin takes note that s takes its first step.
func (s *Stmt) begin() {
	if !s.running {
		s.beginAt(time.Now())
	}
}

func (s *Stmt) beginAt(now time.Time) {
	s.running = true
	s.rows, s.took = 0, 0
	if !s.readOnly { // whether it is in a transaction is not known here if the user has begun one on the bare connection
		s.before = s.c.db.TotalChanges()
	}
	s.c.counts.statements.Add(1)
	st := &s.c.state
	st.mu.Lock()
	defer st.mu.Unlock()
	st.word, st.since = s.word, now
	if st.running++; st.reading.IsZero() {
		st.reading = now
	}
	if s.readOnly {
		return
	}
	if st.writers++; st.writing.IsZero() {
		st.writing = now
	}
}

// end takes note that a run of s has come to its end, with err if it failed. It does nothing if s does not run.
func (s *Stmt) end(err error) {
	if !s.running {
		return
	}
	s.running = false
	if s.kind == control || !s.readOnly && s.kind == data {
		s.noteSteps()
	}
	if !s.readOnly && s.kind == data {
		if !errors.Is(err, sqlite3.INTERRUPT) { // which may have come before the first step
			s.c.counters.elsewhere = false
		}
	}
	s.spoiled = s.spoiled || spoils(err)
	if s.c.slow > 0 && s.took >= s.c.slow {
		s.logSlow(err)
	}
	st := &s.c.state
	// SQLite is asked as seldom as possible: a transaction ends by a statement that says so, or by an error.
	transaction := st.transaction
	if s.kind == control || s.kind == other || err != nil {
		transaction = !s.c.db.GetAutocommit()
	}
	if s.kind == other {
		s.c.noteEnded(s)
	}
	hasWritten := transaction && (st.hasWritten || !s.readOnly && s.c.db.TxnState("main") == sqlite3.TXN_WRITE)
	st.mu.Lock()
	defer st.mu.Unlock()
	st.running--
	if !s.readOnly {
		st.writers--
	}
	st.transaction, st.hasWritten = transaction, hasWritten
	st.settle()
}

// resume takes note that statements may have been run that were not seen.
func (st *state) resume(c *Conn) {
	c.cache.attached(c.db)
	transaction := !c.db.GetAutocommit()
	hasWritten := transaction && c.db.TxnState("main") == sqlite3.TXN_WRITE
	st.mu.Lock()
	defer st.mu.Unlock()
	st.transaction, st.hasWritten = transaction, hasWritten
	st.settle()
}

// settle gives up what the connection holds no longer.
func (st *state) settle() {
	if st.running == 0 && !st.transaction {
		st.reading = time.Time{}
	}
	if st.writers == 0 && !st.hasWritten {
		st.writing = time.Time{}
	}
	if st.transaction && st.running == 0 {
		st.since = time.Now()
	}
}

// startTimer returns the time if steps are timed.
func (c *Conn) startTimer() (start time.Time) {
	if c.slow > 0 {
		start = time.Now()
	}
	return start
}

func (c *Conn) sinceTimer(start time.Time) time.Duration {
	if start.IsZero() {
		return 0
	}
	return time.Since(start)
}

// logSlow reports a run that has taken long. Its arguments are not: they may be what nobody but the user may know.
func (s *Stmt) logSlow(err error) {
	s.c.counts.slow.Add(1)
	attrs := []slog.Attr{
		slog.Duration("took", s.took), slog.String("sql", s.sql), slog.Int("rows", s.rows),
		slog.String("file", s.c.state.file), slog.Int64("connection", s.c.state.id),
	}
	if err != nil {
		attrs = append(attrs, slog.Any("error", err))
	}
	slog.LogAttrs(context.Background(), slog.LevelWarn, "turso-coop: slow statement", attrs...)
}
