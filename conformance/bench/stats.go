package main

import (
	"math"
	"slices"
	"time"
)

// quantile returns the smallest of the values that a share q of them does not exceed, 0 if there are none. It sorts
// them.
func quantile(values []time.Duration, q float64) time.Duration {
	if len(values) == 0 {
		return 0
	}
	slices.Sort(values)
	return values[min(max(int(math.Ceil(q*float64(len(values))))-1, 0), len(values)-1)]
}

// A spread is a value of every round, put together.
type spread struct{ Median, Least, Most float64 }

// spreadOf returns the spread of values, which are not none. With an even number of values the median is the mean of
// the middle two.
func spreadOf(values []float64) spread {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	return spread{(sorted[(n-1)/2] + sorted[n/2]) / 2, sorted[0], sorted[n-1]}
}

// ratioOf returns how often b goes into a, round by round. Rounds in which b is nothing are left out; false says that
// there are no others.
func ratioOf(a, b []float64) (spread, bool) {
	var ratios []float64
	for i := range min(len(a), len(b)) {
		if b[i] > 0 {
			ratios = append(ratios, a[i]/b[i])
		}
	}
	if len(ratios) == 0 {
		return spread{}, false
	}
	return spreadOf(ratios), true
}
