package vfs

import "sync"

// held is what a file holds back: writes that follow one another, to be made
// by one call.
type held struct {
	buf   []byte // copies: SQLite's memory may be used again or moved after the write
	owner *[]byte
	start int64 // of buf in the file, in bytes
}

// keptBytes is the size from which a buffer is not used again.
const keptBytes = 1 << 20

// heldBuffers are free buffers (*[]byte): as many are in use as there are
// databases that are written to at the same time.
var heldBuffers = sync.Pool{New: func() any { return new([]byte) }}

// any reports whether something is held back.
func (h *held) any() bool { return h.owner != nil }

func (h *held) end() int64 { return h.start + int64(len(h.buf)) }

// overlaps reports whether some of n bytes at off are held back.
func (h *held) overlaps(off int64, n int) bool {
	return h.any() && off < h.end() && off+int64(n) > h.start
}

// put takes a copy of what is written at off, which is where the rest ends.
func (h *held) put(p []byte, off int64) {
	if !h.any() {
		h.owner = heldBuffers.Get().(*[]byte)
		h.buf, h.start = (*h.owner)[:0], off
	}
	h.buf = append(h.buf, p...)
}

// drop forgets what is held back.
func (h *held) drop() {
	if h.any() && cap(h.buf) <= keptBytes {
		*h.owner = h.buf[:0]
		heldBuffers.Put(h.owner)
	}
	h.buf, h.owner = nil, nil
}
