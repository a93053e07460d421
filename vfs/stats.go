package vfs

import (
	"sync/atomic"

	"github.com/ncruces/go-sqlite3"

	"github.com/turso-coop/turso-coop/ioengine"
)

// Stats says what SQLite has asked of the files of one VFS, by all
// connections since the process started, and what the engine has done, which
// several VFSs may share. Each of these calls is one operation of the engine,
// with two exceptions: a journal's first sync is two, because its directory is
// synced as well, and of the writes that waited for each other (see
// [CommitWindow]) each flush is one.
type Stats struct {
	Reads, Writes, Syncs, Truncates, Allocates int64

	Flushes int64

	Engine ioengine.Stats
}

// calls are the live counts behind Stats.
type calls struct {
	reads, writes, syncs, truncates, allocates, flushes atomic.Int64
}

// StatsOf returns the statistics of the VFS that c's main database belongs to;
// ok is false if that is not one of ours, as for an in-memory database.
func StatsOf(c *sqlite3.Conn) (s Stats, ok bool) {
	main, ok := mainFile(c)
	if !ok {
		return Stats{}, false
	}
	n := main.calls
	return Stats{
		Reads:     n.reads.Load(),
		Writes:    n.writes.Load(),
		Syncs:     n.syncs.Load(),
		Truncates: n.truncates.Load(),
		Allocates: n.allocates.Load(),
		Flushes:   n.flushes.Load(),
		Engine:    main.engine.Stats(),
	}, true
}
