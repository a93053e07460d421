package chart

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/turso-coop/turso-coop/cmd/tursh/internal/show"
)

func check(t *testing.T, got []string, want string) {
	t.Helper()
	if s := strings.Join(got, "\n"); s != strings.TrimPrefix(want, "\n") {
		t.Errorf("got\n%s\nwant%s", s, want)
	}
}

func TestBars(t *testing.T) {
	check(t, Bars([]string{"a", "日本", "none", "long label"}, []float64{1, 2.5, math.NaN(), 5}, 30), `
a          ███ 1
日本       ███████▌ 2.5
none
long label ███████████████ 5`)
	check(t, Bars([]string{"up", "down", "zero"}, []float64{4, -2, 0}, 20), `
up       ████████ 4
down ████ -2
zero      0`)
	check(t, Bars([]string{"a label too long"}, []float64{0}, 12), `
a l…  0`)
	check(t, Bars(nil, nil, 80), "")
}

func TestSpark(t *testing.T) {
	for _, test := range []struct {
		values []float64
		width  int
		want   string
	}{
		{[]float64{0, 1, 2, 3, 4, 5, 6, 7}, 80, "▁▂▃▄▅▆▇█"},
		{[]float64{0, 0, 7, 7, math.NaN(), 7}, 3, "▁██"},
		{[]float64{3, 3, math.NaN()}, 80, "▅▅ "},
		{[]float64{-math.MaxFloat64, 0, math.MaxFloat64}, 80, "▁▅█"},
		{nil, 80, ""},
	} {
		if got := Spark(test.values, test.width); got != test.want {
			t.Errorf("%v in %d columns: %s, want %s", test.values, test.width, got, test.want)
		}
	}
}

func TestLine(t *testing.T) {
	check(t, Line([]float64{0, 1, 2, 3}, 8, 3), `
3 ┤   ⢀⠎
  │ ⢀⠔⠁
0 ┤⡠⠃`)
	check(t, Line([]float64{5, 5}, 6, 1), `
5 ┤⠤⠤⠤`)
	check(t, Line([]float64{math.NaN()}, 80, 10), "")
}

// Whatever the numbers, nothing is wider or higher than asked for.
func TestRoom(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	extremes := []float64{0, 1, -1, math.MaxFloat64, -math.MaxFloat64, math.SmallestNonzeroFloat64, math.NaN(), math.Inf(1), math.Inf(-1)}
	for range 5000 {
		values := make([]float64, random.IntN(8))
		labels := make([]string, len(values))
		for i := range values {
			if values[i] = random.NormFloat64() * 100; random.IntN(2) == 0 {
				values[i] = extremes[random.IntN(len(extremes))]
			}
			labels[i] = strings.Repeat("日x"[random.IntN(2)*3:], random.IntN(10))
		}
		width, height := 30+random.IntN(60), 1+random.IntN(20)
		lines := append(Bars(labels, values, width), append(Line(values, width, height), Spark(values, width))...)
		for _, line := range lines {
			if n := show.DisplayWidth(line); n > width {
				t.Fatalf("%v: %d columns instead of %d: %s", values, n, width, line)
			}
		}
		if n := len(Line(values, width, height)); n > height {
			t.Fatalf("%v: %d rows instead of %d", values, n, height)
		}
	}
}
