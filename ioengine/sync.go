package ioengine

import "runtime"

// join adds a sync to those that the next system call will answer, and reports
// whether the caller has to see to it that lead is called: nobody leads yet.
//
// Only syncs of the same descriptor are merged. The kernel reports a failed
// write-back once to each open description (errseq_t): a sync through somebody
// else's could miss the error that this descriptor was to be told.
func (f *file) join(o *op) (lead bool) {
	o.start("shared") // unless it comes to lead
	f.mu.Lock()
	defer f.mu.Unlock()
	f.unsynced = append(f.unsynced, *o)
	lead = !f.leading
	f.leading = true
	return lead
}

// lead answers the syncs that have joined.
func (f *file) lead() {
	f.mu.Lock()
	busy := f.lastShared || len(f.unsynced) > 1
	f.mu.Unlock()
	if busy {
		// Others are committing too: let those that are about to ask for a
		// sync do so before the set is closed.
		runtime.Gosched()
	}
	if f.syncOnce() {
		// The caller's own sync is done; whoever came meanwhile is served by
		// a goroutine that lives as long as there are any.
		go func() {
			for f.syncOnce() {
			}
		}()
	}
}

// syncOnce answers all waiting syncs with one system call and reports whether
// more have come meanwhile. The caller leads; it no longer does if not.
func (f *file) syncOnce() (more bool) {
	f.mu.Lock()
	// What the sync covers is settled before it starts: a write that finishes
	// later may have missed it.
	f.syncing, f.unsynced = f.unsynced, f.syncing[:0]
	covered := f.syncing
	f.lastShared = len(covered) > 1
	f.mu.Unlock()

	mode := SyncNormal
	for i := range covered {
		mode = max(mode, covered[i].mode)
	}
	f.e.stats.systemCalls.Add(1)
	f.e.stats.sharedSyncs.Add(int64(len(covered) - 1))
	err := sysSync(f.fd, mode)
	for i := range covered[1:] {
		covered[1+i].finish(err)
	}
	first := covered[0]
	clear(covered)

	// Lead on or resign before the last one is answered: its owner may close
	// the file, and only underway operations keep Close waiting.
	f.mu.Lock()
	more = len(f.unsynced) > 0
	f.leading = more
	f.mu.Unlock()
	first.finish(err)
	return more
}
