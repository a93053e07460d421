package edit

import (
	"fmt"
	"strings"

	"github.com/turso-coop/turso-coop/cmd/tursh/internal/show"
)

// A page is what is to be seen: rows of the terminal with their colours, none
// wider than it, and where the cursor is.
type page struct {
	rows        []string
	row, column int
}

// A painter lays text out in rows.
type painter struct {
	page
	width  int
	line   strings.Builder // the row being filled
	column int             // in it
	style  string          // how text is shown now: a sequence of SGR, "" for as usual
}

const plainStyle = "\x1b[0m"

func (p *painter) setStyle(style string) {
	if style == p.style {
		return
	}
	if p.style != "" {
		p.line.WriteString(plainStyle)
	}
	p.line.WriteString(style)
	p.style = style
}

// endRow goes on in the next row.
func (p *painter) endRow() {
	style := p.style
	p.setStyle("")
	p.rows = append(p.rows, p.line.String())
	p.line.Reset()
	p.column = 0
	p.setStyle(style)
}

// put shows one character, or anything else of that many columns.
func (p *painter) put(text string, columns int) {
	if p.column+columns > p.width && p.column > 0 {
		p.endRow()
	}
	p.line.WriteString(text)
	p.column += columns
}

// char shows the first character of text, and returns its length.
func (p *painter) char(text string) (size int) {
	size = charLen(text)
	switch c := text[0]; {
	case c == '\t':
		const tab = 8
		n := max(1, min(tab-p.column%tab, p.width-p.column))
		p.put(strings.Repeat(" ", n), n)
	case c < ' ' || c == 0x7f:
		p.put(string([]byte{'^', c ^ 0x40}), 2)
	default:
		p.put(text[:size], textWidth(text[:size]))
	}
	return size
}

// prompt shows what comes before a line, with its own colours. One as wide as
// the terminal leaves no room, and is left out.
func (p *painter) prompt(text string) {
	if width := show.DisplayWidth(text); width < p.width {
		p.line.WriteString(text)
		p.column += width
	}
}

// markCursor says that the cursor is at the next character.
func (p *painter) markCursor() {
	if p.column >= p.width {
		p.endRow()
	}
	p.page.row, p.page.column = len(p.rows), p.column
}

// A screen knows what a terminal shows of the editor, and changes that with as
// few bytes as is easy. It uses the rows from the one in which the first prompt
// begins on, and leaves all above alone.
type screen struct {
	width, height int
	drawn         page // the rows as they are on the terminal, and where its cursor is
	first         int  // the row of the page that is at the top, if it is higher than the terminal
}

// begin says that the cursor is at the start of an empty row.
func (s *screen) begin(width, height int) {
	*s = screen{width: max(width, 1), height: max(height, 1), drawn: page{rows: []string{""}}}
}

// resize says that the terminal has another size now, and returns what makes it
// as if nothing were drawn. Most terminals wrap rows that have become too wide.
func (s *screen) resize(width, height int) string {
	width, height = max(width, 1), max(height, 1)
	above := s.drawn.column / width
	for _, row := range s.drawn.rows[:s.drawn.row] {
		above += max(1, (show.DisplayWidth(row)+width-1)/width)
	}
	s.begin(width, height)
	if above = min(above, height-1); above == 0 {
		return "\r\x1b[J"
	}
	return fmt.Sprintf("\r\x1b[%dA\x1b[J", above)
}

// window returns the part of a page that the terminal has room for, with the
// cursor in it.
func (s *screen) window(p page) page {
	s.first = max(min(s.first, p.row, len(p.rows)-s.height), p.row-s.height+1, 0)
	end := min(len(p.rows), s.first+s.height)
	return page{p.rows[s.first:end], p.row - s.first, p.column}
}

// draw returns what makes the terminal show p, which is no higher than it.
func (s *screen) draw(p page) string {
	var b strings.Builder
	at := s.drawn.row
	for i, row := range p.rows {
		old := i < len(s.drawn.rows)
		if old && s.drawn.rows[i] == row {
			continue
		}
		at = s.goTo(&b, at, i)
		b.WriteByte('\r')
		if old && s.drawn.rows[i] != "" {
			b.WriteString("\x1b[K")
		}
		b.WriteString(row)
	}
	if len(s.drawn.rows) > len(p.rows) {
		at = s.goTo(&b, at, len(p.rows))
		b.WriteString("\r\x1b[J")
	}
	if b.Len() > 0 || at != p.row || s.drawn.column != p.column {
		s.goTo(&b, at, p.row)
		b.WriteByte('\r')
		if p.column > 0 {
			fmt.Fprintf(&b, "\x1b[%dC", p.column)
		}
	}
	s.drawn = page{append([]string(nil), p.rows...), p.row, p.column}
	return b.String()
}

// goTo moves the cursor from one row to another, and makes rows below those that
// are drawn as it goes.
func (s *screen) goTo(b *strings.Builder, from, to int) int {
	b.WriteByte('\r') // also out of the state of a full row, in which some terminals move elsewhere
	last := len(s.drawn.rows) - 1
	if down := min(to, last) - min(from, last); down > 0 {
		fmt.Fprintf(b, "\x1b[%dB", down)
	}
	if to < from {
		fmt.Fprintf(b, "\x1b[%dA", from-to)
	}
	for i := max(from, last); i < to; i++ {
		b.WriteString("\r\n")
	}
	return to
}
