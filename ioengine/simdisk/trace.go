package simdisk

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"strings"
	"syscall"
	"time"

	"github.com/turso-coop/turso-coop/ioengine"
)

// A Phase is a moment in the life of a call.
type Phase uint8

const (
	Started  Phase = iota // the operating system has it; whether it takes effect is open
	Finished              // it has had its effect; the caller does not know yet
)

// An Event is a call that starts or finishes. Calls on names and locks take no
// time and only finish.
type Event struct {
	Number int64 // from 1
	At     time.Duration
	Phase  Phase
	Call   Call
	Path   string
	Off    int64 // of a read or write; of others the size or the level that was asked for
	Len    int64 // bytes that the call was to move
	N      int64 // bytes that it moved, if it has finished
	Err    error // what the system answered, if it has finished
}

// String is the event in one line.
func (e Event) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d %v %s %s %d+%d", e.Number, e.At, e.Call, e.Path, e.Off, e.Len)
	if e.Phase == Finished {
		fmt.Fprintf(&b, " = %d", e.N)
		if e.Err != nil {
			b.WriteString(" " + errorName(e.Err))
		}
	}
	return b.String()
}

// errorName names an error alike on every operating system.
func errorName(err error) string {
	for _, e := range errnos {
		if errors.Is(err, e.err) {
			return e.name
		}
	}
	for _, e := range [...]struct {
		err  error
		name string
	}{
		{nil, "ok"}, {io.EOF, "eof"}, {ErrBusy, "busy"}, {ioengine.ErrClosed, "closed"},
		{syscall.EBADF, "ebadf"}, {syscall.EEXIST, "eexist"}, {syscall.EFBIG, "efbig"}, {syscall.EINVAL, "einval"},
		{syscall.EISDIR, "eisdir"}, {syscall.ENOENT, "enoent"}, {syscall.ENOTDIR, "enotdir"}, {syscall.EXDEV, "exdev"},
	} {
		if err == e.err || (e.err != nil && errors.Is(err, e.err)) {
			return e.name
		}
	}
	return err.Error()
}

// Watch calls f at every event from now on, with the disk as it is right then;
// nil ends it. cut takes the disk's state at this very instant and is only for
// use inside f; f must not call the disk otherwise.
func (d *Disk) Watch(f func(e Event, cut func() *Cut)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.watch = f
}

// Events is the number of events so far.
func (d *Disk) Events() int64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.events
}

// Trace is a hash over every event so far, its time, its result and its bytes
// (FNV-1a, 64 bits): two runs with the same trace did the same.
func (d *Disk) Trace() uint64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.trace
}

// record numbers an event, hashes it into the trace and shows it to whoever
// watches. sum stands for the bytes that were moved. The caller holds mu.
func (d *Disk) record(e Event, sum uint64) {
	d.events++
	e.Number, e.At = d.events, d.now
	var buf [56]byte
	for i, v := range [...]uint64{
		d.trace, uint64(e.At), uint64(e.Phase)<<8 | uint64(e.Call),
		uint64(e.Off), uint64(e.Len), uint64(e.N), sum,
	} {
		binary.LittleEndian.PutUint64(buf[8*i:], v)
	}
	h := fnv.New64a()
	_, _ = h.Write(buf[:]) // a hash does not fail
	_, _ = io.WriteString(h, e.Path)
	if e.Err != nil {
		_, _ = io.WriteString(h, errorName(e.Err))
	}
	d.trace = h.Sum64()
	if d.watch != nil {
		d.watch(e, d.cut)
	}
}

// immediate records a call that takes no time. The caller holds mu.
func (d *Disk) immediate(call Call, path string, off, n int64, err error) {
	d.record(Event{Phase: Finished, Call: call, Path: path, Off: off, N: n, Err: err}, 0)
}
