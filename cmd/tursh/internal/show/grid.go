package show

import (
	"strings"
)

// A grid collects a statement's rows, because the width of a column is known
// only after its last one, and then draws them: the columnar modes. A cell of
// several lines makes its row as high as it needs; one such cell, and all rows
// are set apart from each other.
type grid struct {
	layout
	rules *rules
	cells [][]cell // by row, the titles first if they are shown
	n     int      // rows, without the titles
	cols  []gridColumn
	tall  bool // some cell has several lines
	tight bool // no blanks at the rules, for want of room
	gap   int  // blanks between columns that have no rule
	out   []byte
}

// A cell is text already encoded for display.
type cell struct {
	text   string
	width  int // of its longest line
	number bool
}

// gridColumn is what is known of a column.
type gridColumn struct {
	natural int   // width of the widest cell
	width   int   // that it gets
	fixed   bool  // the user said how wide
	align   Align // of its cells
}

// rules are what a grid is drawn with: for every line across it what is at its
// left end, along it, where it meets a column's edge, and at its right end.
type rules struct {
	edge                       string
	top, title, between, under [4]string // under the last row
	empty                      [4]string // under titles without rows
}

var (
	tableRules = &rules{
		edge: "|",
		top:  [4]string{"+", "-", "+", "+"}, title: [4]string{"+", "-", "+", "+"}, between: [4]string{"+", "-", "+", "+"},
		under: [4]string{"+", "-", "+", "+"}, empty: [4]string{"+", "-", "+", "+"},
	}
	boxRules = &rules{
		edge: "│",
		top:  [4]string{"╭", "─", "┬", "╮"}, title: [4]string{"╞", "═", "╪", "╡"}, between: [4]string{"├", "─", "┼", "┤"},
		under: [4]string{"╰", "─", "┴", "╯"}, empty: [4]string{"╘", "═", "╧", "╛"},
	}
	markdownRules = &rules{
		edge:  "|",
		title: [4]string{"|", "-", "|", "|"}, empty: [4]string{"|", "-", "|", "|"},
	}
)

func newGrid(l layout) *grid {
	g := &grid{layout: l, cols: make([]gridColumn, len(l.columns)), gap: 2}
	switch l.Mode.style {
	case Table:
		g.rules = tableRules
	case Box:
		g.rules = boxRules
	case Markdown:
		g.rules = markdownRules
	}
	if g.Titles != TitlesOff {
		titles := make([]cell, len(l.columns))
		for i, name := range l.columns {
			text := string(g.appendText(nil, name, g.TitleQuote))
			if g.TitleLimit > 0 {
				text = limitTitle(text, g.TitleLimit)
			}
			titles[i].text = text
		}
		g.add(titles)
	}
	return g
}

func (g *grid) Row(values []any) error {
	row := make([]cell, len(values))
	for i, v := range values {
		row[i].text = string(g.appendValue(nil, v))
		switch v.(type) {
		case int64, float64:
			row[i].number = true
		}
	}
	g.add(row)
	g.n++
	return nil
}

func (g *grid) add(row []cell) {
	for i := range row {
		c := &row[i]
		for rest := c.text; rest != ""; {
			var width int
			_, width, rest = wrap(rest, 0, false)
			c.width = max(c.width, width)
			g.tall = g.tall || rest != ""
		}
		g.tall = g.tall || strings.HasSuffix(c.text, "\n")
		g.cols[i].natural = max(g.cols[i].natural, c.width)
	}
	g.cells = append(g.cells, row)
}

func (g *grid) Finish() error {
	if g.n > 0 || g.Titles == TitlesAlways && g.rules != nil {
		g.alignColumns()
		g.setWidths()
		if !g.split() {
			g.fitScreen()
		}
		if err := g.draw(); err != nil {
			return err
		}
	}
	if g.RowCount {
		g.out = append(append(append(g.out, '('), plural(g.n)...), ")\n"...)
	}
	return g.write()
}

// write gives what has been drawn to the output.
func (g *grid) write() error {
	_, err := g.w.Write(g.out)
	g.out = g.out[:0]
	return err
}

func (g *grid) alignColumns() {
	for i := range g.cols {
		c := &g.cols[i]
		if i < len(g.Align) && g.Align[i] != AlignAuto {
			c.align = g.Align[i]
		} else if i < len(g.Widths) && g.Widths[i] < 0 {
			c.align = AlignRight
		}
	}
}

// setWidths gives each column the width that it needs or was told to have.
func (g *grid) setWidths() {
	for i := range g.cols {
		c := &g.cols[i]
		c.width = c.natural
		told := 0
		if i < len(g.Widths) {
			told = max(g.Widths[i], -g.Widths[i])
		}
		switch {
		case told > 0:
			c.fixed, c.width = true, told
			if c.natural > told {
				g.tall = true
				c.width = max(told, 2) // a character may be two wide
			}
		case g.Wrap > 0 && c.width > g.Wrap:
			c.width = g.Wrap
			g.tall = true
		}
	}
}

// Below these widths columns are not narrowed: the second is for those that
// have lost half of their width already.
const (
	leastWidth       = 8
	leastWidthHalved = 16
)

// fitScreen narrows the grid to the width of the screen, as far as it can: the
// gaps first, then always the widest column.
func (g *grid) fitScreen() {
	if g.ScreenWidth == 0 {
		return
	}
	used := 0
	for _, c := range g.cols {
		used += c.width
	}
	if used+g.frame(2) <= g.ScreenWidth {
		return
	}
	g.tight, g.gap = true, 1
	for room := g.ScreenWidth - g.frame(0); used > room; {
		widest := -1
		for i, c := range g.cols {
			if !c.fixed && c.width > leastWidth && (c.width > leastWidthHalved || 2*c.width > c.natural) &&
				(widest < 0 || c.width > g.cols[widest].width) {
				widest = i
			}
		}
		if widest < 0 {
			return
		}
		c := &g.cols[widest]
		less := c.width - leastWidth
		if c.width >= 2*leastWidth {
			less = c.width / 2
		}
		less = min(less, used-room)
		c.width -= less
		used -= less
		g.tall = true
	}
}

// frame returns how much of the screen is not for the columns themselves, with
// so many blanks around each.
func (g *grid) frame(blanks int) int {
	n := len(g.cols)
	if g.rules == nil {
		return max(1, blanks) * (n - 1)
	}
	width := n*(blanks+1) + 1
	if g.Borderless {
		width -= 2
	}
	return width
}

// split makes one column without titles into as many as fit the screen, as ls
// does, and reports whether the mode is one that does that.
func (g *grid) split() bool {
	if !g.Mode.split || len(g.cols) != 1 || len(g.cells) < 2 || g.Titles != TitlesOff || g.ScreenWidth <= g.cols[0].width+3 {
		return false
	}
	height, widths := len(g.cells), []int{g.cols[0].width}
	for n := 2; height > 1; n++ {
		h := (len(g.cells) + n - 1) / n
		if h == height {
			continue // one column more that would stay empty
		}
		next := g.splitWidths(h)
		if sum(next)+2*(len(next)-1) > g.ScreenWidth {
			break
		}
		height, widths = h, next
	}
	if len(widths) == 1 {
		return true
	}
	columns := make([]gridColumn, len(widths))
	for i, w := range widths {
		columns[i] = gridColumn{width: w, align: g.cols[0].align}
	}
	cells := make([][]cell, height)
	for i := range cells {
		cells[i] = make([]cell, len(widths))
	}
	for i, row := range g.cells {
		cells[i%height][i/height] = row[0]
	}
	g.cells, g.cols = cells, columns
	g.gap = min(5, (g.ScreenWidth-sum(widths))/(len(widths)-1))
	return true
}

// splitWidths returns the widths of the columns that the cells make, height of
// them each.
func (g *grid) splitWidths(height int) []int {
	widths := make([]int, (len(g.cells)+height-1)/height)
	for i, row := range g.cells {
		widths[i/height] = max(widths[i/height], row[0].width)
	}
	return widths
}

func sum(ns []int) int {
	total := 0
	for _, n := range ns {
		total += n
	}
	return total
}

// draw draws all rows, and the lines above, between and below them.
func (g *grid) draw() error {
	titled := g.Titles != TitlesOff
	if g.rules != nil && !g.Borderless {
		g.rule(g.rules.top)
	}
	for i, row := range g.cells {
		g.drawRow(row, i == 0 && titled)
		switch last := i == len(g.cells)-1; {
		case last:
			g.rowsEnd()
		case i == 0 && titled:
			g.underline()
		case !g.tall:
		case g.rules == nil:
			g.out = append(g.out, '\n')
		default:
			g.rule(g.rules.between)
		}
		if err := g.write(); err != nil {
			return err
		}
	}
	return nil
}

// rowsEnd draws what is below the last row, or below the titles if there is
// none.
func (g *grid) rowsEnd() {
	switch {
	case g.rules == nil:
	case g.n == 0:
		g.rule(g.rules.empty)
	case !g.Borderless:
		g.rule(g.rules.under)
	}
}

// underline draws the line under the titles.
func (g *grid) underline() {
	if g.rules != nil {
		g.rule(g.rules.title)
		return
	}
	for i, c := range g.cols {
		if i > 0 {
			g.out = appendBlanks(g.out, g.gap)
		}
		g.out = append(g.out, strings.Repeat("-", c.width)...)
	}
	g.endLine()
}

// rule draws a line across a ruled grid, if the grid has one there.
func (g *grid) rule(line [4]string) {
	if line[1] == "" {
		return
	}
	blanks := 2
	if g.tight {
		blanks = 0
	}
	for i, c := range g.cols {
		switch {
		case i > 0:
			g.out = append(g.out, line[2]...)
		case !g.Borderless:
			g.out = append(g.out, line[0]...)
		}
		g.out = append(g.out, strings.Repeat(line[1], c.width+blanks)...)
	}
	if !g.Borderless {
		g.out = append(g.out, line[3]...)
	}
	g.out = append(g.out, '\n')
}

// drawRow draws one row, which is as many lines as its tallest cell or the
// limit.
func (g *grid) drawRow(row []cell, titles bool) {
	rest := make([]string, len(row))
	for i, c := range row {
		rest[i] = c.text
	}
	for n, more := 0, true; more; n++ {
		more = false
		cut := g.LineLimit > 0 && n == g.LineLimit
		for i, c := range row {
			g.edge(i)
			var line string
			var width int
			switch {
			case !cut:
				line, width, rest[i] = wrap(rest[i], max(g.cols[i].width, 1), g.WordWrap != SwitchedOff && g.tall)
			case rest[i] != "":
				line = "..."[:min(3, g.cols[i].width)]
				width = len(line)
			}
			more = more || rest[i] != "" && !cut
			g.drawLine(line, g.cols[i].width-width, g.alignment(i, c, titles))
		}
		g.edge(len(row))
		g.endLine()
	}
}

func (g *grid) alignment(i int, c cell, title bool) Align {
	switch align := g.cols[i].align; {
	case title:
		return AlignCenter
	case align != AlignAuto:
		return align
	case c.number:
		return AlignRight
	}
	return AlignLeft
}

// edge draws what is left of column i, or right of the last one.
func (g *grid) edge(i int) {
	if g.rules == nil {
		if i > 0 && i < len(g.cols) {
			g.out = appendBlanks(g.out, g.gap)
		}
		return
	}
	outer := i == 0 || i == len(g.cols)
	if i > 0 && !g.tight && !(outer && g.Borderless) {
		g.out = append(g.out, ' ')
	}
	if !outer || !g.Borderless {
		g.out = append(g.out, g.rules.edge...)
	}
	if i < len(g.cols) && !g.tight {
		g.out = append(g.out, ' ')
	}
}

// drawLine draws one line of a cell with as many blanks beside it.
func (g *grid) drawLine(line string, blanks int, align Align) {
	before := 0
	switch align {
	case AlignRight:
		before = blanks
	case AlignCenter:
		before = blanks / 2
	}
	g.out = appendBlanks(g.out, before)
	column := 0
	for line != "" {
		size, width := nextWidth(line, column)
		if line[0] == '\t' {
			g.out = appendBlanks(g.out, width)
		} else {
			g.out = append(g.out, line[:size]...)
		}
		line = line[size:]
		column += width
	}
	g.out = appendBlanks(g.out, blanks-before)
}

// endLine ends a line, without the blanks before its end if no edge is there.
func (g *grid) endLine() {
	if g.rules == nil || g.Borderless {
		n := len(g.out)
		for n > 0 && g.out[n-1] == ' ' {
			n--
		}
		g.out = g.out[:n]
	}
	g.out = append(g.out, '\n')
}

func appendBlanks(b []byte, n int) []byte {
	const blanks = "                                "
	for ; n > len(blanks); n -= len(blanks) {
		b = append(b, blanks...)
	}
	return append(b, blanks[:max(n, 0)]...)
}
