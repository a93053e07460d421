package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/ncruces/go-sqlite3"

	"github.com/turso-coop/turso-coop/cmd/tursh/internal/show"
	"github.com/turso-coop/turso-coop/cmd/tursh/internal/sqltext"
	"github.com/turso-coop/turso-coop/driver"
)

// A dump is one run of .dump: SQL that makes the database, or the part of it
// that patterns find, again. What cannot be read is said in a comment, and the
// dump goes on.
type dump struct {
	*shell
	ctx context.Context
	c   driver.Conn

	patterns                                  []any
	dataOnly, newlines, noSys, preserveRowids bool

	writable bool // the dump has set writable_schema
	failed   bool // something could not be read
}

func (sh *shell) cmdDump(d *dotLine) error {
	dump := dump{shell: sh}
	options := map[string]*bool{
		"data-only":       &dump.dataOnly,
		"newlines":        &dump.newlines,
		"nosys":           &dump.noSys,
		"preserve-rowids": &dump.preserveRowids,
	}
	for i := 1; i < len(d.args); i++ {
		arg := d.arg(i)
		if !strings.HasPrefix(arg, "-") {
			dump.patterns = append(dump.patterns, arg)
			continue
		}
		option := options[strings.TrimPrefix(arg[1:], "-")]
		if option == nil {
			return &argError{i, "unknown option", ""}
		}
		*option = true
	}
	return sh.use(func(ctx context.Context, c driver.Conn) error {
		dump.ctx, dump.c = ctx, c
		return dump.run()
	})
}

func (d *dump) run() (err error) {
	// A savepoint makes all of it one moment of the database. With a writable
	// schema SQLite reads what it can of a schema that is corrupt.
	for _, text := range []string{"SAVEPOINT dump", "PRAGMA writable_schema=ON"} {
		if err := do(d.ctx, d.c, text); err != nil {
			return err
		}
	}
	defer func() {
		// Also after an interrupt, which has ended d.ctx.
		after := context.WithoutCancel(d.ctx)
		err = errors.Join(err, do(after, d.c, "PRAGMA writable_schema=OFF"), do(after, d.c, "RELEASE dump"))
	}()
	if err := d.warn(); err != nil {
		return err
	}
	if !d.dataOnly {
		d.print("PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\n")
	}
	if err := d.tables(); err != nil {
		return err
	}
	if !d.dataOnly {
		if err := d.others(); err != nil {
			return err
		}
	}
	if d.writable {
		d.print("PRAGMA writable_schema=OFF;\n")
	}
	switch {
	case d.dataOnly:
	case d.failed:
		d.print(";\nROLLBACK; -- due to errors\n")
	default:
		d.print("COMMIT;\n")
	}
	if d.failed {
		return errFailed
	}
	return nil
}

func (d *dump) print(text string) { d.out.WriteString(text) }

// selected returns the condition for what patterns find: objects by their
// names, and with a virtual table those that hold its content.
func (d *dump) selected() string {
	if len(d.patterns) == 0 {
		return "true"
	}
	var parts []string
	for i := range d.patterns {
		like := fmt.Sprintf(`name LIKE ?%d ESCAPE '\'`, i+1)
		parts = append(parts, like+" OR EXISTS (SELECT 1 FROM sqlite_schema WHERE "+like+
			" AND sql LIKE 'CREATE VIRTUAL TABLE%' AND substr(o.name, 1, length(name)+1) == (name||'_'))")
	}
	return "(" + strings.Join(parts, " OR ") + ")"
}

// warn says at the start if the dump cannot be read by a connection in
// defensive mode.
func (d *dump) warn() error {
	found, err := texts(d.ctx, d.c, "SELECT name FROM sqlite_schema AS o WHERE "+d.selected()+
		" AND sql LIKE 'CREATE VIRTUAL TABLE%' LIMIT 1", d.patterns...)
	if len(found) > 0 {
		d.print("/* WARNING: Script requires that SQLITE_DBCONFIG_DEFENSIVE be disabled */\n")
	}
	return d.survived(err)
}

// survived notes what cannot be read. It returns the errors that end the dump:
// those of its output, and an interrupt.
func (d *dump) survived(err error) error {
	var e *driver.Error
	if !errors.As(err, &e) || errors.Is(err, sqlite3.INTERRUPT) {
		return err
	}
	if errors.Is(err, sqlite3.CORRUPT) {
		d.print("/****** CORRUPTION ERROR *******/\n")
	}
	d.print(fmt.Sprintf("/**** ERROR: (%d) %s *****/\n", e.PrimaryCode(), comment(e.Error())))
	d.failed = true
	return nil
}

// comment makes text fit for a comment.
func comment(text string) string { return strings.ReplaceAll(text, "*/", "**") }

// tables writes all tables with their content.
func (d *dump) tables() error {
	err := query(d.ctx, d.c, "SELECT name, sql FROM sqlite_schema AS o WHERE "+d.selected()+
		" AND type='table' AND sql NOT NULL ORDER BY tbl_name='sqlite_sequence', rowid", d.patterns,
		func(row []any) error { return d.table(asText(row[0]), asText(row[1])) })
	return d.survived(err)
}

func (d *dump) table(name, declaration string) error {
	switch {
	case name == "sqlite_sequence" && !d.noSys:
		if err := d.sequences(); err != nil {
			return err
		}
	case strings.HasPrefix(name, "sqlite_stat") && len(name) == len("sqlite_stat1") && !d.noSys:
		if !d.dataOnly {
			d.print("ANALYZE sqlite_schema;\n")
		}
	case strings.HasPrefix(name, "sqlite_"):
		return nil
	case d.dataOnly:
	case strings.HasPrefix(declaration, "CREATE VIRTUAL TABLE"):
		// Running it would make the tables that hold the content, which the dump
		// has as tables of their own.
		d.makeWritable()
		d.print(fmt.Sprintf("INSERT INTO sqlite_schema(type,name,tbl_name,rootpage,sql)VALUES('table',%s,%s,0,%s);\n",
			sqltext.QuoteText(name), sqltext.QuoteText(name), sqltext.QuoteText(declaration)))
		return nil
	case strings.HasPrefix(declaration, "CREATE TABLE '"), strings.HasPrefix(declaration, `CREATE TABLE "`):
		// These may be such tables, and be there already.
		d.print("CREATE TABLE IF NOT EXISTS " + sqltext.CloseDeclaration(declaration)[len("CREATE TABLE "):] + ";\n")
	default:
		d.print(sqltext.CloseDeclaration(declaration) + ";\n")
	}
	return d.content(name)
}

func (d *dump) makeWritable() {
	if !d.writable {
		d.print("PRAGMA writable_schema=ON;\n")
		d.writable = true
	}
}

// sequences prepares for the content of sqlite_sequence. The INSERTs into the
// tables have made rows there; but if no table with AUTOINCREMENT is left the
// table itself is missing.
func (d *dump) sequences() error {
	rows, err := texts(d.ctx, d.c, "SELECT 1 FROM sqlite_sequence LIMIT 1")
	if len(rows) > 0 {
		d.makeWritable()
		d.print("CREATE TABLE IF NOT EXISTS sqlite_sequence(name,seq);\nDELETE FROM sqlite_sequence;\n")
	}
	return d.survived(err)
}

// content writes the rows of a table as INSERT statements.
func (d *dump) content(table string) error {
	columns, err := d.columns(table)
	if err != nil || len(columns) == 0 {
		return d.survived(err)
	}
	names := ""
	if rowid, err := d.rowid(table, columns); err != nil {
		return d.survived(err)
	} else if rowid != "" {
		columns = append([]string{rowid}, columns...)
	}
	if d.preserveRowids {
		names = "(" + strings.Join(quoteNames(columns), ",") + ")"
	}
	text := "SELECT " + strings.Join(quoteNames(columns), ",") + " FROM " + sqltext.QuoteNameIfNeeded(table)
	insert := []byte("INSERT INTO " + sqltext.QuoteNameIfNeeded(table) + names + " VALUES(")
	line := insert
	write := func(row []any) error {
		line = append(line[:0], insert...)
		for i, v := range row {
			if i > 0 {
				line = append(line, ',')
			}
			line = show.AppendSQL(line, v, d.newlines, &d.convert)
		}
		line = append(line, ");\n"...)
		if _, err := d.out.Write(line); err != nil {
			return outputError{err}
		}
		return nil
	}
	err = query(d.ctx, d.c, text, nil, write)
	corrupt := errors.Is(err, sqlite3.CORRUPT)
	if err := d.survived(err); err != nil || !corrupt {
		return err
	}
	// From the other end there may be rows that could not be reached.
	return d.survived(query(d.ctx, d.c, text+" ORDER BY rowid DESC", nil, write))
}

// columns returns the names of the columns that a row of table stores.
func (d *dump) columns(table string) ([]string, error) {
	return texts(d.ctx, d.c, "SELECT name FROM pragma_table_info(?1)", table)
}

func quoteNames(names []string) []string {
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = sqltext.QuoteNameIfNeeded(name)
	}
	return quoted
}

// rowid returns a name for the rowid of a table if it is to be preserved and
// is not a column already. There is none for a table without rowids, or if
// columns have all three of its names.
func (d *dump) rowid(table string, columns []string) (string, error) {
	if !d.preserveRowids {
		return "", nil
	}
	found, err := texts(d.ctx, d.c, `SELECT 1 FROM pragma_table_list AS l WHERE schema='main' AND name=?1 AND (wr OR
		1=(SELECT count(*) FROM pragma_table_info(?1) WHERE pk AND upper(type)='INTEGER')
		AND 1=(SELECT count(*) FROM pragma_table_info(?1) WHERE pk)
		AND NOT EXISTS (SELECT 1 FROM pragma_index_list(?1) WHERE origin='pk'))`, table)
	if err != nil || len(found) > 0 {
		return "", err
	}
	for _, name := range []string{"rowid", "_rowid_", "oid"} {
		taken := false
		for _, column := range columns {
			taken = taken || strings.EqualFold(column, name)
		}
		if !taken {
			return name, nil
		}
	}
	return "", nil
}

// others writes the indexes, triggers and views: after the rows, which triggers
// must not see.
func (d *dump) others() error {
	err := query(d.ctx, d.c, "SELECT sql FROM sqlite_schema AS o WHERE "+d.selected()+
		" AND sql NOT NULL AND type IN ('index','trigger','view') ORDER BY type COLLATE NOCASE DESC", d.patterns,
		func(row []any) error {
			d.print(sqltext.CloseDeclaration(asText(row[0])) + ";\n")
			return nil
		})
	return d.survived(err)
}
