package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

// String says what the workload is.
func (c *cell) String() string {
	text := fmt.Sprintf("%s, %s, synchronous=%s", plural(c.Goroutines, "caller"), c.workText(), c.Sync)
	if c.Journal != "WAL" {
		text += ", journal_mode=" + c.Journal
	}
	if c.Readers > 0 {
		text += ", " + plural(c.Readers, "paced reader")
	}
	if c.Beside > 0 {
		text += fmt.Sprintf(", beside a stock process with %s", plural(c.Beside, "caller"))
	}
	return text
}

func plural(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return strconv.Itoa(n) + " " + what
}

func (c *cell) workText() string {
	return map[string]string{
		"exec":      "db.Exec of one row",
		"tx":        "transactions of one row",
		"mixed":     "half of the callers by db.Exec and half in transactions",
		"alternate": "each by db.Exec and in transactions in turn",
	}[c.Work]
}

// measured returns the rows with figures.
func (c *cell) measured() []*row {
	var rows []*row
	for _, r := range c.Rows {
		if len(r.Rounds) > 0 {
			rows = append(rows, r)
		}
	}
	return rows
}

// best returns the row with the highest median rate among those that accept says yes to, nil if there is none. Twins
// count once.
func (c *cell) best(accept func(*variant) bool) *row {
	var best *row
	for _, r := range c.measured() {
		if accept(r.v) && !strings.HasSuffix(r.Variant, again) && (best == nil || r.rate().Median > best.rate().Median) {
			best = r
		}
	}
	return best
}

func (r *row) rates() []float64 { return r.series((*result).perSecond) }
func (r *row) rate() spread     { return spreadOf(r.rates()) }

// times returns the ratio of two rows' rates, "" if there is nothing to compare.
func times(a, b *row) string {
	if b == nil {
		return ""
	}
	ratio, ok := ratioOf(a.rates(), b.rates())
	if !ok {
		return "–"
	}
	return fmt.Sprintf("%.2f", ratio.Median)
}

// median returns the median of a duration of every round, as text.
func median(results []*result, of func(*result) time.Duration) string {
	return short(spreadOf(seriesOf(results, func(r *result) float64 { return float64(of(r)) })).Median)
}

func short(ns float64) string {
	d := time.Duration(ns)
	switch {
	case d >= time.Second:
		return fmt.Sprintf("%.2f s", d.Seconds())
	case d >= time.Millisecond:
		return fmt.Sprintf("%.1f ms", float64(d)/1e6)
	}
	return fmt.Sprintf("%d µs", d.Microseconds())
}

// total adds a count of every round.
func total(results []*result, of func(*result) int) (sum int) {
	for _, r := range results {
		sum += of(r)
	}
	return sum
}

// print writes a cell as a table, and what follows from it.
func (c *cell) print(w io.Writer) {
	fmt.Fprintf(w, "\n%s\n\n", c)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	peer, pebble := c.best(isPeer), c.best(isPebble)
	heads := []string{"", "rows/s", "least", "most", "× driver", "× pebble", "p50", "p99", "longest", "worst", "even", "CPU/row", "BUSY", "lost"}
	if c.Readers > 0 {
		heads = append(heads, "read p50", "p99", "longest")
	}
	if c.Beside > 0 {
		heads = append(heads, "share", "stock rows/s", "stock longest", "worst", "stock BUSY", "stock lost")
	}
	fmt.Fprintln(t, strings.Join(heads, "\t")+"\t")
	for _, r := range c.measured() {
		fmt.Fprintln(t, strings.Join(r.fields(c, peer, pebble), "\t")+"\t")
	}
	t.Flush()
	for _, r := range c.Rows {
		if r.LeftOut != "" {
			fmt.Fprintf(w, "left out: %s: %s\n", r.Variant, r.LeftOut)
		}
	}
	c.conclude(w, peer, pebble)
}

func isPeer(v *variant) bool   { return v.kind == driverOf }
func isPebble(v *variant) bool { return v.name == pebbleName }

func (r *row) fields(c *cell, peer, pebble *row) []string {
	longest := spreadOf(r.series(func(r *result) float64 { return float64(r.Longest) }))
	rate := r.rate()
	fields := []string{
		r.Variant, fmt.Sprintf("%.0f", rate.Median), fmt.Sprintf("%.0f", rate.Least), fmt.Sprintf("%.0f", rate.Most),
		times(r, peer), times(r, pebble),
		median(r.Rounds, func(r *result) time.Duration { return r.P50 }),
		median(r.Rounds, func(r *result) time.Duration { return r.P99 }),
		short(longest.Median), short(longest.Most),
		fmt.Sprintf("%.2f", spreadOf(r.series(func(r *result) float64 { return r.evenness(c.Work) })).Median),
		fmt.Sprintf("%.1f µs", spreadOf(r.series((*result).cpuOfRow)).Median/1e3),
		strconv.Itoa(total(r.Rounds, func(r *result) int { return r.Busy })),
		strconv.Itoa(total(r.Rounds, func(r *result) int { return r.Lost })),
	}
	if c.Readers > 0 {
		fields = append(fields,
			median(r.Rounds, func(r *result) time.Duration { return r.ReadP50 }),
			median(r.Rounds, func(r *result) time.Duration { return r.ReadP99 }),
			median(r.Rounds, func(r *result) time.Duration { return r.ReadLongest }))
	}
	if c.Beside > 0 {
		fields = append(fields, r.besideFields()...)
	}
	return fields
}

func (r *row) besideFields() []string {
	rates := seriesOf(r.Stock, (*result).perSecond)
	shares := make([]float64, len(rates))
	for i, own := range r.rates() {
		shares[i] = 100 * own / (own + rates[i])
	}
	longest := spreadOf(seriesOf(r.Stock, func(r *result) float64 { return float64(r.Longest) }))
	return []string{
		fmt.Sprintf("%.0f %%", spreadOf(shares).Median), fmt.Sprintf("%.0f", spreadOf(rates).Median),
		short(longest.Median), short(longest.Most),
		strconv.Itoa(total(r.Stock, func(r *result) int { return r.Busy })),
		strconv.Itoa(total(r.Stock, func(r *result) int { return r.Lost })),
	}
}

// conclude says how the columns are to be read, and how far apart twins are.
func (c *cell) conclude(w io.Writer, peer, pebble *row) {
	fmt.Fprintln(w, "rows/s, p50, p99, even (least by most rows of a caller) and ratios: medians of the rounds; longest: median and worst of the rounds' longest insert")
	if peer != nil {
		fmt.Fprintf(w, "× driver: to %s, the best driver used as turso-coop is", peer.Variant)
		if other := c.best(func(v *variant) bool { return v.kind == workaround && v.oneConn }); other != nil {
			fmt.Fprintf(w, "; %s makes %s of it", other.Variant, times(other, peer))
		}
		fmt.Fprintln(w)
	}
	for _, twin := range c.measured() {
		name, is := strings.CutSuffix(twin.Variant, again)
		if !is {
			continue
		}
		for _, r := range c.measured() {
			if r.Variant != name {
				continue
			}
			if s, ok := ratioOf(twin.rates(), r.rates()); ok {
				fmt.Fprintf(w, "A/A %s: %.3f (%.3f to %.3f)\n", name, s.Median, s.Least, s.Most)
			}
		}
	}
}
