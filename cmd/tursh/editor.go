package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/turso-coop/turso-coop/cmd/tursh/internal/edit"
	"github.com/turso-coop/turso-coop/cmd/tursh/internal/sqltext"
)

// promptReader asks for lines without any help to edit them: where input or
// output is not a terminal, or the terminal is too simple.
type promptReader struct {
	scriptReader
	out *bufio.Writer
}

func (r *promptReader) readLine(prompt string) (string, error) {
	fmt.Fprint(r.out, prompt)
	if err := r.out.Flush(); err != nil {
		return "", err
	}
	return r.scriptReader.readLine("")
}

// newEditor returns the best way to ask for lines at the shell's streams.
func (sh *shell) newEditor() lineReader {
	in, isFile := sh.stdin.(*os.File)
	out, _ := sh.stdout.(*os.File)
	if isFile && isTerminal(in) && sh.outTerminal && !sh.plainInput && os.Getenv("TERM") != "dumb" {
		r := &statementReader{sh: sh}
		history, err := edit.OpenHistory(historyFile(), oldHistory)
		if err != nil {
			sh.report("Warning: what you type will be forgotten: %s\n", err)
		}
		r.history = history
		if r.terminal, err = edit.Open(in, out, edit.NewEditor(r.language(), history)); err == nil {
			sh.editor = r
			sh.interrupts.onExit(r.terminal.Close)
			return r
		}
	}
	return &promptReader{scriptReader: *newScriptReader(sh.stdin), out: sh.out}
}

// historyFile returns the name of the file that keeps what was typed: that of
// $TURSH_HISTORY, or else one beside the configuration; "" if there is none.
func historyFile() string {
	if name, ok := os.LookupEnv("TURSH_HISTORY"); ok {
		return name
	}
	if name := configFile(); name != "" {
		return filepath.Join(filepath.Dir(name), "history")
	}
	return ""
}

// oldHistory returns what was typed to the sqlite3 shell, which keeps lines and
// not statements.
func oldHistory() (statements []string) {
	names := []string{os.Getenv("SQLITE_HISTORY")}
	if home, err := os.UserHomeDir(); err == nil {
		state := os.Getenv("XDG_STATE_HOME")
		if state == "" {
			state = filepath.Join(home, ".local", "state")
		}
		names = append(names, filepath.Join(state, "sqlite_history"), filepath.Join(home, ".sqlite_history"))
	}
	for _, name := range names {
		if data, err := os.ReadFile(name); name != "" && err == nil {
			walk(strings.ToValidUTF8(string(data), "\ufffd"), func(start, end int, text string, kind lineKind) {
				if kind == lineCommand || kind == lineComplete {
					statements = append(statements, text[start:end])
				}
			})
			return statements
		}
	}
	return nil
}

// A statementReader lets the user edit whole statements, and passes them on line
// by line: what a line means is the same wherever it comes from.
type statementReader struct {
	sh       *shell
	terminal *edit.Terminal
	history  *edit.History
	lines    []string          // of the text that was typed, and not yet passed on
	prompt   string            // before the first line
	others   map[string]string // prompts of the other lines, by what would complete the statement
}

func (r *statementReader) readLine(prompt string) (string, error) {
	if len(r.lines) == 0 {
		r.prompt, r.others = prompt, map[string]string{}
		text, err := r.terminal.Read("")
		switch {
		case errors.Is(err, edit.ErrInterrupted):
			return "", errInterrupted
		case err == io.EOF:
			return "", err
		case err != nil: // the terminal is gone, and will not come back
			r.sh.report("Error: cannot read from the terminal: %s\n", err)
			return "", io.EOF
		}
		r.remember(text)
		r.lines = strings.Split(text, "\n")
	}
	line := r.lines[0]
	r.lines = r.lines[1:]
	return line, nil
}

// remember adds a text to the history.
func (r *statementReader) remember(text string) {
	if err := r.history.Add(strings.TrimRight(text, "\n")); err != nil {
		r.sh.report("Warning: %s\n", err)
	}
}

// drop forgets the rest of the lines, after an interrupt.
func (r *statementReader) drop() { r.lines = nil }

// lend gives the terminal back to other programs for as long as f runs.
func (sh *shell) lend(f func() error) error {
	sh.interrupts.hold(true)
	defer sh.interrupts.hold(false)
	if sh.editor == nil {
		return f()
	}
	return sh.editor.terminal.Lend(f)
}

func (r *statementReader) language() edit.Language {
	l := edit.Language{Ready: ready, Prompts: r.prompts, Complete: r.sh.complete, Elsewhere: r.sh.editText}
	if r.sh.color() {
		l.Styles = styles
	}
	return l
}

// walk goes through the lines of a text, and calls each with what they make:
// commands, comments and whole statements, which are text[start:end]; and at last
// what is left unfinished, if anything is.
func walk(text string, each func(start, end int, text string, kind lineKind)) {
	walkLines(text, func(start, _, end int, p *pending, kind lineKind) {
		if kind != lineMore || end == len(text) {
			each(start, end, text, kind)
		}
	})
}

// walkLines calls each for every line, text[line:end], with where the statement
// starts that it belongs to, and with what is pending behind it.
func walkLines(text string, each func(start, line, end int, p *pending, kind lineKind)) {
	var p pending
	start := 0
	for line := 0; line <= len(text); {
		end := line + strings.IndexByte(text[line:]+"\n", '\n')
		if len(p.lines) == 0 {
			start = line
		}
		kind := p.take(text[line:end], 1)
		if kind != lineMore {
			p.reset()
		}
		each(start, line, end, &p, kind)
		line = end + 1
	}
}

// ready reports whether text is whole statements and commands, so that the enter
// key runs it.
func ready(text string) bool {
	whole := true
	walkLines(text, func(_, _, _ int, _ *pending, kind lineKind) { whole = kind != lineMore })
	return whole
}

// prompts returns the prompts of the lines of a text.
func (r *statementReader) prompts(text string) []string {
	prompts := []string{r.prompt}
	walkLines(text, func(_, _, _ int, p *pending, kind lineKind) {
		if kind != lineMore {
			prompts = append(prompts, r.prompt)
			return
		}
		closers := p.scan.Closers()
		other, ok := r.others[closers]
		if !ok {
			other = r.sh.continuation(r.prompt, closers)
			r.others[closers] = other
		}
		prompts = append(prompts, other)
	})
	return prompts
}

// How the parts of a text are shown.
const (
	keywordStyle   = "\x1b[36m"
	textStyle      = "\x1b[32m"
	numberStyle    = "\x1b[35m"
	parameterStyle = "\x1b[33m"
	commentStyle   = "\x1b[90m"
	commandStyle   = "\x1b[1;36m"
	mistakeStyle   = "\x1b[31m"
)

// styles returns how the parts of a text are shown.
func styles(text string) (spans []edit.Span) {
	walk(text, func(start, end int, text string, kind lineKind) {
		part := text[start:end]
		switch {
		case kind == lineCommand:
			spans = append(spans, commandSpan(part, start))
		case kind == lineSkipped && strings.HasPrefix(part, "#"):
			spans = append(spans, edit.Span{Start: start, End: end, Style: commentStyle})
		default:
			spans = appendSQLSpans(spans, part, start)
		}
	})
	return spans
}

// commandSpan returns how the name of a dot-command is shown.
func commandSpan(line string, at int) edit.Span {
	span := edit.Span{Start: at, End: at + len(line), Style: mistakeStyle}
	if d := parseDot(line); len(d.args) > 0 {
		span.End = at + min(d.args[0].offset+len(d.arg(0)), len(line))
		if c := findCommand(d.arg(0)); c != nil && c.run != nil {
			span.Style = commandStyle
		}
	}
	return span
}

func appendSQLSpans(spans []edit.Span, text string, at int) []edit.Span {
	depth := 0 // of brackets
	for t := range sqltext.Tokens(text) {
		style := ""
		switch t.Kind {
		case sqltext.Word:
			if sqltext.Keywords[strings.ToUpper(text[t.Start:t.End])] {
				style = keywordStyle
			}
		case sqltext.Text, sqltext.Blob:
			style = textStyle
		case sqltext.Number:
			style = numberStyle
		case sqltext.Parameter:
			style = parameterStyle
		case sqltext.Comment:
			style = commentStyle
		case sqltext.Operator:
			switch text[t.Start] {
			case '(':
				depth++
			case ')':
				if depth--; depth < 0 {
					depth, style = 0, mistakeStyle
				}
			}
		}
		if style != "" {
			spans = append(spans, edit.Span{Start: at + t.Start, End: at + t.End, Style: style})
		}
	}
	return spans
}
