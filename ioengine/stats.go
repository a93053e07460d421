package ioengine

import (
	"encoding/json"
	"math/bits"
	"sync/atomic"
)

// Stats counts what an engine has done since it was opened. The counts are
// taken one after the other, so under load they need not add up exactly.
type Stats struct {
	Engine Kind   // the mechanism in use, Uring or Pool
	Reason string // why this one

	Reads, Writes, Syncs, Truncates, Allocates int64 // operations taken
	ReadAheads, RangesAhead, BytesAhead        int64 // hints to read ahead, the ranges in them that were passed on, and their size
	BytesRead, BytesWritten                    int64 // bytes moved by finished operations

	InlineHits int64 // reads that the page cache answered at once, without waiting
	Direct     int64 // operations that their waiter carried out itself
	Batches    int64 // times that queued operations were submitted together
	Batched    int64 // operations in those batches
	// BatchSizes counts batches of up to 1, 2, 4, 8, 16, 32, 64 and 128
	// operations, and in its last element the larger ones.
	BatchSizes   [9]int64
	MergedWrites int64 // writes that went along with one that they touch
	SharedSyncs  int64 // syncs answered by somebody else's
	Canceled     int64 // operations that Cancel stopped in time
	Fallbacks    int64 // ring operations finished by ordinary system calls
	Parks        int64 // times that a waiter went to sleep
	SystemCalls  int64 // system calls made for operations
}

// Operations is the number of all operations taken. Hints are none.
func (s Stats) Operations() int64 {
	return s.Reads + s.Writes + s.Syncs + s.Truncates + s.Allocates
}

// counters are the live counts behind Stats.
type counters struct {
	taken                   [opKinds]atomic.Int64
	bytesRead, bytesWritten atomic.Int64
	rangesAhead, bytesAhead atomic.Int64
	inlineHits, direct      atomic.Int64
	alone                   atomic.Int64
	batches, batched        atomic.Int64
	batchSizes              [9]atomic.Int64
	mergedWrites            atomic.Int64
	sharedSyncs, canceled   atomic.Int64
	fallbacks, parks        atomic.Int64
	systemCalls             atomic.Int64
}

func (c *counters) snapshot() Stats {
	s := Stats{
		Reads:        c.taken[opRead].Load() + c.inlineHits.Load() + c.alone.Load(),
		Writes:       c.taken[opWrite].Load(),
		Syncs:        c.taken[opSync].Load(),
		Truncates:    c.taken[opTruncate].Load(),
		Allocates:    c.taken[opAllocate].Load(),
		ReadAheads:   c.taken[opReadAhead].Load(),
		RangesAhead:  c.rangesAhead.Load(),
		BytesAhead:   c.bytesAhead.Load(),
		BytesRead:    c.bytesRead.Load(),
		BytesWritten: c.bytesWritten.Load(),
		InlineHits:   c.inlineHits.Load(),
		Direct:       c.direct.Load() + c.alone.Load(),
		Batches:      c.batches.Load(),
		Batched:      c.batched.Load(),
		MergedWrites: c.mergedWrites.Load(),
		SharedSyncs:  c.sharedSyncs.Load(),
		Canceled:     c.canceled.Load(),
		Fallbacks:    c.fallbacks.Load(),
		Parks:        c.parks.Load(),
		SystemCalls:  c.systemCalls.Load() + c.inlineHits.Load() + c.alone.Load(),
	}
	for i := range s.BatchSizes {
		s.BatchSizes[i] = c.batchSizes[i].Load()
	}
	return s
}

func (c *counters) countBatch(n int) {
	c.batches.Add(1)
	c.batched.Add(int64(n))
	c.batchSizes[min(bits.Len(uint(n-1)), len(c.batchSizes)-1)].Add(1)
}

// Var shows an engine's Stats as JSON; it is an expvar.Var:
//
//	expvar.Publish("ioengine", ioengine.Var{Engine: e})
//
// This package does not import expvar itself, which would bring an HTTP
// handler into every program.
type Var struct{ Engine Engine }

// String returns the Stats as a JSON object.
func (v Var) String() string {
	text, _ := json.Marshal(v.Engine.Stats()) // numbers and strings
	return string(text)
}
