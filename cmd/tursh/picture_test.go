//go:build unix

package main

import (
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"html"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/turso-coop/turso-coop/cmd/tursh/internal/show"
)

var update = flag.Bool("update", false, "write the pictures of docs/tursh.md anew")

// The pictures of the documentation are what a terminal shows of a session.
func TestTmuxPictures(t *testing.T) {
	p := newPane(t, t.TempDir(), nil)
	p.text("create table sale (day text, city text, euro real);\r")
	p.text("insert into sale select date('2026-01-01', value || ' days'), substr('RomeOsloKyiv', 1 + value % 3 * 4, 4),\r")
	p.text("  round(100 + 40 * sin(value / 9.0) + value * (1 + value % 3), 2) from generate_series(0, 99); select 'made' as m;\r")
	p.wait("│ made │")
	p.keys("C-l")

	p.text("select city, -- where the money is\r  sum(euro) as total, count(*) as sales\r from sale where day > '2026-01-31'\r group by ci\t order by total desc;\r")
	p.wait("╰──────┴")
	p.text("select s. from sale s where s.euro > 300 limit 2")
	p.keys("Home", "M-f", "M-f", "Right")
	p.keys("Tab")
	p.wait("-> select s. from sale s", "euro", "column")
	picture(t, p, "completion")

	p.keys("Escape", "C-c", "C-l")
	p.keys("C-r")
	p.text("TOTAL")
	p.wait("(reverse-i-search) TOTAL")
	picture(t, p, "search")

	p.keys("C-g", "C-c", "C-l")
	p.text("select city, round(sum(euro)) as euro from sale group by 1;\r")
	p.wait("╰──────┴")
	p.text(".chart\r")
	p.wait("\nKyiv ██")
	p.text(".chart spark select avg(euro) as mean from sale group by strftime('%W', day)\r")
	p.wait("\nmean ")
	p.text(".chart line select euro from sale where city = 'Oslo'\r")
	p.wait("285.23 ┤", "106.44 ┤")
	picture(t, p, "charts")
}

// picture renders what p shows, and writes it to the documentation if that is
// asked for.
func picture(t *testing.T, p *pane, name string) {
	t.Helper()
	svg := render(p.tmux("capture-pane", "-p", "-e"))
	for d := xml.NewDecoder(strings.NewReader(svg)); ; {
		_, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("the picture %s is no XML: %v\n%s", name, err, svg)
		}
	}
	if *update {
		if err := os.WriteFile(filepath.Join("..", "..", "docs", "tursh-"+name+".svg"), []byte(svg), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// The size of a character, in pixels.
const (
	charWidth  = 8.0
	charHeight = 18.0
	margin     = 12.0
)

// A look is how a character is shown: what SGR has set.
type look struct {
	color               int // 0 to 15, -1 for the usual one
	bold, faint, turned bool
}

var sgr = regexp.MustCompile(`\x1b\[([0-9;]*)m`)

// render makes a picture of rows of text with colours, as tmux captures them.
func render(capture string) string {
	rows := strings.Split(strings.TrimRight(capture, "\n"), "\n")
	var b strings.Builder
	now := look{color: -1}
	columns := 0
	for i, row := range rows {
		column := 0
		for row != "" {
			part := row
			at := sgr.FindStringSubmatchIndex(row)
			if at != nil {
				part = row[:at[0]]
			}
			if width := show.DisplayWidth(part); width > 0 {
				now.text(&b, part, column, i, width)
				column += width
			}
			if at == nil {
				break
			}
			now.set(row[at[2]:at[3]])
			row = row[at[1]:]
		}
		columns = max(columns, column)
	}
	const head = `<svg xmlns="http://www.w3.org/2000/svg" width="%[1]g" height="%[2]g" viewBox="0 0 %[1]g %[2]g">
<rect width="100%%" height="100%%" rx="8" fill="#1d2330"/>
<g font-family="DejaVu Sans Mono, Menlo, Consolas, monospace" font-size="13.3">
%s</g>
</svg>
`
	return fmt.Sprintf(head, float64(max(columns, 80))*charWidth+2*margin, float64(len(rows))*charHeight+2*margin, b.String())
}

// set applies the numbers of a control sequence.
func (l *look) set(numbers string) {
	for number := range strings.SplitSeq(numbers, ";") {
		switch n, _ := strconv.Atoi(number); {
		case n == 0:
			*l = look{color: -1}
		case n == 1:
			l.bold = true
		case n == 2:
			l.faint = true
		case n == 7:
			l.turned = true
		case n == 22:
			l.bold, l.faint = false, false
		case n == 27:
			l.turned = false
		case 30 <= n && n <= 37:
			l.color = n - 30
		case n == 39:
			l.color = -1
		case 90 <= n && n <= 97:
			l.color = n - 90 + 8
		}
	}
}

// text writes a piece of a row, stretched to the columns that it has in a
// terminal, whichever font there is.
func (l *look) text(b *strings.Builder, text string, column, row, width int) {
	palette := [...]string{
		"#1d2330", "#e06c75", "#98c379", "#e5c07b", "#61afef", "#c678dd", "#56b6c2", "#d7dae0",
		"#7f848e", "#ff7b86", "#b5e08f", "#ffd98a", "#7cc4ff", "#dd93f0", "#6fd3df", "#ffffff",
	}
	x, y := margin+float64(column)*charWidth, margin+float64(row)*charHeight
	fill := "#d7dae0"
	if l.color >= 0 {
		fill = palette[l.color]
	}
	if l.turned {
		fmt.Fprintf(b, "<rect x=\"%g\" y=\"%g\" width=\"%g\" height=\"%g\" fill=\"%s\"/>\n", x, y, float64(width)*charWidth, charHeight, fill)
		fill = palette[0]
	}
	style := ""
	if l.bold {
		style = ` font-weight="bold"`
	}
	if l.faint {
		style += ` opacity="0.6"`
	}
	for word := range strings.FieldsSeq(text) { // viewers disagree about what is between
		before, after, _ := strings.Cut(text, word)
		x += float64(show.DisplayWidth(before)) * charWidth
		length := float64(show.DisplayWidth(word)) * charWidth
		fmt.Fprintf(b, "<text x=\"%g\" y=\"%g\" textLength=\"%g\" lengthAdjust=\"spacingAndGlyphs\" fill=\"%s\"%s>%s</text>\n",
			x, y+charHeight*0.75, length, fill, style, html.EscapeString(word))
		x += length
		text = after
	}
}
