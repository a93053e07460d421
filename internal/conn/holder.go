package conn

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/turso-coop/turso-coop/vfs"
)

// Holder says in words who holds the lock that c could not have, as far as that can be known now; "" if it cannot.
func (c *Conn) Holder() string {
	if c.err != nil {
		return ""
	}
	held, found, known := vfs.LockHolder(c.db)
	if known && !found {
		return "" // given up in the meantime
	}
	if held.PID > 0 {
		return fmt.Sprintf("process %d holds %s", held.PID, held.Lock)
	}
	if a, ok := c.blocker(held.Reader || !known); ok {
		return a.String()
	}
	if found {
		return "another connection holds " + held.Lock + "; the system does not tell of which process"
	}
	return ""
}

// blocker chooses among the other connections to c's database in this process the one that is most likely in its way: who
// writes and has done so for longest, otherwise, if readers can be in its way, who reads.
func (c *Conn) blocker(readers bool) (Activity, bool) {
	list := slices.DeleteFunc(Activities(), func(a Activity) bool {
		return a.ID == c.state.id || a.File != c.state.file || a.File == "" || a.Waiting ||
			a.Writing.IsZero() && (!readers || a.Reading.IsZero())
	})
	if len(list) == 0 {
		return Activity{}, false
	}
	return slices.MinFunc(list, func(a, b Activity) int {
		switch {
		case a.Writing.IsZero() && !b.Writing.IsZero():
			return 1
		case b.Writing.IsZero() && !a.Writing.IsZero():
			return -1
		}
		return cmp.Or(a.Writing.Compare(b.Writing), a.Reading.Compare(b.Reading))
	}), true
}

// String says what the connection does, as in "connection 3 of this process has been writing for 1.2s, and idle for 1s
// since its last UPDATE".
func (a Activity) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "connection %d of this process ", a.ID)
	switch {
	case !a.Writing.IsZero():
		fmt.Fprintf(&b, "has been writing for %s", age(a.Writing))
	case !a.Reading.IsZero():
		fmt.Fprintf(&b, "has been reading for %s", age(a.Reading))
	default:
		b.WriteString("is idle")
		return b.String()
	}
	switch {
	case a.Waiting:
		b.WriteString(", waiting for a lock")
	case a.Idle:
		fmt.Fprintf(&b, ", and idle for %s since its last statement, %s", age(a.Since), a.Statement)
	default:
		fmt.Fprintf(&b, ", by %s", a.Statement)
	}
	if place := a.Origin.Caller(); place != "" {
		fmt.Fprintf(&b, "; opened at %s", place)
	}
	return b.String()
}

// age is how long ago t was, to three digits or so.
func age(t time.Time) time.Duration {
	d := time.Since(t)
	for unit := time.Second; unit > time.Nanosecond; unit /= 10 {
		if d > 100*unit {
			return d.Round(unit)
		}
	}
	return d
}
