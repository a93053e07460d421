package simdisk_test

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"github.com/turso-coop/turso-coop/completion"
	"github.com/turso-coop/turso-coop/ioengine"
	"github.com/turso-coop/turso-coop/ioengine/simdisk"
)

// A modelFile is a file as byte arrays: what a reader sees, what is durable,
// what it held after each change since the last sync, and which bytes those
// changes touched.
type modelFile struct {
	now, synced []byte
	since       [][]byte
	touched     [modelFileBytes + 3000]bool
}

// change makes now the content, of which the bytes from from to to may differ.
func (m *modelFile) change(now []byte, from, to int) {
	m.now = now
	m.since = append(m.since, now)
	for i := from; i < to; i++ {
		m.touched[i] = true
	}
}

func (m *modelFile) sync() {
	m.synced, m.since = m.now, nil
	clear(m.touched[:])
}

// resized is p with another length, as a copy.
func resized(p []byte, size int) []byte {
	q := make([]byte, size)
	copy(q, p)
	return q
}

// modelRun drives random operations on a few files against the model.
type modelRun struct {
	t     *testing.T
	seed  uint64
	rng   *rand.Rand
	disk  *simdisk.Disk
	w     completion.Waiter
	names []string
	files []*simdisk.File
	model []*modelFile
	ops   int
}

const modelFileBytes = 12 << 10

func newModelRun(t *testing.T, o simdisk.Options) *modelRun {
	r := &modelRun{t: t, seed: o.Seed, rng: rand.New(rand.NewPCG(o.Seed, 0)), disk: simdisk.New(o)}
	r.w = ioengine.NewWaiter(r.disk)
	for i := range 3 {
		name := fmt.Sprintf("/d/%d", i)
		f, err := r.disk.OpenFile(name, os.O_RDWR|os.O_CREATE)
		if err != nil {
			t.Fatal(err)
		}
		r.names, r.files, r.model = append(r.names, name), append(r.files, f), append(r.model, &modelFile{})
	}
	if err := r.disk.SyncDir("/d"); err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *modelRun) fail(format string, args ...any) {
	r.t.Helper()
	r.t.Fatalf("seed %d, operation %d: %s", r.seed, r.ops, fmt.Sprintf(format, args...))
}

func (r *modelRun) do(submit func(c *completion.Completion)) (int, error) {
	var c completion.Completion
	submit(&c)
	r.w.Wait(&c)
	return c.N(), c.Err()
}

func (r *modelRun) must(submit func(c *completion.Completion)) {
	r.t.Helper()
	if _, err := r.do(submit); err != nil {
		r.fail("%v", err)
	}
}

// step does one random operation.
func (r *modelRun) step() {
	r.ops++
	i := r.rng.IntN(len(r.files))
	f, m := r.files[i], r.model[i]
	off, n := r.rng.IntN(modelFileBytes), r.rng.IntN(3000)
	switch k := r.rng.IntN(20); {
	case k < 9:
		p := slices.Repeat([]byte{byte(r.ops), byte(r.ops >> 8), 1}, n/3)
		r.must(func(c *completion.Completion) { f.WritevAt(c, [][]byte{p[:n/6], p[n/6:]}, int64(off)) })
		if len(p) > 0 {
			now := resized(m.now, max(len(m.now), off+len(p)))
			copy(now[off:], p)
			m.change(now, off, off+len(p))
		}
	case k < 11:
		r.must(func(c *completion.Completion) { f.Truncate(c, int64(off)) })
		m.change(resized(m.now, off), off, len(m.now))
	case k < 12:
		r.must(func(c *completion.Completion) { f.Allocate(c, int64(off)) })
		m.change(resized(m.now, max(len(m.now), off)), len(m.now), off)
	case k < 14:
		r.must(func(c *completion.Completion) { f.Sync(c, ioengine.SyncNormal) })
		m.sync()
	default:
		p := make([]byte, n)
		got, err := r.do(func(c *completion.Completion) { f.ReadAt(c, p, int64(off)) })
		want := m.now[min(off, len(m.now)):min(off+n, len(m.now))]
		if !bytes.Equal(p[:got], want) || (err == io.EOF) != (got < n) || err != nil && err != io.EOF {
			r.fail("read of %d at %d of %d: %d, %v", n, off, len(m.now), got, err)
		}
	}
}

// images compares what crash images hold with the model.
func (r *modelRun) images() {
	cut := r.disk.Cut()
	choices := cut.PowerChoices()
	r.image(cut, nil, func(m *modelFile, got []byte) bool { return bytes.Equal(got, m.synced) })
	r.image(cut, simdisk.NewestOf(choices), func(m *modelFile, got []byte) bool { return bytes.Equal(got, m.now) })
	r.image(cut, cut.RandomOf(choices, uint64(r.ops)), r.allowed)
	killed, err := cut.Kill(nil)
	if err != nil {
		r.fail("%v", err)
	}
	for i, name := range r.names {
		if got, err := killed.ReadFile(name); err != nil || !bytes.Equal(got, r.model[i].now) {
			r.fail("%s differs after a kill: %v", name, err)
		}
	}
	lost, err := killed.Cut().PowerLoss(nil)
	if err != nil {
		r.fail("%v", err)
	}
	for i, name := range r.names {
		if got, err := lost.ReadFile(name); err != nil || !bytes.Equal(got, r.model[i].synced) {
			r.fail("%s differs after a kill and a power loss: %v", name, err)
		}
	}
}

func (r *modelRun) image(cut *simdisk.Cut, mask simdisk.Mask, ok func(m *modelFile, got []byte) bool) {
	r.t.Helper()
	after, err := cut.PowerLoss(mask)
	if err != nil {
		r.fail("%v", err)
	}
	for i, name := range r.names {
		got, err := after.ReadFile(name)
		if err != nil || !ok(r.model[i], got) {
			r.fail("mask %v: %s is not what it may be: %v", mask, name, err)
		}
	}
}

// allowed reports whether a crash without hazards may leave got: a size that
// the file had since the last sync, and each sector as it was at some moment
// since then. A byte that was durable and not written since never changes.
func (r *modelRun) allowed(m *modelFile, got []byte) bool {
	states := append([][]byte{m.synced}, m.since...)
	if !slices.ContainsFunc(states, func(s []byte) bool { return len(s) == len(got) }) {
		return false
	}
	for at := 0; at < len(got); at += 512 {
		end := min(at+512, len(got))
		if !slices.ContainsFunc(states, func(s []byte) bool {
			return bytes.Equal(got[at:end], resized(s[min(at, len(s)):min(end, len(s))], end-at))
		}) {
			return false
		}
	}
	return true
}

// Without faults a disk is byte arrays, and a crash leaves what clause 1 and
// clause 3 allow.
func TestAgainstAModel(t *testing.T) {
	operations := 100_000
	if testing.Short() {
		operations = 10_000
	}
	r := newModelRun(t, simdisk.Options{Seed: 11})
	for r.ops < operations {
		r.step()
		if r.rng.IntN(25) == 0 {
			r.images()
		}
	}
}

// Whatever a crash may do to what was not synced, no other byte changes.
func TestSyncedBytesNeverChange(t *testing.T) {
	hazards := simdisk.Torn | simdisk.GarbageWritten | simdisk.StaleTail | simdisk.AnySubset
	for _, o := range []simdisk.Options{
		{Seed: 21, Allow: hazards},
		{Seed: 22, Allow: hazards, Sector4096: true},
		{Seed: 23, Allow: hazards, Journalled: true},
	} {
		r := newModelRun(t, o)
		damaged := false
		for r.ops < 1500 {
			r.step()
			cut := r.disk.Cut()
			r.image(cut, cut.RandomOf(cut.PowerChoices(), r.rng.Uint64()), func(m *modelFile, got []byte) bool {
				damaged = damaged || !r.allowed(m, got)
				return sameWhereSynced(m, got)
			})
		}
		if !damaged {
			t.Errorf("%v: no crash did worse than one without hazards", o)
		}
	}
}

// sameWhereSynced reports whether every byte that was durable, and that nothing
// touched since, is as it was.
func sameWhereSynced(m *modelFile, got []byte) bool {
	for i, b := range m.synced {
		if !m.touched[i] && (i >= len(got) || got[i] != b) {
			return false
		}
	}
	return true
}
