package edit

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// How the menu looks; none of this is a colour.
const (
	chosenStyle = "\x1b[7m"
	faintStyle  = "\x1b[2m"
)

// A menu shows what a word could become.
type menu struct {
	list     []Candidate
	chosen   int    // -1 if none is yet
	from, to int    // the word in the text, as it is now
	typed    string // the word as it was
}

// complete completes the word before the cursor as far as that is certain, and
// shows a menu if it is not.
func (e *Editor) complete() {
	if e.lang.Complete == nil || strings.TrimLeft(e.text[e.lineStart():e.pos], " \t") == "" {
		e.insert("\t")
		return
	}
	from, list, ok := e.lang.Complete(e.text, e.pos)
	switch {
	case !ok:
		e.insert("\t")
	case len(list) == 1:
		e.replace(from, e.pos, list[0].Text)
	case len(list) > 1:
		typed := e.text[from:e.pos]
		if common := commonPrefix(list); len(common) >= len(typed) && strings.EqualFold(common[:len(typed)], typed) {
			e.replace(from, e.pos, common)
		}
		e.menu = &menu{list: list, chosen: -1, from: from, to: e.pos, typed: e.text[from:e.pos]}
	}
}

// commonPrefix returns what all candidates begin with, but for case.
func commonPrefix(list []Candidate) string {
	common := list[0].Text
	for _, c := range list[1:] {
		n := 0
		for n < len(common) && n < len(c.Text) {
			r, size := utf8.DecodeRuneInString(common[n:])
			other, otherSize := utf8.DecodeRuneInString(c.Text[n:])
			if unicode.ToLower(r) != unicode.ToLower(other) || size != otherSize {
				break
			}
			n += size
		}
		common = common[:n]
	}
	return common
}

// menuKey handles a key while there is a menu. It returns false for one that
// has nothing to do with it; the menu is gone then, and the choice stays.
func (e *Editor) menuKey(k Key) bool {
	m := e.menu
	switch k.Code {
	case Tab, Down:
		m.chosen = (m.chosen + 1) % len(m.list)
	case BackTab, Up:
		m.chosen = (max(m.chosen, 0) + len(m.list) - 1) % len(m.list)
	case Cancel:
		e.replace(m.from, m.to, m.typed)
		e.menu = nil
		return true
	case Enter:
		e.menu = nil
		return m.chosen >= 0 // it takes the choice, and no more
	default:
		e.menu = nil
		return false
	}
	e.replace(m.from, m.to, m.list[m.chosen].Text)
	m.to = e.pos
	return true
}

// maxMenuRows is how much of the screen a menu takes at most.
const maxMenuRows = 8

// rows lays the menu out for a terminal of that width, in at most so many rows.
func (m *menu) rows(width, height int) (rows []string) {
	textColumns, kindColumns := 0, 0
	for _, c := range m.list {
		textColumns = max(textColumns, textWidth(c.Text))
		kindColumns = max(kindColumns, textWidth(c.Kind))
	}
	const between = 2
	cell := textColumns + 1 + kindColumns + between
	if cell > width {
		textColumns, kindColumns, cell = width, 0, width
	}
	perRow := max(1, width/cell)
	most := min(maxMenuRows, height)
	needed := (len(m.list) + perRow - 1) / perRow
	first := 0
	if needed > most {
		most = max(most-1, 1) // the last one says how many there are
		first = max(m.chosen, 0) / perRow / most * most
	}
	for r := first; r < min(needed, first+most); r++ {
		var b strings.Builder
		for i := r * perRow; i < min(len(m.list), (r+1)*perRow); i++ {
			m.cell(&b, i, textColumns, kindColumns)
		}
		rows = append(rows, b.String())
	}
	if needed > most && height > 1 {
		count := fmt.Sprintf("%d of %d", min(len(m.list), (first+most)*perRow), len(m.list))
		rows = append(rows, faintStyle+count[:min(len(count), width)]+plainStyle)
	}
	return rows
}

func (m *menu) cell(b *strings.Builder, i, textColumns, kindColumns int) {
	c := m.list[i]
	text := c.Text[:prefixOf(c.Text, textColumns)]
	if i == m.chosen {
		b.WriteString(chosenStyle + text + plainStyle)
	} else {
		b.WriteString(text)
	}
	if kindColumns == 0 {
		return
	}
	b.WriteString(strings.Repeat(" ", textColumns-textWidth(text)+1))
	fmt.Fprintf(b, "%s%-*s%s  ", faintStyle, kindColumns, c.Kind, plainStyle)
}
