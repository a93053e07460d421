package vfs

import (
	"sync"
	"sync/atomic"

	"github.com/ncruces/go-sqlite3"

	"github.com/turso-coop/turso-coop/ioengine"
	"github.com/turso-coop/turso-coop/vfs/readahead"
)

// Stats says what SQLite has asked of the files of one VFS, by all
// connections since the process started, and what the engine has done, which
// several VFSs may share. Each of these calls is one operation of the engine,
// with two exceptions: a journal's first sync is two, because its directory is
// synced as well, and writes that waited for each other, those of a commit (see
// [CommitWindow]) or of a checkpoint, are one.
type Stats struct {
	Reads, Writes, Syncs, Truncates, Allocates int64

	Held    int64 // of Writes, those that waited
	Flushes int64 // what was made of them

	Reading Reading
	Engine  ioengine.Stats
}

// Reading says how reads went, and what was read ahead of scans.
type Reading struct {
	Hits   int64 // reads that the page cache answered at once
	Misses int64 // reads that had to wait

	// Bytes read ahead: asked for, then used, or not used before the scan was
	// over. The rest is still ahead of a scan.
	AheadBytes, UsedBytes, WastedBytes int64
}

// calls are the live counts behind Stats.
type calls struct {
	writes, syncs, truncates, allocates, held, flushes atomic.Int64

	hits, misses atomic.Int64 // reads
	ahead        readahead.Counts
}

func (n *calls) reading() Reading {
	return Reading{
		Hits:        n.hits.Load(),
		Misses:      n.misses.Load(),
		AheadBytes:  n.ahead.Issued.Load(),
		UsedBytes:   n.ahead.Used.Load(),
		WastedBytes: n.ahead.Wasted.Load(),
	}
}

// registered are the counts of all VFSs of this package.
var registered struct {
	sync.Mutex
	calls []*calls
}

// TotalReading says how the reads of all VFSs of this package went. It may be
// called concurrently.
func TotalReading() Reading {
	registered.Lock()
	defer registered.Unlock()
	var total Reading
	for _, n := range registered.calls {
		r := n.reading()
		total.Hits += r.Hits
		total.Misses += r.Misses
		total.AheadBytes += r.AheadBytes
		total.UsedBytes += r.UsedBytes
		total.WastedBytes += r.WastedBytes
	}
	return total
}

// StatsOf returns the statistics of the VFS that c's main database belongs to;
// ok is false if that is not one of ours, as for an in-memory database.
func StatsOf(c *sqlite3.Conn) (s Stats, ok bool) {
	main, ok := mainFile(c)
	if !ok {
		return Stats{}, false
	}
	n := main.calls
	reading := n.reading()
	return Stats{
		Reads:     reading.Hits + reading.Misses,
		Writes:    n.writes.Load(),
		Syncs:     n.syncs.Load(),
		Truncates: n.truncates.Load(),
		Allocates: n.allocates.Load(),
		Held:      n.held.Load(),
		Flushes:   n.flushes.Load(),

		Reading: reading,
		Engine:  main.engine.Stats(),
	}, true
}
