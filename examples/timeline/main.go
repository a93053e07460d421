// Timeline runs a small workload on the I/O engine and writes what happened
// when to a file that chrome://tracing, Perfetto and speedscope open:
//
//	go run ./examples/timeline timeline.json
//
// Four committers append records to one log and sync it, and one reader asks
// for batches of pages of another file. Look for the syncs that answer several
// committers, the writes that went along with their neighbours, and the batch
// of reads that are underway together.
package main

import (
	"fmt"
	"log"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/turso-coop/turso-coop/completion"
	"github.com/turso-coop/turso-coop/ioengine"
)

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: timeline FILE.json")
	}
	if err := run(os.Args[1]); err != nil {
		log.Fatal(err)
	}
}

func run(traceFile string) error {
	dir, err := os.MkdirTemp("", "timeline")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	engine, err := ioengine.Open(ioengine.Options{})
	if err != nil {
		return err
	}
	defer engine.Close()

	out, err := os.Create(traceFile)
	if err != nil {
		return err
	}
	defer out.Close()
	start := time.Now()
	trace := ioengine.NewTrace(out, func() time.Duration { return time.Since(start) })
	engine.(ioengine.Tracer).Trace(trace)
	if err := workload(engine, dir); err != nil {
		return err
	}
	engine.(ioengine.Tracer).Trace(nil)
	if err := trace.Close(); err != nil {
		return err
	}
	s := engine.Stats()
	fmt.Printf("engine %s (%s)\n%d operations in %d system calls, %d syncs shared, %d writes merged\n",
		s.Engine, s.Reason, s.Operations(), s.SystemCalls, s.SharedSyncs, s.MergedWrites)
	return nil
}

func workload(engine ioengine.Engine, dir string) error {
	logFile, err := open(engine, filepath.Join(dir, "log"), 0)
	if err != nil {
		return err
	}
	defer logFile.close()
	const pages = 4096
	data, err := open(engine, filepath.Join(dir, "data"), pages*pageBytes)
	if err != nil {
		return err
	}
	defer data.close()

	var end atomic.Int64
	var wg sync.WaitGroup
	errs := make(chan error, 5)
	for range 4 {
		wg.Go(func() { errs <- commit(engine, logFile, &end) })
	}
	wg.Go(func() { errs <- readBatches(engine, data, pages) })
	wg.Wait()
	close(errs)
	for err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

const pageBytes = 4096

// file is an open file of the operating system that the engine knows.
type file struct {
	ioengine.File
	os *os.File
}

func open(engine ioengine.Engine, path string, sizeBytes int) (file, error) {
	f, err := os.Create(path)
	if err != nil {
		return file{}, err
	}
	if _, err := f.Write(make([]byte, sizeBytes)); err != nil {
		return file{}, err
	}
	known, err := engine.Open(f.Fd())
	return file{known, f}, err
}

// close closes the engine's file first: it may still use the descriptor.
func (f file) close() {
	f.File.Close()
	f.os.Close()
}

// commit appends ten records and makes each durable before the next.
func commit(engine ioengine.Engine, f file, end *atomic.Int64) error {
	w := ioengine.NewWaiter(engine)
	record := make([]byte, 4120)
	var c completion.Completion
	for range 10 {
		f.WriteAt(&c, record, end.Add(int64(len(record)))-int64(len(record)))
		w.Wait(&c)
		if c.Err() != nil {
			return c.Err()
		}
		f.Sync(&c, ioengine.SyncFull)
		w.Wait(&c)
		if c.Err() != nil {
			return c.Err()
		}
	}
	return nil
}

// readBatches reads eight scattered pages at a time, as one group.
func readBatches(engine ioengine.Engine, f file, pages int) error {
	w := ioengine.NewWaiter(engine)
	var group completion.Group
	ops := make([]completion.Completion, 8)
	buf := make([]byte, len(ops)*pageBytes)
	for batch := range 40 {
		group.Reset()
		for i := range ops {
			page := (batch*len(ops) + i) * 613 % pages
			f.ReadvAt(&ops[i], [][]byte{buf[i*pageBytes:][:pageBytes]}, int64(page)*pageBytes)
			group.Add(&ops[i])
		}
		done := group.Build()
		w.Wait(done)
		if done.Err() != nil {
			return done.Err()
		}
	}
	return nil
}
