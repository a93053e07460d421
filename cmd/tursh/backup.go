package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/ncruces/go-sqlite3"

	"github.com/turso-coop/turso-coop/cmd/tursh/internal/sqltext"
	"github.com/turso-coop/turso-coop/driver"
)

// Copies of whole databases.

// cmdBackup is .backup and .save.
func (sh *shell) cmdBackup(d *dotLine) error {
	var names []string
	to := target{engine: sh.target.engine}
	for i := 1; i < len(d.args); i++ {
		switch arg := d.arg(i); {
		case isOption(arg, "async"):
			to.async = true
		case strings.HasPrefix(arg, "-"):
			return &argError{i, "unknown option", "should be -async"}
		default:
			names = append(names, arg)
		}
	}
	schema := "main"
	switch len(names) {
	case 0:
		return complain("missing FILENAME argument on .backup")
	case 1:
		to.name = names[0]
	case 2:
		schema, to.name = names[0], names[1]
	default:
		return complain("Usage: .backup ?DB? ?OPTIONS? FILENAME")
	}
	return sh.use(func(ctx context.Context, c driver.Conn) error {
		if err := knowsSchema(ctx, c, schema); err != nil {
			return err
		}
		fresh := !to.isURI() && !to.exists()
		err := sh.copying(ctx, c, schema, func(o driver.BackupOptions) error { return c.BackupTo(ctx, to.dsn(), o) })
		if err != nil && fresh {
			err = errors.Join(err, removeDatabase(to.name)) // what there is of it is of no use
		}
		if errors.Is(err, sqlite3.CANTOPEN) {
			return cannotOpen(to.name)
		}
		return err
	})
}

func (sh *shell) cmdRestore(d *dotLine) error {
	schema, from := "main", target{existing: true, engine: sh.target.engine}
	switch len(d.args) {
	case 2:
		from.name = d.arg(1)
	case 3:
		schema, from.name = d.arg(1), d.arg(2)
	default:
		return complain("Usage: .restore ?DB? FILE")
	}
	return sh.use(func(ctx context.Context, c driver.Conn) error {
		if err := knowsSchema(ctx, c, schema); err != nil {
			return err
		}
		err := sh.copying(ctx, c, schema, func(o driver.BackupOptions) error { return c.RestoreFrom(ctx, from.dsn(), o) })
		switch {
		case errors.Is(err, sqlite3.CANTOPEN):
			return cannotOpen(from.name)
		case errors.Is(err, sqlite3.BUSY), errors.Is(err, sqlite3.LOCKED):
			return complain("Error: source database is busy")
		}
		return err
	})
}

// knowsSchema returns an error unless the connection has a database of that
// name.
func knowsSchema(ctx context.Context, c driver.Conn, schema string) error {
	names, err := schemaNames(ctx, c)
	if err != nil {
		return err
	}
	for _, name := range names {
		if strings.EqualFold(name, schema) {
			return nil
		}
	}
	return complain("Error: unknown database %s%s", schema, didYouMean(schema, names))
}

// copying runs a copy of a whole database and tells of its progress.
func (sh *shell) copying(ctx context.Context, c driver.Conn, schema string, copy func(driver.BackupOptions) error) error {
	pageBytes := int64(4096)
	if n, err := texts(ctx, c, "PRAGMA "+sqltext.QuoteName(schema)+".page_size"); err == nil && len(n) > 0 {
		pageBytes = integer(n[0])
	}
	p := sh.startProgress("copying")
	defer p.end()
	return copy(driver.BackupOptions{Schema: schema, Progress: func(remaining, total int) error {
		p.set(int64(total-remaining)*pageBytes, int64(total)*pageBytes)
		return nil
	}})
}

// cmdClone copies the database through SQL: what can be read of it, also if it
// is damaged, without what its file has gathered besides.
func (sh *shell) cmdClone(d *dotLine) error {
	if len(d.args) != 2 {
		return complain("Usage: .clone FILENAME")
	}
	name := d.arg(1)
	if _, err := os.Stat(name); err == nil {
		return complain("File \"%s\" already exists.", name)
	}
	return sh.use(func(ctx context.Context, c driver.Conn) (err error) {
		copy, err := openDatabase(ctx, target{name: name, engine: sh.target.engine})
		if err != nil {
			return complain("Cannot create output database: %s", message(err))
		}
		defer func() { err = errors.Join(err, copy.close()) }()
		return copy.use(func(to driver.Conn) error {
			return (&clone{sh: sh, from: c, to: to}).run(ctx)
		})
	})
}

// A clone is one run of .clone.
type clone struct {
	sh       *shell
	from, to driver.Conn
	failed   bool // something could not be copied
}

func (cl *clone) run(ctx context.Context) error {
	if err := do(ctx, cl.from, "PRAGMA writable_schema=ON"); err != nil {
		return err
	}
	defer do(context.WithoutCancel(ctx), cl.from, "PRAGMA writable_schema=OFF")
	for _, op := range []sqlite3.DBConfig{sqlite3.DBCONFIG_DQS_DDL, sqlite3.DBCONFIG_WRITABLE_SCHEMA} {
		if _, err := cl.to.Raw().Config(op, true); err != nil {
			return err
		}
	}
	if err := do(ctx, cl.to, "BEGIN EXCLUSIVE"); err != nil {
		return err
	}
	for _, kind := range []string{"type='table'", "type!='table'"} {
		err := query(ctx, cl.from, "SELECT type, name, sql FROM sqlite_schema WHERE sql NOT NULL AND "+kind+" ORDER BY rowid", nil,
			func(row []any) error { return cl.object(ctx, asText(row[0]), asText(row[1]), asText(row[2])) })
		if err := cl.survived(err); err != nil {
			return errors.Join(err, do(context.WithoutCancel(ctx), cl.to, "ROLLBACK"))
		}
	}
	if err := do(ctx, cl.to, "COMMIT"); err != nil {
		return err
	}
	if cl.failed {
		return errFailed
	}
	return nil
}

// survived reports what could not be copied. It returns the errors that leave
// nothing to go on with: a full disk, and an interrupt.
func (cl *clone) survived(err error) error {
	var e *driver.Error
	if err == nil || !errors.As(err, &e) || errors.Is(err, sqlite3.INTERRUPT) || errors.Is(err, sqlite3.FULL) || errors.Is(err, sqlite3.IOERR) {
		return err
	}
	cl.sh.report("Error: %s\n", message(err))
	cl.failed = true
	return nil
}

func (cl *clone) object(ctx context.Context, kind, name, declaration string) error {
	fmt.Fprintf(cl.sh.out, "%s... ", name)
	virtual := strings.HasPrefix(declaration, "CREATE VIRTUAL")
	if !strings.EqualFold(name, "sqlite_sequence") {
		if err := cl.survived(cl.declare(ctx, name, declaration)); err != nil {
			return err
		}
	}
	if kind == "table" && !virtual {
		if err := cl.survived(cl.content(ctx, name)); err != nil {
			return err
		}
	}
	fmt.Fprintln(cl.sh.out, "done")
	return cl.sh.flush()
}

// declare makes an object. The tables that hold the content of a virtual table
// are there as soon as that is.
func (cl *clone) declare(ctx context.Context, name, declaration string) error {
	there, err := texts(ctx, cl.to, "SELECT name FROM sqlite_schema WHERE name=?1", name)
	if err != nil || len(there) > 0 {
		return err
	}
	return do(ctx, cl.to, declaration)
}

func (cl *clone) content(ctx context.Context, table string) (err error) {
	columns, err := texts(ctx, cl.from, "SELECT name FROM pragma_table_info(?1)", table)
	if err != nil || len(columns) == 0 {
		return err
	}
	for i, column := range columns {
		columns[i] = sqltext.QuoteName(column)
	}
	list := strings.Join(columns, ",")
	insert, _, err := cl.to.Statement(ctx, "INSERT OR REPLACE INTO "+sqltext.QuoteName(table)+"("+list+") VALUES(?"+strings.Repeat(",?", len(columns)-1)+")")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, insert.Close()) }()
	return query(ctx, cl.from, "SELECT "+list+" FROM "+sqltext.QuoteName(table), nil, func(row []any) error {
		for i, v := range row {
			if err := insert.Bind(i+1, v); err != nil {
				return err
			}
		}
		if _, err := insert.Step(ctx); err != nil {
			return err
		}
		return insert.Reset()
	})
}
