package ioengine

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"sync"
	"time"
)

// A Trace writes a timeline of operations in the Chrome trace-event format,
// which chrome://tracing, Perfetto and speedscope open: one event for each
// operation, from the moment it was taken until it had finished, in rows of
// operations that do not overlap. An event's args say how many bytes were
// moved from where, how long the operation was queued, and who carried it out:
//
//	inline   the page cache, when the operation was taken
//	direct   the goroutine that waited for it
//	merged   the same, together with writes that it touches
//	ring     the kernel, through the io_uring
//	worker   a worker goroutine
//	shared   a sync that somebody else made
//
// A Trace may be used by several engines at once. Without one an engine does
// nothing for it but look.
type Trace struct {
	now func() time.Duration

	mu    sync.Mutex
	w     *bufio.Writer
	lanes []bool // rows in use
	wrote bool
	err   error
}

// NewTrace starts a trace that is written to w. now is the clock, in time
// since whenever it began; time.Since of a start is one.
func NewTrace(w io.Writer, now func() time.Duration) *Trace {
	t := &Trace{now: now, w: bufio.NewWriter(w)}
	t.print(`{"displayTimeUnit":"ns","traceEvents":[`)
	return t
}

// A Tracer is an [Engine] whose operations can be traced.
type Tracer interface {
	// Trace records the operations taken from now on in t; nil stops that.
	// Operations that are underway are still recorded where they began.
	Trace(t *Trace)
}

func (e *engine) Trace(t *Trace) { e.trace.Store(t) }

// traced is what an op knows about its trace.
type traced struct {
	t              *Trace
	taken, started time.Duration
	lane           int
	how            string
}

// begin gives an operation that is taken now its place in the trace.
func (t *Trace) begin() *traced {
	t.mu.Lock()
	defer t.mu.Unlock()
	lane := 0
	for lane < len(t.lanes) && t.lanes[lane] {
		lane++
	}
	if lane == len(t.lanes) {
		t.lanes = append(t.lanes, false)
	}
	t.lanes[lane] = true
	now := t.now()
	return &traced{t: t, taken: now, started: now, lane: lane}
}

func (e *engine) beginTrace(o *op) {
	if t := e.trace.Load(); t != nil {
		o.traced = t.begin()
	}
}

// traceInline is beginTrace for a read that is answered at once if at all.
func (e *engine) traceInline() *traced {
	t := e.trace.Load()
	if t == nil {
		return nil
	}
	d := t.begin()
	d.how = "inline"
	return d
}

// abandon gives up an operation's place: it is taken again later.
func (d *traced) abandon() {
	if d != nil {
		d.t.mu.Lock()
		d.t.lanes[d.lane] = false
		d.t.mu.Unlock()
	}
}

// start notes that the operation left the queue, and how it is carried out.
func (o *op) start(how string) {
	if o.merged != nil {
		for i := range o.merged.parts {
			o.merged.parts[i].start("merged")
		}
		return
	}
	if o.traced != nil {
		o.traced.started, o.traced.how = o.traced.t.now(), how
	}
}

// event is one trace event, complete with its duration; times are in µs.
type event struct {
	Name string    `json:"name"`
	Cat  string    `json:"cat"`
	Ph   string    `json:"ph"`
	Ts   float64   `json:"ts"`
	Dur  float64   `json:"dur"`
	Pid  int       `json:"pid"`
	Tid  int       `json:"tid"`
	Args eventArgs `json:"args"`
}

type eventArgs struct {
	File     uint64  `json:"file"`
	OffBytes int64   `json:"off_bytes"`
	Bytes    int     `json:"bytes"`
	QueuedUs float64 `json:"queued_us"`
	How      string  `json:"how"`
	Err      string  `json:"err,omitempty"`
}

// end records an operation that finishes now.
func (d *traced) end(o *op, err error) {
	t := d.t
	now := t.now()
	us := func(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }
	ev := event{
		Name: opNames[o.kind], Cat: "io", Ph: "X", Ts: us(d.taken), Dur: us(now - d.taken), Pid: 1, Tid: d.lane + 1,
		Args: eventArgs{File: o.f.serial, OffBytes: o.off, Bytes: o.n, QueuedUs: us(d.started - d.taken), How: d.how},
	}
	if err != nil {
		ev.Args.Err = err.Error()
	}
	text, _ := json.Marshal(ev) // plain numbers and strings
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.wrote {
		t.print(",\n")
	}
	t.wrote = true
	t.print(string(text))
	t.lanes[d.lane] = false
}

var opNames = [opKinds]string{
	opRead: "read", opWrite: "write", opSync: "sync", opTruncate: "truncate", opAllocate: "allocate", opReadAhead: "read ahead",
}

// print writes to the trace unless that has failed before. The caller holds
// mu, or t is not shared yet.
func (t *Trace) print(s string) {
	if t.err == nil {
		_, t.err = t.w.WriteString(s)
	}
}

// Close ends the trace and returns the first error of writing it. Engines must
// have stopped recording in it, and what they had taken must have finished.
func (t *Trace) Close() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.print("]}\n")
	if t.err == nil {
		t.err = t.w.Flush()
	}
	if t.err != nil {
		return fmt.Errorf("ioengine: write trace: %w", t.err)
	}
	return nil
}
