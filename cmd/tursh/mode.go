package main

import (
	"fmt"
	"strings"

	"github.com/turso-coop/turso-coop/cmd/tursh/internal/show"
	"github.com/turso-coop/turso-coop/cmd/tursh/internal/sqltext"
)

// modeMemory is what .mode remembers besides the format that is in use.
type modeMemory struct {
	tagged map[string]show.Format
	tags   []string      // their names, in the order in which they were given
	before []show.Format // formats to go back to, the last one first
	once   bool          // after the next statement, by .mode --once
}

// onceShown undoes .mode --once, after a statement.
func (sh *shell) onceShown() {
	if sh.modes.once {
		sh.modes.once = false
		sh.popMode()
	}
}

func (sh *shell) pushMode() { sh.modes.before = append(sh.modes.before, sh.format) }

func (sh *shell) popMode() {
	if n := len(sh.modes.before); n > 0 {
		sh.format = sh.modes.before[n-1]
		sh.modes.before = sh.modes.before[:n-1]
	}
}

// currentFormat returns the format for what is shown now.
func (sh *shell) currentFormat() *show.Format {
	f := sh.format
	if f.AutoWidth {
		f.ScreenWidth = sh.screenWidth()
	}
	return &f
}

// prettyMode is what other shells call their ruled tables.
const prettyMode = "pretty"

// setMode changes to the mode, or the tagged format, called name, and reports
// whether there is one.
func (sh *shell) setMode(name string) bool {
	if f, ok := sh.modes.tagged[name]; ok {
		sh.format = f
		return true
	}
	if name == prettyMode {
		name = "box"
	}
	return sh.format.SetMode(name)
}

func (sh *shell) cmdMode(d *dotLine) error {
	changed, named, all := false, false, false
	for i := 1; i < len(d.args); i++ {
		arg := d.arg(i)
		if !strings.HasPrefix(arg, "-") {
			if named || !sh.setMode(arg) {
				return badMode(i, arg, named)
			}
			changed, named = true, true
			if i+1 < len(d.args) && !strings.HasPrefix(d.arg(i+1), "-") { // .mode insert TABLE
				i++
				sh.format.TableName = d.arg(i)
			}
			continue
		}
		switch strings.TrimPrefix(arg[1:], "-") {
		case "list":
			sh.listModes()
			changed = true
		case "once":
			sh.pushMode()
			sh.modes.once = true
		case "v", "verbose":
			all = true
		case "quote":
			changed = true
			next, err := sh.quoteOption(d, i, named)
			if err != nil {
				return err
			}
			i = next
		default:
			changed = true
			next, err := sh.modeOption(d, i)
			if err != nil {
				return err
			}
			i = next
		}
	}
	if !changed || all {
		once := ""
		if sh.modes.once {
			once = "--once "
		}
		fmt.Fprintf(sh.out, ".mode %s%s\n", once, sh.format.Describe(all))
	}
	return nil
}

const moreAboutMode = `Use ".help .mode" for more info`

func badMode(i int, name string, named bool) error {
	if named {
		return &argError{i, "bad argument", moreAboutMode}
	}
	names := []string{show.BatchMode, show.TerminalMode}
	for _, m := range show.Modes {
		names = append(names, m.Name)
	}
	return &argError{i, "unknown mode", moreAboutMode + didYouMean(name, names)}
}

// modeOption applies the option at i, and returns the index of its last
// argument.
func (sh *shell) modeOption(d *dotLine, i int) (last int, err error) {
	name := strings.TrimPrefix(d.arg(i)[1:], "-")
	if name == "tag" {
		return i + 1, sh.tagMode(d, i)
	}
	option := show.FindOption(name)
	switch {
	case option == nil:
		return 0, &argError{i, "bad option", moreAboutMode}
	case option.Takes == "":
		return i, option.Set(&sh.format, "")
	case i+1 == len(d.args):
		return 0, &argError{i, "missing argument", ""}
	}
	arg := d.arg(i + 1)
	if option.Boolean {
		arg = "off"
		if sh.boolean(d.arg(i + 1)) {
			arg = "on"
		}
	}
	if err := option.Set(&sh.format, arg); err != nil {
		return 0, &argError{i + 1, option.Wrong, err.Error()}
	}
	return i + 1, nil
}

// quoteOption is --quote, whose argument may be missing: that is on.
func (sh *shell) quoteOption(d *dotLine, i int, named bool) (last int, err error) {
	option, arg := show.FindOption("quote"), "on"
	if i+1 < len(d.args) && !strings.HasPrefix(d.arg(i+1), "-") && (named || d.arg(i+1) == "off" || show.FindMode(d.arg(i+1)) == nil) {
		i++
		arg = d.arg(i)
	}
	if err := option.Set(&sh.format, arg); err != nil {
		return 0, &argError{i, option.Wrong, err.Error()}
	}
	return i, nil
}

// tagMode gives a name to the format as it is now.
func (sh *shell) tagMode(d *dotLine, i int) error {
	if i+1 == len(d.args) {
		return &argError{i, "missing argument", ""}
	}
	tag := d.arg(i + 1)
	if _, taken := sh.modes.tagged[tag]; taken || show.FindMode(tag) != nil || tag == show.BatchMode || tag == show.TerminalMode {
		return &argError{i + 1, "mode already exists", ""}
	}
	if sh.modes.tagged == nil {
		sh.modes.tagged = map[string]show.Format{}
	}
	sh.modes.tagged[tag] = sh.format
	sh.modes.tags = append(sh.modes.tags, tag)
	return nil
}

func (sh *shell) listModes() {
	fmt.Fprint(sh.out, "available modes:")
	for _, m := range show.Modes {
		fmt.Fprint(sh.out, " ", m.Name)
	}
	for _, tag := range sh.modes.tags {
		fmt.Fprint(sh.out, " ", tag)
	}
	fmt.Fprintln(sh.out, "", show.BatchMode, show.TerminalMode)
}

func (sh *shell) cmdHeaders(d *dotLine) error {
	if len(d.args) != 2 {
		return complain("Usage: .headers off|on|always")
	}
	switch {
	case d.arg(1) == "always":
		sh.format.SetTitles(show.TitlesAlways)
	case sh.boolean(d.arg(1)):
		sh.format.SetTitles(show.TitlesOn)
	default:
		sh.format.SetTitles(show.TitlesOff)
	}
	return nil
}

func (sh *shell) cmdNullValue(d *dotLine) error {
	if len(d.args) != 2 {
		return complain("Usage: .nullvalue STRING")
	}
	sh.format.NullText = d.arg(1)
	return nil
}

func (sh *shell) cmdSeparator(d *dotLine) error {
	if len(d.args) != 2 && len(d.args) != 3 {
		return complain("Usage: .separator COL ?ROW?")
	}
	sh.format.ColSep = d.arg(1)
	if len(d.args) == 3 {
		sh.format.RowSep = d.arg(2)
	}
	return nil
}

func (sh *shell) cmdWidth(d *dotLine) error {
	var widths []int
	for _, text := range d.texts()[1:] {
		widths = append(widths, min(max(int(integer(text)), -show.MaxWidth), show.MaxWidth))
	}
	sh.format.Widths = widths
	return nil
}

func (sh *shell) cmdShow(d *dotLine) error {
	if len(d.args) != 1 {
		return complain("Usage: .show")
	}
	onOff := func(on bool) string {
		if on {
			return "on"
		}
		return "off"
	}
	explain, output := "off", "stdout"
	if sh.explain {
		explain = "auto"
	}
	if sh.redirect.name != "" {
		output = sh.redirect.name
	}
	widths := ""
	for _, w := range sh.format.Widths {
		widths += fmt.Sprint(w, " ")
	}
	for _, line := range [][2]string{
		{"echo", onOff(sh.echo)},
		{"eqp", sh.eqp.String()},
		{"explain", explain},
		{"headers", sh.format.Titles.String()},
		{"mode", sh.format.Mode.Name},
		{"nullvalue", sqltext.QuoteC(sh.format.NullText)},
		{"output", output},
		{"colseparator", sqltext.QuoteC(sh.format.ColSep)},
		{"rowseparator", sqltext.QuoteC(sh.format.RowSep)},
		{"stats", sh.stats.String()},
		{"width", widths},
		{"filename", sh.target.name},
	} {
		fmt.Fprintf(sh.out, "%12s: %s\n", line[0], line[1])
	}
	return nil
}
