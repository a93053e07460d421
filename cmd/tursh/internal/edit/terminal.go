package edit

import (
	"errors"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/term"
)

// ErrInterrupted is returned for a text that the user has given up.
var ErrInterrupted = errors.New("edit: interrupted")

// A Terminal is an editor at a terminal. From [Open] to [Terminal.Close] the
// terminal shows nothing of what is typed by itself. Between two texts it still
// makes signals of Ctrl-C and the like, so that what runs then can be interrupted;
// what is typed meanwhile waits. It must not be used by more than one goroutine at
// a time, but for Close.
type Terminal struct {
	*Editor
	in, out *os.File
	modes   *modes
	keys    decoder
	chunk   [4096]byte
}

// Open makes in and out, a terminal, that of an editor.
func Open(in, out *os.File, e *Editor) (*Terminal, error) {
	m, err := openModes(in, out)
	if err != nil {
		return nil, err
	}
	return &Terminal{Editor: e, in: in, out: out, modes: m}, m.set(quiet)
}

// Close gives the terminal back as it was.
func (t *Terminal) Close() error { return errors.Join(t.modes.set(usual), t.modes.close()) }

// Lend gives the terminal back as it was for as long as f runs.
func (t *Terminal) Lend(f func() error) error {
	err := t.modes.set(usual)
	if err == nil {
		err = f()
	}
	return errors.Join(err, t.modes.set(quiet))
}

// A terminal that knows about it puts brackets around what is pasted.
const (
	bracketsOn  = "\x1b[?2004h"
	bracketsOff = "\x1b[?2004l"
)

// escapeTime is how long the rest of a sequence may take after its escape.
const escapeTime = 50 * time.Millisecond

// Read lets the user edit a text, which is what initial says at first, and
// returns it once it is to be run: [ErrInterrupted] if it was given up, io.EOF if
// there is no more.
func (t *Terminal) Read(initial string) (text string, err error) {
	if err := t.modes.set(raw); err != nil {
		return "", err
	}
	defer func() {
		if failed := t.modes.set(quiet); failed != nil && err == nil {
			err = failed
		}
	}()
	t.start(t.size())
	t.set(initial)
	t.show(bracketsOn)
	defer t.show(bracketsOff)
	for settled := false; ; {
		k, ok := t.keys.next(settled)
		if ok {
			if text, done, err := t.act(t.key(k)); done {
				return text, err
			}
			continue
		}
		if settled, err = t.more(); err != nil {
			return "", err
		}
	}
}

// act does what a key has led to. done says that it was the last one.
func (t *Terminal) act(o outcome) (text string, done bool, err error) {
	switch o {
	case accepted:
		text = t.text
		t.show(t.finish())
		return text, true, nil
	case interrupted:
		t.show(strings.TrimSuffix(t.finish(), "\r\n") + "^C\r\n")
		return "", true, ErrInterrupted
	case ended:
		t.show(strings.TrimSuffix(t.finish(), "\r\n"))
		return "", true, io.EOF
	case cleared:
		t.screen.begin(t.size())
		t.show("\x1b[H\x1b[2J")
	case suspended:
		err = t.pause(suspend)
	case elsewhere:
		if t.lang.Elsewhere != nil {
			err = t.pause(t.editElsewhere)
		}
	}
	return "", err != nil, err
}

// pause gives the terminal back for as long as f runs, and goes on below what
// that has shown.
func (t *Terminal) pause(f func() error) error {
	pos := t.pos
	t.show(t.finish() + bracketsOff)
	t.pos = pos
	err := errors.Join(t.Lend(f), t.modes.set(raw))
	t.screen.begin(t.size())
	t.show(bracketsOn)
	return err
}

func (t *Terminal) editElsewhere() error {
	text, err := t.lang.Elsewhere(t.text)
	if err != nil {
		t.show(strings.TrimSuffix(err.Error(), "\n") + "\n")
		return nil
	}
	t.set(strings.TrimSuffix(text, "\n"))
	return nil
}

// more waits for more to be typed. What there is to be seen is shown first, but
// not while there is more already: text that comes fast is not shown letter by
// letter. settled says that nothing has come for a while.
func (t *Terminal) more() (settled bool, err error) {
	const forever = -1
	event, err := t.modes.wait(0)
	if err == nil && event != input {
		t.refresh()
		limit := time.Duration(forever)
		if len(t.keys.bytes) > 0 {
			limit = escapeTime
		}
		event, err = t.modes.wait(limit)
	}
	switch {
	case err != nil:
		return false, err
	case event == timeout:
		return true, nil
	case event == resized:
		return false, nil // and shown before the next wait
	}
	n, err := t.in.Read(t.chunk[:])
	t.keys.bytes = append(t.keys.bytes, t.chunk[:n]...)
	if n == 0 && (err == nil || !errors.Is(err, io.EOF)) {
		err = io.EOF // a terminal that is gone says so in many ways
	}
	return false, err
}

// refresh shows the text as it is now.
func (t *Terminal) refresh() {
	if width, height := t.size(); width != t.screen.width || height != t.screen.height {
		t.show(t.screen.resize(width, height))
	}
	t.show(t.Editor.draw())
}

func (t *Terminal) size() (width, height int) {
	width, height, err := term.GetSize(int(t.out.Fd()))
	if err != nil || width <= 0 || height <= 0 {
		return 80, 24
	}
	return width, height
}

// show writes to the terminal. One that cannot be written to is gone, and reading
// tells.
func (t *Terminal) show(s string) { _, _ = t.out.WriteString(s) }

// mode is how a terminal treats what is typed.
type mode uint8

const (
	usual mode = iota // as we found it
	quiet             // what is typed is not shown, and need not be whole lines
	raw               // and nothing of it has a meaning to the terminal
)

// event is what a wait has ended with.
type event uint8

const (
	input   event = iota // there is something to read
	resized              // the terminal has another size, perhaps
	timeout
)
