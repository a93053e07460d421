package simdisk_test

import (
	"os"
	"testing"

	"github.com/turso-coop/turso-coop/completion"
	"github.com/turso-coop/turso-coop/ioengine"
	"github.com/turso-coop/turso-coop/ioengine/simdisk"
)

// logWithFrames is a disk with a database of 200 pages that is durable and a
// write-ahead log of 50 frames of which nothing is: 403 sectors are open, and
// its size.
func logWithFrames(tb testing.TB, o simdisk.Options) *simdisk.Disk {
	tb.Helper()
	d := simdisk.New(o)
	if err := d.WriteFile("/d/db", make([]byte, 200*4096)); err != nil {
		tb.Fatal(err)
	}
	if err := d.WriteFile("/d/db-wal", nil); err != nil {
		tb.Fatal(err)
	}
	f, err := d.OpenFile("/d/db-wal", os.O_RDWR)
	if err != nil {
		tb.Fatal(err)
	}
	w := ioengine.NewWaiter(d)
	var c completion.Completion
	frame := make([]byte, 24+4096)
	for i := range 50 {
		for j := range frame {
			frame[j] = byte(i + j + 1)
		}
		f.WriteAt(&c, frame, int64(32+i*len(frame)))
		w.Wait(&c)
	}
	return d
}

func BenchmarkImage(b *testing.B) {
	for _, bench := range []struct {
		name string
		o    simdisk.Options
	}{
		{"512", simdisk.Options{}},
		{"4096", simdisk.Options{Sector4096: true}},
		{"512torn", simdisk.Options{Allow: simdisk.Torn | simdisk.GarbageWritten}},
	} {
		b.Run(bench.name, func(b *testing.B) {
			cut := logWithFrames(b, bench.o).Cut()
			choices := cut.PowerChoices()
			seed, hash := uint64(0), uint64(0)
			b.ReportAllocs()
			for b.Loop() {
				seed++
				after, err := cut.PowerLoss(cut.RandomOf(choices, seed))
				if err != nil {
					b.Fatal(err)
				}
				hash += after.Hash()
			}
		})
	}
}

func BenchmarkImageOfOneSector(b *testing.B) {
	cut := logWithFrames(b, simdisk.Options{}).Cut()
	choices := cut.PowerChoices()
	mask := simdisk.NewestOf(choices)
	i, hash := 0, uint64(0)
	b.ReportAllocs()
	for b.Loop() {
		i++
		one := &mask[1+i%(len(mask)-1)]
		kept := *one
		*one = simdisk.Pick{}
		after, err := cut.PowerLoss(mask)
		if err != nil {
			b.Fatal(err)
		}
		hash += after.Hash()
		*one = kept
	}
}

func BenchmarkCut(b *testing.B) {
	d := logWithFrames(b, simdisk.Options{})
	b.ReportAllocs()
	for b.Loop() {
		d.Cut()
	}
}

func BenchmarkCutAndChoices(b *testing.B) {
	d := logWithFrames(b, simdisk.Options{})
	b.ReportAllocs()
	for b.Loop() {
		d.Cut().PowerChoices()
	}
}

func BenchmarkKill(b *testing.B) {
	cut := logWithFrames(b, simdisk.Options{}).Cut()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := cut.Kill(nil); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOperation(b *testing.B) {
	for _, bench := range []struct {
		name   string
		submit func(f *simdisk.File, c *completion.Completion, p []byte)
	}{
		{"read", func(f *simdisk.File, c *completion.Completion, p []byte) { f.ReadAt(c, p, 4096) }},
		{"readv", func(f *simdisk.File, c *completion.Completion, p []byte) { f.ReadvAt(c, [][]byte{p}, 4096) }},
		{"write", func(f *simdisk.File, c *completion.Completion, p []byte) { f.WriteAt(c, p, 4096) }},
		{"sync", func(f *simdisk.File, c *completion.Completion, p []byte) { f.Sync(c, ioengine.SyncNormal) }},
	} {
		b.Run(bench.name, func(b *testing.B) {
			d := logWithFrames(b, simdisk.Options{})
			f, err := d.OpenFile("/d/db", os.O_RDWR)
			if err != nil {
				b.Fatal(err)
			}
			w := ioengine.NewWaiter(d)
			var c completion.Completion
			p := make([]byte, 4096)
			b.ReportAllocs()
			for b.Loop() {
				bench.submit(f, &c, p)
				w.Wait(&c)
			}
			if c.Err() != nil {
				b.Fatal(c.Err())
			}
		})
	}
}
