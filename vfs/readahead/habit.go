package readahead

import "slices"

// A habit is what the last scans of a kind were like: how far the next ones are
// read ahead of depends on that.
type habit struct {
	// halvings is how often the windows are halved, because scans have ended
	// early.
	halvings       int
	issued, wasted int // pages, since that was thought over

	lengths [4]int // of the last scans, in pages
	scans   int
}

const (
	halvingsMax = 5
	// No more than lengthsAtOnce pages, or lengthsTrust times as many as it has
	// read, are asked for ahead of a scan because others were so long: it may be
	// the first that is not.
	lengthsAtOnce = 64
	lengthsTrust  = 4
	// overrunMax is how far a scan may go on behind the usual length until it is
	// taken for one without its like.
	overrunMax = 32
)

// learn takes note of a scan that is over.
func (h *habit) learn(length, issued, wasted int) {
	if length > 0 {
		h.lengths[h.scans%len(h.lengths)] = length
		h.scans++
	}
	h.issued, h.wasted = h.issued+issued, h.wasted+wasted
	switch {
	case h.issued < 32:
		return
	case h.wasted*2 > h.issued:
		h.halvings = min(h.halvings+2, halvingsMax)
	case h.wasted*6 > h.issued:
		h.halvings = min(h.halvings+1, halvingsMax)
	case h.wasted*24 < h.issued:
		h.halvings = max(h.halvings-1, 0)
	}
	h.issued, h.wasted = 0, 0
}

// window is how far a scan is read ahead of that has read so many pages, and would
// be read ahead of by window without its like. Programs ask the same thing again
// and again, a page of a list or a day of a log: a scan is expected to become as
// long as the shortest of the last, and to end there if all were about as long.
func (h *habit) window(window, read int) int {
	if h.scans < len(h.lengths) {
		return window
	}
	shortest, longest := slices.Min(h.lengths[:]), slices.Max(h.lengths[:])
	most := max(lengthsAtOnce, lengthsTrust*read)
	usual, few := (shortest+longest)/2, longest/8
	if longest <= shortest+few && read <= usual+min(few, overrunMax) {
		return max(min(usual-read, most), 1) // so that it is seen to go on
	}
	return max(window, min(shortest-read, most))
}
