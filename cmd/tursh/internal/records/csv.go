package records

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
)

// Format says how a table is written as text. Separators are single bytes.
type Format struct {
	ColSep, RowSep byte
	Raw            bool // quotes mean nothing
	Escape         byte // before a byte outside quotes that is to be taken as it is, 0 for none
	QuotedEscape   byte // the same in quotes
	FirstLine      int  // the number of the first line, if it is not 1
}

// csvReader reads CSV as RFC 4180 has it, and what is like it. What the standard
// does not allow is read as the sqlite3 shell does, with a warning.
type csvReader struct {
	Format
	r    *bufio.Reader
	line int
	any  bool // something has been read
}

// NewCSV returns a Reader of text.
func NewCSV(r io.Reader, f Format) Reader {
	return &csvReader{Format: f, r: bufio.NewReaderSize(r, 256<<10), line: max(f.FirstLine, 1)}
}

const (
	quote         = '"'
	byteOrderMark = "\ufeff"
)

func (c *csvReader) Read(r *Record) error {
	r.reset(c.line)
	if err := c.more(r); err != nil {
		return err
	}
	if !c.any && bytes.HasPrefix(r.buf, []byte(byteOrderMark)) {
		r.buf = r.buf[len(byteOrderMark):]
	}
	c.any = true
	// A field is noted by where it is, since the buffer may move as it grows.
	for at, last := 0, false; !last; {
		if !c.Raw && at < len(r.buf) && r.buf[at] == quote {
			var err error
			if at, last, err = c.quoted(r, at+1); err != nil {
				return err
			}
			continue
		}
		at, last = c.plain(r, at)
	}
	r.End = c.line
	return nil
}

// more appends the next line to the record's text, with its end.
func (c *csvReader) more(r *Record) error {
	before := len(r.buf)
	for {
		part, err := c.r.ReadSlice(c.RowSep)
		r.buf = append(r.buf, part...)
		switch {
		case err == nil:
			c.line++
			return nil
		case err == bufio.ErrBufferFull:
		case err == io.EOF && len(r.buf) > before:
			return nil
		default:
			return err
		}
	}
}

// plain reads the field without quotes that begins at at, and returns where the
// next one does, and whether there is none.
func (c *csvReader) plain(r *Record, at int) (next int, last bool) {
	text := r.buf[at:]
	end := bytes.IndexByte(text, c.ColSep)
	if c.Escape != 0 {
		text, end = c.unescape(text)
		r.buf = r.buf[:at+len(text)]
	}
	last = end < 0
	if last {
		end = len(text)
		if n := end - 1; n >= 0 && text[n] == c.RowSep {
			end = n
			if !c.Raw && n > 0 && text[n-1] == '\r' {
				end = n - 1
			}
		}
	}
	r.Fields = append(r.Fields, Field{Text: text[:end:end]})
	return at + end + 1, last
}

// unescape takes the escapes out of text up to the next separator, in place, and
// returns the rest with where that is.
func (c *csvReader) unescape(text []byte) (rest []byte, end int) {
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == c.Escape && i+1 < len(text):
			copy(text[i:], text[i+1:])
			text = text[:len(text)-1]
		case text[i] == c.ColSep:
			return text, i
		}
	}
	return text, -1
}

// quoted reads the field whose text begins at start, behind its quote. It ends
// at a quote that a separator follows; others are doubled, or an oddity.
func (c *csvReader) quoted(r *Record, start int) (next int, last bool, err error) {
	firstLine := c.line - 1
	to := start // where the text goes, in place
	for i := start; ; {
		if i >= len(r.buf) {
			if err := c.more(r); err == io.EOF {
				r.warn(firstLine, fmt.Sprintf("unterminated %c-quoted field", quote))
				r.Fields = append(r.Fields, Field{r.buf[start:to:to], Quoted})
				return to, true, nil
			} else if err != nil {
				return 0, false, err
			}
			continue
		}
		switch b := r.buf[i]; {
		case b == c.QuotedEscape && b != 0 && i+1 < len(r.buf):
			r.buf[to] = r.buf[i+1]
			i += 2
			to++
		case b != quote:
			r.buf[to] = b
			i++
			to++
		case i+1 < len(r.buf) && r.buf[i+1] == quote:
			r.buf[to] = quote
			i += 2
			to++
		default:
			if next, last, ok := c.fieldEnd(r.buf, i+1); ok {
				r.Fields = append(r.Fields, Field{r.buf[start:to:to], Quoted})
				return next, last, nil
			}
			r.warn(c.line-1, fmt.Sprintf("unescaped %c character", quote))
			r.buf[to] = quote
			i++
			to++
		}
	}
}

// fieldEnd reports whether a field can end at i, where the next one begins, and
// whether there is none.
func (c *csvReader) fieldEnd(b []byte, i int) (next int, last, ok bool) {
	switch {
	case i == len(b):
		return i, true, true
	case b[i] == c.ColSep:
		return i + 1, false, true
	case b[i] == c.RowSep:
		return i + 1, true, true
	case b[i] == '\r' && i+1 < len(b) && b[i+1] == c.RowSep:
		return i + 2, true, true
	}
	return 0, false, false
}
