// Package cold measures what drivers read that is not in the page cache, or is.
//
// The databases are made once, with their rows inserted in random order, so that the neighbours of a B-tree are nowhere
// near each other in the file. Before each run their pages are dropped from the page cache (posix_fadvise(2), Linux
// only); other files keep theirs, so that nobody else on the machine notices.
//
// Every run is a child process of its own, because drivers register the same names. The variants take turns: each runs
// once in every round, and a ratio is the median of the ratios to the fastest peer of the same round. One variant is
// there twice: what the ratio of the twins (A/A) differs from 1 is what the measurement itself is worth.
package cold
