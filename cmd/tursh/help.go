package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/turso-coop/turso-coop/cmd/tursh/internal/show"
)

func (sh *shell) cmdHelp(d *dotLine) error {
	pattern := ""
	if len(d.args) > 1 {
		pattern = d.arg(1)
	}
	switch pattern {
	case "":
		sh.listHelp(offered(func(*command) bool { return true }))
	case "-a", "-all", "--all":
		sh.fullHelp(offered(func(*command) bool { return true }))
	default:
		sh.findHelp(pattern)
	}
	return nil
}

// findHelp shows the commands whose names begin with pattern, or else those
// whose help has it anywhere.
func (sh *shell) findHelp(pattern string) {
	name := strings.TrimPrefix(pattern, ".")
	named := offered(func(c *command) bool { return strings.HasPrefix(c.name, name) })
	if len(named) > 1 {
		sh.listHelp(named)
		return
	}
	if len(named) == 0 {
		wanted := strings.ToLower(pattern)
		named = offered(func(c *command) bool {
			text := c.name + " " + c.usage + " " + c.about + " " + strings.Join(c.detail, " ")
			return strings.Contains(strings.ToLower(text), wanted)
		})
	}
	if len(named) == 0 {
		fmt.Fprintf(sh.out, "Nothing matches '%s'\n", pattern)
		return
	}
	sh.fullHelp(named)
}

// offered returns the commands that can be run and that match.
func offered(match func(*command) bool) (list []*command) {
	for _, c := range commands {
		if c.run != nil && c.about != "" && match(c) {
			list = append(list, c)
		}
	}
	return list
}

func (sh *shell) listHelp(list []*command) {
	for _, c := range list {
		fmt.Fprintf(sh.out, "%-24s %s\n", strings.TrimRight("."+c.name+" "+c.usage, " "), c.about)
	}
}

func (sh *shell) fullHelp(list []*command) {
	for _, c := range list {
		sh.listHelp([]*command{c})
		for _, line := range c.detail {
			fmt.Fprintf(sh.out, "   %s\n", line)
		}
	}
}

// modeHelp returns the lines about .mode.
func modeHelp() []string {
	lines := []string{
		"Without arguments, show the mode that is set.",
		"--list                the names of all modes",
		"--once                what follows is for the next statement only",
		"--tag NAME            call what is set so far NAME",
		"-v                    show all that is set",
	}
	for _, o := range show.Options {
		lines = append(lines, strings.TrimRight("--"+o.Names[0]+" "+o.Takes, " "))
	}
	return lines
}

// usage writes the help of the command line.
func usage(w io.Writer, program string) {
	fmt.Fprintf(w, "Usage: %s [OPTIONS] [FILENAME [SQL...]]\n", program)
	fmt.Fprint(w, `FILENAME is a SQLite database, created when it is first needed; without it the
database is in memory. Each SQL is one argument of statements, a dot-command, or
the name of a script that ends in .sql or .txt. Without any, input is read.
OPTIONS, with one dash or two:
   --                   the arguments after this are not options
`)
	for _, o := range options {
		if o.about != "" {
			fmt.Fprintf(w, "   %-25s %s\n", strings.TrimRight("-"+o.names[0]+" "+o.takes, " "), o.about)
		}
	}
	fmt.Fprint(w, "   -MODE                     set .mode MODE, one of")
	for _, m := range show.Modes {
		fmt.Fprint(w, " ", m.Name)
	}
	fmt.Fprintln(w)
}
