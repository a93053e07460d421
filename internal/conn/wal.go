package conn

import (
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"
)

// walWatch is what a connection is told of its WAL.
type walWatch struct {
	refuseNetwork bool
	grown         int64    // the size of the WAL in bytes, if it has grown conspicuously in the call under way
	blocked       bool     // a checkpoint in the call under way could not be made
	reported      Activity // the reader that was reported for that last
}

// warned holds the files of which a warning has been logged: one for each is enough.
var warned sync.Map

// WALOnNetwork implements vfs.Owner.
func (w *walWatch) WALOnNetwork(path, fileSystem string) error {
	if w.refuseNetwork {
		return fmt.Errorf("%s is on a network file system (%s), where WAL mode loses data if two machines use the database: "+
			"use another journal mode (a file that is in WAL mode already leaves it on a local disk)", path, fileSystem)
	}
	if _, again := warned.LoadOrStore(path, true); !again {
		slog.Warn("turso-coop: database in WAL mode on a network file system, which loses data if two machines use it",
			"file", path, "filesystem", fileSystem)
	}
	return nil
}

// WALGrew implements vfs.Owner.
func (w *walWatch) WALGrew(size int64) { w.grown = size }

// noteCheckpoint looks at the row of a PRAGMA wal_checkpoint, which begins with whether others were in the way. A passive
// checkpoint leaves pages behind while anybody reads, which is no reason to worry.
// https://sqlite.org/pragma.html#pragma_wal_checkpoint
func (s *Stmt) noteCheckpoint() { s.c.wal.blocked = s.s.ColumnInt64(0) != 0 }

// isCheckpoint reports whether sql, which begins with word, makes a checkpoint.
func isCheckpoint(sql, word string) bool {
	return strings.EqualFold(word, "PRAGMA") && strings.Contains(strings.ToLower(sql), "wal_checkpoint")
}

// reportWAL says which reader keeps the WAL from being used again, if one of this process does, when the WAL has grown, or
// a checkpoint could not be made, in the call that returns now; for checkpoints once for each reader. A WAL that one transaction has made long needs no report,
// and one that a reader of another process keeps long cannot be told from it.
func (c *Conn) reportWAL() {
	if c.wal.grown == 0 && !c.wal.blocked {
		return
	}
	size := c.wal.grown
	c.wal.grown, c.wal.blocked = 0, false
	a, ok := c.OldestReader()
	if !ok || size == 0 && a.ID == c.wal.reported.ID && a.Reading.Equal(c.wal.reported.Reading) {
		return
	}
	c.wal.reported = a
	attrs := []any{"file", c.state.file, "reader", a.String(), "connection", a.ID, "since", a.Reading}
	if size > 0 {
		attrs = append(attrs, "bytes", size)
	}
	slog.Warn("turso-coop: the WAL cannot be used again while a connection reads an old state of the database", attrs...)
}

// OldestReader returns the other connection to c's database in this process that has been reading for longest, if it began
// before c did.
func (c *Conn) OldestReader() (oldest Activity, ok bool) {
	before := time.Now()
	if !c.state.reading.IsZero() {
		before = c.state.reading
	}
	for _, a := range Activities() {
		if a.ID != c.state.id && a.File == c.state.file && !a.Reading.IsZero() && a.Reading.Before(before) {
			oldest, ok, before = a, true, a.Reading
		}
	}
	return oldest, ok
}
