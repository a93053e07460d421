package driver

import (
	sqldriver "database/sql/driver"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/ncruces/go-sqlite3"

	"github.com/turso-coop/turso-coop/internal/conn"
)

// arguments hands the arguments of a call to the statements of its text, one after the other.
//
// Each statement takes as many arguments as it has parameters: the first is for its first parameter and so on, except
// that an argument with a name is for all parameters of that name, in this and in every other statement. A parameter
// that gets none that way is NULL. If there are not enough arguments left, names alone may still do: then the parameters
// without one take the arguments without one in turn, and it is an error if they do not suffice. Arguments that are left
// over are ignored.
//
// A profile can change that, see profile.rebind, namesOnly and exact.
type arguments struct {
	cfg   *config
	args  []sqldriver.NamedValue
	named bool // some have a name
	next  int  // how many the statements have taken
}

func (c *session) arguments(args []sqldriver.NamedValue) arguments {
	hasName := func(v sqldriver.NamedValue) bool { return v.Name != "" }
	return arguments{cfg: c.cfg, args: args, named: slices.ContainsFunc(args, hasName)}
}

// choose chooses an argument for every parameter of q.
func (a *arguments) choose(q *query) error {
	q.args = q.args[:0]
	if a.cfg.profile.rebind {
		a.next = 0
	}
	want, got := q.BindCount(), len(a.args)-a.next
	if a.cfg.profile.exact {
		if err := a.countExactly(q, want); err != nil {
			return err
		}
	}
	if want == 0 {
		return nil
	}
	if got < want && !a.named && !a.cfg.profile.namesOnly {
		return tooFew(want, got)
	}
	size := 0
	for i := 1; i <= want; i++ {
		v, err := a.forParameter(q, i, want, got)
		if err != nil {
			return err
		}
		q.args = append(q.args, a.cfg.times.prepared(v))
		size += sizeOf(v)
	}
	q.large = size > largeArguments
	if got >= want {
		a.next += want
	} else {
		a.skipNamed()
	}
	return nil
}

// forParameter returns what to bind to parameter i of the want ones of q, for which got arguments are left.
func (a *arguments) forParameter(q *query, i, want, got int) (any, error) {
	if a.cfg.profile.namesOnly {
		return a.byNameOnly(q.BindName(i), i)
	}
	if v, ok := a.byName(q, i); ok {
		return v, nil
	}
	if got >= want {
		if arg := &a.args[a.next+i-1]; arg.Name == "" {
			return arg.Value, nil
		}
		return nil, nil
	}
	v, ok := a.inTurn()
	if !ok {
		return nil, tooFew(want, got)
	}
	return v, nil
}

func tooFew(want, got int) error {
	return fmt.Errorf("not enough args to execute query: want %d got %d", want, got)
}

func wrongCount(want, got int) error {
	return fmt.Errorf("sql: expected %d arguments, got %d", want, got)
}

// countExactly refuses arguments that nothing takes, and too few of them unless q has parameters with names.
func (a *arguments) countExactly(q *query, want int) error {
	got := len(a.args)
	if got == want {
		return nil
	}
	hasNames := false
	for i := 1; i <= want; i++ {
		hasNames = hasNames || q.BindName(i) != ""
	}
	if !hasNames {
		return wrongCount(want, got)
	}
	for _, arg := range a.args[min(want, got):] {
		if arg.Name == "" {
			return wrongCount(want, got)
		}
	}
	return nil
}

// byNameOnly returns the argument that has the name of a parameter, or the one at its place if the parameter has no name
// or one that is a number.
func (a *arguments) byNameOnly(name string, i int) (any, error) {
	if name != "" {
		n, err := strconv.Atoi(name[1:])
		isNumber := (name[0] == '?' || name[0] == '$') && err == nil
		for j := range a.args {
			if isNumber && n == j+1 || a.args[j].Name == name[1:] {
				return a.args[j].Value, nil
			}
		}
		return nil, fmt.Errorf("missing named argument %q", name[1:])
	}
	if i > len(a.args) {
		return nil, fmt.Errorf("missing argument with index %d", i)
	}
	return a.args[i-1].Value, nil
}

// byName returns the last argument that has the name of parameter i of q.
func (a *arguments) byName(q *query, i int) (v any, ok bool) {
	if !a.named {
		return nil, false
	}
	name := q.BindName(i)
	if name == "" {
		return nil, false
	}
	for i := range a.args {
		if a.args[i].Name == name[1:] {
			v, ok = a.args[i].Value, true
		}
	}
	return v, ok
}

// inTurn takes the next argument without a name.
func (a *arguments) inTurn() (v any, ok bool) {
	if a.skipNamed(); a.next == len(a.args) {
		return nil, false
	}
	a.next++
	return a.args[a.next-1].Value, true
}

// skipNamed passes over arguments that have a name.
func (a *arguments) skipNamed() {
	for a.next < len(a.args) && a.args[a.next].Name != "" {
		a.next++
	}
}

// largeArguments is the size in bytes from which a statement's arguments are dropped after its run, rather than when
// it is run again.
const largeArguments = 64 << 10

func sizeOf(v any) int {
	switch v := v.(type) {
	case string:
		return len(v)
	case []byte:
		return len(v)
	}
	return 0
}

// checkValue accepts what SQLite takes as it is and leaves the rest to database/sql.
func checkValue(v *sqldriver.NamedValue) error {
	switch n := v.Value.(type) {
	case int:
		v.Value = int64(n)
	case int64, float64, bool, string, []byte, time.Time, nil, sqlite3.ZeroBlob:
	default:
		if !conn.IsWrapped(n) {
			return sqldriver.ErrSkip
		}
	}
	return nil
}
