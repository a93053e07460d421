package readahead

import "slices"

// A queue is the pages that a scan is expected to read, in that order. Pages
// are numbered from the beginning of the scan.
type queue struct {
	pages    []uint32 // pages[0] is number taken
	taken    int      // pages that were read, or passed over
	consumed int      // pages that were read
	leaf     []int32  // of each page that a leaf names, that leaf's number
	credit   int      // pages that may be looked at beside the next ones
}

// nextPages is how many of the next pages are looked at for each that is read.
const nextPages = 64

func (q *queue) push(page uint32) { q.pages = append(q.pages, page) }
func (q *queue) lead() int        { return len(q.pages) }
func (q *queue) end() int         { return q.taken + len(q.pages) }

// pushNamed is push for a page that a leaf names.
func (q *queue) pushNamed(page uint32, leaf int) {
	q.push(page)
	q.leaf = append(q.leaf, int32(leaf))
}

// pass takes out the pages that earlier leaves have named: what a scan has not
// read of them when it is at that leaf it had read before it was asked for.
func (q *queue) pass(leaf int) {
	n := 0
	for n < len(q.leaf) && int(q.leaf[n]) < leaf {
		n++
	}
	q.skip(n)
}

// takeFirst takes page out of the queue if it is the first.
func (q *queue) takeFirst(page uint32) bool {
	if len(q.pages) == 0 || q.pages[0] != page {
		return false
	}
	q.take(0)
	return true
}

// takeAny takes page and all before it out of the queue. It looks at the next
// pages only, unless so many reads were made since it looked at all that this
// costs little.
func (q *queue) takeAny(page uint32) bool {
	n := min(len(q.pages), nextPages)
	if q.credit += nextPages; q.credit > len(q.pages) {
		n, q.credit = len(q.pages), 0
	}
	i := slices.Index(q.pages[:n], page)
	if i >= 0 {
		q.take(i)
	}
	return i >= 0
}

func (q *queue) take(i int) {
	q.skip(i + 1)
	q.consumed++
}

func (q *queue) skip(n int) {
	q.pages = q.pages[n:] // append makes room again
	q.taken += n
	if q.leaf != nil {
		q.leaf = q.leaf[n:]
	}
}
