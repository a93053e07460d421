// Package show lays out the rows of a statement: the output modes of the
// shell.
//
// A [Format] says how, and is what the user sets with .mode and its like; it
// begins as one of the [Mode]s and can be changed from there. [Format.New] makes
// a [Formatter] for one run of one statement, which takes the rows one by one
// and writes them as soon as it can: the columnar modes, whose widths are known
// only after the last row, at the end, all others at once.
//
// Modes and their bytes are those of the sqlite3 shell 3.54
// (https://sqlite.org/cli.html).
package show

import "io"

// A Formatter lays out the rows of one run of one statement.
type Formatter interface {
	// Row takes the next row. Values are int64, float64, string, []byte or nil,
	// and are not kept. An error is the output's.
	Row(values []any) error

	// Finish ends the output, whether or not the statement came to its end.
	Finish() error
}

// A Converter turns values into text where only SQLite knows how.
type Converter interface {
	// AppendReal appends f as SQLite's cast to text writes it.
	AppendReal(b []byte, f float64) []byte

	// JSONText returns the text of JSON in SQLite's binary form
	// (https://sqlite.org/jsonb.html); ok is false if blob is none.
	JSONText(blob []byte) (text string, ok bool)
}

// A Style is how rows are arranged, apart from how values are written.
type Style uint8

// The styles; several modes may have the same.
const (
	List     Style = iota // a line for each row
	Line                  // a line for each value
	Insert                // INSERT statements
	JSON                  // an array of objects
	JObject               // an object on a line of its own for each row
	HTML                  // rows of an HTML table
	Column                // aligned, without rules
	Table                 // aligned, ruled with - | +
	Box                   // aligned, ruled with box-drawing characters
	Markdown              // a table of Markdown
	Count                 // the number of rows
	Off                   // nothing
)

// columnar reports whether s aligns columns.
func (s Style) columnar() bool { return s >= Column && s <= Markdown }

// A Format is how results are shown. Its zero value is of no use: start with
// [Format.SetMode].
type Format struct {
	Mode                     *Mode
	ColSep, RowSep, NullText string
	Titles                   Titles
	TitleQuote               Quoting
	Quote                    Quoting
	Blob                     BlobQuoting
	Escape                   Escape
	Borderless               bool // Box and Table without a frame
	RowCount                 bool // ends with the number of rows
	TextJSONB                bool // shows binary JSON as text
	TableName                string
	MultiInsert              int // bytes of one INSERT statement after which the next one starts; 0 is one row each

	// Limits of what is shown, 0 for none: lines of a value, characters of a
	// value, characters of a title.
	LineLimit, CharLimit, TitleLimit int

	// ScreenWidth is the width to fit columnar modes into, 0 for any. AutoWidth
	// says that it follows the terminal.
	ScreenWidth int
	AutoWidth   bool

	Wrap     int   // width from which columns are wrapped, 0 for none
	WordWrap OnOff // wrap between words; unless it is off
	Align    []Align
	Widths   []int // of columns, 0 for what they need; a negative one aligns right

	// TitlesFixed says that the user has decided about titles, so that a change
	// of mode leaves them alone.
	TitlesFixed bool
}

// Titles says when column names are shown.
type Titles uint8

// Titles in full are shown also where there are no rows.
const (
	TitlesOff Titles = iota
	TitlesOn
	TitlesAlways
)

func (t Titles) String() string { return [...]string{"off", "on", "always"}[t] }

// Quoting is how text is written.
type Quoting uint8

// The ways to write text.
const (
	Plain Quoting = iota
	SQL           // as a literal of SQL
	CSV           // as a field of RFC 4180
	HTMLText
	C // as a literal of C
	JSONText
	Relaxed // as a literal of SQL, but plain if it cannot be mistaken
)

// BlobQuoting is how a BLOB is written.
type BlobQuoting uint8

// The ways to write a BLOB.
const (
	BlobAuto BlobQuoting = iota // as fits the quoting of text
	BlobText
	BlobSQL
	BlobHex
	BlobC
	BlobJSON
	BlobSize // only its size
)

// Escape is how control characters of text are written that would otherwise
// reach a terminal, and steer it.
type Escape uint8

// The ways to write control characters. Tabs and ends of lines are never
// escaped.
const (
	EscapeAuto   Escape = iota // EscapeASCII
	EscapeOff                  // as they are
	EscapeASCII                // ^A
	EscapeSymbol               // as U+2401
)

// OnOff is a switch that may not have been touched.
type OnOff uint8

// The positions of a switch.
const (
	Unset OnOff = iota
	SwitchedOff
	SwitchedOn
)

// Align is how a column is aligned.
type Align uint8

// AlignAuto aligns numbers right and the rest left.
const (
	AlignAuto Align = iota
	AlignLeft
	AlignCenter
	AlignRight
)

// A layout is what a formatter is made from.
type layout struct {
	Format
	w       io.Writer
	columns []string
	convert Converter
}

// New returns a formatter for rows of columns, which writes to w.
func (f *Format) New(w io.Writer, columns []string, convert Converter) Formatter {
	l := layout{Format: *f, w: w, columns: columns, convert: convert}
	switch style := f.Mode.style; {
	case style.columnar():
		return newGrid(l)
	case style == Line:
		return newLines(l)
	case style == Insert:
		l.Quote, l.NullText = SQL, "NULL"
		return newInsert(l)
	case style == JSON, style == JObject:
		l.Quote, l.NullText = JSONText, "null"
		return newJSON(l)
	case style == HTML:
		l.Quote, l.NullText = HTMLText, "null"
		return newHTML(l)
	case style == Count, style == Off:
		return &counter{layout: l}
	default:
		return newList(l)
	}
}
