package ioengine

import "github.com/turso-coop/turso-coop/completion"

const (
	// aheadWorkers bounds the goroutines that pass hints on. They have a pool
	// of their own, because the kernel makes them wait while the device's
	// queue is full: nobody who waits for a result is to wait behind them.
	aheadWorkers = 4
	// maxAheadBytes is the most that is asked for in one call. Linux reads
	// only the beginning of a range that is longer than its own read-ahead.
	maxAheadBytes = 1 << 20
)

func (f *file) ReadCached(p []byte, offBytes int64) bool {
	if offBytes < 0 || f.cannotProbe.Load() || !f.acquire() {
		return false
	}
	defer f.release()
	f.e.stats.systemCalls.Add(1)
	return f.probe(p, offBytes) == len(p)
}

func (f *file) ReadAhead(c *completion.Completion, ranges []Range) {
	c.Begin(f.e)
	f.e.stats.taken[opReadAhead].Add(1)
	if !f.acquire() {
		c.Finish(0, ErrClosed)
		return
	}
	o := op{c: c, f: f, kind: opReadAhead, ranges: ranges}
	f.e.beginTrace(&o)
	f.e.ahead.submit([]op{o})
}

// readAhead passes a hint on, piece by piece, so that it need not delay who
// closes the file.
func (o *op) readAhead() {
	for _, r := range o.ranges {
		for off, end := max(r.OffBytes, 0), r.OffBytes+r.Bytes; off < end && !o.f.closed.Load(); off += maxAheadBytes {
			n := min(end-off, maxAheadBytes)
			sysReadAhead(o.f.fd, off, n)
			o.n += int(n)
			o.f.e.stats.rangesAhead.Add(1)
			o.f.e.stats.systemCalls.Add(1)
		}
	}
	o.f.e.stats.bytesAhead.Add(int64(o.n))
	o.finish(nil)
}
