package ioengine

import (
	"cmp"
	"slices"
)

// A merged write is several writes that touch end to end, as one vectored
// write. It is one op whose parts are the writes in order of their offsets.
type merged struct {
	parts []op
	bufs  [][]byte
}

// mergeWrites makes one operation of each run of writes in batch that touch
// end to end, and returns what is left of batch. Operations in flight together
// have no order, so the batch may be reordered. The caller owns batch; the
// merged writes are recycled when they have finished.
func (e *engine) mergeWrites(batch []op) []op {
	if !slices.ContainsFunc(batch[:len(batch)-1], func(o op) bool { return o.kind == opWrite }) {
		return batch // at most the last is a write
	}
	slices.SortStableFunc(batch, func(a, b op) int {
		switch {
		case a.kind != b.kind:
			return cmp.Compare(a.kind, b.kind)
		case a.f != b.f:
			return cmp.Compare(a.f.serial, b.f.serial)
		}
		return cmp.Compare(a.off, b.off)
	})
	kept := batch[:0]
	for i := 0; i < len(batch); {
		run, end := 1, batch[i].off+int64(batch[i].size())
		for batch[i].kind == opWrite && i+run < len(batch) && touches(&batch[i], &batch[i+run], end) {
			end += int64(batch[i+run].size())
			run++
		}
		if run > 1 {
			kept = append(kept, e.merge(batch[i:i+run]))
		} else {
			kept = append(kept, batch[i])
		}
		i += run
	}
	clear(batch[len(kept):])
	return kept
}

// touches reports whether next is a write that begins where a run of writes
// that begins with first ends. A run stays within what one call can move.
func touches(first, next *op, end int64) bool {
	return next.kind == opWrite && next.f == first.f && next.off == end &&
		end-first.off+int64(next.size()) <= maxMergedBytes
}

const maxMergedBytes = 1 << 30

func (e *engine) merge(parts []op) op {
	e.stats.mergedWrites.Add(int64(len(parts) - 1))
	m, _ := e.recycled.Get().(*merged)
	if m == nil {
		m = new(merged)
	}
	m.parts = append(m.parts, parts...)
	for i := range parts {
		if parts[i].bufs != nil {
			m.bufs = append(m.bufs, parts[i].bufs...)
		} else {
			m.bufs = append(m.bufs, parts[i].buf)
		}
	}
	return op{f: parts[0].f, kind: opWrite, bufs: m.bufs, off: parts[0].off, merged: m}
}

// finish finishes the parts of a merged write of which n bytes were
// written before err.
func (m *merged) finish(n int, err error) {
	e := m.parts[0].f.e
	for i := range m.parts {
		part := &m.parts[i]
		size := part.size()
		part.n = min(n, size)
		n -= part.n
		if part.n == size {
			part.finish(nil)
		} else {
			part.finish(err)
		}
	}
	clear(m.parts)
	clear(m.bufs)
	m.parts, m.bufs = m.parts[:0], m.bufs[:0]
	e.recycled.Put(m)
}
