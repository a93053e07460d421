package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/turso-coop/turso-coop/driver"
	"github.com/turso-coop/turso-coop/ioengine"
	"github.com/turso-coop/turso-coop/vfs"
)

// What the I/O engine does, which no other shell can tell of.

// ioWatch is what .io remembers.
type ioWatch struct {
	before driver.Stats // when the last line of SQL began
	after  driver.Stats // when it had ended
	always bool         // shows it after every line of SQL

	trace *ioengine.Trace
	file  *os.File // that the trace is written to
}

// begin and end are around every line of SQL.
func (w *ioWatch) begin(c driver.Conn) { w.before = c.Stats() }
func (w *ioWatch) end(c driver.Conn)   { w.after = c.Stats() }

// stop ends a trace.
func (w *ioWatch) stop(sh *shell) error {
	if w.trace == nil {
		return nil
	}
	if sh.db != nil {
		_ = sh.db.use(func(c driver.Conn) error {
			vfs.Trace(c.Raw(), nil)
			return nil
		})
	}
	err := errors.Join(w.trace.Close(), w.file.Close())
	name := w.file.Name()
	w.trace, w.file = nil, nil
	if err != nil {
		sh.report("Error: cannot write to \"%s\": %s\n", name, err)
		return errFailed
	}
	return nil
}

func (sh *shell) cmdIO(d *dotLine) error {
	what := "last"
	if len(d.args) > 1 {
		what = d.arg(1)
	}
	switch {
	case what == "trace" && len(d.args) == 3:
		return sh.traceIO(d.arg(2))
	case len(d.args) > 2:
		return complain("Usage: .io ?last|total|on|off? or .io trace FILE|off")
	case what == "on", what == "off":
		sh.io.always = what == "on"
		return nil
	case what == "last", what == "total":
		return sh.use(func(_ context.Context, c driver.Conn) error {
			sh.showIO(c, what == "total")
			return nil
		})
	}
	return &argError{1, "unknown argument", "should be last, total, on, off, or trace FILE"}
}

// traceIO begins a timeline of operations, or ends it.
func (sh *shell) traceIO(name string) error {
	if err := sh.io.stop(sh); err != nil || name == "off" {
		return err
	}
	return sh.use(func(_ context.Context, c driver.Conn) error {
		f, err := os.Create(name)
		if err != nil {
			return complain("Error: cannot write to \"%s\"", name)
		}
		start := time.Now()
		t := ioengine.NewTrace(f, func() time.Duration { return time.Since(start) })
		if !vfs.Trace(c.Raw(), t) {
			return errors.Join(complain("Error: the database has no I/O engine that can be traced"), f.Close(), os.Remove(name))
		}
		sh.io.trace, sh.io.file = t, f
		return nil
	})
}

// showIO shows what was done: for the last line of SQL, or in all.
func (sh *shell) showIO(c driver.Conn, total bool) {
	stats := c.Stats()
	engine, reason := "none: the database is not a file", ""
	if stats.Files != nil {
		engine, reason = string(stats.Files.Engine.Engine), stats.Files.Engine.Reason
	}
	fmt.Fprintf(sh.out, "%-28s %s\n", "engine", engine)
	if reason != "" {
		fmt.Fprintf(sh.out, "%-28s %s\n", "", reason)
	}
	before := reflect.ValueOf(sh.io.before)
	if !total {
		stats = sh.io.after
	}
	sh.showCounters("", reflect.ValueOf(stats), before, total)
}

// showCounters shows the counters in a struct and in those within it, without
// the ones that are 0. What is counted is up to the driver and the layers below,
// which is why there is no list of it here.
func (sh *shell) showCounters(of string, now, before reflect.Value, total bool) {
	for i := range now.NumField() {
		name := strings.TrimSpace(of + " " + words(now.Type().Field(i).Name))
		field, was := now.Field(i), before.Field(i)
		switch {
		case field.Kind() == reflect.Pointer && !field.IsNil():
			if was.IsNil() {
				was = reflect.New(field.Type().Elem())
			}
			sh.showCounters(name, field.Elem(), was.Elem(), total)
		case field.Kind() == reflect.Struct:
			sh.showCounters(words(now.Type().Field(i).Name), field, was, total)
		case field.Kind() == reflect.Array:
			sh.showSizes(name, field, was, total)
		case field.CanInt():
			n := field.Int()
			if !total {
				n -= was.Int()
			}
			if n == 0 {
				continue
			}
			value := strconv.FormatInt(n, 10)
			if field.Type() == reflect.TypeFor[time.Duration]() {
				value = time.Duration(n).String()
			}
			fmt.Fprintf(sh.out, "%-28s %s\n", name, value)
		}
	}
}

// showSizes shows how many batches there were of up to 1, 2, 4 operations and so
// on.
func (sh *shell) showSizes(name string, now, before reflect.Value, total bool) {
	text := ""
	for i := range now.Len() {
		n := now.Index(i).Int()
		if !total {
			n -= before.Index(i).Int()
		}
		switch {
		case n == 0:
		case i == now.Len()-1:
			text += fmt.Sprintf(" more: %d", n)
		default:
			text += fmt.Sprintf(" %d: %d", 1<<i, n)
		}
	}
	if text != "" {
		fmt.Fprintf(sh.out, "%-28s%s\n", name, text)
	}
}

// words returns a name of Go as words, as in "merged writes" for MergedWrites.
func words(name string) string {
	var b strings.Builder
	for i, r := range name {
		if 'A' <= r && r <= 'Z' {
			if i > 0 {
				b.WriteByte(' ')
			}
			r += 'a' - 'A'
		}
		b.WriteRune(r)
	}
	return b.String()
}

func (sh *shell) cmdEngine(d *dotLine) error {
	switch len(d.args) {
	case 1:
		return sh.use(func(_ context.Context, c driver.Conn) error {
			stats := c.Stats()
			if stats.Files == nil {
				fmt.Fprintln(sh.out, "none: the database is not a file")
				return nil
			}
			fmt.Fprintf(sh.out, "%s: %s\n", stats.Files.Engine.Engine, stats.Files.Engine.Reason)
			return nil
		})
	case 2:
		return sh.useEngine(d.arg(1))
	}
	return complain("Usage: .engine ?uring|pool|auto?")
}

// useEngine opens the database again, with another engine.
func (sh *shell) useEngine(name string) error {
	if err := knownEngine(name); err != nil {
		return err
	}
	if name == "auto" {
		name = ""
	}
	if sh.db != nil && sh.db.inTransaction() {
		return complain("Error: a transaction is open; the engine can be changed after its end")
	}
	was := sh.target
	if err := errors.Join(sh.io.stop(sh), sh.closeDatabase()); err != nil {
		return err
	}
	sh.target.engine = name
	ctx, done := sh.interrupts.begin()
	defer done()
	err := sh.open(ctx)
	if err != nil {
		sh.target = was
	}
	return err
}

// knownEngine returns an error unless there is an engine of that name.
func knownEngine(name string) error {
	switch name {
	case "uring", "pool", "auto":
		return nil
	}
	return complain("-engine is uring, pool or auto, not \"%s\"", name)
}
