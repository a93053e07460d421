package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// A job is one run of one variant. Durations are in nanoseconds in JSON.
type job struct {
	Variant    string
	Dir        string // where the database is
	Goroutines int    // that write
	Readers    int    // that read one row a millisecond each
	Work       string // one of works
	Sync       string // synchronous
	Journal    string // journal_mode
	Warm, Time time.Duration

	// FirstWriter is the number of the first writer: two processes that write one table must not share numbers.
	FirstWriter int

	// Commits and Pages make it the job of the suite syscalls, which has one goroutine and nothing else of the above.
	Commits, Pages int

	// Checkpoints, Pages and Layout make it the job of the suite checkpoint, likewise.
	Checkpoints int
	Layout      string // one of layouts
}

// works says by the name of a workload whether an insert is an explicit transaction.
var works = map[string]func(writer, seq int) bool{
	"exec":      func(int, int) bool { return false },
	"tx":        func(int, int) bool { return true },
	"mixed":     func(writer, _ int) bool { return writer%2 == 1 }, // half of the callers
	"alternate": func(_, seq int) bool { return seq%2 == 1 },       // every caller, every other time
}

// A result is what a run has measured. Durations are in nanoseconds in JSON.
type result struct {
	Err     string // why there is no result
	Elapsed time.Duration

	Served             []int         // rows of each writer that were acknowledged in the time measured
	P50, P99, Longest  time.Duration // of one insert
	Busy, Failed       int           // inserts that were refused because of a lock, and by other errors
	FirstFailure       string
	Acknowledged, Lost int           // in all of the run; Lost were not found afterwards
	CPU                time.Duration // of all of the process, opening and counting included

	Copied []time.Duration // times of checkpoints

	Reads                         int
	ReadP50, ReadP99, ReadLongest time.Duration
}

func (r *result) perSecond() float64 {
	served := 0
	for _, n := range r.Served {
		served += n
	}
	return float64(served) / r.Elapsed.Seconds()
}

// cpuOfRow returns the processor's time for a row, in ns. It says more than the rate while the machine is busy.
func (r *result) cpuOfRow() float64 { return float64(r.CPU) / float64(max(r.Acknowledged, 1)) }

// evenness is the rows of the writer that was served least by those of the one that was served most, among the writers
// that do the same.
func (r *result) evenness(work string) float64 {
	groups := [2][]int{}
	for writer, n := range r.Served {
		i := 0
		if work == "mixed" {
			i = writer % 2
		}
		groups[i] = append(groups[i], n)
	}
	least := 1.0
	for _, g := range groups {
		if len(g) > 0 {
			least = min(least, float64(slices.Min(g))/float64(max(slices.Max(g), 1)))
		}
	}
	return least
}

type phase = int32

const (
	warming phase = iota
	measuring
	stopping
)

// load is a run under way.
type load struct {
	*job
	store   store
	phase   atomic.Int32
	writers []caller
	readers []caller
}

// caller is what a goroutine has seen. It is read when the goroutine has ended.
type caller struct {
	took         []time.Duration // of what ended in the time measured
	longest      time.Duration   // of what ended then or was under way at its end
	acknowledged int             // in all of the run
	busy, failed int
	firstFailure error
}

// note notes a call that lasted from start until now.
func (c *caller) note(during phase, start time.Time, err error) {
	took := time.Since(start)
	if during != warming {
		c.longest = max(c.longest, took)
	}
	switch {
	case err == nil:
		c.acknowledged++
		if during == measuring {
			c.took = append(c.took, took)
		}
	case strings.Contains(err.Error(), "database is locked"): // as every driver says
		c.busy++
	default:
		c.failed++
		if c.firstFailure == nil {
			c.firstFailure = err
		}
	}
}

// measure runs a job on a store that open opens, also a second time to see what is there. ready is called once it is
// open, and returns when the writers are to begin.
func measure(j *job, open func() (store, error), ready func() error) (*result, error) {
	if works[j.Work] == nil {
		return nil, fmt.Errorf("there is no workload %q", j.Work)
	}
	s, err := open()
	if err != nil {
		return nil, err
	}
	if err := ready(); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	l := &load{job: j, store: s, writers: make([]caller, j.Goroutines), readers: make([]caller, j.Readers)}
	elapsed := l.run()
	if err := s.Close(); err != nil {
		return nil, err
	}
	r := l.result()
	r.Elapsed = elapsed
	if r.Lost, err = l.lost(open); err != nil {
		return nil, err
	}
	return r, nil
}

// run runs all goroutines and returns how long the time measured was.
func (l *load) run() time.Duration {
	var all sync.WaitGroup
	for i := range l.writers {
		all.Go(func() { l.insert(&l.writers[i], l.FirstWriter+i) })
	}
	for i := range l.readers {
		all.Go(func() { l.look(&l.readers[i], uint64(i)) })
	}
	time.Sleep(l.Warm)
	start := time.Now()
	l.phase.Store(measuring)
	time.Sleep(l.Time)
	l.phase.Store(stopping)
	elapsed := time.Since(start)
	all.Wait()
	return elapsed
}

// insert inserts until the run is over, at least once.
func (l *load) insert(c *caller, writer int) {
	transact := works[l.Work]
	for seq := 0; seq == 0 || l.phase.Load() != stopping; seq++ {
		start := time.Now()
		var err error
		if transact(writer, seq) {
			err = l.store.transact(writer, seq)
		} else {
			err = l.store.exec(writer, seq)
		}
		c.note(l.phase.Load(), start, err)
	}
}

func (l *load) look(c *caller, seed uint64) {
	random := rand.New(rand.NewPCG(1, seed))
	pace := time.NewTicker(time.Millisecond)
	defer pace.Stop()
	for l.phase.Load() != stopping {
		<-pace.C
		start := time.Now()
		err := l.store.read(random.IntN(preloaded))
		c.note(l.phase.Load(), start, err)
	}
}

func (l *load) result() *result {
	r := &result{}
	var took, reads []time.Duration
	for i := range l.writers {
		c := &l.writers[i]
		r.Served = append(r.Served, len(c.took))
		took = append(took, c.took...)
		r.Longest = max(r.Longest, c.longest)
		r.Acknowledged += c.acknowledged
	}
	for i := range l.readers {
		c := &l.readers[i]
		reads = append(reads, c.took...)
		r.ReadLongest = max(r.ReadLongest, c.longest)
	}
	for _, c := range slices.Concat(l.writers, l.readers) {
		r.Busy += c.busy
		r.Failed += c.failed
		if r.FirstFailure == "" && c.firstFailure != nil {
			r.FirstFailure = c.firstFailure.Error()
		}
	}
	r.P50, r.P99 = quantile(took, 0.5), quantile(took, 0.99)
	r.Reads, r.ReadP50, r.ReadP99 = len(reads), quantile(reads, 0.5), quantile(reads, 0.99)
	return r
}

// lost opens the store again and returns how many acknowledged rows are not there.
func (l *load) lost(open func() (store, error)) (lost int, err error) {
	s, err := open()
	if err != nil {
		return 0, fmt.Errorf("open again: %w", err)
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	found, err := s.rows()
	if err != nil {
		return 0, fmt.Errorf("count the rows: %w", err)
	}
	for i := range l.writers {
		c, there := &l.writers[i], found[l.FirstWriter+i]
		lost += max(c.acknowledged-there, 0)
		// A call that failed by something else than a lock may have left its row.
		if there > c.acknowledged+c.failed {
			return 0, fmt.Errorf("writer %d has %d rows, of which it was told %d", i, there, c.acknowledged)
		}
	}
	return lost, nil
}
