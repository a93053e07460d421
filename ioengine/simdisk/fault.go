package simdisk

import (
	"fmt"
	"path"
	"strings"
	"syscall"
	"time"

	"github.com/turso-coop/turso-coop/completion"
)

// A Call is a kind of call to the operating system, or of an event inside it,
// where a fault can strike.
type Call uint8

const (
	CallRead Call = iota
	CallWrite
	CallTruncate
	CallAllocate
	CallSync
	CallSyncDir
	CallOpen
	CallRemove
	CallRename
	CallExists
	CallSize
	CallLock
	CallUnlock
	CallCached    // a read that must not wait for the device: preadv2(2), RWF_NOWAIT
	CallCancel    // a request to cancel
	CallWriteback // what the kernel may do after any write: bring dirty pages to the device
	callKinds
)

var callNames = [callKinds]string{
	"read", "write", "truncate", "allocate", "sync", "syncdir", "open", "remove", "rename",
	"exists", "size", "lock", "unlock", "nowait", "cancel", "writeback",
}

func (c Call) String() string {
	if c >= callKinds {
		return fmt.Sprintf("Call(%d)", c)
	}
	return callNames[c]
}

// calls is a set of Call.
type calls uint32

func callSet(cs ...Call) (set calls) {
	for _, c := range cs {
		set |= 1 << c
	}
	return set
}

func (s calls) has(c Call) bool { return s&(1<<c) != 0 }

// fallible are the calls that a fault strikes which names none: those that
// report an error to whoever asked.
var fallible = callSet(CallRead, CallWrite, CallTruncate, CallAllocate, CallSync, CallSyncDir,
	CallOpen, CallRemove, CallRename, CallExists, CallSize, CallLock)

// A faultKind is what a fault does to the call that it strikes.
type faultKind uint8

const (
	faultError     faultKind = iota // the call fails
	faultShort                      // fewer bytes are moved, without an error
	faultDelay                      // the call takes longer
	faultFlip                       // one bit of what is read is wrong
	faultGarbage                    // one sector of what is read is garbage
	faultLost                       // what is written never reaches the medium
	faultMisdirect                  // what is written reaches the medium elsewhere
	faultLate                       // a cancellation comes too late
	faultKinds
)

// kinds says how each kind is written, which calls it can strike, and which it
// strikes if it names none.
var kinds = [faultKinds]struct {
	name          string
	on, otherwise calls
}{
	faultError:     {"", ^callSet(CallUnlock, CallCancel), fallible},
	faultShort:     {"short", callSet(CallRead, CallWrite, CallCached), callSet(CallRead, CallWrite)},
	faultDelay:     {"delay", callSet(CallRead, CallWrite, CallTruncate, CallAllocate, CallSync, CallSyncDir), callSet(CallRead, CallWrite, CallTruncate, CallAllocate, CallSync, CallSyncDir)},
	faultFlip:      {"flip", callSet(CallRead, CallCached), callSet(CallRead, CallCached)},
	faultGarbage:   {"garbage", callSet(CallRead, CallCached), callSet(CallRead, CallCached)},
	faultLost:      {"lost", callSet(CallWrite), callSet(CallWrite)},
	faultMisdirect: {"misdirect", callSet(CallWrite), callSet(CallWrite)},
	faultLate:      {"late", callSet(CallCancel), callSet(CallCancel)},
}

// errnos are the errors that calls can fail with. Their names, not their
// values or texts, are what traces and faults hold: those differ by system.
var errnos = [...]struct {
	name string
	err  error
}{
	{"eio", syscall.EIO},
	{"enospc", syscall.ENOSPC},
	{"edquot", syscall.EDQUOT},
	{"eintr", syscall.EINTR},
	{"eagain", syscall.EAGAIN},
	{"enomem", syscall.ENOMEM},
	{"ecanceled", completion.ErrCanceled},
	{"eopnotsupp", syscall.EOPNOTSUPP},
	{"eacces", syscall.EACCES},
	{"emfile", syscall.EMFILE},
}

// pagesAfter is what a failed write-back leaves of the dirty pages.
type pagesAfter uint8

const (
	pagesDefault  pagesAfter = iota // clean after EIO, ENOSPC and EDQUOT, otherwise dirty
	pagesClean                      // F1: not on the medium, kept in the cache, never written again
	pagesReverted                   // F2: as clean, and the cache reverts to the medium
	pagesPart                       // F3: as clean, but some sectors did reach the medium
	pagesDirty                      // nothing happened to them; a later sync writes them
	pagesWritten                    // all reached the medium, and yet an error is reported
)

var pagesNames = [...]string{"", "clean", "reverted", "part", "dirty", "written"}

// A Fault is one thing that goes wrong, and when. It is made by [ParseFaults]
// and printed in the same form:
//
//	(eio (on sync) (path "*-wal") (nth 3))
//
// The first word says what happens to the call that it strikes:
//
//	eio enospc edquot eintr eagain enomem ecanceled eopnotsupp eacces emfile
//	             it fails; ecanceled is completion.ErrCanceled
//	short N      it moves at most N bytes, and reports no error; without N, a
//	             number by the seed; 0 only for nowait
//	delay 5ms    it takes that much longer
//	flip         one bit of what it reads is wrong
//	garbage      one sector of what it reads is garbage
//	lost         what it writes never reaches the medium, though synced
//	misdirect N  what it writes reaches the medium N bytes away, a multiple of
//	             512, though synced
//	late         the cancellation finds the operation under way, which goes on
//
// What follows says when. All must hold:
//
//	(on CALL…)       read write truncate allocate sync syncdir open remove
//	                 rename exists size lock, nowait (of a read that the page
//	                 cache could answer), cancel, writeback (after any write);
//	                 without it, any of the first twelve that it can strike
//	(path "GLOB")    path.Match of the whole path or, of a pattern without a
//	                 slash, of its last element
//	(range OFF LEN)  the call's bytes overlap these; flip and garbage stay inside
//	(nth N)          only the N-th call that matches the above
//	(from N)         the N-th and every later one
//	(times N)        N times at most
//	(rate N M)       N times in M, by the seed
//
// and these say more about a failure:
//
//	(after N)        N bytes are moved first
//	(applied)        all of it takes effect, and then the error is reported
//	(pages WORD)     what a failed sync or writeback makes of the dirty pages:
//	                 clean reverted part dirty written
//	(sticky)         flip and garbage: on the medium, until it is overwritten
//
// One fault strikes a call, the first in the set that matches.
type Fault struct {
	kind    faultKind
	errno   uint8 // index into errnos, of faultError
	arg     int64 // short: bytes or -1, delay: ns, misdirect: bytes
	on      calls // 0: kinds[kind].otherwise
	path    string
	ranged  bool
	off     int64
	length  int64
	nth     int64 // 0: any
	from    int64
	times   int64
	rate    [2]uint64 // 0 0: always
	partial bool      // after is said
	after   int64
	applied bool
	sticky  bool
	pages   pagesAfter
}

// Faults is a set of faults, in order.
type Faults []Fault

// err is what the call fails with, nil if it does not.
func (f *Fault) err() error {
	if f == nil || f.kind != faultError {
		return nil
	}
	return errnos[f.errno].err
}

// leaves is what a sync that f strikes makes of the dirty pages.
func (f *Fault) leaves() pagesAfter {
	switch {
	case f.applied:
		return pagesWritten
	case f.pages != pagesDefault:
		return f.pages
	}
	switch errnos[f.errno].name {
	case "eio", "enospc", "edquot":
		return pagesClean
	}
	return pagesDirty
}

// matches reports whether f could strike a call, apart from how often.
func (f *Fault) matches(call Call, name string, off, n int64) bool {
	on := f.on
	if on == 0 {
		on = kinds[f.kind].otherwise
	}
	if !on.has(call) || (f.ranged && (off+n <= f.off || f.off+f.length <= off)) {
		return false
	}
	if f.path == "" {
		return true
	}
	if !strings.Contains(f.path, "/") {
		name = path.Base(name)
	}
	ok, _ := path.Match(f.path, name)
	return ok
}

// A faultCount is a fault at work.
type faultCount struct {
	Fault
	matched, fired int64
}

// due counts a matching call and reports whether the fault strikes it.
func (f *faultCount) due(draw uint64) bool {
	f.matched++
	due := f.matched >= f.from && (f.nth == 0 || f.matched == f.nth) &&
		(f.times == 0 || f.fired < f.times) &&
		(f.rate[1] == 0 || draw%f.rate[1] < f.rate[0])
	if due {
		f.fired++
	}
	return due
}

// An Injection is one strike of a fault.
type Injection struct {
	Event int64 // number of the struck call's first event
	Fault Fault
	Call  Call
	Path  string
}

// SetFaults replaces the faults; their counts start again.
func (d *Disk) SetFaults(faults Faults) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.faults = make([]faultCount, len(faults)) // calls under way point into the old one
	for i, f := range faults {
		d.faults[i].Fault = f
	}
}

// Injected returns the strikes so far, oldest first: what a test has to find
// surfaced, or harmless.
func (d *Disk) Injected() []Injection {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]Injection(nil), d.injected...)
}

// match returns the fault that strikes a call, or nil. The caller holds mu.
func (d *Disk) match(call Call, name string, off, n int64) *Fault {
	var struck *Fault
	for i := range d.faults {
		f := &d.faults[i]
		if !f.matches(call, name, off, n) {
			continue
		}
		if struck == nil {
			if f.due(d.draw(drawRate+stream(i), uint64(f.matched))) {
				struck = &f.Fault
				d.injected = append(d.injected, Injection{d.events + 1, f.Fault, call, name})
			}
		} else {
			f.matched++
		}
	}
	return struck
}

// delay is how much longer the call takes.
func (f *Fault) delay() time.Duration {
	if f == nil || f.kind != faultDelay {
		return 0
	}
	return time.Duration(f.arg)
}
