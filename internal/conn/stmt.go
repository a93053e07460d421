package conn

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/ncruces/go-sqlite3"
)

// ErrStmtClosed is what every call on a closed statement returns.
var ErrStmtClosed = errors.New("statement is closed")

// TimeLayout is how [Stmt.Bind] writes a time, in its own zone, unless Options.TimeLayout says otherwise.
const TimeLayout = "2006-01-02 15:04:05.999999999-07:00"

// Stmt is one compiled SQL statement.
type Stmt struct {
	// Aux is for the user of the statement: it stays with the statement while that is kept for the next use.
	Aux any

	c          *Conn
	s          *sqlite3.Stmt // nil once closed
	sql        string
	word       string // the first of sql
	kind       kind
	readOnly   bool
	bindCount  int
	checkpoint bool  // it is PRAGMA wal_checkpoint
	whole      bool  // it is all that there is in the text that was given
	never      Alone // why it is never run together with others; 0 if nothing speaks against that

	described  *Description
	recompiled int // the count at which it was described

	key          string // what it is kept by; "" if it is not
	newer, older *Stmt  // while it is kept
	lent         bool   // it is kept, and somebody has it
	spoiled      bool   // not to be kept
	used         bool   // it has been bound to or stepped since it was kept

	failed  bool  // the last step did: SQLite repeats its error when the statement is reset
	running bool  // has taken a step and not come to its end
	before  int64 // how many rows the connection had changed then
	rows    int
	took    time.Duration // in steps of this run, if slow statements are reported
}

// Prepare compiles the first statement of sql and returns it with the text behind it. The statement is nil if sql
// holds only white space, comments and semicolons. SQLite reads SQL up to a NUL byte, so that text with one is refused
// rather than run in part.
func (c *Conn) Prepare(ctx context.Context, sql string) (_ *Stmt, tail string, err error) {
	if i := strings.IndexByte(sql, 0); i >= 0 {
		return nil, "", fmt.Errorf("SQL text contains a NUL byte at offset %d, where SQLite would stop reading: bind the value instead", i)
	}
	outer, err := c.enter(ctx)
	if err != nil {
		return nil, "", err
	}
	defer c.leave(outer, &err)
	s, text, tail, err := c.compile(sql, wholeText)
	if s == nil {
		return nil, "", withContext(ctx, err)
	}
	word, kind := kindOf(text)
	prepared := &Stmt{
		c: c, s: s, sql: text, word: word, kind: kind,
		readOnly: s.ReadOnly(), bindCount: s.BindCount(), checkpoint: isCheckpoint(text, word), whole: Blank(tail),
	}
	c.noteCompiled(prepared)
	return prepared, tail, nil
}

// enter is Conn.enter for a call on s.
func (s *Stmt) enter(ctx context.Context) (context.Context, error) {
	if s.s == nil {
		return nil, ErrStmtClosed
	}
	return s.c.enter(ctx)
}

// usable reports whether s can be asked for what it is.
func (s *Stmt) usable() bool { return s.s != nil && s.c.err == nil }

// name is the text by which another connection finds the statement.
func (s *Stmt) name() string { return cmp.Or(s.key, s.sql) }

// SQL returns the statement's text.
func (s *Stmt) SQL() string { return s.sql }

// Step runs the statement up to its next row. The statement runs under ctx for this call only. After row is false, or
// after an error, Reset makes it ready to run again.
func (s *Stmt) Step(ctx context.Context) (row bool, err error) {
	outer, err := s.enter(ctx)
	if err != nil {
		return false, err
	}
	defer s.c.leave(outer, &err)
	return s.step(ctx)
}

func (s *Stmt) step(ctx context.Context) (row bool, err error) {
	s.begin()
	s.used = true
	start := s.c.startTimer()
	s.failed = true
	s.c.stepping()
	row = s.s.Step()
	s.c.stepped()
	if err = s.s.Err(); s.afterItsEnd(err, s.before) {
		err = nil
		repeated(s.s.Reset)
	}
	s.took += s.c.sinceTimer(start)
	if err != nil {
		s.end(err)
		return false, withContext(ctx, err)
	}
	s.failed = false
	if row {
		if s.rows++; s.checkpoint {
			s.noteCheckpoint()
		}
	} else {
		s.end(nil)
	}
	return row, nil
}

// Next is Step and Columns in one.
func (s *Stmt) Next(ctx context.Context, dest []any) (row bool, err error) {
	outer, err := s.enter(ctx)
	if err != nil {
		return false, err
	}
	defer s.c.leave(outer, &err)
	if row, err = s.step(ctx); !row {
		return false, err
	}
	return true, s.columns(dest)
}

// Exec runs the statement to its end, drops its rows and resets it.
func (s *Stmt) Exec(ctx context.Context) (err error) {
	outer, err := s.enter(ctx)
	if err != nil {
		return err
	}
	defer s.c.leave(outer, &err)
	return s.exec(ctx)
}

func (s *Stmt) exec(ctx context.Context) (err error) {
	if s.checkpoint { // whose row says something
		if _, err = s.step(ctx); err == nil {
			err = s.reset()
		}
		return err
	}
	s.begin()
	s.used = true
	start := s.c.startTimer()
	s.c.stepping()
	err = s.s.Exec()
	if s.c.stepped(); s.afterItsEnd(err, s.before) {
		err = nil
	}
	s.took += s.c.sinceTimer(start)
	s.end(err)
	return withContext(ctx, err)
}

// afterItsEnd reports whether err is that a statement inside of a transaction was interrupted when all of it was done:
// earlier, the transaction would have been rolled back. The connection had changed so many rows before; if it has changed
// no more there is no difference. Between two of its rows it is not at its end.
func (s *Stmt) afterItsEnd(err error, before int64) bool {
	return !s.readOnly && errors.Is(err, sqlite3.INTERRUPT) && !s.c.db.GetAutocommit() && s.c.db.TotalChanges() != before && !s.s.Busy()
}

// Reset ends a run of the statement and gives its locks back. An error of the run's last step is not repeated; what is
// returned came about by ending the run (a statement with RETURNING commits here if not all of its rows were read).
func (s *Stmt) Reset() (err error) {
	outer, err := s.enter(context.Background())
	if err != nil {
		return err
	}
	defer s.c.leave(outer, &err)
	return s.reset()
}

func (s *Stmt) reset() (err error) {
	if s.failed {
		s.failed = false
		s.spoiled = s.spoiled || s.running // the step ended in a panic
		repeated(s.s.Reset)
	} else {
		err = s.s.Reset()
	}
	s.end(err)
	return err
}

// repeated calls f, which says again what the step before has said.
func repeated(f func() error) {
	defer func() {
		if p := recover(); p != nil && !outOfMemory(p) {
			panic(p)
		}
	}()
	_ = f()
}

// Close finalizes the statement. Closing it again, or after its connection, does nothing.
func (s *Stmt) Close() (err error) {
	st := s.s
	s.s = nil
	if st == nil || s.c.err != nil {
		return nil
	}
	s.c.cache.forget(s)
	outer, err := s.c.enter(context.Background())
	if err != nil {
		return err
	}
	defer s.c.leave(outer, &err)
	if s.failed {
		repeated(st.Close)
	} else {
		err = st.Close()
	}
	s.end(err)
	return err
}

// ReadOnly reports whether the statement makes no direct change to a database.
// https://sqlite.org/c3ref/stmt_readonly.html
func (s *Stmt) ReadOnly() bool { return s.usable() && s.readOnly }

// Recompiled returns how often SQLite has compiled the statement again because the schema had changed. What the
// statement's columns are can differ each time.
func (s *Stmt) Recompiled() int {
	if !s.usable() {
		return 0
	}
	return s.s.Status(sqlite3.STMTSTATUS_REPREPARE, false)
}

// BindCount returns the largest index of a parameter.
func (s *Stmt) BindCount() int {
	if !s.usable() {
		return 0
	}
	return s.bindCount
}

// BindName returns the name of parameter i, 1 being the first, with its prefix; "" if it has none.
func (s *Stmt) BindName(i int) string {
	if !s.usable() {
		return ""
	}
	return s.s.BindName(i)
}

// ColumnCount returns the number of result columns, 0 for a statement that returns no rows.
func (s *Stmt) ColumnCount() int {
	if !s.usable() {
		return 0
	}
	return s.s.ColumnCount()
}

// ColumnName returns the name of result column i, 0 being the first; "" if there is no such column, or if its name is
// longer than the binding reads: a million bytes, as of a column without AS that is a literal of that size.
func (s *Stmt) ColumnName(i int) string { return s.columnText(i, s.s.ColumnName) }

// ColumnDeclType returns the declared type of the table column that result column i is, "" if it is none, or if the
// type is longer than the binding reads.
func (s *Stmt) ColumnDeclType(i int) string { return s.columnText(i, s.s.ColumnDeclType) }

// ColumnOrigin returns the names of the database, table and column that result column i is, "" if it is none.
// https://sqlite.org/c3ref/column_database_name.html
func (s *Stmt) ColumnOrigin(i int) (database, table, column string) {
	return s.columnText(i, s.s.ColumnDatabaseName), s.columnText(i, s.s.ColumnTableName), s.columnText(i, s.s.ColumnOriginName)
}

// columnText reads one of the texts that describe result column i.
func (s *Stmt) columnText(i int, read func(int) string) (text string) {
	if i < 0 || i >= s.ColumnCount() {
		return ""
	}
	// The binding panics at a text beyond its limit. SQLite, which had returned, is none the worse.
	defer func() {
		if recover() != nil {
			text = ""
		}
	}()
	return read(i)
}

// Columns stores the current row in dest, which has ColumnCount elements: int64, float64, string, []byte or nil, as
// stored. The values belong to the caller.
func (s *Stmt) Columns(dest []any) (err error) {
	outer, err := s.enter(context.Background())
	if err != nil {
		return err
	}
	defer s.c.leave(outer, &err)
	return s.columns(dest)
}

func (s *Stmt) columns(dest []any) error {
	clear(dest) // the binding would reuse a []byte that it finds there
	if err := s.s.Columns(dest...); err != nil {
		return err
	}
	for i, v := range dest {
		if b, ok := v.([]byte); ok && b == nil {
			dest[i] = []byte{} // an empty BLOB is not NULL
		}
	}
	return nil
}
