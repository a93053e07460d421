package readahead

import "testing"

// A scan is expected to become as long as the others, but not much more is asked for
// than it has read, because it may be the first that is shorter; and when it is
// longer, that is soon noticed.
func TestUsualLengths(t *testing.T) {
	for _, test := range []struct {
		lengths             []int
		window, read, wants int
	}{
		{[]int{60, 60, 60}, 2, 2, 2}, // too few to tell
		{[]int{60, 60, 60, 60}, 2, 2, 58},
		{[]int{60, 60, 60, 60}, 30, 59, 1},
		{[]int{60, 60, 60, 60}, 30, 66, 1},
		{[]int{60, 60, 60, 60}, 30, 68, 30},
		{[]int{8000, 8000, 8000, 8000}, 2, 2, lengthsAtOnce},
		{[]int{8000, 8000, 8000, 8000}, 500, 1000, 1000 * lengthsTrust},
		{[]int{8000, 8000, 8000, 8000}, 4000, 8000, 1},
		{[]int{8000, 8000, 8000, 8000}, 4000, 8040, 4000}, // the table has grown
		{[]int{8000, 8200, 8400, 8600}, 4000, 8340, 4000},
		{[]int{58, 60, 62, 64}, 2, 2, 59},
		{[]int{500, 8000, 8000, 8000}, 2, 2, lengthsAtOnce},
		{[]int{500, 8000, 8000, 8000}, 50, 100, 400},
		{[]int{500, 8000, 8000, 8000}, 300, 600, 300},
	} {
		var h habit
		for _, n := range test.lengths {
			h.learn(n, 0, 0)
		}
		if got := h.window(test.window, test.read); got != test.wants {
			t.Errorf("%v: a window of %d after %d, want %d", test.lengths, got, test.read, test.wants)
		}
	}
}
