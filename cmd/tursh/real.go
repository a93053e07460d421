package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/turso-coop/turso-coop/driver"
)

// realText writes REAL values the way SQLite casts them to text: up to 17
// significant digits, fewer only where its own rules find that they read back
// as the same value. Those rules are not "the shortest text that reads back"
// (198.47731899344 stays 198.47731899344001), so SQLite itself is asked, on a
// connection kept for that, which leaves the user's alone.
type realText struct {
	conn driver.Conn
	cast driver.Statement // SELECT CAST(?1 AS TEXT)
}

// append appends the text of f. Should SQLite not answer, for want of memory,
// the text is one that at least reads back as f.
func (r *realText) append(b []byte, f float64) []byte {
	if text, err := r.text(f); err == nil {
		return append(b, text...)
	}
	return strconv.AppendFloat(b, f, 'e', 16, 64)
}

func (r *realText) text(f float64) (string, error) {
	if r.cast == nil {
		if err := r.open(); err != nil {
			return "", err
		}
	}
	if err := r.cast.Bind(1, f); err != nil {
		return "", err
	}
	defer r.cast.Reset()
	if _, err := r.cast.Step(context.Background()); err != nil {
		return "", err
	}
	text, ok := r.cast.Column(0).(string)
	if !ok {
		return "", fmt.Errorf("no text for %g", f)
	}
	return text, nil
}

func (r *realText) open() error {
	connector, err := driver.NewConnector(":memory:")
	if err != nil {
		return err
	}
	conn, err := connector.Connect(context.Background())
	if err != nil {
		return err
	}
	c := conn.(driver.Conn)
	cast, _, err := c.Statement(context.Background(), "SELECT CAST(?1 AS TEXT)")
	if err != nil {
		return errors.Join(err, c.Close())
	}
	r.conn, r.cast = c, cast
	return nil
}

func (r *realText) close() error {
	if r.cast == nil {
		return nil
	}
	return errors.Join(r.cast.Close(), r.conn.Close())
}
