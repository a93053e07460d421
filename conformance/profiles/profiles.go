// Package profiles holds what programs can observe of the drivers that turso-coop stands in for, as scenarios that run on
// any driver of database/sql. Its test runs every one on each of them, and on turso-coop with the profile of its name,
// and compares what was observed line by line.
//
// Each driver runs in a process of its own: two of them register the same name, and some crash in places.
package profiles

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The drivers that turso-coop stands in for.
const (
	Mattn   = "mattn"
	Modernc = "modernc"
	Ncruces = "ncruces"
)

// Scenario is something that a program does with a driver.
type Scenario struct {
	Name string
	Only []string // the drivers that it is for; nil is all
	Run  func(*Observer)
}

// For reports whether the scenario is for a driver.
func (s *Scenario) For(driver string) bool {
	return s.Only == nil || slices.Contains(s.Only, driver)
}

// Scenarios returns all scenarios.
func Scenarios() []Scenario {
	return slices.Concat(dsnScenarios(), bindScenarios(), scanScenarios(), columnScenarios(), statementScenarios(),
		transactionScenarios(), errorScenarios())
}

// Observed is what one scenario has shown.
type Observed struct {
	Scenario string
	Lines    []string
}

// Serve runs scenarios on the driver that is registered by a name, and writes to w an [Observed] in JSON for each. dir
// is a directory for their files.
func Serve(w io.Writer, registered, dir string, names []string) error {
	out := json.NewEncoder(w)
	for _, s := range Scenarios() {
		if !slices.Contains(names, s.Name) {
			continue
		}
		lines, err := observe(&s, registered, dir)
		if err != nil {
			return err
		}
		if err := out.Encode(Observed{s.Name, lines}); err != nil {
			return err
		}
	}
	return nil
}

func observe(s *Scenario, registered, dir string) (lines []string, err error) {
	if dir, err = os.MkdirTemp(dir, "*"); err != nil {
		return nil, err
	}
	o := &Observer{registered: registered, dir: dir}
	defer o.close()
	defer func() {
		if p := recover(); p != nil {
			o.note("panic: %v", p)
		}
		lines = o.lines
	}()
	s.Run(o)
	return o.lines, nil
}

// Observer runs a scenario and writes down what a program would see.
type Observer struct {
	registered string
	dir        string
	opened     []*sql.DB
	lines      []string
}

func (o *Observer) close() {
	defer func() { _ = recover() }()
	for _, db := range o.opened {
		_ = db.Close()
	}
}

func (o *Observer) note(format string, args ...any) {
	o.lines = append(o.lines, strings.ReplaceAll(fmt.Sprintf(format, args...), o.dir, "DIR"))
}

// path returns the path of a file of the scenario.
func (o *Observer) path(name string) string { return filepath.Join(o.dir, name) }

// open opens a pool of one connection, of a URI for a file with the given parameters, and tells if that fails.
func (o *Observer) open(params string) *sql.DB {
	return o.openDSN("file:" + o.path("test.db") + "?" + params)
}

func (o *Observer) openDSN(dsn string) *sql.DB {
	db, err := sql.Open(o.registered, dsn)
	if err == nil {
		o.opened = append(o.opened, db)
		db.SetMaxOpenConns(1)
		var n int
		err = db.QueryRow("SELECT 1").Scan(&n)
	}
	switch {
	case err == nil:
		return db
	case codeOf(err) == 0:
		o.note("the DSN is refused") // every driver has its own words
	default:
		o.note("open: %s", describe(err))
	}
	return nil
}

// must runs statements that no driver differs in.
func (o *Observer) must(db execer, text string) {
	if _, err := db.ExecContext(context.Background(), text); err != nil {
		o.note("%s: %s", text, describe(err))
	}
}

// execer is a *sql.DB, *sql.Conn or *sql.Tx.
type execer interface {
	ExecContext(context.Context, string, ...any) (sql.Result, error)
	QueryContext(context.Context, string, ...any) (*sql.Rows, error)
	PrepareContext(context.Context, string) (*sql.Stmt, error)
}

// exec runs text by Exec.
func (o *Observer) exec(db execer, text string, args ...any) {
	res, err := db.ExecContext(context.Background(), text, args...)
	o.result("exec "+text, res, err)
}

func (o *Observer) result(what string, res sql.Result, err error) {
	if err != nil {
		o.note("%s: %s", what, describe(err))
		return
	}
	id, _ := res.LastInsertId()
	changes, _ := res.RowsAffected()
	o.note("%s: id %d, changes %d", what, id, changes)
}

// query runs text by Query and reads all rows.
func (o *Observer) query(db execer, text string, args ...any) {
	rows, err := db.QueryContext(context.Background(), text, args...)
	o.rows("query "+text, rows, err)
}

func (o *Observer) rows(what string, rows *sql.Rows, err error) {
	if err != nil {
		o.note("%s: %s", what, describe(err))
		return
	}
	defer rows.Close()
	names, _ := rows.Columns()
	o.note("%s: columns %q", what, names)
	row, dest := make([]any, len(names)), make([]any, len(names))
	for i := range row {
		dest[i] = &row[i]
	}
	for rows.Next() {
		if err := rows.Scan(dest...); err != nil {
			o.note("scan: %s", describe(err))
			return
		}
		var b strings.Builder
		for _, v := range row {
			b.WriteString(" " + render(v))
		}
		o.note("row%s", b.String())
	}
	if err := rows.Err(); err != nil {
		o.note("rows: %s", describe(err))
	}
}

// fails runs text, which fails, by Exec and by Query. Whether Query itself or the rows have the error is left open.
func (o *Observer) fails(db execer, text string, args ...any) {
	_, err := db.ExecContext(context.Background(), text, args...)
	o.note("exec %s: %s", text, ok(err))
	rows, err := db.QueryContext(context.Background(), text, args...)
	if err == nil {
		for rows.Next() {
			o.note("a row")
		}
		err = cmp.Or(rows.Err(), rows.Close())
	}
	o.note("query %s: %s", text, ok(err))
}

// ok describes an error, or says that there is none.
func ok(err error) string {
	if err != nil {
		return describe(err)
	}
	return "ok"
}

// render writes a value with its Go type.
func render(v any) string {
	switch v := v.(type) {
	case string:
		return strconv.QuoteToASCII(v)
	case []byte:
		if v == nil {
			return "[]byte(nil)"
		}
		return fmt.Sprintf("x'%x'", v)
	case time.Time:
		return "time " + v.Format(time.RFC3339Nano)
	}
	return fmt.Sprintf("%T %v", v, v)
}

// describe writes an error with its code, and what errors.Is finds in it.
func describe(err error) string {
	text := "error " + strconv.Quote(err.Error())
	if code := codeOf(err); code != 0 {
		text += fmt.Sprintf(", code %d", code)
	}
	for _, target := range []error{context.Canceled, context.DeadlineExceeded, sql.ErrTxDone, sql.ErrNoRows} {
		if errors.Is(err, target) {
			text += ", is " + target.Error()
		}
	}
	return text
}

// codeOf returns SQLite's extended result code, however the driver tells it.
func codeOf(err error) int {
	for ; err != nil; err = errors.Unwrap(err) {
		v := reflect.ValueOf(err)
		if m := v.MethodByName("ExtendedCode"); m.IsValid() {
			return number(m.Call(nil)[0])
		}
		if m := v.MethodByName("Code"); m.IsValid() {
			return number(m.Call(nil)[0])
		}
		if v.Kind() == reflect.Struct && v.FieldByName("ExtendedCode").IsValid() {
			return number(v.FieldByName("ExtendedCode"))
		}
		if v.Kind() == reflect.Uint16 || v.Kind() == reflect.Uint8 {
			return number(v)
		}
	}
	return 0
}

func number(v reflect.Value) int {
	if v.CanInt() {
		return int(v.Int())
	}
	return int(v.Uint())
}
