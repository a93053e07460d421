package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/turso-coop/turso-coop/cmd/tursh/internal/sqltext"
)

// .config keeps settings for the next time: it writes the commands that make
// them into a start-up file of this shell's own.

func (sh *shell) cmdConfig(d *dotLine) error {
	name := configFile()
	if name == "" {
		return complain("Error: there is no directory for files of configuration")
	}
	what := "show"
	if len(d.args) > 1 {
		what = d.arg(1)
	}
	switch {
	case len(d.args) > 2:
	case what == "show":
		fmt.Fprintf(sh.out, "%s:\n%s", name, sh.config())
		return nil
	case what == "save":
		err := os.MkdirAll(filepath.Dir(name), 0o777)
		if err == nil {
			err = os.WriteFile(name, []byte(sh.config()), 0o666)
		}
		if err != nil {
			return complain("Error: %s", err)
		}
		return nil
	case what == "reset":
		if err := os.Remove(name); err != nil && !os.IsNotExist(err) {
			return complain("Error: %s", err)
		}
		return nil
	}
	return complain("Usage: .config ?show|save|reset?")
}

// config returns the commands that make the settings what they are now.
func (sh *shell) config() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# written by .config save\n.mode --reset\n.mode %s\n", sh.format.Describe(false))
	if sh.format.TitlesFixed {
		fmt.Fprintf(&b, ".headers %s\n", sh.format.Titles)
	}
	for _, setting := range []struct {
		command string
		value   string
		differs bool
	}{
		{"changes", "on", sh.changes},
		{"eqp", sh.eqp.String(), sh.eqp != eqpOff},
		{"explain", "off", !sh.explain},
		{"stats", sh.stats.String(), sh.stats != statsOff},
		{"timer", sh.timer.String(), sh.timer.on},
		{"maxrows", fmt.Sprint(sh.paging.maxRows), sh.paging.maxRows != defaultMaxRows},
		{"pager", sqltext.QuoteC(sh.paging.pager), sh.paging.pager != ""},
	} {
		if setting.differs {
			fmt.Fprintf(&b, ".%s %s\n", setting.command, setting.value)
		}
	}
	if main, other := sh.prompts[0], sh.prompts[1]; main != "" {
		fmt.Fprintf(&b, ".prompt %s", sqltext.QuoteC(main))
		if other != "" {
			fmt.Fprintf(&b, " %s", sqltext.QuoteC(other))
		}
		b.WriteByte('\n')
	}
	return b.String()
}
