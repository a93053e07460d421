package sqltest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
)

// Shell is the path of a program that reads SQL as the sqlite3 shell does.
type Shell string

// between is what the shell prints between the output of the setups and that of the case.
const between = "---- setup ends here ----"

// Run runs a case in a process of its own, which gets these arguments, and returns how it fails.
func (s Shell) Run(ctx context.Context, arguments []string, c *Case) error {
	var input, stdout, stderr bytes.Buffer
	for _, setup := range c.Setup {
		input.WriteString(strings.TrimSpace(setup) + "\n;\n")
	}
	fmt.Fprintf(&input, ".print %q\n%s\n", between, strings.TrimSpace(c.SQL))
	cmd := exec.CommandContext(ctx, string(s), arguments...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = &input, &stdout, &stderr
	var exit *exec.ExitError
	if err := cmd.Run(); err != nil && (!errors.As(err, &exit) || !exit.Exited()) {
		return fmt.Errorf("%s: %w", s, err)
	}
	before, output, found := strings.Cut(stdout.String(), between+"\n")
	if !found {
		return fmt.Errorf("setup: %q, %q", before, stderr.String())
	}
	var lines []string
	if output != "" {
		lines = strings.Split(strings.TrimSuffix(output, "\n"), "\n")
	}
	failed := shellError(stderr.String())
	err := c.Expect.check(lines, failed)
	if err != nil {
		for i, line := range lines {
			lines[i] = realNumber.ReplaceAllStringFunc(line, as15Digits)
		}
		if c.Expect.check(lines, failed) == nil {
			return nil
		}
	}
	return err
}

var shellErrorPrefix = regexp.MustCompile(`^(Parse|Runtime)? ?[Ee]rror(?: near line [0-9]+)?: `)

// shellError makes an error of what a shell has written to its standard error, nil of nothing.
func shellError(text string) error {
	if text == "" {
		return nil
	}
	first, _, _ := strings.Cut(text, "\n")
	prefix := shellErrorPrefix.FindStringSubmatch(first)
	if prefix == nil {
		return errors.New(strings.TrimSpace(text))
	}
	err := errors.New(first[len(prefix[0]):])
	if prefix[1] == "Parse" {
		return parseError{err}
	}
	return err
}

var realNumber = regexp.MustCompile(`\b[0-9]+\.[0-9]+(?:e[+-][0-9]+)?\b`)

// as15Digits writes a real number with no more digits than SQLite has written before 3.54: the shell writes up to 17.
func as15Digits(text string) string {
	const most = 15
	digits, _, _ := strings.Cut(strings.TrimLeft(text, "0."), "e")
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || len(strings.Replace(digits, ".", "", 1)) <= most {
		return text
	}
	mantissa, exponent, scientific := strings.Cut(strconv.FormatFloat(f, 'g', most, 64), "e")
	if !strings.Contains(mantissa, ".") {
		mantissa += ".0"
	}
	if scientific {
		mantissa += "e" + exponent
	}
	return mantissa
}
