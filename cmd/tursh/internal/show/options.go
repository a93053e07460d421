package show

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/turso-coop/turso-coop/cmd/tursh/internal/sqltext"
)

// MaxWidth is the widest that a column or the screen can be told to be.
const MaxWidth = 10_000

// An Option is one of those that .mode has to change a [Format].
type Option struct {
	Names   []string
	Takes   string // its argument in words, "" if it has none
	Boolean bool   // the argument is given to Set as on or off
	Wrong   string // what to say, in a few words, of an argument that Set refuses

	// Set changes the format. An error says which arguments there are.
	Set func(f *Format, arg string) error
}

// Options are in the order of the alphabet.
var Options = []Option{
	{Names: []string{"align"}, Takes: "LCR...", Wrong: "bad alignment string", Set: setAlign},
	{Names: []string{"blob-quote", "blob"}, Takes: strings.Join(blobQuotings, "|"), Wrong: "unknown", Set: func(f *Format, arg string) error {
		return choose(&f.Blob, arg, blobQuotings)
	}},
	{Names: []string{"border"}, Takes: "on|off", Boolean: true, Set: func(f *Format, arg string) error {
		f.Borderless = arg == "off"
		return nil
	}},
	{Names: []string{"charlimit"}, Takes: "N", Wrong: notNumber, Set: number(func(f *Format) *int { return &f.CharLimit })},
	{Names: []string{"colsep"}, Takes: "TEXT", Set: text(func(f *Format) *string { return &f.ColSep })},
	{Names: []string{"escape"}, Takes: strings.Join(escapes[1:], "|"), Wrong: "unknown escape type", Set: SetEscape},
	{Names: []string{"limits"}, Takes: "on|off|L,C,T", Wrong: "bad argument", Set: setLimits},
	{Names: []string{"linelimit"}, Takes: "N", Wrong: notNumber, Set: number(func(f *Format) *int { return &f.LineLimit })},
	{Names: []string{"multiinsert"}, Takes: "N", Wrong: notNumber, Set: number(func(f *Format) *int { return &f.MultiInsert })},
	{Names: []string{"noquote"}, Set: func(f *Format, _ string) error {
		f.Quote, f.Blob = Plain, BlobAuto
		return nil
	}},
	{Names: []string{"null"}, Takes: "TEXT", Set: text(func(f *Format) *string { return &f.NullText })},
	{Names: []string{"quote"}, Takes: "off|on|" + strings.Join(quotings[1:], "|"), Wrong: "unknown", Set: setQuote},
	{Names: []string{"reset"}, Set: func(f *Format, _ string) error {
		f.Reset()
		return nil
	}},
	{Names: []string{"rowcount"}, Takes: "on|off", Boolean: true, Set: func(f *Format, arg string) error {
		f.RowCount = arg == "on"
		return nil
	}},
	{Names: []string{"rowsep"}, Takes: "TEXT", Set: text(func(f *Format) *string { return &f.RowSep })},
	{Names: []string{"sw", "screenwidth"}, Takes: "N|auto|off", Wrong: notNumber, Set: setScreen},
	{Names: []string{"tablename"}, Takes: "NAME", Set: text(func(f *Format) *string { return &f.TableName })},
	{Names: []string{"textjsonb"}, Takes: "on|off", Boolean: true, Set: func(f *Format, arg string) error {
		f.TextJSONB = arg == "on"
		return nil
	}},
	{Names: []string{"titles", "title"}, Takes: strings.Join(titleChoices, "|"), Wrong: "bad --titles value", Set: setTitles},
	{Names: []string{"titlelimit"}, Takes: "N", Wrong: notNumber, Set: number(func(f *Format) *int { return &f.TitleLimit })},
	{Names: []string{"widths", "width"}, Takes: "N,N,...", Wrong: "bad width", Set: setWidths},
	{Names: []string{"wordwrap"}, Takes: "on|off", Boolean: true, Set: func(f *Format, arg string) error {
		f.WordWrap = SwitchedOff
		if arg == "on" {
			f.WordWrap = SwitchedOn
		}
		return nil
	}},
	{Names: []string{"wrap"}, Takes: "N", Wrong: notNumber, Set: number(func(f *Format) *int { return &f.Wrap })},
	{Names: []string{"ww"}, Set: func(f *Format, _ string) error {
		f.WordWrap = SwitchedOn
		return nil
	}},
}

const notNumber = "not a number"

// The names of the choices, each at the index of its constant.
var (
	quotings     = []string{"plain", "sql", "csv", "html", "tcl", "json", "relaxed"}
	blobQuotings = []string{"auto", "text", "sql", "hex", "tcl", "json", "size"}
	escapes      = []string{"auto", "off", "ascii", "symbol"}
	titleChoices = []string{"off", "on", "always", "auto", "plain", "sql", "csv", "html", "tcl", "json"}
)

// FindOption returns the option called name, without dashes; nil if there is
// none.
func FindOption(name string) *Option {
	for i := range Options {
		if slices.Contains(Options[i].Names, name) {
			return &Options[i]
		}
	}
	return nil
}

// choose sets a choice by its name.
func choose[T ~uint8](to *T, name string, names []string) error {
	i := slices.Index(names, name)
	if i < 0 {
		return shouldBe(names)
	}
	*to = T(i)
	return nil
}

func shouldBe(names []string) error {
	last := len(names) - 1
	return errors.New("should be " + strings.Join(names[:last], ", ") + ", or " + names[last])
}

func text(of func(*Format) *string) func(*Format, string) error {
	return func(f *Format, arg string) error {
		*of(f) = arg
		return nil
	}
}

func number(of func(*Format) *int) func(*Format, string) error {
	return func(f *Format, arg string) error {
		n, err := strconv.Atoi(arg)
		if err != nil || n < 0 {
			return errors.New("should be a number, 0 for none")
		}
		*of(f) = n
		return nil
	}
}

func setAlign(f *Format, arg string) error {
	align := make([]Align, len(arg))
	for i := range len(arg) {
		switch arg[i] | 0x20 {
		case 'l':
			align[i] = AlignLeft
		case 'c':
			align[i] = AlignCenter
		case 'r':
			align[i] = AlignRight
		default:
			return errors.New("should contain only the letters L, C and R")
		}
	}
	f.Align = align
	return nil
}

// SetEscape sets how control characters are shown by its name.
func SetEscape(f *Format, arg string) error {
	if arg == escapes[EscapeAuto] {
		return shouldBe(escapes[1:])
	}
	if err := choose(&f.Escape, arg, escapes); err != nil {
		return shouldBe(escapes[1:])
	}
	return nil
}

func setLimits(f *Format, arg string) error {
	switch arg {
	case "on":
		f.SetLimits(terminalLines, terminalChars, terminalTitle)
		return nil
	case "off":
		f.SetLimits(0, 0, 0)
		return nil
	}
	limits := []int{0, 0, f.TitleLimit}
	parts := strings.Split(arg, ",")
	for i, part := range parts {
		n, err := strconv.Atoi(part)
		if err != nil || n < 0 || len(parts) < 2 || len(parts) > 3 {
			return errors.New(`should be "on" or "off" or "L,C,T" where L, C, and T are unsigned integers`)
		}
		limits[i] = n
	}
	f.SetLimits(limits[0], limits[1], limits[2])
	return nil
}

func setQuote(f *Format, arg string) error {
	switch arg {
	case "off", "no", "0":
		f.Quote = Plain
		return nil
	case "on", "yes", "1":
		f.Quote, f.NullText = SQL, "NULL"
		return nil
	}
	if err := choose(&f.Quote, arg, quotings); err != nil || arg == quotings[Plain] {
		return shouldBe(append([]string{"off", "on"}, quotings[1:]...))
	}
	return nil
}

func setScreen(f *Format, arg string) error {
	switch arg {
	case "off":
		f.AutoWidth, f.ScreenWidth = false, 0
		return nil
	case "auto":
		f.AutoWidth = true
		return nil
	}
	n, err := strconv.Atoi(arg)
	if err != nil {
		return errors.New("should be a number, auto, or off")
	}
	f.AutoWidth, f.ScreenWidth = false, min(max(n, 0), MaxWidth)
	return nil
}

func setTitles(f *Format, arg string) error {
	switch i := slices.Index(titleChoices, arg); {
	case i < 0:
		return shouldBe(titleChoices)
	case i <= int(TitlesAlways):
		f.Titles = Titles(i)
	case arg == "auto":
		f.Titles, f.TitleQuote = f.Mode.titles, f.Mode.titleQuote
	default:
		_ = choose(&f.TitleQuote, arg, quotings)
		if f.Titles == TitlesOff {
			f.Titles = TitlesAlways
		}
	}
	f.TitlesFixed = false
	return nil
}

func setWidths(f *Format, arg string) error {
	var widths []int
	for field := range strings.FieldsFuncSeq(arg, func(r rune) bool { return r == ',' || r == ' ' }) {
		w, err := strconv.Atoi(field)
		if err != nil {
			return errors.New("should be a comma-separated list of integers")
		}
		if w > MaxWidth || w < -MaxWidth {
			return fmt.Errorf("should be %d at most", MaxWidth)
		}
		widths = append(widths, w)
	}
	f.Widths = widths
	return nil
}

// Describe returns the arguments of the .mode command that would lead to f:
// what differs from the mode, or all.
func (f *Format) Describe(all bool) string {
	m := f.Mode
	b := []byte(m.Name)
	say := func(when bool, format string, args ...any) {
		if all || when {
			b = fmt.Appendf(b, " --"+format, args...)
		}
	}
	differs := func(normal *string, value string) bool { return normal != nil && *normal != value }
	laidOut := m.style.columnar() || m.style == Line
	say(len(f.Align) > 0 && m.style.columnar(), "align %q", f.alignLetters())
	say(f.Borderless != m.borderless, "border %s", onOff(!f.Borderless))
	say(f.Blob != m.blob, "blob-quote %s", blobQuotings[f.Blob])
	say(differs(m.colSep, f.ColSep), "colsep %s", sqltext.QuoteC(f.ColSep))
	say(f.Escape != EscapeAuto, "escape %s", escapes[f.Escape])
	say(f.CharLimit > 0 || laidOut && f.LineLimit+f.TitleLimit > 0, "limits %s", f.limits())
	say(f.MultiInsert > 0 && m.style == Insert, "multiinsert %d", f.MultiInsert)
	say(differs(m.null, f.NullText), "null %s", sqltext.QuoteC(f.NullText))
	say(f.Quote != m.quote, "quote %s", quotingName(f.Quote))
	say(f.RowCount != m.rowCount, "rowcount %s", onOff(f.RowCount))
	say(differs(m.rowSep, f.RowSep), "rowsep %s", sqltext.QuoteC(f.RowSep))
	say(laidOut && (f.ScreenWidth > 0 || f.AutoWidth), "sw %s", f.screen())
	say(m.style == Insert, "tablename %s", sqltext.QuoteC(f.TableName))
	say(f.TextJSONB, "textjsonb %s", onOff(f.TextJSONB))
	if !m.untitled {
		quoted := f.TitleQuote != m.titleQuote
		if quoted {
			say(true, "titles %s", quotings[f.TitleQuote])
		}
		if !quoted || f.Titles != TitlesOn {
			say(f.Titles != m.titles, "titles %s", f.Titles)
		}
	}
	say(len(f.Widths) > 0 && m.style.columnar(), "widths %s", f.widthList())
	say(laidOut && f.WordWrap == SwitchedOff, "wordwrap %s", onOff(f.WordWrap != SwitchedOff))
	if f.Wrap > 0 {
		say(laidOut, "wrap %d", f.Wrap)
	}
	if laidOut && f.WordWrap == SwitchedOn && !all {
		b = append(b, " --ww"...)
	}
	return string(b)
}

func onOff(on bool) string {
	if on {
		return "on"
	}
	return "off"
}

// quotingName is how --quote calls a quoting.
func quotingName(q Quoting) string {
	if q == Plain {
		return "off"
	}
	return quotings[q]
}

func (f *Format) alignLetters() string {
	b := make([]byte, len(f.Align))
	for i, a := range f.Align {
		b[i] = "LLCR"[a]
	}
	return string(b)
}

func (f *Format) limits() string {
	switch [3]int{f.LineLimit, f.CharLimit, f.TitleLimit} {
	case [3]int{}:
		return "off"
	case [3]int{terminalLines, terminalChars, terminalTitle}:
		return "on"
	}
	return fmt.Sprintf("%d,%d,%d", f.LineLimit, f.CharLimit, f.TitleLimit)
}

func (f *Format) screen() string {
	if f.AutoWidth {
		return "auto"
	}
	return strconv.Itoa(f.ScreenWidth)
}

func (f *Format) widthList() string {
	if len(f.Widths) == 0 {
		return `""`
	}
	parts := make([]string, len(f.Widths))
	for i, w := range f.Widths {
		parts[i] = strconv.Itoa(w)
	}
	return strings.Join(parts, ",")
}
