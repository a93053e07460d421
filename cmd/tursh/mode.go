package main

import (
	"fmt"
	"strings"
)

// settings are what the user can change about how results look.
type settings struct {
	mode   *mode
	colSep string // between the fields of a row
	rowSep string // after a row
	null   string // shown for NULL
	titles titles
	// titlesFixed says that .headers or an option has decided about titles, so
	// that a change of mode leaves them alone.
	titlesFixed bool
	screen      int // width of the screen in columns
}

// titles says when column names are shown above the rows.
type titles uint8

const (
	titlesOff    titles = iota
	titlesOn            // above rows
	titlesAlways        // also where there are no rows, in the modes that can
)

func (t titles) String() string { return [...]string{"off", "on", "always"}[t] }

// A mode is one way to show results. Its separators and NULL take effect when
// the mode is chosen; nil leaves what was there before.
type mode struct {
	name                 string
	colSep, rowSep, null *string
	titles               titles
	new                  func(layout) formatter
}

var modes = []*mode{
	{name: "column", null: new(""), titles: titlesAlways, new: newColumn},
	{name: "csv", colSep: new(","), rowSep: new("\r\n"), null: new(""), new: newCSV},
	{name: "json", null: new("null"), new: newJSON},
	{name: "list", colSep: new("|"), rowSep: new("\n"), null: new(""), new: newList},
	{name: "split", null: new(""), new: newSplit},
	{name: "table", null: new(""), titles: titlesAlways, new: newTable},
}

// Two more names stand for the default of scripts and that of a terminal.
const (
	batchMode    = "batch"
	terminalMode = "tty"
)

// findMode returns the mode called name. Names are not abbreviated.
func findMode(name string) (_ *mode, ok bool) {
	switch name {
	case batchMode:
		name = "list"
	case terminalMode:
		name = "table"
	}
	for _, m := range modes {
		if m.name == name {
			return m, true
		}
	}
	return nil, false
}

// setMode changes to the mode m.
func (s *settings) setMode(m *mode) {
	s.mode = m
	replace := func(text *string, by *string) {
		if by != nil {
			*text = *by
		}
	}
	replace(&s.colSep, m.colSep)
	replace(&s.rowSep, m.rowSep)
	replace(&s.null, m.null)
	if !s.titlesFixed {
		s.titles = m.titles
	}
}

func (s *settings) setTitles(t titles) {
	s.titles = t
	s.titlesFixed = true
}

// describe returns the .mode command that would lead to these settings.
func (s *settings) describe() string {
	text := ".mode " + s.mode.name
	differs := func(option, value string, normal *string) {
		if normal != nil && *normal != value {
			text += " --" + option + " " + quoteC(value)
		}
	}
	differs("colsep", s.colSep, s.mode.colSep)
	differs("null", s.null, s.mode.null)
	differs("rowsep", s.rowSep, s.mode.rowSep)
	if s.titles != s.mode.titles && s.mode.name != "json" {
		text += " --titles " + s.titles.String()
	}
	return text
}

func (sh *shell) cmdMode(d *dotLine) error {
	changed, named := false, false
	for i := 1; i < len(d.args); i++ {
		name := d.arg(i)
		if !strings.HasPrefix(name, "-") {
			m, ok := findMode(name)
			if !ok || named {
				return &argError{i, badModeArg(named), moreAboutMode}
			}
			sh.setMode(m)
			changed, named = true, true
			continue
		}
		set, ok := modeOptions[strings.TrimPrefix(name[1:], "-")]
		switch {
		case isOption(name, "list"):
			sh.listModes()
			changed = true
			continue
		case !ok:
			return &argError{i, "bad option", moreAboutMode}
		case i+1 == len(d.args):
			return &argError{i, "missing argument", ""}
		}
		i++
		if !set(&sh.settings, d.arg(i)) {
			return &argError{i, "bad argument", moreAboutMode}
		}
		changed = true
	}
	if !changed {
		fmt.Fprintln(sh.out, sh.describe())
	}
	return nil
}

const moreAboutMode = "Use \".help .mode\" for more info"

func badModeArg(named bool) string {
	if named {
		return "bad argument"
	}
	return "unknown mode"
}

// modeOptions are the options of .mode that take an argument; they report
// whether it is one they know.
var modeOptions = map[string]func(s *settings, arg string) bool{
	"colsep": func(s *settings, arg string) bool { s.colSep = arg; return true },
	"null":   func(s *settings, arg string) bool { s.null = arg; return true },
	"rowsep": func(s *settings, arg string) bool { s.rowSep = arg; return true },
	"titles": chooseTitles,
	"title":  chooseTitles,
}

func chooseTitles(s *settings, arg string) bool {
	for _, t := range []titles{titlesOff, titlesOn, titlesAlways} {
		if t.String() == arg {
			s.titles = t
			return true
		}
	}
	return false
}

func (sh *shell) listModes() {
	fmt.Fprint(sh.out, "available modes:")
	for _, m := range modes {
		fmt.Fprint(sh.out, " ", m.name)
	}
	fmt.Fprintln(sh.out, "", batchMode, terminalMode)
}

func (sh *shell) cmdHeaders(d *dotLine) error {
	if len(d.args) != 2 {
		return complain("Usage: .headers off|on|always")
	}
	switch {
	case d.arg(1) == "always":
		sh.setTitles(titlesAlways)
	case sh.boolean(d.arg(1)):
		sh.setTitles(titlesOn)
	default:
		sh.setTitles(titlesOff)
	}
	return nil
}

func (sh *shell) cmdNullValue(d *dotLine) error {
	if len(d.args) != 2 {
		return complain("Usage: .nullvalue STRING")
	}
	sh.null = d.arg(1)
	return nil
}

func (sh *shell) cmdSeparator(d *dotLine) error {
	if len(d.args) != 2 && len(d.args) != 3 {
		return complain("Usage: .separator COL ?ROW?")
	}
	sh.colSep = d.arg(1)
	if len(d.args) == 3 {
		sh.rowSep = d.arg(2)
	}
	return nil
}
