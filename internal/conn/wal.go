package conn

import (
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// walWatch is what a connection is told of its WAL.
type walWatch struct {
	refuseNetwork bool
	grown         int64 // the size of the WAL in bytes, if it is to be reported
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

// reportWAL says which reader keeps the WAL from being begun anew, if one of this process does, when the WAL has grown in
// the call that returns now. A WAL that one transaction has made long needs no report, and one that a reader of another
// process keeps long cannot be told from it.
func (c *Conn) reportWAL() {
	size := c.wal.grown
	if size == 0 {
		return
	}
	c.wal.grown = 0
	a, ok := c.oldestReader()
	if !ok {
		return
	}
	slog.Warn("turso-coop: the WAL cannot be reused while a connection reads an old state of the database",
		"file", c.state.file, "bytes", size, "reader", a.String(), "connection", a.ID, "since", a.Reading)
}

// oldestReader returns the other connection to c's database in this process that has been reading for longest, if it began
// before c did.
func (c *Conn) oldestReader() (oldest Activity, ok bool) {
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
