package main

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/turso-coop/turso-coop/cmd/tursh/internal/sqltext"
)

// A dotLine is a dot-command with its arguments.
type dotLine struct {
	text string // as it was typed
	args []dotArg
}

type dotArg struct {
	text   string
	offset int // where it begins in the line, behind its quote
	quoted bool
}

// arg returns the text of argument i; the command is 0.
func (d *dotLine) arg(i int) string { return d.args[i].text }

// texts returns the command and all arguments.
func (d *dotLine) texts() []string {
	texts := make([]string, len(d.args))
	for i, arg := range d.args {
		texts[i] = arg.text
	}
	return texts
}

// parseDot splits a line into the command and its arguments. They are separated
// by white space; '…' is taken as it is, "…" with the escapes of C, and a quote
// that is not closed goes to the end of the line. A semicolon may end it.
func parseDot(text string) *dotLine {
	d := &dotLine{text: text}
	line := strings.TrimRightFunc(text, isSpaceRune)
	if strings.HasSuffix(line, ";") {
		line = strings.TrimRightFunc(line[:len(line)-1], isSpaceRune)
	}
	for i := min(1, len(line)); ; {
		for i < len(line) && sqltext.IsSpace(line[i]) {
			i++
		}
		if i == len(line) {
			return d
		}
		var arg dotArg
		if quote := line[i]; quote == '\'' || quote == '"' {
			arg.offset, arg.quoted = i+1, true
			arg.text, i = quoted(line, i+1, quote)
		} else {
			arg.offset = i
			for i < len(line) && !sqltext.IsSpace(line[i]) {
				i++
			}
			arg.text = line[arg.offset:i]
		}
		d.args = append(d.args, arg)
	}
}

func isSpaceRune(r rune) bool { return r < 0x80 && sqltext.IsSpace(byte(r)) }

// quoted returns the text from start to the next quote, and where to go on.
func quoted(line string, start int, quote byte) (text string, next int) {
	i := start
	for i < len(line) && line[i] != quote {
		if line[i] == '\\' && quote == '"' && i+1 < len(line) {
			i++
		}
		i++
	}
	text = line[start:i]
	if quote == '"' {
		text = unescape(text)
	}
	return text, min(i+1, len(line))
}

// unescape replaces the backslash escapes of C.
func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			b.WriteByte(s[i])
			continue
		}
		i++
		switch c := s[i]; {
		case strings.IndexByte(escapes, c) >= 0:
			b.WriteByte(escaped[strings.IndexByte(escapes, c)])
		case c == 'x':
			value, n := digits(s[i+1:], 16, 2)
			b.WriteByte(value)
			i += n
		case '0' <= c && c <= '7':
			value, n := digits(s[i:], 8, 3)
			b.WriteByte(value)
			i += n - 1
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

const (
	escapes = "abtnvfr"
	escaped = "\a\b\t\n\v\f\r"
)

// digits returns the value of up to most digits at the start of s, modulo 256,
// and their number.
func digits(s string, base, most int) (value byte, n int) {
	for n < min(most, len(s)) {
		d, err := strconv.ParseUint(s[n:n+1], base, 8)
		if err != nil {
			break
		}
		value = value*byte(base) + byte(d)
		n++
	}
	return value, n
}

// A complaint is an error whose text is all there is to tell the user.
type complaint string

func (c complaint) Error() string { return string(c) }

func complain(format string, args ...any) error { return complaint(fmt.Sprintf(format, args...)) }

// An argError is a mistake in an argument, which is shown with the line.
type argError struct {
	arg    int    // index of the argument
	brief  string // what is wrong, in a few words
	detail string // more to say, or ""
}

func (e *argError) Error() string { return e.brief }

// errQuit is returned by a command that ends its input.
var errQuit = errors.New("quit")

// runDot runs a dot-command. It returns whether it went well, and whether it
// ends the input.
func (sh *shell) runDot(text string) (ok, quit bool) {
	d := parseDot(text)
	if len(d.args) == 0 {
		return true, false
	}
	c := findCommand(d.arg(0))
	if c == nil || c.run == nil {
		sh.report("Error: unknown command or invalid arguments:  \"%s\". Enter \".help\" for help%s\n", d.arg(0), didYouMean(d.arg(0), commandNames()))
		return false, false
	}
	err := sh.runCommand(c, d)
	if sh.flush() != nil {
		err = errFailed // and has been reported
	}
	if !sh.onceDone() && err == nil {
		err = errFailed
	}
	switch {
	case err == nil:
		return true, sh.exit != nil
	case err == errQuit:
		return true, true
	case err == errFailed:
		return false, sh.exit != nil
	}
	sh.commandFailed(d, err)
	return false, sh.exit != nil
}

// runCommand runs a command unless safe mode forbids it.
func (sh *shell) runCommand(c *command, d *dotLine) error {
	if c.unsafe && sh.safe.on {
		return sh.unsafe("cannot run .%s in safe mode", d.arg(0))
	}
	defer sh.safe.again(c)
	return c.run(sh, d)
}

// errFailed is returned by a command that has reported its failure.
var errFailed = errors.New("failed")

func (sh *shell) commandFailed(d *dotLine, err error) {
	var arg *argError
	var text complaint
	switch {
	case errors.As(err, new(outputError)): // flush has reported it
	case errors.As(err, &arg):
		sh.reportArg(d, arg)
	case errors.As(err, &text):
		sh.report("%s\n", text)
	case sh.openFailed(err):
	default:
		sh.report("Error: %s\n", message(err))
	}
}

// reportArg shows the line with an arrow to the argument that is wrong.
func (sh *shell) reportArg(d *dotLine, e *argError) {
	at := sh.place()
	offset := d.args[e.arg].offset
	sh.report("%s %s\n", at, d.text)
	if need := len(e.brief) + len(" ---^"); offset > need {
		sh.report("%s %s%s ---^\n", at, strings.Repeat(" ", 1+offset-need), e.brief)
	} else {
		sh.report("%s %s^--- %s\n", at, strings.Repeat(" ", offset), e.brief)
	}
	if e.detail != "" {
		sh.report("%s %s\n", at, e.detail)
	}
}

// place says where the shell is in what it reads.
func (sh *shell) place() string {
	switch {
	case sh.tests.errorPrefix != "":
		return sh.tests.errorPrefix
	case sh.input == nil:
		return fmt.Sprintf("argv[%d]:", sh.argument)
	case sh.input.name == stdinName:
		return fmt.Sprintf("line %d:", sh.input.line)
	}
	return fmt.Sprintf("%s:%d:", sh.input.name, sh.input.line)
}

// boolean returns what text says of yes and no, by the words on, off, yes and
// no or a number. Anything else is reported, and taken for no.
func (sh *shell) boolean(text string) bool {
	switch strings.ToLower(text) {
	case "on", "yes":
		return true
	case "off", "no":
		return false
	}
	digits, base := text, 10
	if hex, ok := strings.CutPrefix(text, "0x"); ok {
		digits, base = hex, 16
	}
	if n, err := strconv.ParseUint(digits, base, 64); err == nil || errors.Is(err, strconv.ErrRange) {
		return n != 0
	}
	sh.report("ERROR: Not a boolean value: \"%s\". Assuming \"no\".\n", text)
	return false
}

// isOption reports whether arg is the option called name, behind one or two
// dashes.
func isOption(arg, name string) bool { return arg == "-"+name || arg == "--"+name }

// integer returns the number that text begins with: decimal, or hexadecimal
// behind 0x, with a suffix such as K, MB or GiB. Anything else is 0.
func integer(text string) int64 {
	sign := int64(1)
	if rest, ok := strings.CutPrefix(text, "-"); ok {
		sign, text = -1, rest
	} else {
		text = strings.TrimPrefix(text, "+")
	}
	if hex, ok := strings.CutPrefix(text, "0x"); ok {
		n, _ := strconv.ParseInt(hex, 16, 64)
		return sign * n
	}
	n := len(text) - len(strings.TrimLeft(text, "0123456789"))
	value, _ := strconv.ParseInt(text[:n], 10, 64)
	unit, ok := units[strings.ToLower(text[n:])]
	if ok && value <= math.MaxInt64/unit {
		value *= unit
	}
	return sign * value
}

var units = map[string]int64{
	"k": 1000, "kb": 1000, "kib": 1 << 10,
	"m": 1e6, "mb": 1e6, "mib": 1 << 20,
	"g": 1e9, "gb": 1e9, "gib": 1 << 30,
}
