package completion_test

import (
	"fmt"
	"sync"
	"testing"

	. "github.com/turso-coop/turso-coop/completion"
)

// when says at which moment of a group's life a member finishes.
type when int

const (
	beforeAdd when = iota
	beforeBuild
	duringBuild // between the others' Add and the return of Build: after the last Add
	afterBuild
	whens
)

// permutations calls f with every order of 0..n-1.
func permutations(n int, f func(order []int)) {
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	var rec func(k int)
	rec = func(k int) {
		if k == n {
			f(order)
			return
		}
		for i := k; i < n; i++ {
			order[k], order[i] = order[i], order[k]
			rec(k + 1)
			order[k], order[i] = order[i], order[k]
		}
	}
	rec(0)
}

// Every group of up to four members, every moment at which each may finish,
// every order in which the late ones finish, without a failure, with every
// single one, and with all of them failing.
func TestGroupInEveryOrder(t *testing.T) {
	cases := 0
	for n := 0; n <= 4; n++ {
		patterns := 1
		for range n {
			patterns *= int(whens)
		}
		for pattern := range patterns {
			moments := make([]when, n)
			for i, p := 0, pattern; i < n; i, p = i+1, p/int(whens) {
				moments[i] = when(p % int(whens))
			}
			for failing := -1; failing <= n; failing++ { // -1 nobody, n everybody
				permutations(n, func(order []int) {
					cases++
					checkGroup(t, moments, failing, order)
				})
			}
		}
	}
	t.Logf("%d cases", cases)
}

func checkGroup(t *testing.T, moments []when, failing int, order []int) {
	t.Helper()
	n := len(moments)
	errs := make([]error, n)
	for i := range errs {
		if failing == i || failing == n {
			errs[i] = fmt.Errorf("member %d failed", i)
		}
	}
	var wantErr error
	for _, err := range errs {
		if err != nil {
			wantErr = err // the first in the order of Add, whatever the timing
			break
		}
	}
	calls := 0
	var callErr error
	g := NewGroup(func(err error) { calls++; callErr = err })
	members := make([]Completion, n)
	left := n
	finish := func(m when) {
		for _, i := range order {
			if moments[i] == m && !members[i].Finished() {
				if calls != 0 {
					t.Fatalf("%v: finished with %d members left", moments, left)
				}
				left--
				members[i].Finish(10, errs[i])
			}
		}
	}
	for i := range members {
		members[i].Begin(nil)
		if moments[i] == beforeAdd {
			left--
			members[i].Finish(10, errs[i])
		}
		g.Add(&members[i])
		if moments[i] == beforeBuild {
			left--
			members[i].Finish(10, errs[i])
		}
	}
	finish(duringBuild)
	if calls != 0 {
		t.Fatalf("%v: the group finished before it was built", moments)
	}
	done := g.Build()
	if done.Finished() != (left == 0) {
		t.Fatalf("%v: finished=%v at Build with %d members left", moments, done.Finished(), left)
	}
	finish(afterBuild)
	if !done.Finished() || done.Err() != wantErr || done.N() != 10*n || calls != 1 || callErr != wantErr {
		t.Fatalf("%v order %v: finished=%v err=%v want %v n=%d calls=%d",
			moments, order, done.Finished(), done.Err(), wantErr, done.N(), calls)
	}
}

func TestGroupWithoutMembersIsFinishedWhenBuilt(t *testing.T) {
	calls := 0
	g := NewGroup(func(error) { calls++ })
	if c := g.Build(); !c.Succeeded() || calls != 1 {
		t.Fatalf("finished=%v calls=%d", c.Finished(), calls)
	}
}

func TestGroupsNest(t *testing.T) {
	a, b, c := begun(), begun(), begun()
	inner := NewGroup(nil)
	inner.Add(a)
	inner.Add(b)
	outer := NewGroup(nil)
	outer.Add(inner.Build())
	outer.Add(c)
	outer.Add(Yield)
	done := outer.Build()
	c.Finish(1, nil)
	b.Finish(1, errIO)
	if done.Finished() {
		t.Fatal("finished before a member of the inner group")
	}
	a.Finish(1, nil)
	if done.Err() != errIO || done.N() != 3 {
		t.Fatalf("err=%v n=%d", done.Err(), done.N())
	}
}

func TestGroupCancelReachesNestedMembersAndWaitsForThem(t *testing.T) {
	var e canceler
	var a, b, c Completion
	a.Begin(&e)
	b.Begin(&e)
	c.Begin(&e)
	inner := NewGroup(nil)
	inner.Add(&a)
	inner.Add(&b)
	outer := NewGroup(nil)
	outer.Add(inner.Build())
	outer.Add(&c)
	done := outer.Build()
	a.Finish(5, nil)
	done.Cancel() // as good as outer.Cancel
	if len(e.asked) != 2 || e.asked[0] != &b || e.asked[1] != &c {
		t.Fatalf("asked for %d members", len(e.asked))
	}
	b.Finish(0, ErrCanceled)
	if done.Finished() {
		t.Fatal("a canceled group finished before its members: the kernel may own their buffers")
	}
	c.Finish(3, nil) // the request came too late
	if done.Err() != ErrCanceled || done.N() != 8 {
		t.Fatalf("err=%v n=%d", done.Err(), done.N())
	}
}

func TestGroupOfMoreThanTheInlineMembers(t *testing.T) {
	var g Group
	members := make([]Completion, 100)
	for i := range members {
		members[i].Begin(nil)
		g.Add(&members[i])
	}
	done := g.Build()
	for i := range members {
		members[len(members)-1-i].Finish(1, nil)
	}
	if done.N() != len(members) {
		t.Fatalf("n=%d", done.N())
	}
}

func TestGroupMisusePanics(t *testing.T) {
	mustPanic(t, "submit its operation first", func() { new(Group).Add(new(Completion)) })
	mustPanic(t, "is built", func() { g := NewGroup(nil); g.Build(); g.Add(begun()) })
	mustPanic(t, "is built", func() { g := NewGroup(nil); g.Build(); g.Build() })
	mustPanic(t, "in a group already", func() {
		c := begun()
		NewGroup(nil).Add(c)
		NewGroup(nil).Add(c)
	})
	mustPanic(t, "unfinished members", func() { g := NewGroup(nil); g.Add(begun()); g.Reset() })
}

// Members that finish on other goroutines while the group is being built are
// neither lost nor counted twice, and the group can be reused at once.
func TestGroupRacesWithItsMembers(t *testing.T) {
	const rounds, workers = 2_000, 3
	ops := make(chan *Completion, 8)
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for c := range ops {
				c.Finish(1, nil)
			}
		})
	}
	var inner, outer Group
	var members [5]Completion
	w := NewWaker()
	for range rounds {
		inner.Reset()
		outer.Reset()
		for i := range members {
			members[i].Begin(nil)
			ops <- &members[i]
			if i < 3 {
				inner.Add(&members[i])
			} else {
				outer.Add(&members[i])
			}
		}
		outer.Add(inner.Build())
		done := outer.Build()
		if err := done.Wait(t.Context(), w); err != nil || done.N() != len(members) {
			t.Fatalf("err=%v n=%d", err, done.N())
		}
	}
	close(ops)
	wg.Wait()
}
