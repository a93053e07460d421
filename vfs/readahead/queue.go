package readahead

// A queue is the pages that a scan is expected to read, in that order. Pages
// are numbered from the beginning of the scan.
type queue struct {
	pages    []uint32 // pages[0] is number taken
	taken    int      // pages that were read, or passed over
	consumed int      // pages that were read
}

func (q *queue) push(page uint32) { q.pages = append(q.pages, page) }
func (q *queue) lead() int        { return len(q.pages) }
func (q *queue) end() int         { return q.taken + len(q.pages) }

// take takes page and all before it out of the queue. Only the first place is
// looked at, unless the page is known to be anywhere.
func (q *queue) take(page uint32, anywhere bool) bool {
	for i, p := range q.pages {
		if p == page {
			q.pages = q.pages[i+1:] // append makes room again
			q.taken += i + 1
			q.consumed++
			return true
		}
		if !anywhere {
			return false
		}
	}
	return false
}
