package completion_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	. "github.com/turso-coop/turso-coop/completion"
)

var errIO = errors.New("input/output error")

// mustPanic runs f and checks that it panics with a message that holds want,
// the words that tell the programmer what to do instead.
func mustPanic(t *testing.T, want string, f func()) {
	t.Helper()
	defer func() {
		t.Helper()
		r := recover()
		if s, ok := r.(string); !ok || !strings.HasPrefix(s, "completion: ") || !strings.Contains(s, want) {
			t.Errorf("panic %v, want one that says %q", r, want)
		}
	}()
	f()
}

func begun() *Completion {
	c := new(Completion)
	c.Begin(nil)
	return c
}

func TestCompletionTellsItsResultOnlyWhenFinished(t *testing.T) {
	c := begun()
	if c.Finished() || c.Succeeded() || c.Err() != nil || c.N() != 0 {
		t.Fatal("a pending completion has a result")
	}
	c.Finish(7, errIO)
	if !c.Finished() || c.Succeeded() || c.Err() != errIO || c.N() != 7 {
		t.Fatalf("finished=%v succeeded=%v err=%v n=%d", c.Finished(), c.Succeeded(), c.Err(), c.N())
	}
	c.Begin(nil)
	if c.Finished() || c.Err() != nil || c.N() != 0 {
		t.Fatal("a completion begun again keeps the result of its last operation")
	}
	c.Finish(1, nil)
	if !c.Succeeded() || c.N() != 1 {
		t.Fatal("a completion begun again does not finish")
	}
}

func TestCompletionCallbackRunsOnceAndBeforePublication(t *testing.T) {
	var c Completion
	calls := 0
	c.OnDone(func(n int, err error) {
		calls++
		if c.Finished() {
			t.Error("finished before its callback has run")
		}
		if n != 3 || err != errIO {
			t.Errorf("callback got %d, %v", n, err)
		}
	})
	for op := 1; op <= 2; op++ {
		c.Begin(nil)
		c.Finish(3, errIO)
		if calls != op {
			t.Fatalf("%d callbacks after %d operations", calls, op)
		}
	}
}

func TestCompletionMisusePanics(t *testing.T) {
	mustPanic(t, "Begin", func() { new(Completion).Finish(0, nil) })
	mustPanic(t, "twice", func() { c := begun(); c.Finish(0, nil); c.Finish(0, nil) })
	mustPanic(t, "still pending", func() { begun().Begin(nil) })
	mustPanic(t, "still pending", func() { Yield.Begin(nil) })
	mustPanic(t, "Yield", func() { _ = IO[int](nil) })
	mustPanic(t, "wait for its Completion", func() { IO[int](begun()).Value() })
}

func TestYieldHasAlwaysFinished(t *testing.T) {
	r := IO[int](Yield)
	if !r.Pending() || !r.Completion().Succeeded() {
		t.Fatal("Yield is not a finished completion")
	}
}

func TestResults(t *testing.T) {
	if r := Done(5); r.Pending() || r.Completion() != nil || r.Value() != 5 {
		t.Error("Done(5)")
	}
	double := func(n int) string { return strings.Repeat("x", 2*n) }
	if r := Map(Done(2), double); r.Value() != "xxxx" {
		t.Errorf("Map of a value: %q", r.Value())
	}
	c := begun()
	if r := Map(IO[int](c), double); !r.Pending() || r.Completion() != c {
		t.Error("Map of a pending result")
	}
	if r := Again[string](IO[int](c)); r.Completion() != c {
		t.Error("Again of a pending result")
	}
	if r := Again[string](Done(1)); r.Pending() || r.Value() != "" {
		t.Error("Again of a finished result is not the zero result")
	}
}

// canceler remembers what it was asked to cancel.
type canceler struct{ asked []*Completion }

func (e *canceler) Cancel(c *Completion) { e.asked = append(e.asked, c) }

func TestCancelAsksTheEngineAndOnlyWhilePending(t *testing.T) {
	var e canceler
	var c Completion
	c.Cancel() // idle
	c.Begin(&e)
	c.Cancel()
	if len(e.asked) != 1 || e.asked[0] != &c {
		t.Fatalf("asked %d times", len(e.asked))
	}
	if c.Finished() {
		t.Fatal("a request to cancel finished the completion")
	}
	c.Finish(0, ErrCanceled)
	c.Cancel()
	if len(e.asked) != 1 {
		t.Fatal("asked to cancel a finished operation")
	}
	begun().Cancel() // nobody to ask
}

func TestWaitReturnsWhenFinished(t *testing.T) {
	c, w := begun(), NewWaker()
	go c.Finish(1, nil)
	if err := c.Wait(t.Context(), w); err != nil || c.N() != 1 {
		t.Fatalf("Wait: %v, n=%d", err, c.N())
	}
	if err := c.Wait(t.Context(), w); err != nil {
		t.Fatalf("Wait of a finished completion: %v", err)
	}
}

func TestWaitGivesUpWithTheContextButTheOperationGoesOn(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	c, w := begun(), NewWaker()
	cancel()
	if err := c.Wait(ctx, w); err != context.Canceled {
		t.Fatalf("Wait: %v", err)
	}
	if c.Finished() {
		t.Fatal("the context finished the operation")
	}
	c.Finish(1, nil)
	if err := c.Wait(t.Context(), w); err != nil {
		t.Fatal(err)
	}
}

func TestParkUsesSelectAndToleratesSpuriousWakeUps(t *testing.T) {
	c, w := begun(), NewWaker()
	w.Wake()
	w.Wake() // counts as one
	go func() { c.Finish(0, nil) }()
	for c.Park(w) {
		select {
		case <-w.C():
		case <-t.Context().Done():
			t.Fatal("lost wake-up")
		}
	}
}

// No wake-up is lost, and a completion may be reused the moment it is seen
// finished, whatever the finisher is still doing.
func TestReuseRacesWithTheFinisher(t *testing.T) {
	const rounds = 20_000
	ops := make(chan *Completion, 1)
	go func() {
		for c := range ops {
			c.Finish(1, nil)
		}
	}()
	var c Completion
	w := NewWaker()
	for range rounds {
		c.Begin(nil)
		ops <- &c
		if err := c.Wait(t.Context(), w); err != nil {
			t.Fatal(err)
		}
	}
	close(ops)
}

func TestNothingIsAllocatedPerOperation(t *testing.T) {
	var c Completion
	w := NewWaker()
	if n := testing.AllocsPerRun(100, func() {
		c.Begin(nil)
		c.Finish(1, nil)
		_ = c.Wait(context.Background(), w)
	}); n != 0 {
		t.Errorf("begin, finish, wait: %v allocations", n)
	}
	var g, outer Group
	var members [8]Completion
	if n := testing.AllocsPerRun(100, func() {
		g.Reset()
		outer.Reset()
		for i := range members {
			members[i].Begin(nil)
			g.Add(&members[i])
		}
		outer.Add(g.Build())
		done := outer.Build()
		for i := range members {
			members[i].Finish(1, nil)
		}
		if done.N() != len(members) {
			t.Fatal("wrong sum")
		}
	}); n != 0 {
		t.Errorf("nested group of 8: %v allocations", n)
	}
}

func BenchmarkBeginFinishWait(b *testing.B) {
	var c Completion
	w := NewWaker()
	b.ReportAllocs()
	for b.Loop() {
		c.Begin(nil)
		c.Finish(1, nil)
		_ = c.Wait(context.Background(), w)
	}
}

func BenchmarkNestedGroup(b *testing.B) {
	var inner, outer Group
	var members [4]Completion
	b.ReportAllocs()
	for b.Loop() {
		inner.Reset()
		outer.Reset()
		for i := range members {
			members[i].Begin(nil)
			inner.Add(&members[i])
		}
		outer.Add(inner.Build())
		outer.Build()
		for i := range members {
			members[i].Finish(1, nil)
		}
	}
}

func BenchmarkGroupOf8(b *testing.B) {
	var g Group
	var members [8]Completion
	b.ReportAllocs()
	for b.Loop() {
		g.Reset()
		for i := range members {
			members[i].Begin(nil)
			g.Add(&members[i])
		}
		g.Build()
		for i := range members {
			members[i].Finish(1, nil)
		}
	}
}
