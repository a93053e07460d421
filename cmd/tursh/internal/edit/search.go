package edit

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// A search goes through the history for what is typed, letter by letter: the
// editor shows the latest text with it, with the cursor at the place.
type search struct {
	query  string
	failed bool // nothing (more) has it
	before buffer
	at     int // in the history, before
}

func (e *Editor) startSearch() {
	e.search = &search{before: e.buffer, at: e.at}
}

// searchKey handles a key during a search. It returns false for one that ends
// the search, and then does what it always does.
func (e *Editor) searchKey(k Key) bool {
	s := e.search
	switch k.Code {
	case Typed:
		s.query += k.Text
		e.find(e.at, -1)
	case Pasted:
		s.query += strings.ReplaceAll(k.Text, "\n", " ")
		e.find(e.at, -1)
	case Backspace:
		_, size := utf8.DecodeLastRuneInString(s.query)
		s.query = s.query[:len(s.query)-size]
		e.recall(s.at)
		e.find(s.at, -1)
	case SearchOlder:
		e.find(e.at-1, -1)
	case SearchNewer:
		e.find(e.at+1, +1)
	case Cancel, Interrupt:
		e.recall(s.at)
		e.buffer = s.before
		e.search = nil
	default:
		e.search = nil
		return false
	}
	return true
}

// find shows the nearest text that has the query, from at on in one direction.
// Of the same text, later ones are as good as earlier ones: they are passed over.
func (e *Editor) find(at, direction int) {
	s := e.search
	s.failed = false
	if s.query == "" {
		return
	}
	if direction < 0 {
		at = min(at, len(e.history.entries)-1) // not the new text
	}
	for ; 0 <= at && at < len(e.history.entries); at += direction {
		text, ok := e.edited[at]
		switch {
		case at == e.at:
			text = e.text
		case !ok:
			text = e.history.entries[at]
		}
		place := indexFold(text, s.query)
		if place < 0 || at != e.at && text == e.text {
			continue
		}
		if at != e.at {
			e.recall(at)
		}
		e.pos = place
		return
	}
	s.failed = true
}

// indexFold is strings.Index without regard to case.
func indexFold(text, part string) int {
	for i := range text {
		if len(text)-i < len(part) {
			break
		}
		if strings.EqualFold(text[i:i+len(part)], part) {
			return i
		}
	}
	return -1
}

// row returns what tells of the search.
func (s *search) row(width int) string {
	failed := ""
	if s.failed {
		failed = "failed "
	}
	text := fmt.Sprintf("(%sreverse-i-search) %s", failed, s.query)
	return text[:prefixOf(text, width)]
}
