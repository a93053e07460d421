package vfs

import (
	"sync/atomic"

	"github.com/ncruces/go-sqlite3"

	"github.com/turso-coop/turso-coop/ioengine"
	"github.com/turso-coop/turso-coop/vfs/readahead"
)

// Stats says what SQLite has asked of the files of one VFS, by all
// connections since the process started, and what the engine has done, which
// several VFSs may share. Each of these calls is one operation of the engine,
// except that a journal's first sync is two: its directory is synced as well.
type Stats struct {
	Reads, Writes, Syncs, Truncates, Allocates int64

	// ReadMisses are the reads that had to wait because the page cache did not
	// have all of the page; the others were answered at once.
	ReadMisses int64
	// What was read ahead of scans, in bytes: asked for, used since, and not
	// used before the scan was over. The rest is still ahead of a scan.
	ReadAheadBytes, ReadAheadUsedBytes, ReadAheadWastedBytes int64

	Engine ioengine.Stats
}

// calls are the live counts behind Stats.
type calls struct {
	reads, writes, syncs, truncates, allocates atomic.Int64

	misses atomic.Int64
	ahead  readahead.Counts
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

		ReadMisses:           n.misses.Load(),
		ReadAheadBytes:       n.ahead.Issued.Load(),
		ReadAheadUsedBytes:   n.ahead.Used.Load(),
		ReadAheadWastedBytes: n.ahead.Wasted.Load(),

		Engine: main.engine.Stats(),
	}, true
}
