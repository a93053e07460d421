// Package records reads tables from text: CSV and its relatives, and JSON.
//
// A [Reader] yields records one by one. [Ahead] reads them in a goroutine of its
// own, so that one core parses while another one uses what was parsed.
package records

import (
	"io"
	"sync"
	"sync/atomic"
)

// A Kind is what a field is besides its text.
type Kind uint8

// The kinds of fields.
const (
	Text   Kind = iota
	Quoted      // text that stood in quotes
	Null
	Number // of JSON, in its notation
	String // of JSON
)

// A Field is one value of a record. Its text is valid until the record is read
// into again.
type Field struct {
	Text []byte
	Kind Kind
}

// A Record is a row of input. It owns its memory, which is used again for the
// next record that is read into it.
type Record struct {
	Line   int // where it began; the number of the record in JSON
	End    int // the line behind it
	Fields []Field

	// Warnings say what is odd about it, each with the line.
	Warnings []Warning

	buf []byte
}

// A Warning is about a line of input.
type Warning struct {
	Line int
	Text string
}

func (r *Record) reset(line int) {
	*r = Record{Line: line, Fields: r.Fields[:0], Warnings: r.Warnings[:0], buf: r.buf[:0]}
}

// Size returns the bytes of all fields.
func (r *Record) Size() int {
	n := 0
	for _, f := range r.Fields {
		n += len(f.Text)
	}
	return n
}

func (r *Record) warn(line int, text string) {
	r.Warnings = append(r.Warnings, Warning{line, text})
}

// A Reader reads records. It is not for concurrent use.
type Reader interface {
	// Read reads the next record into r. The error is io.EOF after the last one;
	// one of the input leaves r empty.
	Read(r *Record) error
}

// KeptRecords is how many more records can be read from [Ahead] before one is
// not valid any more. So many go from one goroutine to the other at a time.
const KeptRecords = 256

type batch struct {
	records []Record
	n       int
	err     error // after the records
}

// Ahead reads records before they are asked for. It implements Reader.
type Ahead struct {
	full, empty chan *batch
	stop        chan struct{}
	done        sync.WaitGroup
	before      *batch // whose records are still valid
	current     *batch
	at          int
}

// ReadAhead starts to read from r, which must not be used until Close.
func ReadAhead(r Reader) *Ahead {
	const batches = 4
	a := &Ahead{full: make(chan *batch, batches), empty: make(chan *batch, batches), stop: make(chan struct{})}
	for range batches {
		a.empty <- &batch{records: make([]Record, KeptRecords)}
	}
	a.done.Go(func() { a.read(r) })
	return a
}

func (a *Ahead) read(r Reader) {
	for {
		var b *batch
		select {
		case b = <-a.empty:
		case <-a.stop:
			return
		}
		b.n, b.err = 0, nil
		for b.n < len(b.records) && b.err == nil {
			if b.err = r.Read(&b.records[b.n]); b.err == nil {
				b.n++
			}
		}
		a.full <- b // there is room for all
		if b.err != nil {
			return
		}
	}
}

// Next returns the next record, which is valid until [KeptRecords] more have been
// read. The error is that of the Reader.
func (a *Ahead) Next() (*Record, error) {
	for a.current == nil || a.at == a.current.n {
		if a.current != nil {
			if a.current.err != nil {
				return nil, a.current.err
			}
			if a.before != nil {
				a.empty <- a.before
			}
		}
		a.before, a.current, a.at = a.current, <-a.full, 0
	}
	a.at++
	return &a.current.records[a.at-1], nil
}

// Close stops reading and waits until that has ended. It does not close what the
// records come from.
func (a *Ahead) Close() {
	close(a.stop)
	a.done.Wait()
}

// A Counter counts what has been read from R. It may be asked while another
// goroutine reads.
type Counter struct {
	R io.Reader
	n atomic.Int64
}

func (c *Counter) Read(p []byte) (int, error) {
	n, err := c.R.Read(p)
	c.n.Add(int64(n))
	return n, err
}

// Bytes returns how much has been read.
func (c *Counter) Bytes() int64 { return c.n.Load() }
