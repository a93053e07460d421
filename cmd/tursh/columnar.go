package main

import (
	"io"
	"strings"
)

// A grid collects a statement's rows, because the width of a column is known
// only after its last one, and then draws them: the modes column, table and
// split. A cell of several lines makes its row as high as it needs; one such
// cell, and all rows are set apart from each other.
type grid struct {
	layout
	style  gridStyle
	cells  [][]cell // by row, the titles first if they are shown
	widths []int    // by column
	tall   bool     // some cell has several lines
}

// A cell is text already encoded for display.
type cell struct {
	text  string
	align alignment
}

type alignment uint8

const (
	alignLeft alignment = iota
	alignRight
	alignCenter
)

// gridStyle is how a grid is ruled.
type gridStyle struct {
	left, between, right string
	rules                bool // lines of - and + above, between and below; else a line of - under the titles
}

var (
	tableStyle  = gridStyle{left: "| ", between: " | ", right: " |", rules: true}
	columnStyle = gridStyle{between: "  "}
)

func newTable(l layout) formatter  { return newGrid(l, tableStyle) }
func newColumn(l layout) formatter { return newGrid(l, columnStyle) }

func newGrid(l layout, style gridStyle) *grid {
	g := &grid{layout: l, style: style, widths: make([]int, len(l.columns))}
	if g.titles != titlesOff {
		titles := make([]cell, len(l.columns))
		for i, name := range l.columns {
			titles[i] = cell{string(appendVisible(nil, name)), alignCenter}
		}
		g.add(titles)
	}
	return g
}

func (g *grid) row(values []any) error {
	row := make([]cell, len(values))
	for i, v := range values {
		row[i].text = string(appendPlain(nil, v, g.null, g.reals))
		switch v.(type) {
		case int64, float64:
			row[i].align = alignRight
		}
	}
	g.add(row)
	return nil
}

func (g *grid) add(row []cell) {
	for i, c := range row {
		for line := range strings.Lines(c.text) {
			text := strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
			g.widths[i] = max(g.widths[i], displayWidth(text))
			g.tall = g.tall || len(text) != len(line)
		}
	}
	g.cells = append(g.cells, row)
}

func (g *grid) finish() error {
	titled := g.titles != titlesOff
	if rows := len(g.cells); rows == 0 || titled && rows == 1 && !(g.titles == titlesAlways && g.style.rules) {
		return nil // no rows: only a ruled grid shows titles alone, and only if told to always
	}
	var b strings.Builder
	if g.style.rules {
		g.rule(&b)
	}
	for i, row := range g.cells {
		g.draw(&b, row)
		last := i == len(g.cells)-1
		switch {
		case g.style.rules && (i == 0 && titled || g.tall || last):
			g.rule(&b)
		case g.style.rules || last:
		case i == 0 && titled:
			g.underline(&b)
		case g.tall:
			b.WriteByte('\n')
		}
		if err := flushInto(g.w, &b); err != nil {
			return err
		}
	}
	return nil
}

func flushInto(w io.Writer, b *strings.Builder) error {
	_, err := io.WriteString(w, b.String())
	b.Reset()
	return err
}

// draw writes one row, which is as many lines as its tallest cell.
func (g *grid) draw(b *strings.Builder, row []cell) {
	rest := make([]string, len(row))
	for i, c := range row {
		rest[i] = c.text
	}
	for more := true; more; {
		more = false
		var line strings.Builder
		line.WriteString(g.style.left)
		for i, c := range row {
			if i > 0 {
				line.WriteString(g.style.between)
			}
			var text string
			text, rest[i], _ = strings.Cut(rest[i], "\n")
			more = more || rest[i] != ""
			c.text = strings.TrimSuffix(text, "\r")
			c.draw(&line, g.widths[i])
		}
		line.WriteString(g.style.right)
		b.WriteString(g.trim(line.String()))
		b.WriteByte('\n')
	}
}

// trim drops the blanks at the end of a line that no rule closes.
func (g *grid) trim(line string) string {
	if g.style.rules {
		return line
	}
	return strings.TrimRight(line, " ")
}

func (c cell) draw(b *strings.Builder, width int) {
	free := max(0, width-displayWidth(c.text))
	before := 0
	switch c.align {
	case alignRight:
		before = free
	case alignCenter:
		before = free / 2
	}
	pad(b, before)
	column := 0
	for i, part := range strings.Split(c.text, "\t") {
		if i > 0 {
			to := (column + 8) &^ 7
			pad(b, to-column)
			column = to
		}
		b.WriteString(part)
		column += displayWidth(part)
	}
	pad(b, free-before)
}

func pad(b *strings.Builder, n int) { b.WriteString(strings.Repeat(" ", n)) }

// rule draws a line across a ruled grid.
func (g *grid) rule(b *strings.Builder) {
	for _, w := range g.widths {
		b.WriteByte('+')
		b.WriteString(strings.Repeat("-", w+2))
	}
	b.WriteString("+\n")
}

// underline draws the line under the titles of an unruled grid.
func (g *grid) underline(b *strings.Builder) {
	var line strings.Builder
	for i, w := range g.widths {
		if i > 0 {
			line.WriteString(g.style.between)
		}
		line.WriteString(strings.Repeat("-", w))
	}
	b.WriteString(g.trim(line.String()))
	b.WriteByte('\n')
}

// splitFormatter is column mode for one column without titles: the values go
// down the screen in as many columns as fit its width, as ls does.
type splitFormatter struct{ *grid }

func newSplit(l layout) formatter { return splitFormatter{newGrid(l, columnStyle)} }

func (f splitFormatter) finish() error {
	if len(f.columns) == 1 && f.titles == titlesOff {
		f.split()
	}
	return f.grid.finish()
}

// split rearranges a grid of one column into as many as fit.
func (f splitFormatter) split() {
	g := f.grid
	rows, widths := len(g.cells), g.widths
	for n := 2; rows > 1; n++ {
		height := (len(g.cells) + n - 1) / n
		if height == rows {
			continue // one column more that would stay empty
		}
		next := columnWidths(g.cells, height)
		if sum(next)+2*(len(next)-1) > g.screen {
			break
		}
		rows, widths = height, next
	}
	if len(widths) == 1 {
		return
	}
	cells := make([][]cell, rows)
	for i := range cells {
		cells[i] = make([]cell, len(widths))
	}
	for i, row := range g.cells {
		cells[i%rows][i/rows] = row[0]
	}
	g.cells, g.widths = cells, widths
	g.style.between = strings.Repeat(" ", min(5, (g.screen-sum(widths))/(len(widths)-1)))
}

// columnWidths returns the widths of the columns that cells make, height of
// them each.
func columnWidths(cells [][]cell, height int) []int {
	widths := make([]int, (len(cells)+height-1)/height)
	for i, row := range cells {
		widths[i/height] = max(widths[i/height], displayWidth(row[0].text))
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
