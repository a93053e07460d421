package slt

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// engine is the name by which scripts know SQLite, whichever driver runs it.
const engine = "sqlite"

// record is one record of a script.
type record struct {
	line    int // of the record's first line behind its conditions, from 1
	kind    recordKind
	skipped bool // by a condition
	sql     string

	wantError bool // statement

	types     string // query: one of I, T and R for each column
	order     order
	label     string
	want      []string // the result, by lines
	threshold int      // hash-threshold: in values
}

type recordKind int

const (
	statement recordKind = iota
	query
	hashThreshold
	halt
)

// order is what happens to a result before it is compared.
type order string

const (
	noSort    order = "nosort"
	rowSort   order = "rowsort"
	valueSort order = "valuesort"
)

// scanner reads the records of a script one by one.
type scanner struct {
	text string // that is not read yet
	line int    // how many lines are read
}

// next returns the next record, or io.EOF. Another error says what is wrong at record.line, behind which the script makes
// no sense any more.
func (s *scanner) next() (record, error) {
	var r record
	conditional := false
	for {
		line, ok := s.readLine()
		fields := strings.Fields(line)
		r.line = s.line
		switch {
		case conditional && len(fields) == 0:
			return r, errors.New("no record follows the condition")
		case !ok:
			return r, io.EOF
		case len(fields) == 0, strings.HasPrefix(fields[0], "#"):
		case fields[0] == "skipif", fields[0] == "onlyif":
			if len(fields) < 2 {
				return r, fmt.Errorf("%s does not say which database", fields[0])
			}
			conditional = true
			if strings.EqualFold(fields[1], engine) == (fields[0] == "skipif") {
				r.skipped = true
			}
		default:
			return r, s.record(&r, fields)
		}
	}
}

// record reads a record that begins with a line of these fields.
func (s *scanner) record(r *record, fields []string) error {
	argument := func(i int) string {
		if i < len(fields) && !strings.HasPrefix(fields[i], "#") {
			return fields[i]
		}
		return ""
	}
	switch fields[0] {
	case "statement":
		r.kind = statement
		switch argument(1) {
		case "ok":
		case "error":
			r.wantError = true
		default:
			return fmt.Errorf("statement %q: want ok or error", argument(1))
		}
		return s.sql(r)
	case "query":
		r.kind, r.types, r.order, r.label = query, argument(1), order(argument(2)), argument(3)
		if r.types == "" || strings.Trim(r.types, "ITR") != "" {
			return fmt.Errorf("query types %q: want some of I, T and R", r.types)
		}
		switch r.order {
		case "":
			r.order = noSort
		case noSort, rowSort, valueSort:
		default:
			return fmt.Errorf("sort mode %q: want %s, %s or %s", r.order, noSort, rowSort, valueSort)
		}
		return s.sql(r)
	case "hash-threshold":
		n, err := strconv.Atoi(argument(1))
		if err != nil || n < 0 {
			return fmt.Errorf("hash-threshold %q: want a number of values", argument(1))
		}
		r.kind, r.threshold = hashThreshold, n
	case "halt":
		r.kind = halt
	default:
		return fmt.Errorf("unknown record %q", fields[0])
	}
	return nil
}

// separator stands between the SQL of a query and its result.
const separator = "----"

// sql reads the lines of a statement, or those of a query and of its result.
func (s *scanner) sql(r *record) error {
	start, end := s.text, 0
	for {
		before := len(s.text)
		line, ok := s.readLine()
		if line == "" {
			break
		}
		if line == separator && r.kind == query {
			s.values(r)
			break
		}
		if end += before - len(s.text); !ok {
			break
		}
	}
	if r.sql = strings.TrimRight(start[:end], "\r\n"); r.sql == "" {
		return errors.New("there is no SQL")
	}
	return nil
}

// values reads the lines of a result.
func (s *scanner) values(r *record) {
	for {
		line, _ := s.readLine()
		if line == "" {
			return
		}
		r.want = append(r.want, line)
	}
}

// readLine returns the next line without its end, ok if there is one.
func (s *scanner) readLine() (line string, ok bool) {
	if s.text == "" {
		return "", false
	}
	s.line++
	line, s.text, _ = strings.Cut(s.text, "\n")
	return strings.TrimSuffix(line, "\r"), true
}
