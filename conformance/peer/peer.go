// Package peer asks several SQLite drivers the same and says exactly what each of them answers.
//
// A [Session] is one connection of one driver. It runs one statement at a time and returns an [Outcome] that can be
// compared across drivers and processes: every value is written out with its class and without loss. Sessions of three kinds answer alike:
//
//   - [Open] makes one in this process, over database/sql.
//   - [OpenStatements] makes one in this process over the statements that turso-coop lends through (*sql.Conn).Raw.
//   - [Process.Open] makes one over database/sql in a child process.
//
// A [Script] is many statements for the connections of one database. [Process.RunScript] runs it in one exchange with the
// child, where sessions take one for each statement.
//
// The child is there because of a rule that every test of this module keeps: one database file is never open in two
// SQLite libraries of one process. POSIX locks belong to a process, so that each library would lose its locks when the
// other closes the file (https://sqlite.org/howtocorrupt.html, section 2.2). So either the libraries are in processes
// of their own, or one has closed the file before the other opens it, or they have files of their own.
package peer

import (
	"context"
	"database/sql"
	"encoding/gob"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	modernc "modernc.org/sqlite"

	"github.com/turso-coop/turso-coop/driver"
	_ "github.com/turso-coop/turso-coop/vfs/oracle" // files are what SQLite asked for
)

// The drivers, by the names that they register with database/sql.
const (
	Turso   = driver.Name
	Stock   = "sqlite3" // github.com/mattn/go-sqlite3: SQLite's own C code
	Modernc = "sqlite"  // modernc.org/sqlite: SQLite's C code translated to Go
)

// NeedStock skips a test that compares with stock SQLite if this binary was built without it.
func NeedStock(t testing.TB) {
	t.Helper()
	if !stockBuilt {
		t.Skip("stock SQLite was not built in: it needs a C compiler and CGO_ENABLED=1")
	}
}

// Statement is a text of SQL and its arguments. Of nil, which cannot be sent to another process, the argument is [Null].
type Statement struct {
	SQL  string
	Args []any
	Way  Way
}

// Way is how a statement is run: the methods of database/sql that a program would call.
type Way uint8

const (
	Query         Way = iota // QueryContext
	Exec                     // ExecContext
	PreparedQuery            // PrepareContext unless the session has prepared the text before, then QueryContext
	PreparedExec             // the same with ExecContext
)

func (w Way) prepared() bool { return w == PreparedQuery || w == PreparedExec }
func (w Way) exec() bool     { return w == Exec || w == PreparedExec }

// String says what differs from the ordinary way.
func (w Way) String() string {
	return [...]string{Query: "query", Exec: "exec", PreparedQuery: "prepared query", PreparedExec: "prepared exec"}[w]
}

// Null is the argument NULL.
const Null null = 0

type null int

func init() {
	for _, v := range []any{Null, time.Time{}, sql.NamedArg{}, sql.NullString{}, sql.NullInt64{}, sql.NullFloat64{}, sql.RawBytes{}} {
		gob.Register(v)
	}
}

// values returns the arguments as drivers want them.
func (s Statement) values() []any {
	args := make([]any, len(s.Args))
	for i, arg := range s.Args {
		args[i] = value(arg)
	}
	return args
}

func value(arg any) any {
	switch v := arg.(type) {
	case null:
		return nil
	case []byte:
		if v == nil { // what arrives of an empty one in another process
			return []byte{}
		}
	case sql.NamedArg:
		v.Value = value(v.Value)
		return v
	}
	return arg
}

// Outcome is all that a statement did, as far as its caller can see.
type Outcome struct {
	Columns []Column
	Rows    [][]string // every value as [Render] writes it
	Err     *Error     // nil if the statement ran to its end

	// What the SQL functions of these names return afterwards.
	Changes, TotalChanges, LastInsertRowID string

	Result     string // what the driver says that Exec has done, "" of a query
	Autocommit string // whether no transaction is open, "" if the driver cannot tell
}

// Column is a result column.
type Column struct{ Name, DeclaredType string }

// Error is an error of a driver.
type Error struct {
	Code int // SQLite's extended result code; 0 if the driver gives none
	Text string
}

func (e *Error) Error() string { return fmt.Sprintf("%s (%d)", e.Text, e.Code) }

// ErrorOf says what a driver says of an error. Nil stays nil.
func ErrorOf(err error) *Error {
	if err == nil {
		return nil
	}
	e := &Error{Text: err.Error()}
	var ours *driver.Error
	var theirs *modernc.Error
	switch {
	case errors.As(err, &ours):
		e.Code = ours.Code()
		// Who holds a lock is more than stock says, and is different each time.
		if holder := ours.Holder(); holder != "" {
			e.Text = strings.TrimSuffix(e.Text, ": "+holder)
		}
	case errors.As(err, &theirs):
		e.Code = theirs.Code()
	default:
		e.Code = stockCode(err)
	}
	return e
}

// String writes everything out, so that equal outcomes have equal texts.
func (o *Outcome) String() string {
	var b strings.Builder
	if o.Err != nil {
		fmt.Fprintf(&b, "error %s\n", o.Err)
	}
	if len(o.Columns) > 0 {
		fmt.Fprintf(&b, "columns %q\n", o.Columns)
	}
	for _, row := range o.Rows {
		b.WriteString(strings.Join(row, " | ") + "\n")
	}
	if o.Result != "" {
		b.WriteString(o.Result + "\n")
	}
	fmt.Fprintf(&b, "changes %s, in total %s, last rowid %s", o.Changes, o.TotalChanges, o.LastInsertRowID)
	if o.Autocommit != "" {
		b.WriteString(", autocommit " + o.Autocommit)
	}
	return b.String()
}

// Render writes a value with its class and without loss, in ASCII.
func Render(v any) string {
	switch v := v.(type) {
	case nil:
		return "NULL"
	case int64:
		return "integer " + strconv.FormatInt(v, 10)
	case float64:
		return "real " + strconv.FormatFloat(v, 'g', -1, 64) // the shortest text that reads back as v
	case string:
		return "text " + strconv.QuoteToASCII(v)
	case []byte:
		return fmt.Sprintf("blob %x", v)
	case bool:
		return "bool " + strconv.FormatBool(v)
	case time.Time:
		return "time " + v.Format(time.RFC3339Nano)
	}
	return fmt.Sprintf("%T %v", v, v)
}

// Session is one connection. One goroutine at a time may use it.
type Session interface {
	// Run runs a statement to its end. The error says that there is no outcome because the session is lost.
	Run(Statement) (*Outcome, error)
	// Close closes the connection and with it the files.
	Close() error
}

// Open opens a session in this process.
func Open(driverName, dsn string) (Session, error) {
	s, err := open(driverName, dsn)
	if err != nil {
		return nil, err
	}
	return s, nil
}

// OpenStatements opens a session of turso-coop that goes past the conversions of database/sql: values are as stored. Its
// queries are single statements.
func OpenStatements(dsn string) (Session, error) {
	s, err := open(Turso, dsn)
	if err != nil {
		return nil, err
	}
	s.query = s.step
	return s, nil
}

// session is a Session in this process.
type session struct {
	db       *sql.DB
	conn     *sql.Conn
	query    func(Statement, *Outcome) error // adds columns and rows to the outcome
	prepared map[string]*sql.Stmt            // by text
}

func open(driverName, dsn string) (*session, error) {
	db, err := sql.Open(driverName, dsn)
	if err != nil {
		return nil, err
	}
	conn, err := db.Conn(context.Background())
	if err != nil {
		db.Close()
		return nil, err
	}
	s := &session{db: db, conn: conn, prepared: map[string]*sql.Stmt{}}
	s.query = s.read
	return s, nil
}

func (s *session) Close() error {
	var errs []error
	for _, stmt := range s.prepared {
		errs = append(errs, stmt.Close())
	}
	return errors.Join(append(errs, s.conn.Close(), s.db.Close())...)
}

func (s *session) Run(st Statement) (*Outcome, error) {
	o := &Outcome{}
	if st.Way.exec() {
		o.Err = ErrorOf(s.exec(st, o))
	} else {
		o.Err = ErrorOf(s.query(st, o))
	}
	if o.Err != nil && o.Rows == nil {
		o.Columns = nil // whether a driver tells the columns before it takes the first step is its own affair
	}
	const counts = "SELECT CAST(changes() AS TEXT), CAST(total_changes() AS TEXT), CAST(last_insert_rowid() AS TEXT)"
	stmt, err := s.prepare(counts)
	if err == nil {
		err = stmt.QueryRow().Scan(&o.Changes, &o.TotalChanges, &o.LastInsertRowID)
	}
	if err != nil { // as when the schema has to be read again, and others have locked the database
		o.Changes = ErrorOf(err).Error()
	}
	return o, s.conn.Raw(func(c any) error {
		switch c := c.(type) {
		case interface{ Autocommit() bool }: // turso-coop
			o.Autocommit = strconv.FormatBool(c.Autocommit())
		case interface{ AutoCommit() bool }: // mattn
			o.Autocommit = strconv.FormatBool(c.AutoCommit())
		}
		return nil
	})
}

// prepare returns the prepared statement of a text. A session keeps all that it has prepared.
func (s *session) prepare(text string) (*sql.Stmt, error) {
	if stmt := s.prepared[text]; stmt != nil {
		return stmt, nil
	}
	stmt, err := s.conn.PrepareContext(context.Background(), text)
	if err == nil {
		s.prepared[text] = stmt
	}
	return stmt, err
}

// exec runs a statement for its result.
func (s *session) exec(st Statement, o *Outcome) error {
	run := func(args ...any) (sql.Result, error) {
		return s.conn.ExecContext(context.Background(), st.SQL, args...)
	}
	if st.Way.prepared() {
		stmt, err := s.prepare(st.SQL)
		if err != nil {
			return err
		}
		run = stmt.Exec
	}
	result, err := run(st.values()...)
	if err != nil {
		return err
	}
	affected, err := result.RowsAffected()
	if err != nil {
		return err
	}
	id, err := result.LastInsertId()
	o.Result = fmt.Sprintf("rows affected %d, last insert id %d", affected, id)
	return err
}

// rows starts a statement that is run for its rows.
func (s *session) rows(st Statement) (*sql.Rows, error) {
	if !st.Way.prepared() {
		return s.conn.QueryContext(context.Background(), st.SQL, st.values()...)
	}
	stmt, err := s.prepare(st.SQL)
	if err != nil {
		return nil, err
	}
	return stmt.Query(st.values()...)
}

// read runs a statement through database/sql.
func (s *session) read(st Statement, o *Outcome) error {
	rows, err := s.rows(st)
	if err != nil {
		return err
	}
	defer rows.Close()
	types, err := rows.ColumnTypes()
	if err != nil {
		return err
	}
	row, dest := make([]any, len(types)), make([]any, len(types))
	for i, t := range types {
		o.Columns = append(o.Columns, Column{t.Name(), t.DatabaseTypeName()})
		dest[i] = &row[i]
	}
	for rows.Next() {
		if err := rows.Scan(dest...); err != nil {
			return err
		}
		o.addRow(row)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	return rows.Close()
}

// step runs a statement of turso-coop step by step.
func (s *session) step(st Statement, o *Outcome) error {
	return s.conn.Raw(func(c any) error {
		stmt, _, err := c.(driver.Conn).Statement(context.Background(), st.SQL)
		if err != nil || stmt == nil {
			return err
		}
		defer stmt.Close()
		for i, arg := range st.values() {
			if err := stmt.Bind(i+1, arg); err != nil {
				return err
			}
		}
		for first := true; ; first = false {
			more, err := stmt.Step(context.Background())
			row := make([]any, stmt.ColumnCount())
			for i := range row {
				if first && err == nil { // the first step may have compiled the statement again
					o.Columns = append(o.Columns, Column{stmt.ColumnName(i), stmt.ColumnDeclType(i)})
				}
				row[i] = stmt.Column(i)
			}
			if err != nil {
				return err
			}
			if !more {
				return stmt.Close()
			}
			o.addRow(row)
		}
	})
}

func (o *Outcome) addRow(values []any) {
	row := make([]string, len(values))
	for i, v := range values {
		row[i] = Render(v)
	}
	o.Rows = append(o.Rows, row)
}
