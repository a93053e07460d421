package main

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"strings"
)

// Measures of the chart, in pixels.
const (
	chartWidth  = 860
	labelWidth  = 270
	barsWidth   = 440 // of the longest bar in a cell; the rest is for its figure
	barHeight   = 14
	barStep     = 20
	titleHeight = 44
	noteHeight  = 40
)

// colours are those of the kinds, legible on a white and on a dark page.
var colours = map[kind]string{ours: "#1f6feb", driverOf: "#8c959f", workaround: "#bf8700", keyValue: "#2da44e"}

// chart draws every cell as bars, each as long as its median rate, with a line from the slowest round to the fastest.
// Twins are left out.
func (rep *report) chart() []byte {
	var body bytes.Buffer
	y := 10
	for _, c := range rep.Cells {
		y = c.draw(&body, y)
	}
	note := fmt.Sprintf("Durable rows a second, medians of %d rounds; the thin line goes from the slowest round to the fastest. %d CPUs, %s, %s, %s.", rep.Rounds, rep.CPUs, rep.System, rep.Go, rep.Date)
	fmt.Fprintf(&body, `<text x="10" y="%d" fill="#57606a">%s</text>`+"\n", y+noteHeight/2, escaped(note))
	y += noteHeight
	var svg bytes.Buffer
	fmt.Fprintf(&svg, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %[1]d %[2]d" font-family="sans-serif" font-size="12">`+"\n", chartWidth, y)
	fmt.Fprintf(&svg, `<rect width="%d" height="%d" fill="#ffffff"/>`+"\n", chartWidth, y)
	svg.Write(body.Bytes())
	svg.WriteString("</svg>\n")
	return svg.Bytes()
}

// draw draws a cell from y on, and returns where the next one begins.
func (c *cell) draw(to *bytes.Buffer, y int) int {
	most := 1.0
	for _, r := range c.measured() {
		most = max(most, r.rate().Most)
	}
	fmt.Fprintf(to, `<text x="10" y="%d" font-size="14" font-weight="bold" fill="#24292f">%s</text>`+"\n", y+titleHeight/2, escaped(c.String()))
	y += titleHeight - 8
	for _, r := range c.measured() {
		if strings.HasSuffix(r.Variant, again) {
			continue
		}
		rate := r.rate()
		at := func(value float64) float64 { return labelWidth + value/most*barsWidth }
		middle := float64(y) + barHeight/2.0
		fmt.Fprintf(to, `<text x="%d" y="%d" text-anchor="end" fill="#24292f">%s</text>`, labelWidth-8, y+barHeight-3, escaped(r.Variant))
		fmt.Fprintf(to, `<rect x="%d" y="%d" width="%.1f" height="%d" fill="%s"/>`, labelWidth, y, max(at(rate.Median)-labelWidth, 1), barHeight, colours[r.v.kind])
		fmt.Fprintf(to, `<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" stroke="#24292f"/>`, at(rate.Least), middle, at(rate.Most), middle)
		fmt.Fprintf(to, `<text x="%.1f" y="%d" fill="#24292f">%.0f</text>`+"\n", at(rate.Most)+6, y+barHeight-3, rate.Median)
		y += barStep
	}
	return y
}

func escaped(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text)) // a strings.Builder takes everything
	return b.String()
}
