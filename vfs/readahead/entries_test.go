package readahead

import (
	"math"
	"testing"
)

// The rowids that a leaf of a table can have are those between the keys beside it,
// which may be in the node above its parent.
func TestRowidsBelow(t *testing.T) {
	w, _ := newTestWatch(100)
	w.nodes.add(&node{page: 2, table: true, children: []uint32{3, 4, 5}, keys: []int64{100, 200}, last: -1})
	for i := range uint32(3) {
		k := int64(100 * i)
		w.nodes.add(&node{page: 3 + i, table: true, children: []uint32{10 * (i + 1), 10*(i+1) + 1, 10*(i+1) + 2}, keys: []int64{k + 30, k + 60}, last: -1})
	}
	for page, want := range map[uint32]rowids{
		10: {math.MinInt64, 30}, 11: {31, 60}, 12: {61, 100},
		20: {101, 130}, 21: {131, 160}, 22: {161, 200},
		30: {201, 230}, 32: {261, math.MaxInt64},
	} {
		n, i := w.nodes.parent(page)
		if got := w.rowidsBelow(n, i); got != want {
			t.Errorf("page %d: %v, want %v", page, got, want)
		}
	}
}

// Of the entries that two leaves have, those next to each other count, and if none
// are near there is no scan.
func TestNearestEntries(t *testing.T) {
	var x entries
	for _, rowid := range []int64{5, 90, 70, 20, 80, 60, 91, 6, 50, 40, 30, 71, 72, 73, 74, 92, 7} {
		x.all = append(x.all, entry{rowid: rowid})
	}
	for _, test := range []struct {
		first, second rowids
		from, to      int
	}{
		{rowids{90, 99}, rowids{20, 29}, 1, 3},
		{rowids{20, 29}, rowids{90, 99}, 3, 1},
		{rowids{71, 74}, rowids{92, 99}, 14, 15},
		{rowids{20, 29}, rowids{92, 99}, 0, 0}, // too far
		{rowids{20, 29}, rowids{100, 200}, 0, 0},
		{rowids{20, 29}, rowids{20, 29}, 0, 0},
	} {
		from, to := x.nearest(test.first, test.second)
		if from != test.from || to != test.to {
			t.Errorf("%v and %v: %d and %d, want %d and %d", test.first, test.second, from, to, test.from, test.to)
		}
	}
}
