package readahead

import (
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/turso-coop/turso-coop/ioengine"
)

// memory is a file all of which is in the page cache but for one page, and which
// counts what is asked for.
type memory struct {
	content []byte
	asked   int
	looked  int
	absent  uint32
}

func (m *memory) ReadCached(p []byte, off int64) bool {
	m.looked++
	return off >= 0 && (m.absent == 0 || off/512 != int64(m.absent-1)) && off+int64(len(p)) <= int64(len(m.content)) && copy(p, m.content[off:]) == len(p)
}
func (m *memory) Busy() bool                        { return false }
func (m *memory) ReadAhead(ranges []ioengine.Range) { m.asked += len(ranges) }
func (m *memory) Size() (int64, error)              { return int64(len(m.content)), nil }

func newTestWatch(pages int) (*watch, *memory) {
	m := &memory{content: make([]byte, pages*512)}
	d := New(m, new(Counts))
	d.hasFormat, d.format = true, format{pageBytes: 512, usableBytes: 512}
	return d.newWatch(512), m
}

// P3: the tree of a corrupt file may lead back to itself. The frontier comes to
// an end all the same.
func TestP3FrontierEnds(t *testing.T) {
	const pages = 1000
	w, _ := newTestWatch(pages)
	// Each node is a child of all others.
	for page := uint32(2); page < 10; page++ {
		n := &node{page: page, last: -1}
		for child := uint32(2); child < 10; child++ {
			n.children = append(n.children, child)
		}
		w.nodes.add(n)
	}
	n := w.nodes.byPage[2]
	for _, dir := range []int{1, -1} {
		s := w.newScan(n, 2, 2, dir)
		if len(s.path) != depthMax {
			t.Fatalf("a path of %d steps", len(s.path))
		}
		given := 0
		for {
			if _, p := w.next(s); p != going {
				break
			}
			if given++; given > pages {
				t.Fatalf("more leaves than pages of the file, in direction %d", dir)
			}
		}
	}
}

// A scan may jump over leaves that have not been looked into, up to the last
// that was given.
func TestScanJumpsOverLeaves(t *testing.T) {
	w, _ := newTestWatch(100)
	n := w.nodes.add(&node{page: 2, table: true, children: []uint32{10, 11, 12, 13}, last: -1})
	s := w.newScan(n, 1, 1, 1)
	s.kind = overflow
	s.leaves.push(12)
	s.leaves.push(13)
	if !s.leaves.takeAny(13) {
		t.Fatal("the leaf is not expected")
	}
	w.follow(s)
	if len(s.items) != 0 || s.looked != s.leaves.end() {
		t.Errorf("%d items, looked into %d of %d leaves", len(s.items), s.looked, s.leaves.end())
	}
}

// A scan that has come to the next node before its frontier could go there is
// the same scan.
func TestScanOvertakesItsFrontier(t *testing.T) {
	w, _ := newTestWatch(100)
	w.nodes.add(&node{page: 2, children: []uint32{3, 4, 5}, last: -1})
	a := w.nodes.add(&node{page: 3, children: []uint32{10, 11, 12, 13}, last: -1})
	b := w.nodes.add(&node{page: 4, children: []uint32{20, 21, 22, 23}, last: -1})
	w.begin(a, 3, 1, 1)
	w.begin(b, 1, 1, 1)
	if len(w.scans) != 1 || w.scans[0].path[0] != (step{b, 1}) || w.scans[0].path[1].i != 1 {
		t.Errorf("%d scans, the first is at %+v", len(w.scans), w.scans[0].path)
	}
	if w.begin(a, 2, 1, 1); len(w.scans) != 2 {
		t.Errorf("%d scans: one does not go back", len(w.scans))
	}
	if page, p := w.next(w.scans[0]); p != going || page != 22 {
		t.Errorf("the next leaf is %d, %v", page, p)
	}
}

// What a leaf names may have been read before it was asked for. A scan that has
// come to a later leaf does not wait to see it read.
func TestPagesThatWerePassedAreForgotten(t *testing.T) {
	w, m := newTestWatch(100)
	n := w.nodes.add(&node{page: 2, table: true, children: []uint32{10, 11, 12, 13}, last: -1})
	s := w.newScan(n, 1, 1, 1)
	s.kind = overflow
	for leaf := range 3 {
		for i := range 8 {
			s.pages.pushNamed(uint32(20+10*leaf+i), leaf)
		}
	}
	s.leaves.taken = 3
	w.arrived(s, m.content[:512])
	if s.pages.lead() != 8 || !s.pages.takeFirst(40) || s.pages.taken != 17 || s.pages.consumed != 1 {
		t.Errorf("%+v", s.pages)
	}
	s.leaves.taken = 4
	if w.arrived(s, m.content[:512]); s.pages.lead() != 0 {
		t.Errorf("%+v", s.pages)
	}
}

// A table is asked for as a whole when its interior pages have arrived, or have not
// for long: one that cannot be read does not keep the others from being used.
func TestSweepWaitsForNodes(t *testing.T) {
	w, m := newTestWatch(100)
	root := w.nodes.add(&node{page: 2, table: true, children: []uint32{3, 4, 5}, last: -1})
	w.nodes.add(&node{page: 3, table: true, children: []uint32{10, 30, 50}, last: -1})
	w.nodes.add(&node{page: 5, table: true, children: []uint32{20, 40, 60}, last: -1})
	m.absent = 4
	index := w.nodes.add(&node{page: 7, children: []uint32{70, 71, 72}, last: -1})
	s := w.newScan(index, 1, 1, 1)
	s.kind, s.table, s.depth = rows, root, 2
	if w.sweeps(s, 1) {
		t.Fatal("swept for the sake of rows that are not known to be scattered")
	}
	if s.scattered = true; w.sweeps(s, 1) || !w.sweeps(s, 2) {
		t.Fatal("2 of about 9 leaves are more than a sixth, 1 is not")
	}
	s.sweeping, s.key = false, &record{}
	s.pages.consumed = 2
	if w.sweeps(s, 2) {
		t.Fatal("swept for the rows of a key that has had 2 of 9 leaves")
	}
	if s.pages.consumed = 3; !w.sweeps(s, 2) {
		t.Fatal("not swept for the rows of a key that has had 3 of 9 leaves")
	}
	tries := 0
	for ; s.kind == rows && tries < 2*sweepTries; tries++ {
		w.sweep(s)
		if s.kind == rows && !slices.Equal(w.batch, []uint32{4}) {
			t.Fatalf("asked for %v in try %d", w.batch, tries)
		}
	}
	if tries != sweepTries || !slices.Equal(w.batch, []uint32{4, 10, 30, 50, 20, 40, 60}) {
		t.Errorf("asked for %v in try %d", w.batch, tries)
	}
}

// Whether a table is to be asked for as a whole is found out by looking at all its
// interior pages: only when more is to be asked for, not in each read.
func TestSweepIsConsideredWhenThereIsNeed(t *testing.T) {
	w, _ := newTestWatch(100)
	root := w.nodes.add(&node{page: 2, table: true, children: []uint32{20, 40, 60}, keys: []int64{1, 2}, last: -1})
	index := w.nodes.add(&node{page: 7, children: []uint32{70, 71, 72}, last: -1})
	s := w.newScan(index, 1, 1, 1)
	s.kind, s.table, s.depth, s.scattered = rows, root, 1, true
	for page := range uint32(rowsMin) {
		s.pages.pushNamed(80+page, 0)
	}
	if w.follow(s); s.sweeping {
		t.Error("looked at the table though enough has been asked for")
	}
	s.pages.skip(rowsMin)
	if w.follow(s); !slices.Equal(w.batch, root.children) {
		t.Errorf("asked for %v", w.batch)
	}
}

// P3: chains that go round and round, or have been asked for, are followed a little
// in each read.
func TestP3ChainsHaveNoEnd(t *testing.T) {
	const pages = 1 << 13
	for _, bent := range []int{0, 1} {
		w, m := newTestWatch(pages)
		for page, next := range map[uint32]uint32{20: 31, 31: 20} {
			binary.BigEndian.PutUint32(m.content[(page-1)*512:], next)
		}
		n := w.nodes.add(&node{page: 2, table: true, children: []uint32{10, 11, 12, 13}, last: -1})
		s := w.newScan(n, 1, 1, 1)
		s.kind, s.bent, s.leaves.consumed = overflow, bent, 2000
		for page := range uint32(pages) {
			s.seen.add(page)
		}
		for range 10 {
			s.items = append(s.items, item{leaf: 5, first: 20, pages: pages})
		}
		for reads := range 10 {
			m.looked = 0
			if w.follow(s); m.looked > linksPerRead {
				t.Fatalf("followed %d links in a read", m.looked)
			}
			if reads == 0 && len(s.chains) == 0 && len(s.items) < 8 {
				t.Fatalf("all but %d of 10 chains were considered in a read", len(s.items))
			}
		}
		if bent == 0 && len(s.items) > 0 || bent == 1 && (s.walked == 0 || s.walked < len(s.chains)) {
			t.Errorf("%d of %d chains, %d items are left", s.walked, len(s.chains), len(s.items))
		}
	}
}

// The pages of a chain that are no neighbours are asked for one after the other,
// each once, also if the chain leads back to itself or out of the file.
func TestChainsAreWalked(t *testing.T) {
	for _, test := range []struct {
		links map[uint32]uint32
		want  []uint32
	}{
		{map[uint32]uint32{20: 31, 31: 25, 25: 60}, []uint32{20, 31, 25, 60}},
		{map[uint32]uint32{20: 31, 31: 20}, []uint32{20, 31}},
		{map[uint32]uint32{20: 101}, []uint32{20}},
		{map[uint32]uint32{20: 0}, []uint32{20}},
	} {
		w, m := newTestWatch(100)
		for page, next := range test.links {
			binary.BigEndian.PutUint32(m.content[(page-1)*512:], next)
		}
		n := w.nodes.add(&node{page: 2, table: true, children: []uint32{10, 11, 12, 13}, last: -1})
		s := w.newScan(n, 1, 1, 1)
		s.kind, s.bent = overflow, 1
		s.items = []item{{leaf: 5, first: 20, pages: 4}}
		var got []uint32
		for range 10 {
			w.follow(s)
			got = append(got, w.batch...)
			w.batch = w.batch[:0]
		}
		if !slices.Equal(got, test.want) || s.chained != 4 || s.walked != 0 && s.chains[0].left > 0 {
			t.Errorf("%v: asked for %v, %+v", test.links, got, s.chains)
		}
		if s.passChains(6); s.chained != 0 || len(s.chains) != 0 {
			t.Errorf("%d pages are left of %+v", s.chained, s.chains)
		}
	}
}

// P3: what was to be asked for when the file became shorter is not.
func TestP3FileBecomesShorter(t *testing.T) {
	w, m := newTestWatch(100)
	n := w.nodes.add(&node{page: 2, table: true, children: []uint32{10, 11, 12, 13}, last: -1})
	s := w.newScan(n, 1, 1, 1)
	for _, test := range []struct{ pages, asked int }{{60, 2}, {50, 1}, {49, 0}, {0, 0}} {
		s.seen, m.asked = pageSet{}, 0
		m.content = m.content[:100*512]
		w.refresh()
		for _, page := range []uint32{60, 99, 50} {
			w.want(s, page)
		}
		m.content = m.content[:test.pages*512]
		if w.flush(s); m.asked != test.asked || len(w.batch) > 0 {
			t.Errorf("of %d pages: asked for %d ranges, %v left", test.pages, m.asked, w.batch)
		}
	}
}

// What is known of a file, and what is asked for, is bounded.
func TestMemoryIsBounded(t *testing.T) {
	w, _ := newTestWatch(1 << 20)
	for i := range uint32(10_000) {
		n := &node{page: 1 + i, last: -1}
		for j := range uint32(100) {
			n.children = append(n.children, i*100+j+2)
		}
		w.nodes.add(n)
		if w.nodes.children > childrenMax || len(w.nodes.slots) > 2*childrenMax || len(w.nodes.list) > nodesMax {
			t.Fatalf("%d children in %d slots of %d nodes", w.nodes.children, len(w.nodes.slots), len(w.nodes.list))
		}
	}
	if n, i := w.nodes.parent(9_999*100 + 2 + 7); n == nil || n.page != 10_000 || i != 7 {
		t.Errorf("the parent is %v, %d", n, i)
	}
	var s pageSet
	for page := uint32(0); page < 1<<31; page += chunkPages {
		if fits := s.add(page); fits != (s.used <= chunksMax) || s.used > chunksMax || fits && !s.has(page) {
			break
		}
	}
	if s.used != chunksMax {
		t.Errorf("%d chunks, want %d", s.used, chunksMax)
	}
	if !s.remove(chunkPages) || s.remove(chunkPages) || s.remove(1<<31) {
		t.Error("a page that was added is not there, or one that was not is")
	}
}

// A detector of a warm file does nothing, and one that nothing came of stops.
func TestWatchingEnds(t *testing.T) {
	w, m := newTestWatch(100)
	d := w.Detector
	p := make([]byte, 512)
	p[0] = tableLeaf
	if n := testing.AllocsPerRun(100, func() { d.Saw(p, 512*50, false) }); n != 0 || d.watch != nil {
		t.Errorf("a read from the page cache makes %v allocations, watched: %v", n, d.watch != nil)
	}
	d.Saw(p, 512*50, true)
	if d.watch == nil {
		t.Fatal("a read that had to wait is not noticed")
	}
	for range idleMax + 1 {
		d.Saw(p, 512*50, false)
	}
	if d.watch != nil || m.asked > 0 {
		t.Errorf("still watched after %d reads from the page cache, %d ranges asked for", idleMax+1, m.asked)
	}
	d.Close()
}

// No image of a page, of whatever bytes, makes the parsers fail; what they say
// is within the file.
func TestParsersTakeAnything(t *testing.T) {
	const seed = 1
	r := rand.New(rand.NewPCG(seed, 0))
	f := format{pageBytes: 512, usableBytes: 500, pages: 300}
	p := make([]byte, 512)
	nodes, chains, rowids := 0, 0, 0
	for range 100_000 {
		for i := range p {
			bits := r.Uint32()
			p[i] = byte(bits & (bits >> 8)) // small numbers are more often valid
		}
		p[0] = []byte{indexInterior, tableInterior, indexLeaf, tableLeaf}[r.IntN(4)]
		cells := r.IntN(12)
		binary.BigEndian.PutUint16(p[3:], uint16(cells))
		for i := range cells {
			binary.BigEndian.PutUint16(p[8+2*i:], uint16(r.IntN(520)))
			binary.BigEndian.PutUint16(p[12+2*i:], uint16(r.IntN(520)))
		}
		page := uint32(1 + r.IntN(300))
		if n := f.parseNode(p, page); n != nil {
			nodes++
			if slices.ContainsFunc(n.children, func(c uint32) bool { return !f.valid(c) || c == page }) {
				t.Fatalf("children %v of page %d, seed %d", n.children, page, seed)
			}
			if n.table {
				n.childFor(r.Int64())
			}
		}
		f.eachOverflow(p, page, func(first uint32, length int) {
			chains++
			if !f.valid(first) || length <= 0 {
				t.Fatalf("a chain of %d pages from %d, seed %d", length, first, seed)
			}
		})
		f.eachRowid(p, page, func(int64, record) { rowids++ })
	}
	if nodes == 0 || chains == 0 || rowids == 0 {
		t.Errorf("%d nodes, %d chains, %d rowids: the test is void", nodes, chains, rowids)
	}
}

// A file whose pages have got another size is watched anew.
func TestPageSizeChanges(t *testing.T) {
	w, m := newTestWatch(100)
	d := w.Detector
	leaf := make([]byte, 512)
	leaf[0] = tableLeaf
	d.Saw(leaf, 512*50, true)
	n := d.watch.nodes.add(&node{page: 2, table: true, children: []uint32{10, 11, 12, 13}, last: -1})
	d.watch.addScan(d.watch.newScan(n, 1, 1, 1))
	first := make([]byte, 1024)
	copy(first, "SQLite format 3\x00\x04\x00")
	copy(m.content, first)
	d.Saw(first, 0, false)
	leaf = make([]byte, 1024)
	leaf[0] = tableLeaf
	d.Saw(leaf, 1024*20, true)
	if w := d.watch; w == nil || w.format.pageBytes != 1024 || len(w.scans) > 0 {
		t.Errorf("%+v", w)
	}
}

func TestRecords(t *testing.T) {
	for _, test := range []struct {
		record []byte
		want   int64
		ok     bool
	}{
		{[]byte{3, 23, 1, 'h', 'e', 'l', 'l', 'o', 0xfe}, -2, true},
		{[]byte{3, 8, 9}, 1, true},
		{[]byte{3, 0, 8}, 0, true},
		{[]byte{2, 5, 0, 0, 1, 0, 0, 0}, 1 << 24, true},
		{[]byte{2, 6, 0x80, 0, 0, 0, 0, 0, 0, 0}, -1 << 63, true},
		{[]byte{2, 6, 0x80}, 0, false},                       // cut off
		{[]byte{2, 7, 0, 0, 0, 0, 0, 0, 0, 0}, 0, false},     // a float
		{[]byte{2, 0}, 0, false},                             // NULL
		{[]byte{9, 1}, 0, false},                             // a header beyond the record
		{[]byte{3, 0x81, 0x81}, 0, false},                    // a varint beyond the header
		{[]byte{}, 0, false},                                 // nothing
		{[]byte{2, 10, 0, 0, 0, 0, 0, 0, 0, 0, 0}, 0, false}, // a reserved type
	} {
		if got, _, ok := lastInteger(test.record); got != test.want || ok != test.ok {
			t.Errorf("%x: %d, %v, want %d, %v", test.record, got, ok, test.want, test.ok)
		}
	}
	for v, p := range map[uint64][]byte{
		0x7f: {0x7f}, 0x80: {0x81, 0}, 1<<64 - 1: {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
	} {
		if got, n := varint(append(p, 7)); got != v || n != len(p) {
			t.Errorf("%x: %d of %d bytes", p, got, n)
		}
		if _, n := varint(p[:len(p)-1]); n != 0 {
			t.Errorf("%x without its last byte has %d bytes", p, n)
		}
	}
}

// A size that cannot be had is that of an empty file, of which nothing is read.
type sizeless struct{ memory }

func (*sizeless) Size() (int64, error) { return 0, errors.New("no size") }

func TestFileWithoutASize(t *testing.T) {
	m := &sizeless{}
	d := New(m, new(Counts))
	d.hasFormat, d.format = true, format{pageBytes: 512, usableBytes: 512}
	if w := d.newWatch(512); w.format.pages != 0 || w.format.valid(2) {
		t.Error("there are pages")
	}
}
