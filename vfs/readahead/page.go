package readahead

import (
	"bytes"
	"encoding/binary"
	"slices"
)

// The types of B-tree pages: https://sqlite.org/fileformat2.html#b_tree_pages
const (
	indexInterior = 2
	tableInterior = 5
	indexLeaf     = 10
	tableLeaf     = 13
)

const (
	databaseHeaderBytes = 100        // before the first page's own header
	lockByte            = 0x40000000 // the page that contains it is never used
	pageBytesMin        = 512
	pageBytesMax        = 65536
)

// A format is what must be known of a file to read its pages.
type format struct {
	pageBytes   int
	usableBytes int    // of a page
	pages       uint32 // in the file, when it was last looked at
}

// parseFormat reads the header of a database.
func parseFormat(header []byte) (format, bool) {
	pageBytes := int(binary.BigEndian.Uint16(header[16:]))
	if pageBytes == 1 {
		pageBytes = pageBytesMax
	}
	f := format{pageBytes: pageBytes, usableBytes: pageBytes - int(header[20])}
	return f, string(header[:16]) == "SQLite format 3\x00" && isPageSize(pageBytes) && f.usableBytes >= 480
}

func isPageSize(n int) bool {
	return n >= pageBytesMin && n <= pageBytesMax && n&(n-1) == 0
}

// valid reports whether a page of that number can be a part of a B-tree that
// is not its root.
func (f *format) valid(page uint32) bool {
	return page >= 2 && page <= f.pages && page != uint32(lockByte/f.pageBytes)+1
}

// cells returns a page's type and its array of cell pointers. ok is false if
// the page is not of a B-tree.
func (f *format) cells(p []byte, page uint32) (kind byte, pointers []byte, right uint32, ok bool) {
	header := 0
	if page == 1 {
		header = databaseHeaderBytes
	}
	kind, first := p[header], header+8
	switch kind {
	case indexInterior, tableInterior:
		right = binary.BigEndian.Uint32(p[header+8:])
		first += 4
	case indexLeaf, tableLeaf:
	default:
		return 0, nil, 0, false
	}
	end := first + 2*int(binary.BigEndian.Uint16(p[header+3:]))
	if end > f.usableBytes {
		return 0, nil, 0, false
	}
	return kind, p[first:end], right, true
}

// cell is the i-th cell of a page and what lies behind it.
func (f *format) cell(p, pointers []byte, i int) ([]byte, bool) {
	at := int(binary.BigEndian.Uint16(pointers[2*i:]))
	if at < 8 || at+4 > f.usableBytes {
		return nil, false
	}
	return p[at:f.usableBytes], true
}

// varint reads a variable-length integer; n is 0 if p ends before it does.
func varint(p []byte) (v uint64, n int) {
	for n < 8 && n < len(p) {
		b := p[n]
		v = v<<7 | uint64(b&0x7f)
		n++
		if b < 0x80 {
			return v, n
		}
	}
	if n == 8 && len(p) > 8 {
		return v<<8 | uint64(p[8]), 9
	}
	return 0, 0
}

// A node is an interior page that has been seen.
type node struct {
	page     uint32
	table    bool // of a table's B-tree, otherwise of an index's
	children []uint32
	keys     []int64 // of a table: keys[i] is the largest rowid below children[i]

	// The reads of the children, as far as they are neighbours.
	last       int // index of the one that was read last, -1 for none
	lastMissed bool
	lastAt     int // the number of that read
	first      int // index of the one that the run began with
	dir        int // of the run: +1, -1, or 0 after one read
}

// parseNode reads an interior page. Anything about it that cannot be makes it
// none: the pages of a B-tree that the file's owner has changed meanwhile, or
// that are corrupt, or that are something else.
func (f *format) parseNode(p []byte, page uint32) *node {
	if !isInterior(p, page) {
		return nil
	}
	kind, pointers, right, ok := f.cells(p, page)
	if !ok {
		return nil
	}
	count := len(pointers) / 2
	n := &node{page: page, table: kind == tableInterior, children: make([]uint32, 0, count+1), last: -1}
	if n.table {
		n.keys = make([]int64, 0, count)
	}
	for i := range count {
		c, ok := f.cell(p, pointers, i)
		if !ok {
			return nil
		}
		child := binary.BigEndian.Uint32(c)
		if !f.valid(child) || child == page {
			return nil
		}
		n.children = append(n.children, child)
		if n.table {
			key, size := varint(c[4:])
			if size == 0 || i > 0 && int64(key) < n.keys[i-1] {
				return nil
			}
			n.keys = append(n.keys, int64(key))
		}
	}
	if !f.valid(right) || right == page {
		return nil
	}
	n.children = append(n.children, right)
	return n
}

// is reports whether p seems to be what n was made from.
func (n *node) is(f *format, p []byte) bool {
	_, pointers, right, ok := f.cells(p, n.page)
	return ok && len(pointers)/2 == len(n.children)-1 && right == n.children[len(n.children)-1]
}

// isInterior reports whether a page's image may be that of an interior page.
func isInterior(p []byte, page uint32) bool {
	if page == 1 {
		return len(p) > databaseHeaderBytes && p[databaseHeaderBytes] == tableInterior
	}
	return p[0] == tableInterior || p[0] == indexInterior
}

// childFor is the index of the child of a table's node below which rowid is.
func (n *node) childFor(rowid int64) int {
	i, _ := slices.BinarySearch(n.keys, rowid)
	return i
}

// eachOverflow calls do for each cell of a table's leaf that has not got room
// for all of its row: with the first page of the chain that has the rest, and
// the chain's length.
func (f *format) eachOverflow(p []byte, page uint32, do func(first uint32, length int)) {
	kind, pointers, _, ok := f.cells(p, page)
	if !ok || kind != tableLeaf {
		return
	}
	for i := range len(pointers) / 2 {
		c, ok := f.cell(p, pointers, i)
		if !ok {
			return
		}
		payload, n := varint(c)
		_, m := varint(c[n:])
		if n == 0 || m == 0 || payload > 1<<31 {
			return
		}
		local := f.localBytes(int(payload), f.usableBytes-35)
		if local == int(payload) {
			continue
		}
		if n+m+local+4 > len(c) {
			return
		}
		first := binary.BigEndian.Uint32(c[n+m+local:])
		perPage := f.usableBytes - 4
		if length := (int(payload) - local + perPage - 1) / perPage; f.valid(first) && length <= int(f.pages) {
			do(first, length)
		}
	}
}

// localBytes is how much of a payload is in its cell, of which at most
// maxLocal can be: https://sqlite.org/fileformat2.html#cell_payload_overflow_pages
func (f *format) localBytes(payload, maxLocal int) int {
	if payload <= maxLocal {
		return payload
	}
	minLocal := (f.usableBytes-12)*32/255 - 23
	if k := minLocal + (payload-minLocal)%(f.usableBytes-4); k <= maxLocal {
		return k
	}
	return minLocal
}

// eachRowid calls do with the rowid that ends each entry of an index's leaf, and the
// rest of the entry.
func (f *format) eachRowid(p []byte, page uint32, do func(rowid int64, key record)) {
	kind, pointers, _, ok := f.cells(p, page)
	if !ok || kind != indexLeaf {
		return
	}
	maxLocal := (f.usableBytes-12)*64/255 - 23
	for i := range len(pointers) / 2 {
		c, ok := f.cell(p, pointers, i)
		if !ok {
			return
		}
		payload, n := varint(c)
		if n == 0 || payload > uint64(maxLocal) || int(payload) > len(c)-n {
			continue // the end is on another page, or nowhere
		}
		if rowid, key, ok := lastInteger(c[n : n+int(payload)]); ok {
			do(rowid, key)
		}
	}
}

// A record is a row of values: https://sqlite.org/fileformat2.html#record_format
type record struct{ types, values []byte }

func (r record) equal(o record) bool {
	return bytes.Equal(r.types, o.types) && bytes.Equal(r.values, o.values)
}

func (r record) clone() *record {
	return &record{bytes.Clone(r.types), bytes.Clone(r.values)}
}

// lastInteger is the last value of a record, if that is an integer, and the record
// of the others.
func lastInteger(p []byte) (last int64, others record, ok bool) {
	header, n := varint(p)
	if n == 0 || header > uint64(len(p)) {
		return 0, others, false
	}
	kind, first := uint64(0), n
	for at := n; at < int(header); at += n {
		if kind, n = varint(p[at:header]); n == 0 {
			return 0, others, false
		}
	}
	size := [...]int{1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8, 8: 0, 9: 0}
	switch {
	case kind == 0 || kind == 7 || kind > 9:
		return 0, others, false
	case len(p)-int(header) < size[kind]:
		return 0, others, false
	}
	value := p[len(p)-size[kind]:]
	others = record{p[first : header-1], p[header : len(p)-len(value)]}
	if kind >= 8 {
		return int64(kind - 8), others, true
	}
	v := int64(int8(value[0])) // it carries the sign
	for _, b := range value[1:] {
		v = v<<8 | int64(b)
	}
	return v, others, true
}
