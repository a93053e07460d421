package readahead

import "math/bits"

const (
	// childrenMax bounds the memory of a file's known nodes: a child takes up
	// to 28 bytes, so that this is less than 4 MiB.
	childrenMax = 1 << 17
	nodesMax    = 1 << 15
	depthMax    = 20 // SQLite's own limit (BTCURSOR_MAX_DEPTH)
)

// nodes are the interior pages that are known, by their number and by their
// children's. When they have become too many all are forgotten: those that are
// still of use will be seen again.
type nodes struct {
	byPage   map[uint32]*node
	list     []*node
	slots    []slot // hash table of the children of list[:hashed], open addressing
	hashed   int
	children int // of all nodes
}

// A slot says that child is the i-th of list[node].
type slot struct {
	child   uint32
	node, i uint16
}

func (t *nodes) slot(child uint32) int {
	shift := 32 - bits.Len32(uint32(len(t.slots)-1))
	i := int(child * 0x9e3779b1 >> shift) // Fibonacci hashing
	for t.slots[i].child != 0 && t.slots[i].child != child {
		i = (i + 1) & (len(t.slots) - 1)
	}
	return i
}

// parent finds the node that has page as its i-th child, nil if none is known.
func (t *nodes) parent(page uint32) (n *node, i int) {
	if t.hash(); len(t.slots) == 0 {
		return nil, 0
	}
	s := t.slots[t.slot(page)]
	if s.child == 0 {
		return nil, 0
	}
	return t.list[s.node], int(s.i)
}

// add makes n known and returns it.
func (t *nodes) add(n *node) *node {
	if t.children+len(n.children) > childrenMax || len(t.list) == nodesMax {
		*t = nodes{}
	}
	if t.byPage == nil {
		t.byPage = map[uint32]*node{}
	}
	t.byPage[n.page] = n
	t.list = append(t.list, n)
	t.children += len(n.children)
	return n
}

// hash makes the children of all nodes known to parent. It is left until then,
// because as long as nobody asks it is most of the work.
func (t *nodes) hash() {
	if t.hashed == len(t.list) {
		return
	}
	t.grow()
	for ; t.hashed < len(t.list); t.hashed++ {
		for i, child := range t.list[t.hashed].children {
			t.slots[t.slot(child)] = slot{child, uint16(t.hashed), uint16(i)}
		}
	}
}

// grow keeps the hash table at most half full.
func (t *nodes) grow() {
	size := max(1024, len(t.slots))
	for size < 2*t.children {
		size *= 2
	}
	if size == len(t.slots) {
		return
	}
	old := t.slots
	t.slots = make([]slot, size)
	for _, s := range old {
		if s.child != 0 {
			t.slots[t.slot(s.child)] = s
		}
	}
}
