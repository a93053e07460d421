package cold

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/turso-coop/turso-coop/driver"
	_ "github.com/turso-coop/turso-coop/vfs/oracle" // files are what SQLite asked for
)

// Every workload is done by turso-coop's variants on small files, and a report is made of it.
func TestWorkloads(t *testing.T) {
	const sizeMiB = 2
	dir := t.TempDir()
	if err := build(dir, sizeMiB, 1); err != nil {
		t.Fatal(err)
	}
	rep := newReport(2)
	for _, w := range workloads(sizeMiB) {
		c := &cell{Workload: w.name, Warm: w.warm, InOrderNs: []int64{1, 1}}
		rep.Cells = append(rep.Cells, c)
		var want []string
		for _, v := range variants {
			if v.driver != driver.Name {
				continue
			}
			s := &series{Variant: v.name, Peer: v.name == "plain pread"}
			c.Series = append(c.Series, s)
			for range rep.Rounds {
				r := serve(t, v.job(w, dir, 1))
				if want == nil {
					want = r.Answers
				}
				if !slices.Equal(r.Answers, want) || len(want) != len(w.files) || strings.HasPrefix(want[0], "0") {
					t.Errorf("%s, %s: %v, want %v", w.name, v.name, r.Answers, want)
				}
				if (r.Stats == nil) != (v.name == "plain pread") {
					t.Errorf("%s: statistics %v", v.name, r.Stats)
				}
				s.add(r)
			}
		}
		var text bytes.Buffer
		if c.print(&text); strings.Count(text.String(), "\n") != 2+len(c.Series) || strings.Contains(text.String(), "NaN") {
			t.Errorf("%s", text.String())
		}
	}
	chart := xml.NewDecoder(bytes.NewReader(rep.chart()))
	for {
		if _, err := chart.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

func serve(t *testing.T, j job) *result {
	t.Helper()
	in, err := json.Marshal(j)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := Serve(bytes.NewReader(in), &out); err != nil {
		t.Fatal(err)
	}
	r := &result{}
	if err := json.Unmarshal(out.Bytes(), r); err != nil {
		t.Fatal(err)
	}
	return r
}

func TestRatiosAreWithinRounds(t *testing.T) {
	c := &cell{Series: []*series{
		{TookNs: []int64{10, 30, 50}},
		{Peer: true, TookNs: []int64{20, 300, 50}},
		{Peer: true, TookNs: []int64{40, 60, 500}},
	}}
	if r := c.Series[0].ratios(c.bestPeerNs); !slices.Equal(r, []float64{0.5, 0.5, 1}) || median(r) != 0.5 {
		t.Errorf("%v", r)
	}
	if m := median([]int64{4, 1, 2, 9}); m != 3 {
		t.Errorf("the median is %d", m)
	}
}

func TestBadJobs(t *testing.T) {
	for _, j := range []string{"", "{", `{"Driver":"none","DSNs":["x"]}`, `{"Driver":"turso-coop","DSNs":[":memory:"],"Steps":[{"SQL":"SELECT a","Times":1}]}`} {
		if err := Serve(strings.NewReader(j), io.Discard); err == nil {
			t.Errorf("%s is done", j)
		}
	}
}
