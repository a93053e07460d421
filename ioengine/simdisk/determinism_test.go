package simdisk_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"sync"
	"testing"

	"github.com/turso-coop/turso-coop/completion"
	"github.com/turso-coop/turso-coop/ioengine"
	"github.com/turso-coop/turso-coop/ioengine/simdisk"
)

// everything is options under which nearly everything happens.
func everything(t testing.TB) simdisk.Options {
	t.Helper()
	faults, err := simdisk.ParseFaults(`
		(eio (on sync) (rate 1 20) (pages part))
		(eio (on writeback) (rate 1 200) (pages reverted))
		(short (rate 1 8))
		(eintr (on read write) (rate 1 10))
		(enospc (on write) (rate 1 50) (after 100))
		(eagain (on nowait) (rate 1 4))
		(flip (rate 1 40) (sticky))
		(misdirect 4096 (rate 1 100))
		(delay 1ms (rate 1 16))`)
	if err != nil {
		t.Fatal(err)
	}
	return simdisk.Options{
		Seed:   5,
		Allow:  simdisk.Torn | simdisk.GarbageWritten | simdisk.NoPowersafeOverwrite | simdisk.StaleTail,
		Faults: faults,
	}
}

// workload does operations, several in flight, on a few files, and returns what
// identifies the run: its trace, and the hashes of crash images on the way.
func workload(t testing.TB, d *simdisk.Disk) (trace, images uint64) {
	t.Helper()
	rng := rand.New(rand.NewPCG(9, 9))
	w := completion.NewWaker()
	buf := make([]byte, 8*3000)
	for round := range 300 {
		// An injected error may keep a file from being opened: the trace tells.
		f, err := d.OpenFile(fmt.Sprintf("/d/%d", rng.IntN(4)), os.O_RDWR|os.O_CREATE)
		if err != nil {
			continue
		}
		var ops [8]completion.Completion
		for i := range ops {
			p, off := buf[i*3000:][:rng.IntN(3000)], int64(rng.IntN(50_000))
			switch rng.IntN(8) {
			case 0:
				f.Sync(&ops[i], ioengine.SyncFull)
			case 1:
				f.Truncate(&ops[i], off)
			case 2, 3:
				f.ReadAt(&ops[i], p, off)
			default:
				for j := range p {
					p[j] = byte(round + i)
				}
				f.WriteAt(&ops[i], p, off)
			}
		}
		d.Step()
		ops[rng.IntN(len(ops))].Cancel()
		cut := d.Cut()
		choices := cut.PowerChoices()
		after, err := cut.PowerLoss(cut.RandomOf(choices, uint64(round)))
		if err != nil {
			t.Fatal(err)
		}
		images = images*31 + after.Hash()
		for i := range ops {
			d.Wait(&ops[i], w)
		}
		if rng.IntN(10) == 0 {
			_ = d.SyncDir("/d") // may fail: the trace tells
		}
		_ = f.Close() // nothing is in flight
	}
	return d.Trace(), images
}

// Two runs of one seed are the same, on one processor and on two, and the same
// as on every other machine: the numbers below are part of the test. They
// change with every change of the model.
func TestSameSeedSameTrace(t *testing.T) {
	const wantTrace, wantImages = 0x74d84391672e4e2d, 0xbc818f735a31479d
	for _, procs := range []int{1, 2} {
		func() {
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(procs))
			trace, images := workload(t, simdisk.New(everything(t)))
			if trace != wantTrace || images != wantImages {
				t.Errorf("on %d processors: trace %#x, images %#x", procs, trace, images)
			}
		}()
	}
	other := everything(t)
	other.Seed++
	if trace, _ := workload(t, simdisk.New(other)); trace == wantTrace {
		t.Error("another seed has the same trace")
	}
}

// The line that a failure prints brings back the disk, the instant and the
// image.
func TestReproBringsTheImageBack(t *testing.T) {
	var line string
	var want uint64
	d := simdisk.New(everything(t))
	d.Watch(func(e simdisk.Event, cut func() *simdisk.Cut) {
		if e.Number != 2222 {
			return
		}
		c := cut()
		mask := c.RandomOf(c.PowerChoices(), 77)
		after, err := c.PowerLoss(mask)
		if err != nil {
			t.Fatal(err)
		}
		want = after.Hash()
		line = simdisk.Repro{Options: d.Options(), Crashes: []simdisk.Crash{{At: c.At(), Mask: mask}}}.String()
	})
	workload(t, d)

	r, err := simdisk.ParseRepro(line)
	if err != nil {
		t.Fatal(err)
	}
	found := false
	again := simdisk.New(r.Options)
	again.Watch(func(e simdisk.Event, cut func() *simdisk.Cut) {
		if e.Number == r.Crashes[0].At {
			after, err := cut().PowerLoss(r.Crashes[0].Mask)
			found = err == nil && after.Hash() == want
		}
	})
	workload(t, again)
	if !found || again.Events() != d.Events() {
		t.Errorf("%s does not bring the image back", line)
	}
}

// Several goroutines wait at the same time; images are made meanwhile.
func TestManyWaitAndImagesAreMadeMeanwhile(t *testing.T) {
	d := simdisk.New(simdisk.Options{Seed: 1})
	var writers, readers sync.WaitGroup
	stop := make(chan struct{})
	for g := range 6 {
		writers.Go(func() {
			f, err := d.OpenFile("/d/shared", os.O_RDWR|os.O_CREATE)
			if err != nil {
				t.Error(err)
				return
			}
			w := ioengine.NewWaiter(d)
			var c completion.Completion
			p := make([]byte, 1000)
			for i := range 200 {
				f.WriteAt(&c, p, int64(g*1000))
				w.Wait(&c)
				if c.Err() != nil {
					t.Error(c.Err())
				}
				if i%10 == 0 {
					f.Sync(&c, ioengine.SyncNormal)
					w.Wait(&c)
				}
			}
			if err := f.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	for range 2 {
		readers.Go(func() {
			for i := uint64(0); ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				cut := d.Cut()
				after, err := cut.PowerLoss(cut.RandomOf(cut.PowerChoices(), i))
				if err != nil {
					t.Error(err)
					return
				}
				killed, err := cut.Kill(simdisk.NewestOf(cut.KillChoices()))
				if err != nil || after.Hash() == 0 && len(after.Files()) > 0 {
					t.Error(err)
				}
				if err := killed.Close(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	writers.Wait()
	close(stop)
	readers.Wait()
}
