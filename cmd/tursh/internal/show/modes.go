package show

// A Mode is a way to show results that has a name. What it says of
// separators, NULL and so on takes effect when the mode is chosen.
type Mode struct {
	Name  string
	style Style

	colSep, rowSep, null *string // nil leaves what was there before
	quote, titleQuote    Quoting
	blob                 BlobQuoting
	titles               Titles
	untitled             bool // titles mean nothing to it
	borderless, rowCount bool
	split                bool // one column may become as many as fit the screen
}

// Modes are in the order in which .mode lists them.
var Modes = []*Mode{
	{Name: "ascii", style: List, colSep: new("\x1f"), rowSep: new("\x1e"), null: new("")},
	{Name: "box", style: Box, null: new(""), titles: TitlesAlways},
	{Name: "c", style: List, colSep: new(","), rowSep: new("\n"), null: new("NULL"), quote: C, titleQuote: C, blob: BlobC},
	{Name: "column", style: Column, null: new(""), titles: TitlesAlways},
	{Name: "count", style: Count, untitled: true},
	{Name: "csv", style: List, colSep: new(","), rowSep: new("\r\n"), null: new(""), quote: CSV, titleQuote: CSV},
	{Name: "html", style: HTML, null: new(""), quote: HTMLText, titleQuote: HTMLText, titles: TitlesAlways},
	{Name: "insert", style: Insert, null: new("NULL"), quote: SQL, titleQuote: SQL},
	{Name: "jatom", style: List, colSep: new(","), rowSep: new("\n"), null: new("null"), quote: JSONText, titleQuote: JSONText},
	{Name: "jobject", style: JObject, rowSep: new("\n"), null: new("null"), quote: JSONText, titleQuote: JSONText, untitled: true},
	{Name: "json", style: JSON, null: new("null"), quote: JSONText, titleQuote: JSONText, untitled: true},
	{Name: "line", style: Line, colSep: new(": "), rowSep: new("\n"), null: new(""), untitled: true},
	{Name: "list", style: List, colSep: new("|"), rowSep: new("\n"), null: new("")},
	{Name: "markdown", style: Markdown, null: new(""), titles: TitlesAlways},
	{Name: "off", style: Off, untitled: true},
	{Name: "psql", style: Table, null: new(""), titles: TitlesAlways, borderless: true, rowCount: true},
	{Name: "qbox", style: Box, null: new("NULL"), quote: SQL, titles: TitlesAlways},
	{Name: "quote", style: List, colSep: new(","), rowSep: new("\n"), null: new("NULL"), quote: SQL, titleQuote: SQL},
	{Name: "split", style: Column, null: new(""), split: true},
	{Name: "table", style: Table, null: new(""), titles: TitlesAlways},
	{Name: "tabs", style: List, colSep: new("\t"), rowSep: new("\n"), null: new(""), quote: CSV, titleQuote: CSV},
	{Name: "tcl", style: List, colSep: new(" "), rowSep: new("\n"), null: new(`""`), quote: C, titleQuote: C, blob: BlobC},
}

// Two more names stand for the default of scripts and that of a terminal.
const (
	BatchMode    = "batch"
	TerminalMode = "tty"
)

// Tabular reports whether the mode lays rows out for people to read, rather than
// for programs.
func (m *Mode) Tabular() bool { return m.style.columnar() || m.style == Line || m.Name == "list" }

// FindMode returns the mode called name, nil if there is none. Names are not
// abbreviated.
func FindMode(name string) *Mode {
	for _, m := range Modes {
		if m.Name == name {
			return m
		}
	}
	return nil
}

// SetMode changes to the mode called name and reports whether there is one.
// What the mode does not decide stays as it is, apart from the two defaults,
// which begin anew.
func (f *Format) SetMode(name string) bool {
	switch name {
	case BatchMode:
		*f = f.fresh()
		f.use(FindMode("list"))
		return true
	case TerminalMode:
		*f = f.fresh()
		f.use(FindMode("qbox"))
		f.AutoWidth, f.TextJSONB, f.Quote, f.MultiInsert = true, true, Relaxed, terminalInsert
		f.SetLimits(terminalLines, terminalChars, terminalTitle)
		return true
	}
	m := FindMode(name)
	if m != nil {
		f.use(m)
	}
	return m != nil
}

// The limits at a terminal, and of .mode --limits on.
const (
	terminalLines, terminalChars, terminalTitle = 5, 300, 20

	terminalInsert = 3000
)

// fresh returns a format in which only what the user has said of titles is set.
func (f *Format) fresh() Format {
	return Format{Titles: f.Titles, TitlesFixed: f.TitlesFixed}
}

// Reset undoes everything but the choice of mode.
func (f *Format) Reset() {
	m := f.Mode
	*f = Format{}
	f.use(m)
}

// SetLimits sets the most lines and characters of a value and characters of a
// title that are shown, 0 for all.
func (f *Format) SetLimits(lines, chars, title int) {
	f.LineLimit, f.CharLimit, f.TitleLimit = lines, chars, title
}

// SetTitles decides about titles for all modes.
func (f *Format) SetTitles(t Titles) { f.Titles, f.TitlesFixed = t, true }

func (f *Format) use(m *Mode) {
	f.Mode = m
	replace := func(text *string, by *string) {
		if by != nil {
			*text = *by
		}
	}
	replace(&f.ColSep, m.colSep)
	replace(&f.RowSep, m.rowSep)
	replace(&f.NullText, m.null)
	f.Quote, f.TitleQuote, f.Blob = m.quote, m.titleQuote, m.blob
	f.Borderless, f.RowCount = m.borderless, m.rowCount
	f.AutoWidth = f.AutoWidth || m.split
	if !f.TitlesFixed {
		f.Titles = m.titles
	}
}
