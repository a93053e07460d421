package conn

import (
	"fmt"
	"runtime"
	"strings"
)

// Origin is a place in the program, with the calls that led to it; nil is none. It is cheap to take and is put into words
// only when somebody asks.
type Origin []uintptr

// Here returns the place where the program has called this module or database/sql.
func Here() Origin {
	pcs := make([]uintptr, 32)
	return pcs[:runtime.Callers(2, pcs)]
}

// String returns the calls, the innermost first, one a line, without those inside of database/sql and its drivers.
func (o Origin) String() string {
	var b strings.Builder
	frames := runtime.CallersFrames(o)
	for outside, more := false, len(o) > 0; more; {
		var f runtime.Frame
		f, more = frames.Next()
		if outside = outside || !within(f.Function); outside && f.Function != "runtime.goexit" {
			fmt.Fprintf(&b, "%s\n\t%s:%d\n", f.Function, f.File, f.Line)
		}
	}
	return b.String()
}

// Caller returns the file and line of the innermost call outside of database/sql and its drivers, "" if there is none.
func (o Origin) Caller() string {
	_, place, _ := strings.Cut(o.String(), "\n\t")
	place, _, _ = strings.Cut(place, "\n")
	return place
}

// within reports whether a function is database/sql's or the driver's. The driver's own tests are outside.
func within(function string) bool {
	if strings.HasPrefix(function, "database/sql.") {
		return true
	}
	rest, ours := strings.CutPrefix(function, "github.com/turso-coop/turso-coop/")
	return ours && (strings.HasPrefix(rest, "internal/conn.") || strings.HasPrefix(rest, "driver.(*")) || strings.HasPrefix(rest, "driver.RunTx")
}
