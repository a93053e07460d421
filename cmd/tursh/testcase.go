package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/turso-coop/turso-coop/cmd/tursh/internal/sqltext"
)

// tests is what .testcase and .check, which let a script test itself, know: the
// results between the two are kept in memory and compared.
type tests struct {
	name        string // of the test that is under way, "" if none is
	run, failed int
	errorPrefix string // before messages in place of their line number, "" for that
}

// close tells how many tests there were, and returns the exit code.
func (t *tests) close(sh *shell, code int) int {
	if t.run == 0 {
		return code
	}
	plural := func(n int) string {
		if n == 1 {
			return ""
		}
		return "s"
	}
	fmt.Fprintf(sh.stdout, "%d test%s run with %d error%s\n", t.run, plural(t.run), t.failed, plural(t.failed))
	return min(t.failed, 1)
}

func (sh *shell) cmdTestcase(d *dotLine) error {
	name := ""
	for i := 1; i < len(d.args); i++ {
		switch arg := d.arg(i); {
		case isOption(arg, "error-prefix"):
			if i++; i == len(d.args) {
				return &argError{i - 1, "missing argument", ""}
			}
			sh.tests.errorPrefix = d.arg(i)
		case name != "":
			return &argError{i, "unknown option", ""}
		default:
			name = arg
		}
	}
	if name == "" {
		name = sh.fileLine()
	}
	sh.tests.name = name
	return sh.captureResults()
}

// fileLine names the line that the shell is at.
func (sh *shell) fileLine() string {
	if sh.input == nil {
		return fmt.Sprintf("argv[%d]", sh.argument)
	}
	return fmt.Sprintf("%s:%d", sh.input.name, sh.input.line)
}

// An expectation is what .check was asked to compare.
type expectation struct {
	how     string // "glob", "notglob", "exact", or "" for all but the ends of lines around
	pattern string
	keep    bool // more checks of the same test follow
}

func (sh *shell) cmdCheck(d *dotLine) error {
	if sh.tests.name == "" {
		return &argError{0, "no .testcase is active", ""}
	}
	var c expectation
	given := false
	for i := 1; i < len(d.args); i++ {
		arg := d.arg(i)
		switch option := strings.TrimPrefix(strings.TrimPrefix(arg, "-"), "-"); {
		case !strings.HasPrefix(arg, "-") || option == "":
			if given {
				return &argError{i, "unknown option", ""}
			}
			c.pattern, given = arg, true
		case option == "keep":
			c.keep = true
		case option == "show":
			sh.showCapture()
			c.keep = true
		case option == "glob" || option == "notglob" || option == "exact":
			if c.how != "" && c.how != option {
				return &argError{i, "incompatible with prior options", ""}
			}
			c.how = option
		default:
			return &argError{i, "unknown option", ""}
		}
	}
	if !given {
		return &argError{0, "no PATTERN specified", ""}
	}
	return sh.compare(c)
}

func (sh *shell) compare(c expectation) error {
	at := sh.fileLine()
	if label, ok := strings.CutPrefix(c.pattern, "<<"); ok && label != "" {
		text, err := sh.hereDocument(label)
		if err != nil {
			return err
		}
		c.pattern = text
	}
	if err := sh.flush(); err != nil {
		return errFailed
	}
	got := ""
	if sh.redirect.capture != nil {
		got = sh.redirect.capture.String()
	}
	sh.tests.run++
	if !c.passes(got) {
		sh.tests.failed++
		fmt.Fprintf(sh.stderr, "%s: .check failed for testcase %s\nExpected: [%s]\nGot:      [%s]\n", at, sh.tests.name, c.pattern, got)
	}
	if c.keep {
		return nil
	}
	sh.tests.name = ""
	return sh.endRedirect()
}

func (c expectation) passes(got string) bool {
	switch c.how {
	case "exact":
		return got == c.pattern
	case "glob":
		return matchGlob("*"+c.pattern+"*", got)
	case "notglob":
		return !matchGlob("*"+c.pattern+"*", got)
	}
	return strings.Trim(got, "\r\n") == strings.Trim(c.pattern, "\r\n")
}

// hereDocument reads the lines up to one that begins with label from what the
// shell is reading.
func (sh *shell) hereDocument(label string) (string, error) {
	var b strings.Builder
	for sh.input != nil {
		line, err := sh.input.lines.readLine("")
		if err == io.EOF {
			break
		}
		if err != nil {
			return "", err
		}
		sh.input.line++
		if strings.HasPrefix(line, label) {
			return b.String(), nil
		}
		b.WriteString(line)
		b.WriteByte('\n')
	}
	return "", complain("%s Content terminator \"%s\" not found.", sh.place(), label)
}

// matchGlob reports whether text matches a pattern of .check: * is any text,
// ? one character, # an integer, and […] one character of a set; white
// space matches any white space. No state is kept but the last *, so that no
// pattern takes longer than the product of both lengths.
func matchGlob(pattern, text string) bool {
	p, t := 0, 0
	star, from := -1, 0 // where the last * is, and from where what follows it was tried
	for t < len(text) || p < len(pattern) {
		if p < len(pattern) && pattern[p] == '*' {
			star, from = p, t
			p++
			continue
		}
		if np, nt, ok := matchOne(pattern, p, text, t); ok {
			p, t = np, nt
			continue
		}
		if star < 0 || from >= len(text) {
			return false
		}
		from++
		p, t = star+1, from
	}
	return true
}

// matchOne matches one element of the pattern that is not a *.
func matchOne(pattern string, p int, text string, t int) (nextP, nextT int, ok bool) {
	if p == len(pattern) {
		return 0, 0, false
	}
	switch c := pattern[p]; {
	case sqltext.IsSpace(c):
		for p < len(pattern) && sqltext.IsSpace(pattern[p]) {
			p++
		}
		start := t
		for t < len(text) && sqltext.IsSpace(text[t]) {
			t++
		}
		return p, t, t > start
	case t == len(text):
		return 0, 0, false
	case c == '?':
		return p + 1, t + 1, true
	case c == '#':
		if (text[t] == '-' || text[t] == '+') && t+1 < len(text) {
			t++
		}
		start := t
		for t < len(text) && '0' <= text[t] && text[t] <= '9' {
			t++
		}
		return p + 1, t, t > start
	case c == '[':
		end := strings.IndexByte(pattern[min(p+2, len(pattern)):], ']')
		if end < 0 {
			return 0, 0, false
		}
		end += p + 2
		return end + 1, t + 1, inSet(pattern[p+1:end], text[t])
	case c == text[t]:
		return p + 1, t + 1, true
	}
	return 0, 0, false
}

// inSet reports whether a set of characters and ranges, inverted by ^, has c.
func inSet(set string, c byte) bool {
	invert := strings.HasPrefix(set, "^")
	set = strings.TrimPrefix(set, "^")
	for i := 0; i < len(set); i++ {
		lo, hi := set[i], set[i]
		if i+2 < len(set) && set[i+1] == '-' {
			hi = set[i+2]
			i += 2
		}
		if lo <= c && c <= hi {
			return !invert
		}
	}
	return invert
}
