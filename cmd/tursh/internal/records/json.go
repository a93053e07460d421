package records

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// jsonReader reads objects: those of an array, or one after the other, as in
// JSON Lines (https://jsonlines.org). The names of their members are columns;
// which, is known from the records that are read first.
type jsonReader struct {
	d       *json.Decoder
	array   bool
	begun   bool
	ended   bool // the array has
	n       int
	columns map[string]int // by name, in the order in which they were met
	fixed   bool           // no column is added any more
}

// JSON reads a table of objects.
type JSON struct {
	Columns []string // of all records read so far, or those given to FixColumns
	jsonReader
}

// NewJSON returns a Reader of JSON. A record has a field for every column in
// Columns, those that the object has not being NULL; true and false are 1 and 0,
// and arrays and objects their JSON.
func NewJSON(r io.Reader) *JSON {
	d := json.NewDecoder(r)
	d.UseNumber()
	return &JSON{jsonReader: jsonReader{d: d, columns: map[string]int{}}}
}

// FixColumns says which columns there are from now on: other members are
// dropped, with a warning.
func (j *JSON) FixColumns(columns []string) {
	j.Columns, j.fixed = columns, true
	clear(j.columns)
	for i, name := range columns {
		j.columns[name] = i
	}
}

func (j *JSON) Read(r *Record) error {
	r.reset(j.n + 1)
	if j.ended {
		return io.EOF
	}
	if err := j.begin(); err != nil {
		return j.wrong(err)
	}
	if j.array && !j.d.More() {
		if _, err := j.d.Token(); err != nil { // the end of the array
			return j.wrong(err)
		}
		j.ended = true
		return io.EOF
	}
	if err := j.object(r); err != nil {
		return j.wrong(err)
	}
	j.n++
	r.End = r.Line + 1
	return nil
}

// wrong says at which record an error is. Where an object may begin there may be
// the end.
func (j *JSON) wrong(err error) error {
	if err == io.EOF && !j.array {
		return io.EOF
	}
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("record %d: %w", j.n+1, err)
}

// begin reads up to the first object.
func (j *JSON) begin() error {
	if j.begun {
		return nil
	}
	j.begun = true
	if !j.d.More() {
		return io.EOF
	}
	// The decoder cannot put a token back, but it shows what comes next.
	var next [1]byte
	if _, err := io.ReadFull(j.d.Buffered(), next[:]); err != nil {
		return err
	}
	if j.array = next[0] == '['; !j.array {
		return nil
	}
	_, err := j.d.Token()
	return err
}

var errNoObject = errors.New("not an object, as in {\"name\": value}")

// object reads one object into r.
func (j *JSON) object(r *Record) error {
	t, err := j.d.Token()
	if err != nil {
		return err
	}
	if t != json.Delim('{') {
		return errNoObject
	}
	if err = j.members(r); err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return err
}

func (j *JSON) members(r *Record) error {
	for range j.Columns {
		r.Fields = append(r.Fields, Field{Kind: Null})
	}
	for j.d.More() {
		name, err := j.d.Token()
		if err != nil {
			return err
		}
		var raw json.RawMessage
		if err := j.d.Decode(&raw); err != nil {
			return err
		}
		field, err := fieldOf(raw)
		if err != nil {
			return err
		}
		j.member(r, name.(string), field)
	}
	_, err := j.d.Token() // the end of the object
	return err
}

// member puts a field where its column is.
func (j *JSON) member(r *Record, name string, f Field) {
	i, known := j.columns[name]
	switch {
	case known:
		r.Fields[i] = f
	case j.fixed:
		r.warn(r.Line, fmt.Sprintf("no column for %q - ignored", name))
	default:
		j.columns[name] = len(j.Columns)
		j.Columns = append(j.Columns, name)
		r.Fields = append(r.Fields, f)
	}
}

func fieldOf(raw json.RawMessage) (Field, error) {
	switch raw[0] {
	case 'n':
		return Field{Kind: Null}, nil
	case 't':
		return Field{[]byte("1"), Number}, nil
	case 'f':
		return Field{[]byte("0"), Number}, nil
	case '"':
		var s string
		err := json.Unmarshal(raw, &s)
		return Field{[]byte(s), String}, err
	case '{', '[':
		var b bytes.Buffer
		err := json.Compact(&b, raw)
		return Field{b.Bytes(), Text}, err
	}
	return Field{raw, Number}, nil
}
