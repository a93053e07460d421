package cold

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/turso-coop/turso-coop/driver"
	"github.com/turso-coop/turso-coop/ioengine"
	"github.com/turso-coop/turso-coop/vfs"
)

// timeline scans a small table, cold, without and with prefetch, and draws what the engine did meanwhile.
func timeline(dir, svgFile string) error {
	var panels [2][]event
	var took [2]time.Duration
	for i, prefetch := range []string{"0", "1"} {
		path := filepath.Join(dir, "small0.db")
		if err := dropCached(path); err != nil {
			return err
		}
		var err error
		if panels[i], took[i], err = traced(path, prefetch); err != nil {
			return err
		}
	}
	return os.WriteFile(svgFile, drawTimeline(panels, took), 0o666)
}

// An event is one of a trace, see ioengine.Trace. Times are in microseconds.
type event struct {
	Name    string
	Ts, Dur float64
	Args    struct{ How string }
}

// traced scans the table at path and returns what the engine has traced.
func traced(path, prefetch string) ([]event, time.Duration, error) {
	engine, err := ioengine.Open(ioengine.Options{})
	if err != nil {
		return nil, 0, err
	}
	defer engine.Close()
	name := "timeline-" + prefetch
	vfs.Register(name, vfs.Options{Engine: engine})
	db, err := sql.Open(driver.Name, path+"?vfs="+name+"&_prefetch="+prefetch)
	if err != nil {
		return nil, 0, err
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	if err := db.Ping(); err != nil {
		return nil, 0, err
	}
	var out bytes.Buffer
	start := time.Now()
	trace := ioengine.NewTrace(&out, func() time.Duration { return time.Since(start) })
	engine.(ioengine.Tracer).Trace(trace)
	var sum int64
	err = db.QueryRow("SELECT sum(a) FROM t NOT INDEXED").Scan(&sum)
	took := time.Since(start)
	engine.(ioengine.Tracer).Trace(nil)
	if err != nil {
		return nil, 0, err
	}
	if err := db.Close(); err != nil { // what was taken has finished then
		return nil, 0, err
	}
	if err := trace.Close(); err != nil {
		return nil, 0, err
	}
	var decoded struct{ TraceEvents []event }
	return decoded.TraceEvents, took, json.Unmarshal(out.Bytes(), &decoded)
}

// rows are the lines of a panel: what an event must be for it.
var rows = []struct {
	name, colour string
	has          func(event) bool
}{
	{"reads that wait", "#cf222e", func(e event) bool { return e.Name == "read" && e.Args.How != "inline" }},
	{"reads from the page cache", "#2da44e", func(e event) bool { return e.Name == "read" && e.Args.How == "inline" }},
	{"reading ahead", "#1f6feb", func(e event) bool { return e.Name == "read ahead" }},
}

// drawTimeline draws both scans, one above the other, on the same scale.
func drawTimeline(panels [2][]event, took [2]time.Duration) []byte {
	const left, width, rowHeight = 190, 720, 26
	scale := width / float64(max(took[0], took[1]).Microseconds())
	var b bytes.Buffer
	y := 26
	for i, title := range []string{"without prefetch", "with prefetch"} {
		fmt.Fprintf(&b, `<text x="10" y="%d" font-weight="bold">%s: %.0f ms</text>`+"\n", y, title, float64(took[i].Microseconds())/1e3)
		y += 10
		for _, row := range rows {
			fmt.Fprintf(&b, `<text x="%d" y="%d" text-anchor="end">%s</text><rect x="%d" y="%d" width="%d" height="%d" fill="#f6f8fa"/>`+"\n",
				left-8, y+rowHeight/2+4, row.name, left, y, width, rowHeight-4)
			fmt.Fprintf(&b, `<path fill="none" stroke="%s" stroke-width="%d" d="`, row.colour, rowHeight-10)
			end := 0 // of what is drawn, in pixels; parts of a pixel are not drawn
			for _, e := range panels[i] {
				from, to := max(int(e.Ts*scale), end), int((e.Ts+e.Dur)*scale)+1
				if row.has(e) && to > from {
					fmt.Fprintf(&b, "M%d %dH%d", left+from, y+rowHeight/2-2, left+to)
					end = to
				}
			}
			fmt.Fprintln(&b, `"/>`)
			y += rowHeight
		}
		y += 24
	}
	return fmt.Appendf(nil, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" font-family="sans-serif" font-size="12" fill="#24292f"><rect width="100%%" height="100%%" fill="#ffffff"/>`+"\n%s</svg>\n",
		left+width+20, y, b.Bytes())
}
