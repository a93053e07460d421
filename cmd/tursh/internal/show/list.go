package show

import (
	"fmt"
	"io"
	"strconv"

	"github.com/turso-coop/turso-coop/cmd/tursh/internal/sqltext"
)

// The formatters that write a row as soon as they have it.

// rows is what they share: a buffer that is reused for every row, and how many
// rows there were.
type rows struct {
	layout
	buf []byte
	n   int
}

// write writes what has been put into the buffer, and counts a row.
func (r *rows) write(b []byte) error {
	r.n++
	return r.flush(b)
}

func (r *rows) flush(b []byte) error {
	r.buf = b
	_, err := r.w.Write(b)
	return err
}

// plural returns a number of rows in words.
func plural(n int) string {
	if n == 1 {
		return "1 row"
	}
	return strconv.Itoa(n) + " rows"
}

// count writes the number of rows, if that is wanted, into format.
func (r *rows) count(format string) error {
	if !r.RowCount {
		return nil
	}
	return r.flush(fmt.Appendf(nil, format, plural(r.n)))
}

// list writes a row as its fields with separators between and after them.
type list struct{ rows }

func newList(l layout) Formatter { return &list{rows{layout: l}} }

func (f *list) Row(values []any) error {
	b := f.buf[:0]
	if f.n == 0 && f.Titles != TitlesOff {
		b = f.appendTitles(b)
	}
	for i, v := range values {
		if i > 0 {
			b = append(b, f.ColSep...)
		}
		b = f.appendValue(b, v)
	}
	return f.write(append(b, f.RowSep...))
}

func (f *list) appendTitles(b []byte) []byte {
	for i, name := range f.columns {
		if i > 0 {
			b = append(b, f.ColSep...)
		}
		b = f.appendText(b, name, f.TitleQuote)
	}
	return append(b, f.RowSep...)
}

func (f *list) Finish() error {
	if f.n == 0 && f.Titles == TitlesAlways {
		if err := f.flush(f.appendTitles(nil)); err != nil {
			return err
		}
	}
	return f.count("(%s)\n")
}

// html writes rows of an HTML table. Without closing tags, which HTML does not
// ask for, as the sqlite3 shell.
type html struct{ rows }

func newHTML(l layout) Formatter { return &html{rows{layout: l}} }

func (f *html) Row(values []any) error {
	b := f.buf[:0]
	if f.n == 0 && f.Titles != TitlesOff {
		b = f.appendTitles(b)
	}
	b = append(b, "<tr>"...)
	for _, v := range values {
		b = f.appendValue(append(b, "\n<td>"...), v)
	}
	return f.write(append(b, "\n</tr>\n"...))
}

func (f *html) appendTitles(b []byte) []byte {
	b = append(b, "<tr>"...)
	for _, name := range f.columns {
		b = f.appendText(append(b, "\n<th>"...), name, f.Quote)
	}
	return append(b, "\n</tr>\n"...)
}

func (f *html) Finish() error {
	if f.n == 0 && f.Titles == TitlesAlways {
		if err := f.flush(f.appendTitles(nil)); err != nil {
			return err
		}
	}
	return f.count("<!-- %s -->\n")
}

// insert writes INSERT statements, of one row each or of as many as stay within
// MultiInsert bytes.
type insert struct {
	rows
	head []byte // up to the values
	size int    // of the statement that is open, 0 if none is
}

func newInsert(l layout) Formatter {
	table := l.TableName
	if table == "" {
		table = "tab"
	}
	f := &insert{rows: rows{layout: l}}
	f.head = append(f.head, "INSERT INTO "+sqltext.QuoteNameIfNeeded(table)...)
	if l.Titles != TitlesOff {
		for i, name := range l.columns {
			f.head = append(f.head, "(,"[min(i, 1)])
			f.head = append(f.head, sqltext.QuoteNameIfNeeded(name)...)
		}
		f.head = append(f.head, ')')
	}
	f.head = append(f.head, " VALUES("...)
	return f
}

func (f *insert) Row(values []any) error {
	b := f.buf[:0]
	if f.size > 0 {
		b = append(b, ",\n  ("...)
	} else {
		b = append(b, f.head...)
	}
	for i, v := range values {
		if i > 0 {
			b = append(b, ',')
		}
		b = f.appendValue(b, v)
	}
	b = append(b, ')')
	if f.size += len(b) + len(";"); f.size >= f.MultiInsert {
		b = append(b, ";\n"...)
		f.size = 0
	}
	return f.write(b)
}

func (f *insert) Finish() error {
	if f.size > 0 {
		if err := f.flush([]byte(";\n")); err != nil {
			return err
		}
	}
	return f.count("/* %s inserted */\n")
}

// json writes rows as objects: in an array, or each on a line of its own. No
// rows, no array.
type json struct {
	rows
	names               [][]byte // the titles as JSON, each with its colon
	begin, between, end string
}

func newJSON(l layout) Formatter {
	f := &json{rows: rows{layout: l}, begin: "{", between: "}\n{", end: "}\n"}
	if l.Mode.style == JSON {
		f.begin, f.between, f.end = "[{", "},\n{", "}]\n"
	}
	for _, name := range l.columns {
		f.names = append(f.names, append(l.appendText(nil, name, JSONText), ':'))
	}
	return f
}

func (f *json) Row(values []any) error {
	b := f.buf[:0]
	if f.n == 0 {
		b = append(b, f.begin...)
	} else {
		b = append(b, f.between...)
	}
	for i, v := range values {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, f.names[i]...)
		b = f.appendValue(b, v)
	}
	return f.write(b)
}

func (f *json) Finish() error {
	if f.n == 0 {
		return nil
	}
	_, err := io.WriteString(f.w, f.end)
	return err
}

// lines writes each value on a line of its own, behind its title.
type lines struct {
	rows
	titles []string
	margin int // width of the titles
}

func newLines(l layout) Formatter {
	f := &lines{rows: rows{layout: l}}
	for _, name := range l.columns {
		if l.TitleLimit > 0 {
			name = limitTitle(name, l.TitleLimit)
		}
		f.titles = append(f.titles, name)
		f.margin = max(f.margin, displayWidth(name))
	}
	return f
}

func (f *lines) Row(values []any) error {
	b := f.buf[:0]
	if f.n > 0 {
		b = append(b, '\n')
	}
	width := 0 // for any
	if f.ScreenWidth > 0 {
		width = max(1, f.ScreenWidth-f.margin-len(f.ColSep))
	}
	for i, v := range values {
		b = appendBlanks(b, f.margin-displayWidth(f.titles[i]))
		b = append(b, f.titles[i]...)
		b = append(b, f.ColSep...)
		rest := string(f.appendValue(nil, v))
		for n := 0; n == 0 || rest != ""; n++ {
			if n > 0 {
				b = appendBlanks(b, f.margin+len(f.ColSep))
			}
			if f.LineLimit > 0 && n == f.LineLimit {
				b = append(b, "...\n"...)
				break
			}
			var line string
			line, _, rest = wrap(rest, width, f.WordWrap != SwitchedOff)
			b = append(append(b, line...), '\n')
		}
	}
	return f.write(b)
}

func (f *lines) Finish() error {
	if f.n > 0 && f.RowCount {
		return f.count("\n(%s)\n")
	}
	return f.count("(%s)\n")
}

// counter shows the number of rows, or nothing at all.
type counter struct {
	layout
	n int64
}

func (f *counter) Row([]any) error {
	f.n++
	return nil
}

func (f *counter) Finish() error {
	if f.Mode.style == Off {
		return nil
	}
	_, err := fmt.Fprintln(f.w, f.n)
	return err
}
