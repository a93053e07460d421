package ioengine_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"expvar"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/turso-coop/turso-coop/completion"
	"github.com/turso-coop/turso-coop/ioengine"
)

// Every operation of a traced engine is one event, in a row of its own while
// it lasts.
func TestTraceHoldsEveryOperation(t *testing.T) {
	for _, kind := range []ioengine.Kind{ioengine.Pool, ioengine.Uring} {
		t.Run(string(kind), func(t *testing.T) {
			e, err := ioengine.Open(ioengine.Options{Kind: kind})
			if err != nil {
				t.Skipf("not to be had here: %v", err)
			}
			defer e.Close()
			osFile, err := os.Create(filepath.Join(t.TempDir(), "file"))
			if err != nil {
				t.Fatal(err)
			}
			defer osFile.Close()
			f, err := e.Open(osFile.Fd())
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()

			var text bytes.Buffer
			start := time.Now()
			trace := ioengine.NewTrace(&text, func() time.Duration { return time.Since(start) })
			e.(ioengine.Tracer).Trace(trace)
			workload(t, e, f)
			e.(ioengine.Tracer).Trace(nil)
			operations := e.Stats().Operations()
			workload(t, e, f) // not recorded
			if err := trace.Close(); err != nil {
				t.Fatal(err)
			}
			checkTrace(t, text.Bytes(), int(operations))
		})
	}
}

// workload has four goroutines that write a region of f, sync and read it in
// one batch.
func workload(t *testing.T, e ioengine.Engine, f ioengine.File) {
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			w := ioengine.NewWaiter(e)
			p := make([]byte, 4096)
			var c completion.Completion
			f.WriteAt(&c, p, int64(g*4096))
			w.Wait(&c)
			f.Sync(&c, ioengine.SyncNormal)
			w.Wait(&c)
			var ops [8]completion.Completion
			var group completion.Group
			for i := range ops {
				f.ReadvAt(&ops[i], [][]byte{p[i*512:][:512]}, int64(g*4096+i*512))
				group.Add(&ops[i])
			}
			done := group.Build()
			w.Wait(done)
			if done.Err() != nil {
				t.Error(done.Err())
			}
		})
	}
	wg.Wait()
}

func checkTrace(t *testing.T, text []byte, operations int) {
	t.Helper()
	var trace struct {
		TraceEvents []struct {
			Name, Ph string
			Ts, Dur  float64
			Tid      int
			Args     struct {
				Bytes int
				How   string
			}
		}
	}
	if err := json.Unmarshal(text, &trace); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	if len(trace.TraceEvents) != operations {
		t.Errorf("%d events for %d operations", len(trace.TraceEvents), operations)
	}
	count := map[string]int{}
	for i, a := range trace.TraceEvents {
		count[a.Name]++
		switch a.Args.How {
		case "inline", "direct", "merged", "ring", "worker", "shared":
		default:
			t.Errorf("carried out by %q", a.Args.How)
		}
		for _, b := range trace.TraceEvents[:i] {
			if a.Tid == b.Tid && a.Ts < b.Ts+b.Dur && b.Ts < a.Ts+a.Dur {
				t.Errorf("two operations overlap in row %d", a.Tid)
			}
		}
	}
	if count["write"] != 4 || count["sync"] != 4 || count["read"] != 32 {
		t.Errorf("events %v", count)
	}
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errors.New("no space left") }

func TestTraceTellsThatItCouldNotBeWritten(t *testing.T) {
	trace := ioengine.NewTrace(fullDisk{}, func() time.Duration { return 0 })
	if err := trace.Close(); err == nil {
		t.Error("no error")
	}
}

func TestVarIsAnExpvar(t *testing.T) {
	e, err := ioengine.Open(ioengine.Options{Kind: ioengine.Pool})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	var v expvar.Var = ioengine.Var{Engine: e}
	var s ioengine.Stats
	if err := json.Unmarshal([]byte(v.String()), &s); err != nil || s.Engine != ioengine.Pool {
		t.Errorf("%s: %v", v, err)
	}
}
