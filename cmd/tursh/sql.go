package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/ncruces/go-sqlite3"

	"github.com/turso-coop/turso-coop/cmd/tursh/internal/show"
	"github.com/turso-coop/turso-coop/cmd/tursh/internal/sqltext"
	"github.com/turso-coop/turso-coop/driver"
)

// compileError is a statement's error before it ran. text begins with that
// statement and goes on to the end of what was to be run.
type compileError struct {
	error
	text string
}

func (e compileError) Unwrap() error { return e.error }

// outputError is a failure to write results.
type outputError struct{ error }

// runSQL runs the statements of text, which began at the place at, up to the
// first one that fails. It reports what failed and returns whether none did.
func (sh *shell) runSQL(text string, at place) (ok bool) {
	sh.timer.begin()
	sh.startPaging()
	err := sh.use(func(ctx context.Context, c driver.Conn) error {
		sh.io.begin(c)
		err := sh.runStatements(ctx, c, text)
		sh.io.end(c)
		if sh.io.always {
			sh.showIO(c, false)
		}
		return err
	})
	err = sh.endPaging(err)
	sh.timer.end(sh)
	if sh.flush() != nil {
		return false
	}
	ok = err == nil || sh.statementFailed(err, at)
	if ok && sh.changes {
		sh.showChanges()
	}
	if ok {
		sh.dumped.ran(sh, text)
	}
	return sh.sqlDone() && ok
}

// sqlDone ends what was to last for one line of SQL.
func (sh *shell) sqlDone() (ok bool) {
	if sh.redirect.once > 0 {
		sh.redirect.once = 1
	}
	ok = sh.onceDone()
	sh.onceShown()
	sh.safe.again(nil)
	return ok
}

// statementFailed reports an error. It returns false for every one, so that it
// can be the result of what has failed.
func (sh *shell) statementFailed(err error, at place) (ok bool) {
	if errors.As(err, new(outputError)) || err == errFailed || sh.openFailed(err) {
		return false
	}
	if message := sh.safe.violation; message != "" {
		sh.safe.violation = ""
		return sh.unsafe("%s", message) == nil
	}
	kind, tail, text := "Error", "", ""
	if compile := (compileError{}); (errors.As(err, &compile) || sh.db == nil) && !errors.Is(err, sqlite3.INTERRUPT) {
		text = compile.text
		kind, tail = "Parse error", mistake(err, text)
	}
	sh.report("%s: %s%s%s\n", at.in(kind), message(err), tail, sh.suggestion(err, text))
	return false
}

func (sh *shell) runStatements(ctx context.Context, c driver.Conn, text string) error {
	return eachStatement(ctx, c, text, func(st driver.Statement) error {
		err := sh.runStatement(ctx, c, st)
		if flushed := sh.flush(); err == nil && flushed != nil {
			err = outputError{flushed}
		}
		return err
	})
}

// eachStatement compiles the statements of text one after the other, and calls f
// for each, up to the first error.
func eachStatement(ctx context.Context, c driver.Conn, text string, f func(st driver.Statement) error) error {
	for text = sqltext.TrimSpace(text); text != ""; text = sqltext.TrimSpace(text) {
		// SQLite is given one statement at a time: it copies what it is given, and
		// a line of many statements would be copied once for each of them.
		n := sqltext.FirstStatement(text)
		st, tail, err := c.Statement(ctx, text[:n])
		if err != nil {
			return compileError{err, text}
		}
		if st != nil {
			if err := errors.Join(f(st), st.Close()); err != nil {
				return err
			}
			n -= len(tail)
		}
		text = text[n:]
	}
	return nil
}

// runStatement runs one statement and shows its rows, with what else was asked
// for: its plan before and its statistics after.
func (sh *shell) runStatement(ctx context.Context, c driver.Conn, st driver.Statement) error {
	kind := sqltext.ExplainOf(st.SQL())
	if sh.eqp != eqpOff && kind == sqltext.NotExplain {
		if err := sh.showPlan(ctx, c, st.SQL()); err != nil {
			return err
		}
	}
	if err := sh.bind(ctx, c, st); err != nil {
		return err
	}
	limit := 0
	if kind == sqltext.NotExplain {
		limit = sh.rowLimit(st)
	}
	err := sh.show(ctx, st, sh.formatterFor(kind), limit)
	if sh.stats != statsOff {
		sh.showStats(c, st)
	}
	return err
}

// newFormatter makes the formatter for the rows of a statement.
type newFormatter func(columns []string) show.Formatter

func (sh *shell) formatterFor(kind sqltext.Explain) newFormatter {
	switch {
	case kind == sqltext.ExplainCode && sh.explain:
		return sh.newCode
	case kind == sqltext.ExplainPlan && sh.explain:
		return sh.newPlan
	}
	return func(columns []string) show.Formatter { return sh.currentFormat().New(sh.out, columns, &sh.convert) }
}

func (sh *shell) newCode(columns []string) show.Formatter {
	return show.NewCode(sh.out, columns, &sh.convert)
}

func (sh *shell) newPlan(columns []string) show.Formatter {
	return show.NewPlan(sh.out, columns, &sh.convert)
}

// show runs a statement and shows its rows: at most limit of them, if that is
// not 0.
func (sh *shell) show(ctx context.Context, st driver.Statement, format newFormatter, limit int) error {
	waiting := sh.startProgress("running")
	more, err := st.Step(ctx)
	waiting.end()
	columns := make([]string, st.ColumnCount())
	if len(columns) == 0 {
		return err
	}
	for i := range columns {
		columns[i] = st.ColumnName(i)
	}
	f := format(columns)
	values := make([]any, len(columns))
	shown := 0
	for ; more && err == nil && (limit == 0 || shown < limit); shown++ {
		for i := range values {
			values[i] = st.Column(i)
		}
		if err := f.Row(values); err != nil {
			return outputError{err}
		}
		more, err = st.Step(ctx)
	}
	if ferr := f.Finish(); ferr != nil {
		return outputError{ferr}
	}
	if more && err == nil {
		err = sh.countRest(ctx, st, shown)
	}
	return err
}

// showPlan shows how SQLite would run a statement.
func (sh *shell) showPlan(ctx context.Context, c driver.Conn, text string) error {
	if sh.eqp >= eqpTrigger {
		was, err := c.Raw().Config(sqlite3.DBCONFIG_TRIGGER_EQP)
		if err == nil && !was {
			_, _ = c.Raw().Config(sqlite3.DBCONFIG_TRIGGER_EQP, true)
			defer c.Raw().Config(sqlite3.DBCONFIG_TRIGGER_EQP, false)
		}
	}
	if err := sh.explainStatement(ctx, c, "EXPLAIN QUERY PLAN "+text, sh.newPlan); err != nil || sh.eqp < eqpFull {
		return err
	}
	return sh.explainStatement(ctx, c, "EXPLAIN "+text, sh.newCode)
}

func (sh *shell) explainStatement(ctx context.Context, c driver.Conn, text string, format newFormatter) error {
	st, _, err := c.Statement(ctx, text)
	if err != nil {
		return err
	}
	err = sh.show(ctx, st, format, 0)
	return errors.Join(err, st.Close())
}

// eqpLevel is how much .eqp shows of a statement before it runs.
type eqpLevel uint8

const (
	eqpOff     eqpLevel = iota
	eqpOn               // its plan
	eqpTrigger          // and the plans of the triggers that it may fire
	eqpFull             // and its bytecode
)

var eqpNames = []string{"off", "on", "trigger", "full"}

func (l eqpLevel) String() string { return eqpNames[l] }

func (sh *shell) cmdEqp(d *dotLine) error {
	if len(d.args) != 2 {
		return complain("Usage: .eqp off|on|trace|trigger|full")
	}
	switch arg := d.arg(1); {
	case arg == "full", arg == "trace": // only SQLite's debug builds can trace
		sh.eqp = eqpFull
	case arg == "trigger":
		sh.eqp = eqpTrigger
	case sh.boolean(arg):
		sh.eqp = eqpOn
	default:
		sh.eqp = eqpOff
	}
	return nil
}

func (sh *shell) showChanges() {
	_ = sh.db.use(func(c driver.Conn) error {
		fmt.Fprintf(sh.out, "changes: %d   total_changes: %d\n", c.Raw().Changes(), c.Raw().TotalChanges())
		return nil
	})
}

// dumpScript notices that the shell is reading a dump into an empty database:
// only then may a script write to the schema table, as a dump with virtual
// tables must, and use the quotes that old schemas are full of.
type dumpScript struct {
	state dumpState
}

type dumpState uint8

const (
	dumpFirst  dumpState = iota // nothing has run so far
	dumpSecond                  // PRAGMA foreign_keys=OFF has
	dumpInside                  // and BEGIN TRANSACTION: the guards are down
	dumpNone                    // it is no dump, or was one
)

// ran is told of every text that has run without an error.
func (d *dumpScript) ran(sh *shell, text string) {
	switch text = strings.TrimSpace(text); {
	case d.state == dumpNone:
	case d.state == dumpFirst && text == "PRAGMA foreign_keys=OFF;" && !sh.safe.on:
		d.state = dumpSecond
	case d.state == dumpSecond && text == "BEGIN TRANSACTION;" && sh.emptyDatabase():
		d.state = dumpInside
		sh.guard(false)
	case d.state == dumpInside && sh.db.inTransaction():
	case d.state == dumpInside:
		sh.guard(true)
		d.state = dumpNone
	default:
		d.state = dumpNone
	}
}

func (sh *shell) emptyDatabase() bool {
	empty := false
	_ = sh.db.use(func(c driver.Conn) error {
		names, err := texts(context.Background(), c, "SELECT name FROM sqlite_schema LIMIT 1")
		empty = err == nil && len(names) == 0
		return nil
	})
	return empty
}

// guard raises or lowers the guards of the database.
func (sh *shell) guard(up bool) {
	_ = sh.db.use(func(c driver.Conn) error {
		_, err1 := c.Raw().Config(sqlite3.DBCONFIG_DEFENSIVE, up)
		_, err2 := c.Raw().Config(sqlite3.DBCONFIG_DQS_DDL, !up)
		return errors.Join(err1, err2)
	})
}
