// Package chart draws numbers in text: bars, lines and sparklines of block and
// braille characters, for a terminal with a font that has them.
//
// A value that is NaN or infinite is drawn as nothing.
package chart

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/turso-coop/turso-coop/cmd/tursh/internal/show"
)

// bounds returns the least and greatest of values that are numbers; ok is false
// if there is none.
func bounds(values []float64) (least, greatest float64, ok bool) {
	least, greatest = math.Inf(1), math.Inf(-1)
	for _, v := range values {
		if isNumber(v) {
			least, greatest = min(least, v), max(greatest, v)
		}
	}
	return least, greatest, least <= greatest
}

// halfRange returns half of the distance between two values, since all of it may
// be infinite; 0 if it is too small to divide by.
func halfRange(least, greatest float64) float64 {
	const tiny = 1e-300
	if half := greatest/2 - least/2; half > tiny {
		return half
	}
	return 0
}

func isNumber(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

func number(v float64) string { return strconv.FormatFloat(v, 'g', 6, 64) }

// eighths are blocks that fill so many eighths of a column, from the left.
var eighths = []string{"", "▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"}

// Bars returns a line with a bar for each value, no wider than width columns
// altogether, behind its label. Bars of negative values end where those of
// positive ones begin.
func Bars(labels []string, values []float64, width int) []string {
	labelWidth, numberWidth := 0, 0
	for i, v := range values {
		labelWidth = max(labelWidth, show.DisplayWidth(labels[i]))
		numberWidth = max(numberWidth, len(number(v)))
	}
	labelWidth = min(labelWidth, max(width/3, 1))
	least, greatest, _ := bounds(append([]float64{0}, values...)) // bars begin at 0
	room := float64(max(width-labelWidth-numberWidth-len("  "), 1))
	scale := 0.0
	if half := halfRange(least, greatest); half > 0 {
		scale = room / 2 / half
	}
	zero := int(math.Round(-least * scale))
	lines := make([]string, len(values))
	for i, v := range values {
		label := cut(labels[i], labelWidth)
		head := label + strings.Repeat(" ", labelWidth-show.DisplayWidth(label)+1)
		switch {
		case !isNumber(v):
			lines[i] = strings.TrimRight(head, " ")
			continue
		case v < 0:
			n := min(int(math.Round(-v*scale)), zero)
			head += strings.Repeat(" ", zero-n) + strings.Repeat("█", n)
		default:
			n := int(math.Round(v * scale * 8))
			n = min(n, (int(room)-zero)*8)
			head += strings.Repeat(" ", zero) + strings.Repeat("█", n/8) + eighths[n%8]
		}
		lines[i] = head + " " + number(v)
	}
	return lines
}

// cut returns as much of a label as width columns have room for.
func cut(label string, width int) string {
	if show.DisplayWidth(label) <= width {
		return label
	}
	n, used := 0, 0
	for i, r := range label {
		if used += show.DisplayWidth(string(r)); used > width-1 {
			break
		}
		n = i + len(string(r))
	}
	return label[:n] + "…"
}

// levels are blocks that fill so many eighths of a row, from below.
var levels = []rune("▁▂▃▄▅▆▇█")

// Spark returns a character for each value, the higher the greater. More values
// than width are gathered: each character is then the mean of several.
func Spark(values []float64, width int) string {
	values = gather(values, width)
	least, greatest, _ := bounds(values)
	half := halfRange(least, greatest)
	var b strings.Builder
	for _, v := range values {
		switch {
		case !isNumber(v):
			b.WriteByte(' ')
		case half == 0:
			b.WriteRune(levels[len(levels)/2])
		default:
			part := (v/2 - least/2) / half
			b.WriteRune(levels[int(math.Round(part*float64(len(levels)-1)))])
		}
	}
	return b.String()
}

// gather returns at most n values, each the mean of as many of the given ones.
func gather(values []float64, n int) []float64 {
	if len(values) <= n {
		return values
	}
	means := make([]float64, n)
	for i := range means {
		mean, count := 0.0, 0.0
		for _, v := range values[i*len(values)/n : (i+1)*len(values)/n] {
			if isNumber(v) {
				count++
				mean += v/count - mean/count
			}
		}
		if means[i] = mean; count == 0 {
			means[i] = math.NaN()
		}
	}
	return means
}

// Line returns the lines of a plot of values, from left to right, of at most
// width columns and height rows with its axis.
func Line(values []float64, width, height int) []string {
	least, greatest, ok := bounds(values)
	if !ok {
		return nil
	}
	top, bottom := number(greatest), number(least)
	margin := max(len(top), len(bottom))
	c := newCanvas(max(width-margin-2, 1), max(height, 1))
	x := func(i int) int { return i * (c.columns*2 - 1) / max(len(values)-1, 1) }
	half := halfRange(least, greatest)
	y := func(v float64) int {
		if half == 0 {
			return c.rows * 2
		}
		return int(math.Round((greatest/2 - v/2) / half * float64(c.rows*4-1)))
	}
	for i, v := range values {
		switch {
		case !isNumber(v):
		case i > 0 && isNumber(values[i-1]):
			c.line(x(i-1), y(values[i-1]), x(i), y(v))
		default:
			c.dot(x(i), y(v))
		}
	}
	lines := c.lines()
	for i, line := range lines {
		label, axis := "", "│"
		switch i {
		case len(lines) - 1:
			label, axis = bottom, "┤"
			if len(lines) == 1 {
				label = top
			}
		case 0:
			label, axis = top, "┤"
		}
		lines[i] = strings.TrimRight(fmt.Sprintf("%*s %s%s", margin, label, axis, line), " ")
	}
	return lines
}

// A canvas has two by four dots in each character of braille.
type canvas struct {
	columns, rows int
	cells         []rune
}

func newCanvas(columns, rows int) *canvas {
	return &canvas{columns, rows, make([]rune, columns*rows)}
}

// dots are the bits of a braille character, by row and column of the dot
// (https://www.unicode.org/charts/PDF/U2800.pdf).
var dots = [4][2]rune{{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}}

func (c *canvas) dot(x, y int) { c.cells[y/4*c.columns+x/2] |= dots[y%4][x%2] }

// line draws a straight line, by the algorithm of Bresenham.
func (c *canvas) line(x0, y0, x1, y1 int) {
	dx, dy := x1-x0, -abs(y1-y0)
	step := 1
	if y1 < y0 {
		step = -1
	}
	for off := dx + dy; ; {
		c.dot(x0, y0)
		if x0 == x1 && y0 == y1 {
			return
		}
		twice := 2 * off
		if twice >= dy {
			off += dy
			x0++
		}
		if twice <= dx {
			off += dx
			y0 += step
		}
	}
}

func abs(n int) int {
	if n < 0 {
		return -n
	}
	return n
}

func (c *canvas) lines() []string {
	lines := make([]string, c.rows)
	for i := range lines {
		var b strings.Builder
		for _, cell := range c.cells[i*c.columns : (i+1)*c.columns] {
			if cell == 0 {
				b.WriteByte(' ')
			} else {
				b.WriteRune(0x2800 + cell)
			}
		}
		lines[i] = b.String()
	}
	return lines
}
