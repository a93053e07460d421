// Package slt runs scripts in the format of SQLite's sqllogictest (https://sqlite.org/sqllogictest) over database/sql.
//
// A script is a sequence of records, each ended by a blank line:
//
//   - "statement ok" or "statement error", and SQL that must succeed or fail.
//   - "query TYPES SORT LABEL", SQL, "----" and the result: one value a line, or "N values hashing to MD5", the sum
//     being over every value followed by a newline. TYPES has a letter for each column, I (integer), T (text) or
//     R (real number, with three decimals), to which the values are converted as SQLite does. NULL is written as NULL,
//     empty text as (empty), and every byte of text that is not printable ASCII as @. SORT is nosort, rowsort or
//     valuesort, and may be left out with the label. All results of one label must be the same.
//   - "hash-threshold N" says from how many values on the script has sums. Here both forms are understood anywhere, and
//     the threshold decides how a failure is written out.
//   - "halt" ends the script.
//
// "skipif DB" and "onlyif DB" stand before a record and hold for it; the database is sqlite. Lines that begin with # are
// comments.
//
// A query that cannot be compiled fails. One that fails in a step has an empty result: it passes if none is expected.
package slt

import (
	"context"
	"crypto/md5"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
)

// Result is what came of a script, or of several.
type Result struct {
	Statements, Queries int // that were run
	Skipped             int // records that conditions left out
	Failures            []Failure
}

// Add adds the result of another script.
func (r *Result) Add(other Result) {
	r.Statements += other.Statements
	r.Queries += other.Queries
	r.Skipped += other.Skipped
	r.Failures = append(r.Failures, other.Failures...)
}

// Failure is a record whose outcome is not what the script says, or that makes no sense.
type Failure struct {
	File   string
	Line   int
	Reason string
	SQL    string // "" if there is none
}

func (f Failure) String() string {
	return fmt.Sprintf("%s:%d: %s\n%s", f.File, f.Line, f.Reason, f.SQL)
}

// RunFile runs the script at path on a new connection to a database that should be empty. The error is one of the
// file or of the connection.
func RunFile(ctx context.Context, driverName, dsn, path string) (Result, error) {
	script, err := os.ReadFile(path)
	if err != nil {
		return Result{}, fmt.Errorf("slt: %w", err)
	}
	db, err := sql.Open(driverName, dsn)
	if err != nil {
		return Result{}, fmt.Errorf("slt: %s: %w", path, err)
	}
	defer db.Close()
	conn, err := db.Conn(ctx)
	if err != nil {
		return Result{}, fmt.Errorf("slt: %s: %w", path, err)
	}
	result := Run(ctx, conn, path, string(script))
	if err := errors.Join(conn.Close(), db.Close()); err != nil {
		return result, fmt.Errorf("slt: %s: %w", path, err)
	}
	return result, nil
}

// Run runs a script on one connection. name is what failures call it. When ctx ends, what is left of the script fails.
func Run(ctx context.Context, conn *sql.Conn, name, script string) Result {
	r := runner{ctx: ctx, conn: conn, labels: map[string]labeled{}}
	records := scanner{text: script}
	for {
		rec, err := records.next()
		if err == io.EOF {
			return r.result
		}
		if err != nil {
			r.result.Failures = append(r.result.Failures, Failure{name, rec.line, err.Error(), ""})
			return r.result
		}
		if rec.skipped {
			r.result.Skipped++
			continue
		}
		if rec.kind == halt {
			return r.result
		}
		if err := r.record(&rec); err != nil {
			r.result.Failures = append(r.result.Failures, Failure{name, rec.line, err.Error(), rec.sql})
		}
	}
}

// runner runs one script.
type runner struct {
	ctx       context.Context
	conn      *sql.Conn
	threshold int
	labels    map[string]labeled
	result    Result
}

// labeled is the first result of a label.
type labeled struct {
	line int
	sum  string
}

// record runs a record and returns how it failed.
func (r *runner) record(rec *record) error {
	switch rec.kind {
	case statement:
		r.result.Statements++
		_, err := r.conn.ExecContext(r.ctx, rec.sql)
		if err != nil && (!rec.wantError || r.ctx.Err() != nil) {
			return fmt.Errorf("error: %w", err)
		}
		if err == nil && rec.wantError {
			return errors.New("no error, where one is expected")
		}
	case query:
		r.result.Queries++
		return r.query(rec)
	case hashThreshold:
		r.threshold = rec.threshold
	}
	return nil
}

func (r *runner) query(rec *record) error {
	raw, stepErr, err := r.values(rec)
	if err != nil {
		return err
	}
	if stepErr != nil && len(rec.want) > 0 {
		return fmt.Errorf("error: %w", stepErr)
	}
	values, err := r.render(rec.types, raw)
	if err != nil {
		return err
	}
	rec.order.sort(values, len(rec.types))
	if err := r.compare(rec.want, values); err != nil || rec.label == "" {
		return err
	}
	sum := checksum(values)
	first, known := r.labels[rec.label]
	if !known {
		r.labels[rec.label] = labeled{rec.line, sum}
	} else if first.sum != sum {
		return fmt.Errorf("%s, and at line %d, under the same label %s, %s", sum, first.line, rec.label, first.sum)
	}
	return nil
}

// values runs a query and returns all values, row by row. stepErr says that the query could be compiled and then failed,
// err that there is no result at all.
func (r *runner) values(rec *record) (values []any, stepErr, err error) {
	rows, err := r.conn.QueryContext(r.ctx, rec.sql)
	if err != nil {
		// Some drivers take the first step here.
		stmt, compileErr := r.conn.PrepareContext(r.ctx, rec.sql)
		if compileErr != nil {
			return nil, nil, fmt.Errorf("error: %w", compileErr)
		}
		return nil, err, stmt.Close()
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return nil, nil, fmt.Errorf("columns: %w", err)
	}
	row, dest := make([]any, len(columns)), make([]any, len(columns))
	for i := range dest {
		dest[i] = &row[i]
	}
	for rows.Next() {
		if err := rows.Scan(dest...); err != nil {
			return nil, nil, fmt.Errorf("scan: %w", err)
		}
		values = append(values, row...)
	}
	switch err := errors.Join(rows.Err(), rows.Close()); {
	case r.ctx.Err() != nil:
		return nil, nil, r.ctx.Err()
	case err != nil:
		return nil, err, nil
	case len(columns) != len(rec.types):
		return nil, nil, fmt.Errorf("%d columns, want %d", len(columns), len(rec.types))
	}
	return values, nil, nil
}

// sort sorts the values of rows of that many columns.
func (o order) sort(values []string, columns int) {
	switch o {
	case rowSort:
		if columns == 1 {
			slices.Sort(values)
			return
		}
		rows := slices.Collect(slices.Chunk(slices.Clone(values), columns))
		slices.SortFunc(rows, slices.Compare)
		for i, row := range rows {
			copy(values[i*columns:], row)
		}
	case valueSort:
		slices.Sort(values)
	}
}

var isChecksum = regexp.MustCompile(`^[0-9]+ values hashing to [0-9a-f]{32}$`)

// compare compares the values of a result with its lines in the script.
func (r *runner) compare(want, got []string) error {
	if len(want) == 1 && isChecksum.MatchString(want[0]) {
		if sum := checksum(got); sum != want[0] {
			return fmt.Errorf("%s, want %s", sum, want[0])
		}
		return nil
	}
	if slices.Equal(want, got) {
		return nil
	}
	if r.threshold > 0 && len(got) > r.threshold {
		return fmt.Errorf("%s, want %s", checksum(got), show(want))
	}
	return fmt.Errorf("result %s, want %s", show(got), show(want))
}

// show writes the first values of a result, and the beginning of long ones.
func show(values []string) string {
	const most, longest = 20, 100
	shown := slices.Clone(values[:min(len(values), most)])
	for i, v := range shown {
		if len(v) > longest {
			shown[i] = fmt.Sprintf("%s… (%d bytes)", v[:longest], len(v))
		}
	}
	if len(values) > most {
		return fmt.Sprintf("%q and %d more", shown, len(values)-most)
	}
	return fmt.Sprintf("%q", shown)
}

// checksum writes a result in its short form.
func checksum(values []string) string {
	h := md5.New()
	for _, v := range values {
		io.WriteString(h, v)
		io.WriteString(h, "\n")
	}
	var sum [md5.Size]byte
	return fmt.Sprintf("%d values hashing to %s", len(values), hex.EncodeToString(h.Sum(sum[:0])))
}
