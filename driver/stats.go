package driver

import (
	"encoding/json"
	"time"

	"github.com/turso-coop/turso-coop/internal/conn"
	"github.com/turso-coop/turso-coop/vfs"
)

// Stats says what was done for a connection, see [Conn], or for all of the process, see [ReadStats].
type Stats struct {
	Statements     int64         // runs of statements
	SlowStatements int64         // runs that were logged as slow
	CacheHits      int64         // uses of a statement that was kept compiled
	CacheMisses    int64         // statements compiled that could have been kept
	LockWaits      int64         // times that a lock, or the turn to write, was waited for
	LockWait       time.Duration // how long that took, in nanoseconds in JSON
	TurnWaits      int64         // those that were for the turn: another connection of this process was writing
	TurnWait       time.Duration
	Leaks          int64 // rows and transactions that were reported as left open

	// Gather says which statements have shared a commit.
	Gather GatherStats

	// Files says what SQLite has asked of the files of the connection's VFS and what the engine below it has done, for
	// all connections of the process. It is nil if the database is not a file of ours, as one in memory, and in the
	// Stats of the process, in which there may be several VFSs.
	Files *vfs.Stats `json:",omitempty"`
}

// GatherStats says how many statements that write, each a transaction by itself, were run together with others that were
// waiting at the same time, and why the rest was not. A statement counts for the connection that has run it.
type GatherStats struct {
	Statements int64
	Groups     int64

	// Sizes counts the groups of 2 statements, of 3 and 4, of 5 to 8, and so on to those of more than 128.
	Sizes [8]int64

	// Alone counts the statements that were run by themselves, by the reason in words.
	Alone map[string]int64 `json:",omitempty"`
}

func newGatherStats(n conn.Counts) GatherStats {
	g := GatherStats{Statements: n.Gathered, Groups: n.Groups, Sizes: n.GroupSizes}
	for why, count := range n.Alone {
		if count > 0 {
			if g.Alone == nil {
				g.Alone = map[string]int64{}
			}
			g.Alone[conn.Alone(why).String()] = count
		}
	}
	return g
}

func newStats(n conn.Counts) Stats {
	return Stats{
		Statements:     n.Statements,
		SlowStatements: n.Slow,
		CacheHits:      n.CacheHits,
		CacheMisses:    n.CacheMisses,
		LockWaits:      n.LockWaits,
		LockWait:       n.LockWait,
		TurnWaits:      n.TurnWaits,
		TurnWait:       n.TurnWait,
		Gather:         newGatherStats(n),
		Leaks:          n.Leaks,
	}
}

// Stats implements Conn.
func (c *session) Stats() Stats {
	s := newStats(c.Counts())
	if c.Err() != nil {
		return s
	}
	if files, ok := vfs.StatsOf(c.Conn.Raw()); ok {
		s.Files = &files
	}
	return s
}

// ProcessStats says what the connections of the process have done and are doing.
type ProcessStats struct {
	Stats
	Opened int64 // connections so far
	Open   int64 // connections now

	// Reading says how the reads of files went, hits and misses of the page cache and what was read ahead, of all
	// connections so far.
	Reading vfs.Reading

	Connections []Activity
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

	// Reading is since when the connection reads a state of the database: others that write in WAL mode cannot use the
	// WAL again before it has finished, and in other modes they cannot commit. Writing is since when it writes, or waits
	// to. They are zero if it does not.
	Reading, Writing time.Time

	// Idle says that no statement runs. With Reading, the connection is in a transaction whose user does nothing.
	Idle bool

	// Waiting says that the connection waits for a lock.
	Waiting bool

	// Origin is the stack where the transaction or the rows were opened, if the DSN has _leaks.
	Origin string `json:",omitempty"`
}

// ReadStats returns what the connections of the process have done and are doing. It may be called concurrently; the
// numbers are not of one instant.
func ReadStats() ProcessStats {
	counts, opened, open := conn.TotalCounts()
	s := ProcessStats{Stats: newStats(counts), Opened: opened, Open: open, Reading: vfs.TotalReading()}
	for _, a := range conn.Activities() {
		s.Connections = append(s.Connections, Activity{
			ID: a.ID, File: a.File, Statement: a.Statement, Since: a.Since, Reading: a.Reading, Writing: a.Writing,
			Idle: a.Idle, Waiting: a.Waiting, Origin: a.Origin.String(),
		})
	}
	return s
}

// Var shows the result of [ReadStats] as JSON; it is an expvar.Var:
//
//	expvar.Publish("turso-coop", driver.Var{})
//
// This package does not import expvar itself, which would bring an HTTP handler into every program.
type Var struct{}

// String returns the result of ReadStats as a JSON object.
func (Var) String() string {
	text, _ := json.Marshal(ReadStats()) // numbers, times and texts
	return string(text)
}
