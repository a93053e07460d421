package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/ncruces/go-sqlite3"

	"github.com/turso-coop/turso-coop/cmd/tursh/internal/sqltext"
	"github.com/turso-coop/turso-coop/driver"
)

// Values of parameters live in a table of the temp database, as in the sqlite3
// shell, whose users read and write it with SQL.

const parameterTable = "temp.sqlite_parameters"

func (sh *shell) cmdParameter(d *dotLine) error {
	what := ""
	if len(d.args) > 1 {
		what = d.arg(1)
	}
	return sh.use(func(ctx context.Context, c driver.Conn) error {
		switch n := len(d.args); {
		case n == 2 && what == "init":
			return makeParameterTable(ctx, c)
		case n == 2 && what == "clear":
			return do(ctx, c, "DROP TABLE IF EXISTS "+parameterTable)
		case n == 2 && what == "list":
			return sh.listParameters(ctx, c)
		case n == 4 && what == "set":
			return sh.setParameter(ctx, c, d.arg(2), d.arg(3))
		case n == 3 && (what == "unset" || what == "clear"):
			if !hasParameters(ctx, c) {
				return nil
			}
			return query(ctx, c, "DELETE FROM "+parameterTable+" WHERE key=?1", []any{d.arg(2)}, nil)
		}
		sh.fullHelp([]*command{findCommand("parameter")})
		return errFailed
	})
}

// makeParameterTable creates the table unless it is there. Its name is one that
// SQLite keeps for itself, so that it gets in nobody's way, and can be created
// only while the schema is writable.
func makeParameterTable(ctx context.Context, c driver.Conn) (err error) {
	for _, guard := range []struct {
		op sqlite3.DBConfig
		on bool
	}{{sqlite3.DBCONFIG_DEFENSIVE, false}, {sqlite3.DBCONFIG_WRITABLE_SCHEMA, true}} {
		was, cerr := c.Raw().Config(guard.op)
		if cerr == nil {
			_, cerr = c.Raw().Config(guard.op, guard.on)
		}
		if cerr != nil {
			return cerr
		}
		defer func() {
			_, cerr := c.Raw().Config(guard.op, was)
			err = errors.Join(err, cerr)
		}()
	}
	return do(ctx, c, "CREATE TABLE IF NOT EXISTS "+parameterTable+"(\n  key TEXT PRIMARY KEY,\n  value\n) WITHOUT ROWID;")
}

func hasParameters(ctx context.Context, c driver.Conn) bool {
	names, err := texts(ctx, c, "SELECT name FROM temp.sqlite_schema WHERE name='sqlite_parameters'")
	return err == nil && len(names) > 0
}

// widestKey is how far the values of .parameter list are moved for a long key.
const widestKey = 40

func (sh *shell) listParameters(ctx context.Context, c driver.Conn) error {
	if !hasParameters(ctx, c) {
		return nil
	}
	width := 0
	return query(ctx, c, "SELECT key, quote(value), max(length(key)) OVER () FROM "+parameterTable+" ORDER BY key", nil, func(row []any) error {
		n, _ := row[2].(int64)
		width = int(min(n, widestKey))
		fmt.Fprintf(sh.out, "%-*s %s\n", width, asText(row[0]), asText(row[1]))
		return nil
	})
}

// setParameter sets a parameter to the value of an SQL expression, or to the
// text if it is none.
func (sh *shell) setParameter(ctx context.Context, c driver.Conn, name, value string) error {
	if name == "" || !strings.ContainsRune("$:@?", rune(name[0])) {
		return complain("Error: the name of a parameter begins with one of $ : @ ?, as in .parameter set :%s VALUE", name)
	}
	if err := makeParameterTable(ctx, c); err != nil {
		return err
	}
	set := "REPLACE INTO " + parameterTable + "(key,value) VALUES(" + sqltext.QuoteText(name) + ","
	st, _, err := c.Statement(ctx, set+value+")")
	if err != nil || st == nil {
		st, _, err = c.Statement(ctx, set+sqltext.QuoteText(value)+")")
	}
	if err != nil {
		return err
	}
	if err = sh.bind(ctx, c, st); err == nil {
		_, err = st.Step(ctx)
	}
	return errors.Join(err, st.Close())
}

// bind gives the parameters of a statement their values. Those that nobody has
// set are NULL, apart from a few whose names say what they are.
func (sh *shell) bind(ctx context.Context, c driver.Conn, st driver.Statement) error {
	n := st.BindCount()
	if n == 0 {
		return nil
	}
	set := hasParameters(ctx, c)
	for i := 1; i <= n; i++ {
		name := st.BindName(i)
		if name == "" {
			name = "?" + strconv.Itoa(i)
		}
		value := sh.namedValue(name)
		if set {
			err := query(ctx, c, "SELECT value FROM "+parameterTable+" WHERE key=?1", []any{name}, func(row []any) error {
				value = row[0]
				return nil
			})
			if err != nil {
				return err
			}
		}
		if err := st.Bind(i, value); err != nil {
			return err
		}
	}
	return nil
}

// namedValue returns the value that the name of a parameter stands for by
// itself, nil if it is just a name.
func (sh *shell) namedValue(name string) any {
	switch {
	case name == "$TIMER":
		return sh.timer.last.Seconds()
	case len(name) == 4 && strings.EqualFold(name[1:], "INF"):
		return math.Inf(1)
	case strings.HasPrefix(name, "$int_"):
		n, _ := strconv.ParseInt(name[len("$int_"):], 10, 64)
		return n
	case strings.HasPrefix(name, "$text_"):
		return name[len("$text_"):]
	}
	return nil
}
