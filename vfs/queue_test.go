package vfs

import (
	"context"
	"runtime"
	"testing"
	"testing/synctest"
	"time"
)

// far is a time-out that does not pass.
const far = time.Hour

func anything(any) bool { return true }

// enter has a turn wait, and returns where its outcome will be.
func enter(ctx context.Context, q *Queue, turn *Turn, timeout time.Duration) <-chan Outcome {
	outcome := make(chan Outcome, 1)
	go func() { outcome <- q.Enter(ctx, turn, timeout) }()
	synctest.Wait()
	return outcome
}

// Turns come in the order in which they were waited for.
func TestQueueIsFair(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := &Queue{}
		turns := make([]Turn, 5)
		if !q.TryEnter(&turns[0]) || q.TryEnter(&turns[1]) {
			t.Fatal("the turn is not one")
		}
		var outcomes []<-chan Outcome
		for i := 1; i < len(turns); i++ {
			outcomes = append(outcomes, enter(t.Context(), q, &turns[i], far))
		}
		for i := range outcomes {
			turns[i].Leave()
			synctest.Wait()
			for j, o := range outcomes[i:] {
				select {
				case got := <-o:
					if j != 0 || got != Entered {
						t.Errorf("after turn %d: turn %d, outcome %d", i, i+1+j, got)
					}
				default:
					if j == 0 {
						t.Errorf("turn %d has not come", i+1)
					}
				}
			}
		}
		turns[4].Leave()
		if !q.TryEnter(&turns[0]) {
			t.Error("the turn that everybody has left is taken")
		}
	})
}

// Who gives up leaves no trace, and no turn is lost when it comes at that moment.
func TestQueueGivingUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := &Queue{}
		var holder, late, canceled, patient Turn
		q.TryEnter(&holder)
		ctx, cancel := context.WithCancel(t.Context())
		a := enter(t.Context(), q, &late, time.Second)
		b := enter(ctx, q, &canceled, far)
		c := enter(t.Context(), q, &patient, far)
		begin := time.Now()
		if got := <-a; got != GaveUp || time.Since(begin) != time.Second {
			t.Errorf("outcome %d after %v", got, time.Since(begin))
		}
		cancel()
		if got := <-b; got != GaveUp {
			t.Errorf("canceled: outcome %d", got)
		}
		if q.Waiting() != 1 || late.Held() || canceled.Held() {
			t.Errorf("%d wait", q.Waiting())
		}
		holder.Leave()
		if got := <-c; got != Entered || !patient.Held() {
			t.Errorf("outcome %d", got)
		}
		patient.Leave()
	})
}

// Offers are taken in order, also from behind those that offer nothing; who was taken waits until it is served, whatever
// happens to its context, and what is given back is first.
func TestQueueOffers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := &Queue{}
		var holder, plain Turn
		offered := make([]Turn, 4)
		q.TryEnter(&holder)
		p := enter(t.Context(), q, &plain, far)
		ctx, cancel := context.WithCancel(t.Context())
		var outcomes []<-chan Outcome
		for i := range offered {
			offered[i].Offer = i
			ctx := ctx
			if i == 0 {
				ctx = t.Context()
			}
			outcomes = append(outcomes, enter(ctx, q, &offered[i], far))
		}
		odd := func(offer any) bool { return offer.(int)%2 == 1 }
		if !q.Offers(odd) || q.Take(odd) != &offered[1] || q.Take(odd) != &offered[3] || q.Take(odd) != nil || q.Offers(odd) {
			t.Error("not those that were asked for, in their order")
		}
		if q.Take(anything) != &offered[0] {
			t.Error("not the first")
		}
		cancel()
		synctest.Wait()
		if got := <-outcomes[2]; got != GaveUp {
			t.Errorf("not taken, canceled: outcome %d", got)
		}
		offered[1].Serve()
		if got := <-outcomes[1]; got != Served {
			t.Errorf("served: outcome %d", got)
		}
		offered[3].GiveBack(true)
		offered[0].GiveBack(false)
		if q.Take(anything) != &offered[3] {
			t.Error("an offer that was given back without being one is taken")
		}
		offered[3].Serve()
		if got := <-outcomes[3]; got != Served {
			t.Errorf("served after all: outcome %d", got)
		}
		holder.Leave()
		if got := <-outcomes[0]; got != Entered || offered[0].Offer != nil {
			t.Errorf("given back: outcome %d", got)
		}
		offered[0].Leave()
		if got := <-p; got != Entered {
			t.Errorf("nothing offered: outcome %d", got)
		}
	})
}

// Who was taken and given back does not wait beyond its time, also if that has ended in between.
func TestQueueGivingUpAfterItWasTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := &Queue{}
		var holder Turn
		q.TryEnter(&holder)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		offered := make([]Turn, 4)
		var outcomes []<-chan Outcome
		for i, timeout := range []time.Duration{time.Second, far, far, far} {
			offered[i].Offer = i
			outcomes = append(outcomes, enter(ctx, q, &offered[i], timeout))
			q.Take(anything)
			if i == 2 {
				time.Sleep(time.Minute) // by the clock of the bubble, so that the first one's time is over
				cancel()
				ctx = t.Context()
			}
		}
		synctest.Wait()
		for i := range offered {
			offered[i].GiveBack(i%2 == 0)
		}
		for i, o := range outcomes[:3] {
			if got := <-o; got != GaveUp {
				t.Errorf("turn %d: outcome %d", i, got)
			}
		}
		if q.Waiting() != 1 {
			t.Errorf("%d wait", q.Waiting())
		}
		holder.Leave()
		if got := <-outcomes[3]; got != Entered {
			t.Errorf("who has time left: outcome %d", got)
		}
		offered[3].Leave()
	})
}

// When somebody who does not queue writes too, the turn rests about half of the time; when he is gone it does not.
func TestQueueRestsForOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := &Queue{}
		var turn Turn
		hold := func(d time.Duration) (waited time.Duration) {
			begin := time.Now()
			if !q.TryEnter(&turn) && q.Enter(t.Context(), &turn, far) != Entered {
				t.Fatal("no turn")
			}
			waited = time.Since(begin)
			<-time.After(d)
			turn.Leave()
			return waited
		}
		rested := func(turns int) (rest time.Duration) {
			for range turns {
				rest += hold(time.Millisecond)
			}
			return rest
		}
		if got := rested(1000); got != 0 {
			t.Errorf("nobody else writes, rested %v", got)
		}
		q.SawForeign()
		if got := rested(1000); got < 800*time.Millisecond || got > 1200*time.Millisecond {
			t.Errorf("1 s of turns, rested %v", got)
		}
		<-time.After(foreignFor)
		if got := rested(1000); got != 0 {
			t.Errorf("he has gone, rested %v", got)
		}
		q.SawForeign()
		if hold(time.Hour) != 0 {
			t.Error("rested before the first turn")
		}
		begin := time.Now()
		if hold(0); time.Since(begin) > longestRest {
			t.Errorf("rested %v after one long turn", time.Since(begin))
		}
	})
}

// A rest ends with the context, and then the turn goes to the next.
func TestQueueRestEndsWithTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := &Queue{}
		var turn, next Turn
		q.SawForeign()
		q.TryEnter(&turn)
		<-time.After(burst)
		turn.Leave()
		ctx, cancel := context.WithCancel(t.Context())
		a := enter(ctx, q, &turn, far)
		b := enter(t.Context(), q, &next, far)
		cancel()
		if got := <-a; got != GaveUp {
			t.Errorf("outcome %d", got)
		}
		if got := <-b; got != Entered {
			t.Errorf("outcome %d", got)
		}
		next.Leave()
	})
}

// Many goroutines, many ways to wait: the turn is one at a time, and none is lost.
func TestQueueUnderLoad(t *testing.T) {
	q := &Queue{}
	var inside int
	done := make(chan bool)
	for g := range 16 {
		go func() {
			defer func() { done <- true }()
			turn := &Turn{}
			for i := range 2000 {
				ctx, cancel := context.WithCancel(context.Background())
				timeout := far
				switch (g + i) % 5 {
				case 0:
					cancel()
				case 1:
					timeout = 0
				}
				turn.Offer = nil
				if i%2 == 0 {
					turn.Offer = g
				}
				switch q.Enter(ctx, turn, timeout) {
				case Entered:
					if inside++; inside != 1 {
						panic("two have the turn")
					}
					for i%3 == 0 {
						other := q.Take(anything)
						if other == nil {
							break
						}
						other.Serve()
					}
					if other := q.Take(anything); other != nil {
						other.GiveBack(i%4 == 0)
					}
					if i%7 == 0 {
						runtime.Gosched()
					}
					inside--
					turn.Leave()
				}
				cancel()
			}
		}()
	}
	for range 16 {
		<-done
	}
	if q.held || q.Waiting() != 0 || q.first != nil || q.last != nil {
		t.Errorf("%d wait, the turn is held: %t", q.Waiting(), q.held)
	}
}

// The files of one database have one queue, whatever path leads to it, for as long as one of them is open.
func TestQueueOfAFile(t *testing.T) {
	before := len(queues.byID)
	a, b := openQueue(0), openQueue(0)
	if a == nil || a != b {
		t.Fatalf("%p and %p", a, b)
	}
	a.close()
	if c := openQueue(0); c != a {
		t.Error("another queue while a file is open")
	}
	b.close()
	b.close()
	if len(queues.byID) != before {
		t.Error("a queue without files is kept")
	}
	if openQueue(^uintptr(0)) != nil {
		t.Error("a queue for no file")
	}
	var none *Queue
	none.close()
}
