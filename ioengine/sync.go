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
	f.syncOnce()
}

// syncOnce answers all waiting syncs with one system call. The caller leads.
// If more have come meanwhile, a goroutine leads on before these are answered,
// so that the device does not wait for that.
func (f *file) syncOnce() {
	f.mu.Lock()
	// What the sync covers is settled before it starts: a write that finishes
	// later may have missed it.
	covered := f.unsynced
	f.unsynced, f.spare = f.spare, nil
	f.lastShared = len(covered) > 1
	f.mu.Unlock()

	mode := SyncNormal
	for i := range covered {
		mode = max(mode, covered[i].mode)
	}
	f.e.stats.systemCalls.Add(1)
	f.e.stats.sharedSyncs.Add(int64(len(covered) - 1))
	err := sysSync(f.fd, mode)

	f.mu.Lock()
	if f.leading = len(f.unsynced) > 0; f.leading {
		go f.syncOnce()
	}
	f.mu.Unlock()
	for i := range covered {
		covered[i].finish(err)
	}
	clear(covered)
	f.mu.Lock()
	f.spare = covered[:0]
	f.mu.Unlock()
}
