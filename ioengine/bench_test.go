package ioengine_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/turso-coop/turso-coop/completion"
	"github.com/turso-coop/turso-coop/ioengine"
)

func openBench(b *testing.B, kind ioengine.Kind, size int64) (ioengine.Engine, ioengine.File, *os.File) {
	b.Helper()
	e, err := ioengine.Open(ioengine.Options{Kind: kind})
	if err != nil {
		b.Skip(err)
	}
	osFile, err := os.Create(filepath.Join(b.TempDir(), "file"))
	if err != nil {
		b.Fatal(err)
	}
	block := make([]byte, 1<<20)
	for i := range block {
		block[i] = byte(rand.Int())
	}
	for off := int64(0); off < size; off += int64(len(block)) {
		if _, err := osFile.WriteAt(block, off); err != nil {
			b.Fatal(err)
		}
	}
	if err := osFile.Sync(); err != nil {
		b.Fatal(err)
	}
	f, err := e.Open(osFile.Fd())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		f.Close()
		osFile.Close()
		e.Close()
	})
	return e, f, osFile
}

// threads is the number of OS threads that the process has made so far.
func threads() int { return pprof.Lookup("threadcreate").Count() }

// What 64 committers pay that each append 4,120 bytes, a WAL frame, and sync:
// through the engine, where they share syncs, against an fdatasync each.
func BenchmarkAppendAndSync(b *testing.B) {
	const goroutines, frameBytes = 64, 4120
	for _, written := range []bool{false, true} {
		size := int64(0)
		if written {
			size = 256 << 20
		}
		for _, how := range []string{"each", "pool", "uring"} {
			b.Run(fmt.Sprintf("written=%v/%s", written, how), func(b *testing.B) {
				kind := ioengine.Pool
				if how == "uring" {
					kind = ioengine.Uring
				}
				e, f, osFile := openBench(b, kind, size)
				var next atomic.Int64
				var wg sync.WaitGroup
				b.ResetTimer()
				for range goroutines {
					wg.Go(func() {
						p := make([]byte, frameBytes)
						w := ioengine.NewWaiter(e)
						var c completion.Completion
						for {
							i := next.Add(1) - 1
							if i >= int64(b.N) {
								return
							}
							off := i * frameBytes
							if written {
								off %= size - frameBytes
							}
							if how == "each" {
								if _, err := osFile.WriteAt(p, off); err != nil {
									b.Error(err)
								}
								if err := fdatasync(osFile); err != nil {
									b.Error(err)
								}
								continue
							}
							f.WriteAt(&c, p, off)
							w.Wait(&c)
							f.Sync(&c, ioengine.SyncNormal)
							w.Wait(&c)
						}
					})
				}
				wg.Wait()
				b.StopTimer()
				s := e.Stats()
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "op/s")
				if how != "each" {
					b.ReportMetric(float64(s.Syncs-s.SharedSyncs)/float64(b.N), "syncs/op")
				}
				b.ReportMetric(float64(threads()), "threads")
			})
		}
	}
}

// Random 4 KiB reads that the page cache does not have: one at a time, and 64
// as one batch.
func BenchmarkUncachedRandomRead(b *testing.B) {
	const size, pageBytes = int64(512 << 20), 4096
	for _, kind := range []ioengine.Kind{ioengine.Pool, ioengine.Uring} {
		for _, batch := range []int{1, 64} {
			b.Run(fmt.Sprintf("%s/batch=%d", kind, batch), func(b *testing.B) {
				e, f, osFile := openBench(b, kind, size)
				if err := dropCache(osFile); err != nil {
					b.Skip(err)
				}
				w := ioengine.NewWaiter(e)
				rng := rand.New(rand.NewPCG(1, 2))
				perm := rng.Perm(int(size / pageBytes))
				ops := make([]completion.Completion, batch)
				bufs := make([]byte, batch*pageBytes)
				var group completion.Group
				b.ResetTimer()
				for done := 0; done < b.N; done += batch {
					group.Reset()
					if done%(len(perm)/2) < batch && done > 0 {
						b.StopTimer()
						if err := dropCache(osFile); err != nil {
							b.Fatal(err)
						}
						b.StartTimer()
					}
					for i := range ops {
						page := perm[(done+i)%len(perm)]
						f.ReadAt(&ops[i], bufs[i*pageBytes:][:pageBytes], int64(page)*pageBytes)
						group.Add(&ops[i])
					}
					c := group.Build()
					w.Wait(c)
					if c.Err() != nil {
						b.Fatal(c.Err())
					}
				}
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "IOPS")
				b.ReportMetric(float64(threads()), "threads")
				runtime.KeepAlive(osFile)
			})
		}
	}
}
