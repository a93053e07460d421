package cold

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"time"

	"github.com/turso-coop/turso-coop/vfs"
)

// A report is all that was measured.
type report struct {
	Date, Go string
	CPUs     int
	Rounds   int
	Cells    []*cell
}

func newReport(rounds int) *report {
	return &report{Date: time.Now().Format(time.DateOnly), Go: runtime.Version(), CPUs: runtime.NumCPU(), Rounds: rounds}
}

// A cell is a workload and how its variants did.
type cell struct {
	Workload  string
	Warm      bool
	InOrderNs []int64 // to read the files in order, in each round
	Series    []*series
}

// A series is a variant's runs.
type series struct {
	Variant string
	Peer    bool
	TookNs  []int64    // in each round
	Last    *vfs.Stats `json:",omitempty"` // of the last run
}

func (s *series) add(r *result) {
	s.TookNs = append(s.TookNs, r.Took.Nanoseconds())
	s.Last = r.Stats
}

// bestPeerNs is the time of the fastest peer in a round.
func (c *cell) bestPeerNs(round int) int64 {
	best := int64(0)
	for _, s := range c.Series {
		if s.Peer && (best == 0 || s.TookNs[round] < best) {
			best = s.TookNs[round]
		}
	}
	return best
}

// ratios are a series' times relative to base in the same round.
func (s *series) ratios(base func(round int) int64) []float64 {
	var r []float64
	for round, ns := range s.TookNs {
		r = append(r, float64(ns)/float64(base(round)))
	}
	return r
}

// median is the middle value, of an even number of values the mean of the middle two.
func median[T int64 | float64](values []T) T {
	v := slices.Sorted(slices.Values(values))
	return (v[len(v)/2] + v[(len(v)-1)/2]) / 2
}

func (c *cell) print(w io.Writer) {
	fmt.Fprintf(w, "\n%s; the files in order take %.0f ms\n", c.Workload, ms(median(c.InOrderNs)))
	first := c.Series[0]
	for _, s := range c.Series {
		toPeer, toFirst := s.ratios(c.bestPeerNs), s.ratios(func(round int) int64 { return first.TookNs[round] })
		fmt.Fprintf(w, "  %-15s %7.0f ms (%.0f to %.0f), %.2f of the best peer (%.2f to %.2f), %.2f of the first",
			s.Variant, ms(median(s.TookNs)), ms(slices.Min(s.TookNs)), ms(slices.Max(s.TookNs)),
			median(toPeer), slices.Min(toPeer), slices.Max(toPeer), median(toFirst))
		if s.Last != nil {
			fmt.Fprintf(w, "; %d of %d reads waited", s.Last.Reading.Misses, s.Last.Reads)
			if s.Last.Reading.AheadBytes > 0 {
				read := max(s.Last.Engine.BytesRead, 1)
				fmt.Fprintf(w, ", %.1f MB ahead, in vain %.1f %% of what was read", float64(s.Last.Reading.AheadBytes)/1e6,
					100*float64(s.Last.Reading.WastedBytes)/float64(read))
			}
		}
		fmt.Fprintln(w)
	}
}

func ms(ns int64) float64 { return float64(ns) / 1e6 }

// write writes the report to the files that are named.
func (rep *report) write(jsonFile, svgFile string) error {
	if jsonFile != "" {
		text, err := json.MarshalIndent(rep, "", "\t")
		if err != nil {
			return err
		}
		if err := os.WriteFile(jsonFile, append(text, '\n'), 0o666); err != nil {
			return err
		}
	}
	if svgFile != "" {
		return os.WriteFile(svgFile, rep.chart(), 0o666)
	}
	return nil
}

// Measures of the chart, in pixels.
const (
	chartWidth = 760
	labelWidth = 150
	barsWidth  = 440
	barHeight  = 13
	barStep    = 18
)

// chart draws the cold workloads: a bar for each variant's median, a thin line from its fastest to its slowest round.
func (rep *report) chart() []byte {
	var b bytes.Buffer
	y := 24
	for _, c := range rep.Cells {
		if c.Warm {
			continue
		}
		longest := int64(1)
		for _, s := range c.Series {
			longest = max(longest, slices.Max(s.TookNs))
		}
		at := func(ns int64) float64 { return labelWidth + float64(ns)/float64(longest)*barsWidth }
		fmt.Fprintf(&b, `<text x="10" y="%d" font-weight="bold">%s</text>`+"\n", y, c.Workload)
		y += 8
		for _, s := range c.Series {
			if s.Variant == twin {
				continue
			}
			colour := "#1f6feb"
			if s.Peer {
				colour = "#8c959f"
			}
			middle := float64(y) + barHeight/2.0
			fmt.Fprintf(&b, `<text x="%d" y="%d" text-anchor="end">%s</text>`, labelWidth-8, y+barHeight-2, s.Variant)
			fmt.Fprintf(&b, `<rect x="%d" y="%d" width="%.1f" height="%d" fill="%s"/>`, labelWidth, y, at(median(s.TookNs))-labelWidth, barHeight, colour)
			fmt.Fprintf(&b, `<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" stroke="#24292f"/>`, at(slices.Min(s.TookNs)), middle, at(slices.Max(s.TookNs)), middle)
			fmt.Fprintf(&b, `<text x="%.1f" y="%d">%.0f ms</text>`+"\n", at(slices.Max(s.TookNs))+6, y+barHeight-2, ms(median(s.TookNs)))
			y += barStep
		}
		y += 24
	}
	note := fmt.Sprintf("Medians of %d rounds, page cache dropped; %d CPUs, %s, %s.", rep.Rounds, rep.CPUs, rep.Go, rep.Date)
	fmt.Fprintf(&b, `<text x="10" y="%d" fill="#57606a">%s</text>`+"\n", y, note)
	return fmt.Appendf(nil, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" font-family="sans-serif" font-size="12" fill="#24292f"><rect width="100%%" height="100%%" fill="#ffffff"/>`+"\n%s</svg>\n",
		chartWidth, y+16, b.Bytes())
}
