package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"

	"github.com/turso-coop/turso-coop/cmd/tursh/internal/sqltext"
)

// An input is a source of lines: a script, a pipe or somebody at a terminal.
type input struct {
	name   string // for messages
	lines  lineReader
	prompt bool // somebody is asked for each line
	line   int  // number of the last line read
}

const stdinName = "<stdin>"

// A lineReader reads an input line by line.
type lineReader interface {
	// readLine returns the next line without its line ending, io.EOF after the
	// last, or errInterrupted if Ctrl-C was typed instead of a line. prompt is
	// shown before, if somebody is there to see it.
	readLine(prompt string) (string, error)
}

var (
	errInterrupted = errors.New("interrupted")
	errTooBig      = errors.New("input SQL is too big")
)

// maxSQL is the most SQL text that SQLite compiles at once, in bytes; nothing
// longer is kept (https://sqlite.org/limits.html).
const maxSQL = 1_000_000_000

// scriptReader reads lines that nobody types.
type scriptReader struct {
	r    *bufio.Reader
	line []byte // a line longer than the buffer of r
}

func newScriptReader(r io.Reader) *scriptReader {
	return &scriptReader{r: bufio.NewReaderSize(r, 64<<10)}
}

func (s *scriptReader) readLine(string) (string, error) {
	s.line = s.line[:0]
	for {
		part, err := s.r.ReadSlice('\n')
		if err == nil && len(s.line) == 0 {
			return chomp(part), nil
		}
		s.line = append(s.line, part...)
		switch {
		case len(s.line) > maxSQL:
			return "", errTooBig
		case err == bufio.ErrBufferFull:
		case err == nil, err == io.EOF && len(s.line) > 0:
			line := chomp(s.line)
			if len(s.line) > 1<<20 {
				s.line = nil // one long line is no reason to hold on to its memory
			}
			return line, nil
		default:
			return "", err
		}
	}
}

func chomp(line []byte) string {
	text := strings.TrimSuffix(string(line), "\n")
	if len(text) < len(line) {
		text = strings.TrimSuffix(text, "\r")
	}
	return text
}

// maxDepth is how deep inputs can be read within each other, by .read.
const maxDepth = 25

// process reads in to its end, runs what it says, and returns whether all of
// that went well.
func (sh *shell) process(in *input) (ok bool) {
	if sh.depth == maxDepth {
		sh.report("%s: Input nesting limit (%d) reached at line %d. Check recursion.\n", in.name, maxDepth, sh.input.line)
		return false
	}
	outer := sh.input
	sh.input = in
	sh.depth++
	defer func() {
		sh.input = outer
		sh.depth--
	}()
	p := &pending{ok: true}
	for (p.ok || !sh.bail || in.prompt) && sh.exit == nil {
		if !sh.processLine(in, p) {
			break
		}
	}
	switch text := p.text(); {
	case sh.interrupted(in):
		return false
	case text != "" && sh.exit == nil:
		sh.runGroup(in, p, text) // perhaps incomplete: SQLite says so
	}
	return p.ok
}

// pending is the statement that an input is in the middle of.
type pending struct {
	lines []string
	size  int // of the lines, with an end for each
	start int // number of the first line
	scan  sqltext.Scanner
	ok    bool // nothing has failed so far
}

func (p *pending) text() string { return strings.Join(p.lines, "\n") }

func (p *pending) reset() { *p = pending{ok: p.ok} }

func (p *pending) add(line string, number int) {
	if len(p.lines) == 0 {
		line = sqltext.TrimSpace(line)
		p.start = number
	}
	p.scan.Feed(line)
	p.lines = append(p.lines, line)
	p.size += len(line) + 1
}

// lineKind is what a line makes of what is pending.
type lineKind uint8

const (
	lineSkipped  lineKind = iota // nothing: it is empty, or a comment of the shell's
	lineCommand                  // nothing: it is a dot-command
	lineMore                     // it goes on
	lineBlank                    // nothing but comments, which have ended
	lineComplete                 // whole statements
	lineTooMuch                  // more than can be run
)

// take adds a line to what is pending, unless it has nothing to do with that.
func (p *pending) take(line string, number int) lineKind {
	first := len(p.lines) == 0
	switch {
	case first && (sqltext.Blank(line) || strings.HasPrefix(line, "#")):
		return lineSkipped
	case first && strings.HasPrefix(line, "."):
		return lineCommand
	case sqltext.IsTerminator(line) && p.terminates():
		line = ";"
	}
	p.add(line, number)
	switch {
	case p.size > maxSQL:
		return lineTooMuch
	case p.scan.Complete() && strings.Contains(line, ";"):
		return lineComplete
	case p.scan.Complete() && sqltext.Blank(p.text()):
		return lineBlank
	}
	return lineMore
}

// terminates reports whether a semicolon would complete what is pending.
func (p *pending) terminates() bool {
	scan := p.scan
	scan.Feed(";")
	return scan.Complete()
}

// processLine reads one line and runs what it completes. It returns false at
// the end of the input.
func (sh *shell) processLine(in *input, p *pending) (more bool) {
	if sh.flush() != nil {
		return false
	}
	line, err := in.lines.readLine(sh.prompt(in, p))
	if err != nil {
		return sh.inputEnded(in, p, err)
	}
	if sh.interrupted(in) {
		return false
	}
	in.line++
	switch p.take(line, in.line) {
	case lineSkipped:
		sh.echoInput(line)
	case lineCommand:
		sh.echoInput(line)
		ok, quit := sh.runDot(line)
		p.ok = p.ok && ok
		if quit {
			return false
		}
	case lineBlank:
		sh.echoInput(p.text())
		p.reset()
	case lineComplete:
		sh.runGroup(in, p, p.text())
	case lineTooMuch:
		return sh.inputEnded(in, p, errTooBig)
	}
	return !sh.interrupted(in)
}

func (sh *shell) runGroup(in *input, p *pending, text string) {
	at := place{input: in.name, line: p.start}
	p.reset()
	sh.lastSQL = text
	sh.echoInput(text)
	p.ok = sh.runSQL(text, at) && p.ok
}

// interrupted reports whether Ctrl-C is to end the input. One that somebody
// types goes on after it.
func (sh *shell) interrupted(in *input) bool {
	if in.prompt {
		if sh.interrupts.take() && sh.editor != nil {
			sh.editor.drop()
		}
		return false
	}
	return sh.interrupts.seen()
}

// inputEnded deals with the error that a line ended in, and reports whether
// there can be more lines.
func (sh *shell) inputEnded(in *input, p *pending, err error) (more bool) {
	switch {
	case err == errInterrupted:
		p.reset()
		return true
	case err == io.EOF:
		if in.prompt {
			fmt.Fprintln(sh.out)
		}
		return false
	case err == errTooBig:
		sh.report("%s:%d: Input SQL is too big: more than %d bytes\n", in.name, max(p.start, 1), maxSQL)
	default:
		sh.report("Error: cannot read %s: %s\n", in.name, err)
	}
	p.reset()
	p.ok = false
	return in.prompt
}

func (sh *shell) echoInput(text string) {
	if sh.echo {
		fmt.Fprintln(sh.out, text)
	}
}

// readFile runs the script called name.
func (sh *shell) readFile(name string) (ok bool, err error) {
	f, err := openScript(name)
	if err != nil {
		return false, err
	}
	defer f.Close()
	return sh.process(&input{name: name, lines: newScriptReader(f)}), nil
}

// startCommand starts a command of the system whose output is to be read.
func (sh *shell) startCommand(command string) (cmd *exec.Cmd, out io.ReadCloser, err error) {
	cmd = systemCommand(command)
	if f, ok := sh.stderr.(*os.File); ok { // nothing else can be written to by two at once
		cmd.Stderr = f
	}
	if out, err = cmd.StdoutPipe(); err == nil {
		err = cmd.Start()
	}
	if err != nil {
		return nil, nil, complain("Error: cannot open \"|%s\": %s", command, err)
	}
	return cmd, out, nil
}

// readCommand runs what a command of the system prints.
func (sh *shell) readCommand(command string) (ok bool, err error) {
	cmd, out, err := sh.startCommand(command)
	if err != nil {
		return false, err
	}
	ok = sh.process(&input{name: "<pipe>", lines: newScriptReader(out)})
	out.Close()    // what is not read any more must not keep the command
	_ = cmd.Wait() // how it ends is its own affair, as in SQLite's shell
	return ok, nil
}

// openScript opens a file to read lines from; directories and the like have
// none.
func openScript(name string) (*os.File, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, cannotOpen(name)
	}
	if info, err := f.Stat(); err != nil || info.Mode().Type()&^(os.ModeNamedPipe|os.ModeDevice|os.ModeCharDevice) != 0 {
		f.Close()
		return nil, cannotOpen(name)
	}
	return f, nil
}

func cannotOpen(name string) error { return complain("Error: cannot open \"%s\"", name) }
