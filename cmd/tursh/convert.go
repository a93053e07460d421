package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/turso-coop/turso-coop/driver"
)

// converter turns values into text where only SQLite knows how, on a connection
// kept for that, which leaves the user's alone. It implements show.Converter.
type converter struct {
	conn driver.Conn
	real driver.Statement // SELECT CAST(?1 AS TEXT)
	json driver.Statement // SELECT json(?1)
}

// AppendReal appends f the way SQLite casts it to text: up to 17 significant
// digits, fewer only where its own rules find that they read back as the same
// value. Those rules are not "the shortest text that reads back"
// (198.47731899344 stays 198.47731899344001). Should SQLite not answer, for
// want of memory, the text is one that at least reads back as f.
func (c *converter) AppendReal(b []byte, f float64) []byte {
	if text, err := c.ask(&c.real, "SELECT CAST(?1 AS TEXT)", f); err == nil {
		return append(b, text...)
	}
	return strconv.AppendFloat(b, f, 'e', 16, 64)
}

// JSONText returns the text of a BLOB of binary JSON.
func (c *converter) JSONText(blob []byte) (text string, ok bool) {
	if !mayBeJSONB(blob) {
		return "", false
	}
	text, err := c.ask(&c.json, "SELECT json(?1)", blob)
	return text, err == nil
}

// mayBeJSONB reports whether the size in the header of binary JSON
// (https://sqlite.org/jsonb.html) is that of the rest of the BLOB.
func mayBeJSONB(blob []byte) bool {
	if len(blob) == 0 {
		return false
	}
	size, digits := uint64(blob[0]>>4), 0
	if size > 11 {
		digits = 1 << (size - 12)
		size = 0
	}
	if len(blob) < 1+digits {
		return false
	}
	for _, d := range blob[1 : 1+digits] {
		size = size<<8 | uint64(d)
	}
	return size == uint64(len(blob)-1-digits)
}

// ask returns the text that a statement, which is compiled when first needed,
// makes of a value.
func (c *converter) ask(st *driver.Statement, text string, v any) (string, error) {
	ctx := context.Background()
	if err := c.open(ctx); err != nil {
		return "", err
	}
	if *st == nil {
		var err error
		if *st, _, err = c.conn.Statement(ctx, text); err != nil {
			return "", err
		}
	}
	s := *st
	if err := s.Bind(1, v); err != nil {
		return "", err
	}
	defer s.Reset()
	if _, err := s.Step(ctx); err != nil {
		return "", err
	}
	answer, ok := s.Column(0).(string)
	if !ok {
		return "", fmt.Errorf("%s: no text for %v", text, v)
	}
	return answer, nil
}

func (c *converter) open(ctx context.Context) error {
	if c.conn != nil {
		return nil
	}
	connector, err := driver.NewConnector(":memory:")
	if err != nil {
		return err
	}
	conn, err := connector.Connect(ctx)
	if err != nil {
		return err
	}
	c.conn = conn.(driver.Conn)
	return nil
}

func (c *converter) close() (err error) {
	for _, st := range []driver.Statement{c.real, c.json} {
		if st != nil {
			err = errors.Join(err, st.Close())
		}
	}
	if c.conn != nil {
		err = errors.Join(err, c.conn.Close())
	}
	return err
}
