package main

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/turso-coop/turso-coop/cmd/tursh/internal/chart"
	"github.com/turso-coop/turso-coop/cmd/tursh/internal/sqltext"
	"github.com/turso-coop/turso-coop/driver"
)

// maxCharted is how many rows a chart is made of at most.
const maxCharted = 100_000

// chartHeight is how many rows a plot has.
const chartHeight = 12

// A series is one column of a result, as numbers.
type series struct {
	name   string
	values []float64 // NaN for what is no number
}

// cmdChart draws the result of a query. The first of several columns has the
// labels.
func (sh *shell) cmdChart(d *dotLine) error {
	kind, text := "bars", ""
	if i := 1; i < len(d.args) {
		switch d.arg(i) {
		case "bars", "line", "spark":
			kind = d.arg(i)
			i++
		}
		if i < len(d.args) {
			text = d.text[d.args[i].start():]
		}
	}
	if sqltext.Blank(text) {
		text = sh.lastSQL
	}
	labels, columns, err := sh.charted(text)
	switch {
	case err != nil:
		return err
	case len(columns) == 0:
		return complain("Error: nothing to draw: the statement returns no rows")
	}
	sh.draw(kind, labels, columns)
	return nil
}

func (sh *shell) draw(kind string, labels []string, columns []series) {
	nameWidth := 0
	for _, c := range columns {
		nameWidth = max(nameWidth, len(c.name))
	}
	width := sh.screenWidth() - 1
	for _, c := range columns {
		if kind == "spark" {
			line := chart.Spark(c.values, max(width-nameWidth-1, 1))
			fmt.Fprintf(sh.out, "%-*s %s\n", nameWidth, c.name, strings.TrimRight(line, " "))
			continue
		}
		if len(columns) > 1 {
			fmt.Fprintf(sh.out, "%s\n", c.name)
		}
		lines := chart.Bars(labels, c.values, width)
		if kind == "line" {
			lines = chart.Line(c.values, width, chartHeight)
		}
		for _, line := range lines {
			fmt.Fprintln(sh.out, line)
		}
	}
}

// charted runs a query for a chart.
func (sh *shell) charted(text string) (labels []string, columns []series, err error) {
	err = sh.use(func(ctx context.Context, c driver.Conn) error {
		return eachStatement(ctx, c, text, func(st driver.Statement) error {
			if !st.ReadOnly() {
				return complain("Error: a chart needs a query; this statement changes the database")
			}
			if err := sh.bind(ctx, c, st); err != nil {
				return err
			}
			labels, columns, err = chartRows(ctx, st)
			return err
		})
	})
	return labels, columns, err
}

func chartRows(ctx context.Context, st driver.Statement) (labels []string, columns []series, err error) {
	first := min(1, st.ColumnCount()-1) // column with values
	more, err := st.Step(ctx)
	for ; more && err == nil; more, err = st.Step(ctx) {
		if len(labels) == maxCharted {
			return nil, nil, complain("Error: more than %d rows are too many for a chart", maxCharted)
		}
		if columns == nil {
			for i := first; i < st.ColumnCount(); i++ {
				columns = append(columns, series{name: st.ColumnName(i)})
			}
		}
		label := strconv.Itoa(len(labels) + 1)
		if first > 0 {
			label = oneLine(asText(st.Column(0)))
		}
		labels = append(labels, label)
		for i := range columns {
			columns[i].values = append(columns[i].values, asNumber(st.Column(first+i)))
		}
	}
	return labels, columns, err
}

// asNumber returns a value as a number: NaN for what is none.
func asNumber(v any) float64 {
	switch v := v.(type) {
	case int64:
		return float64(v)
	case float64:
		return v
	case string:
		if n, err := strconv.ParseFloat(strings.TrimSpace(v), 64); err == nil {
			return n
		}
	}
	return math.NaN()
}

// oneLine makes blanks of what would steer a terminal.
func oneLine(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || 0x7f <= r && r < 0xa0 {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "\ufffd"))
}
