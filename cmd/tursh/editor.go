package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"unicode/utf8"

	"golang.org/x/term"
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
	in, ok := sh.stdin.(*os.File)
	if ok && isTerminal(in) && sh.outTerminal && !sh.plainInput && os.Getenv("TERM") != "dumb" {
		return newTerminalEditor(in)
	}
	return &promptReader{scriptReader: *newScriptReader(sh.stdin), out: sh.out}
}

// terminalEditor lets the user edit each line, and call back earlier ones. The
// terminal is in raw mode only while it does: in between, Ctrl-C is a signal.
type terminalEditor struct {
	tty    *os.File
	keys   keyReader
	editor *term.Terminal
}

// maxEdited is how many characters of a line term.Terminal keeps; it drops more
// without a word.
const maxEdited = 4096

func newTerminalEditor(tty *os.File) *terminalEditor {
	e := &terminalEditor{tty: tty, keys: keyReader{r: tty}}
	e.renew()
	return e
}

// renew starts the editor again, with nothing typed. The history stays.
func (e *terminalEditor) renew() {
	old := e.editor
	e.editor = term.NewTerminal(struct {
		io.Reader
		io.Writer
	}{&e.keys, e.tty}, "")
	if old != nil {
		e.editor.History = old.History
	}
	e.editor.AutoCompleteCallback = insertTab
}

// insertTab makes the tab key, and the tabs of pasted text, what they are: by
// itself the editor drops them.
func insertTab(line string, pos int, key rune) (string, int, bool) {
	if key != '\t' {
		return "", 0, false
	}
	return line[:pos] + "\t" + line[pos:], pos + 1, true
}

func (e *terminalEditor) readLine(prompt string) (line string, err error) {
	fd := int(e.tty.Fd())
	state, err := term.MakeRaw(fd)
	if err != nil {
		return "", err
	}
	defer func() {
		if failed := term.Restore(fd, state); failed != nil {
			err = errors.Join(err, failed)
		}
	}()
	if width, height, err := term.GetSize(fd); err == nil && width > 0 {
		_ = e.editor.SetSize(width, height)
	}
	e.editor.SetPrompt(prompt)
	line, err = e.editor.ReadLine()
	switch {
	case err == io.EOF && e.keys.interrupted:
		// The editor takes Ctrl-C for the end, and would see it again.
		e.keys.interrupted = false
		e.renew()
		fmt.Fprint(e.tty, "^C\r\n")
		return "", errInterrupted
	case err == nil && utf8.RuneCountInString(line) >= maxEdited:
		fmt.Fprintf(e.tty, "A line of more than %d characters cannot be typed here; .read it from a file.\r\n", maxEdited-1)
		return "", errInterrupted
	}
	return line, err
}

// keyReader passes on what is typed, and remembers that Ctrl-C was. It passes
// nothing on in one read with what comes after it.
type keyReader struct {
	r           io.Reader
	rest        []byte // read but not yet passed on
	interrupted bool
}

const ctrlC = 0x03

func (k *keyReader) Read(p []byte) (int, error) {
	if len(k.rest) == 0 {
		n, err := k.r.Read(p)
		k.rest = append(k.rest[:0], p[:n]...)
		if n == 0 {
			return 0, err
		}
	}
	n := copy(p, k.rest)
	if at := bytes.IndexByte(k.rest[:n], ctrlC); at >= 0 {
		n = at + 1
		k.interrupted = true
	}
	k.rest = k.rest[n:]
	return n, nil
}
