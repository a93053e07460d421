package driver

import (
	sqldriver "database/sql/driver"
	"fmt"
)

// arguments hands the arguments of a call to the statements of its text.
type arguments struct {
	args []sqldriver.NamedValue
}

func (a *arguments) bind(q *query) error {
	n := q.BindCount()
	if len(a.args) < n {
		return fmt.Errorf("not enough args to execute query: want %d got %d", n, len(a.args))
	}
	for i := range n {
		if err := q.Bind(i+1, a.args[i].Value); err != nil {
			return q.fail(err)
		}
	}
	a.args = a.args[n:]
	return nil
}

// CheckNamedValue implements driver.NamedValueChecker.
func (c *session) CheckNamedValue(v *sqldriver.NamedValue) error { return sqldriver.ErrSkip }
