package conn

import (
	"context"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/ncruces/go-sqlite3"
)

// crowd is connections of one family that wait for one writer.
type crowd struct {
	t      *testing.T
	name   string
	vfs    string
	family *Family
	writer *Conn // has the turn while the others begin to wait
	conns  []*Conn
}

func newCrowd(t *testing.T, n int, schema string) *crowd {
	t.Helper()
	return newCrowdOn(t, vfsName, n, schema)
}

func newCrowdOn(t *testing.T, vfs string, n int, schema string) *crowd {
	t.Helper()
	k := &crowd{t: t, vfs: vfs, name: filepath.Join(t.TempDir(), "a.db"), family: &Family{atLeast: time.Minute}}
	k.writer = k.open(nil, "")
	script(t, k.writer, schema)
	for range n {
		k.conns = append(k.conns, k.open(k.family, ""))
	}
	return k
}

// open opens a connection that waits for locks; setup is run before it joins f.
func (k *crowd) open(f *Family, setup string) *Conn {
	k.t.Helper()
	c, err := Open(background, Options{Filename: k.name, VFS: k.vfs, BusyTimeout: time.Minute, StmtCache: 8})
	if err != nil {
		k.t.Fatal(err)
	}
	k.t.Cleanup(func() { c.Close() })
	if setup != "" {
		script(k.t, c, setup)
	}
	if f != nil {
		c.Join(f, setup != "")
	}
	return c
}

// call is a statement that one of the connections is to run, and what has come of it.
type call struct {
	on   int // index of the connection
	sql  string
	args []any
	ctx  context.Context
	rows bool // run as a query

	result Result
	got    string // rows
	err    error
	serial int64
	done   chan struct{}
}

func (c *call) run(on *Conn) {
	defer close(c.done)
	ctx := c.ctx
	if ctx == nil {
		ctx = background
	}
	ctx = WithSerial(ctx, &c.serial)
	s, _, err := on.Acquire(ctx, c.sql)
	if err != nil {
		c.err = err
		return
	}
	if c.rows {
		c.got, c.err = queryRows(ctx, s, c.args)
	} else {
		c.result, c.err = s.ExecArgs(ctx, c.args)
	}
	if err := s.Release(); c.err == nil {
		c.err = err
	}
}

func queryRows(ctx context.Context, s *Stmt, args []any) (string, error) {
	var b strings.Builder
	row, gathered, err := s.StartArgs(ctx, args)
	if gathered != nil && err == nil {
		dest := make([]any, len(gathered.Names))
		for gathered.Next(dest) {
			fmt.Fprintln(&b, dest...)
		}
		return b.String(), nil
	}
	for row && err == nil {
		dest := make([]any, s.ColumnCount())
		if err = s.Columns(dest); err == nil {
			fmt.Fprintln(&b, dest...)
			row, err = s.Step(ctx)
		}
	}
	return b.String(), err
}

// begin has the calls wait for the turn, in their order, while the writer has it.
func (k *crowd) begin(calls ...*call) {
	k.t.Helper()
	script(k.t, k.writer, "BEGIN IMMEDIATE")
	for _, c := range calls {
		k.wait(c)
	}
}

// wait begins one more call and returns when it waits, or is done.
func (k *crowd) wait(c *call) {
	k.t.Helper()
	c.done = make(chan struct{})
	before := k.writer.turns.queue.Waiting()
	go c.run(k.conns[c.on])
	k.until(func() bool { return k.writer.turns.queue.Waiting() > before || isDone(c) })
}

// until waits for an event that nothing tells of.
func (k *crowd) until(happened func() bool) {
	k.t.Helper()
	for deadline := time.Now().Add(time.Minute); !happened(); runtime.Gosched() {
		if time.Now().After(deadline) {
			k.t.Fatal("it does not happen")
		}
	}
}

// end ends the writer's transaction and waits for the calls.
func (k *crowd) end(calls ...*call) {
	k.t.Helper()
	script(k.t, k.writer, "COMMIT")
	for _, c := range calls {
		<-c.done
	}
}

func (k *crowd) gathered() (n Counts) {
	for _, c := range k.conns {
		c.counts.addTo(&n)
	}
	return n
}

// text is what is in the table t.
func (k *crowd) text(sql string) string {
	k.t.Helper()
	s := prepare(k.t, k.writer, sql)
	defer s.Close()
	got, err := queryRows(background, s, nil)
	if err != nil {
		k.t.Fatal(err)
	}
	return got
}

func code(err error) sqlite3.ExtendedErrorCode { return codeOf(err) }
