// Package edit is a line editor for whole statements: text of any number of
// lines that is edited as one, called back as one from the history, and run as
// one when it is complete.
//
// An [Editor] is the model, and knows no terminal: it takes keys one after the
// other, and says what is to be seen. A [Terminal] is an Editor at a terminal:
// it makes keys of what comes in and shows what is to be seen, changing as little
// of the screen as it can. What the text means - whether it is complete, its
// colours, what could complete a word, the prompts - is the business of the
// [Language] that the editor is given.
package edit

import (
	"strings"
)

// A Language is what an editor is to know of the text. All functions are called
// by the goroutine that reads.
type Language struct {
	// Ready reports whether the enter key runs text. Else it begins a new line.
	Ready func(text string) bool

	// Prompts returns what is shown before each line of text: at least as many as
	// it has lines. They may have colours.
	Prompts func(text string) []string

	// Styles returns the parts of text that are shown in a special way, in order
	// and apart from each other. It may be nil.
	Styles func(text string) []Span

	// Complete returns what could stand in the place of the word that ends at pos,
	// in bytes, and where that begins. If ok is false there is nothing to complete
	// in that place, and the tab key is a tab. It may be nil.
	Complete func(text string, pos int) (from int, list []Candidate, ok bool)

	// Elsewhere lets the user edit text in another program, and returns it. It may
	// be nil.
	Elsewhere func(text string) (string, error)
}

// A Span is text[Start:End], and how it is shown: a control sequence of a
// terminal (SGR).
type Span struct {
	Start, End int
	Style      string
}

// A Candidate is what a word could become, and what that is: "table" or the
// like.
type Candidate struct {
	Text, Kind string
}

// outcome is what a key leads to.
type outcome uint8

const (
	goOn        outcome = iota
	accepted            // the text is to be run
	interrupted         // the text has been given up
	ended               // there is no more
	cleared             // the screen is to be cleared
	suspended           // the program is to stop for a while
	elsewhere           // the text is to be edited in another program
)

// An Editor edits one text after the other. It must not be used by more than one
// goroutine at a time.
type Editor struct {
	lang    Language
	history *History
	screen  screen

	buffer
	killed string         // what Yank inserts
	undo   []buffer       // how the text was before the latest changes
	at     int            // where in the history the text comes from; its length if it is new
	edited map[int]string // texts of the history as they were left, and the new one
	search *search        // nil if there is none
	menu   *menu          // nil if there is none
	last   Code           // the key before
}

// NewEditor returns an editor that calls back texts from history, and adds to
// it.
func NewEditor(lang Language, history *History) *Editor {
	return &Editor{lang: lang, history: history}
}

// start begins a text, on an empty row of a terminal of that size.
func (e *Editor) start(width, height int) {
	e.screen.begin(width, height)
	e.buffer = buffer{}
	e.undo, e.search, e.menu = nil, nil, nil
	e.at, e.edited = len(e.history.entries), map[int]string{}
}

// key does what a key asks for.
func (e *Editor) key(k Key) outcome {
	before := e.buffer
	result := e.dispatch(k)
	if e.text != before.text && k.Code != Undo {
		e.remember(before, k.Code)
	}
	e.last = k.Code
	return result
}

func (e *Editor) dispatch(k Key) outcome {
	if e.search != nil && e.searchKey(k) {
		return goOn
	}
	if e.menu != nil && e.menuKey(k) {
		return goOn
	}
	switch k.Code {
	case Interrupt:
		return interrupted
	case EndOfFile:
		if e.text == "" {
			return ended
		}
		e.cut(e.pos, e.right())
	case Enter:
		if e.lang.Ready(e.text) {
			e.pos = len(e.text)
			return accepted
		}
		e.insert("\n")
	case Clear:
		return cleared
	case Suspend:
		return suspended
	case EditElsewhere:
		return elsewhere
	case Tab:
		e.complete()
	case SearchOlder, SearchNewer:
		e.startSearch()
	case Undo:
		e.undoLast()
	default:
		if !e.move(k.Code) {
			e.change(k)
		}
	}
	return goOn
}

// move moves the cursor, and reports whether that is what the key is for.
func (e *Editor) move(code Code) bool {
	switch code {
	case Left:
		e.pos = e.left()
	case Right:
		e.pos = e.right()
	case Up:
		if !e.up() {
			e.recall(e.at - 1)
		}
	case Down:
		if !e.down() {
			e.recall(e.at + 1)
		}
	case Older:
		e.recall(e.at - 1)
	case Newer:
		e.recall(e.at + 1)
	case Home:
		e.pos = e.lineStart()
	case End:
		e.pos = e.lineEnd()
	case WordLeft:
		e.pos = e.wordLeft()
	case WordRight:
		e.pos = e.wordRight()
	case TextStart:
		e.pos = 0
	case TextEnd:
		e.pos = len(e.text)
	default:
		return false
	}
	return true
}

// change changes the text, if that is what the key is for.
func (e *Editor) change(k Key) {
	switch k.Code {
	case Typed, Pasted:
		e.insert(k.Text)
	case NewLine:
		e.insert("\n")
	case Backspace:
		e.cut(e.left(), e.pos)
	case Delete:
		e.cut(e.pos, e.right())
	case KillToEnd:
		end := e.lineEnd()
		if end == e.pos { // the end of the line itself
			end = e.right()
		}
		e.killed = e.cut(e.pos, end)
	case KillToStart:
		e.killed = e.cut(e.lineStart(), e.pos)
	case KillWordBack:
		e.killed = e.cut(e.wordLeft(), e.pos)
	case KillWord:
		e.killed = e.cut(e.pos, e.wordRight())
	case Yank:
		e.insert(e.killed)
	}
}

// How many changes can be undone, and of what text.
const (
	maxUndo      = 200
	maxUndoBytes = 64 << 10
)

// remember keeps the text before a change. What is typed in one go is one
// change.
func (e *Editor) remember(before buffer, code Code) {
	if code == Typed && e.last == Typed || len(before.text) > maxUndoBytes {
		return
	}
	if len(e.undo) == maxUndo {
		e.undo = append(e.undo[:0], e.undo[1:]...)
	}
	e.undo = append(e.undo, before)
}

func (e *Editor) undoLast() {
	if n := len(e.undo); n > 0 {
		e.buffer = e.undo[n-1]
		e.undo = e.undo[:n-1]
	}
}

// recall shows another text of the history, as it is or has been edited since
// the last text was run.
func (e *Editor) recall(at int) {
	if at < 0 || at > len(e.history.entries) {
		return
	}
	e.edited[e.at] = e.text
	e.at = at
	text, ok := e.edited[at]
	if !ok && at < len(e.history.entries) {
		text = e.history.entries[at]
	}
	e.set(text)
}

// page lays out what is to be seen.
func (e *Editor) page() page {
	p := painter{width: e.screen.width}
	prompts := e.lang.Prompts(e.text)
	p.prompt(prompts[0])
	spans := e.spans()
	for i, line := 0, 0; i < len(e.text); {
		for len(spans) > 0 && i >= spans[0].End {
			spans = spans[1:]
		}
		style := ""
		if len(spans) > 0 && i >= spans[0].Start {
			style = spans[0].Style
		}
		if i == e.pos {
			p.markCursor()
		}
		if e.text[i] == '\n' {
			p.setStyle("")
			p.endRow()
			line++
			i++
			p.prompt(prompts[line])
			continue
		}
		p.setStyle(style)
		i += p.char(e.text[i:])
	}
	p.setStyle("")
	if e.pos == len(e.text) {
		p.markCursor()
	}
	p.endRow()
	return p.page
}

// spans returns how the parts of the text are shown.
func (e *Editor) spans() []Span {
	if e.search != nil && e.search.query != "" && !e.search.failed {
		return []Span{{e.pos, e.pos + len(e.search.query), chosenStyle}}
	}
	if e.lang.Styles == nil {
		return nil
	}
	return e.lang.Styles(e.text)
}

// draw returns what makes the terminal show the text, and below it the search or
// the menu.
func (e *Editor) draw() string {
	p := e.page()
	var below []string
	switch {
	case e.search != nil:
		below = []string{e.search.row(e.screen.width)}
	case e.menu != nil:
		below = e.menu.rows(e.screen.width, max(e.screen.height/2, 1))
	}
	if len(below) >= e.screen.height {
		below = nil
	}
	full := e.screen.height
	e.screen.height -= len(below)
	p = e.screen.window(p)
	e.screen.height = full
	p.rows = append(p.rows[:len(p.rows):len(p.rows)], below...)
	return e.screen.draw(p)
}

// finish returns what leaves the text on the terminal as it is, and goes on
// below it. Text that is higher than the terminal is shown to its end.
func (e *Editor) finish() string {
	e.search, e.menu = nil, nil
	e.pos = len(e.text)
	p := e.page()
	if len(p.rows) <= e.screen.height {
		return e.screen.draw(p) + "\r\n"
	}
	var b strings.Builder
	e.screen.goTo(&b, e.screen.drawn.row, 0)
	return b.String() + "\r\x1b[J" + strings.Join(p.rows, "\r\n") + "\r\n"
}
