package peer

import (
	"fmt"
	"strconv"
	"strings"
)

// Dump returns what a database holds, line by line: what its header says, its schema, every row of every table, and
// what integrity_check and foreign_key_check say. Two files that hold the same give the same lines. An error of SQLite's is
// a line too; the error returned is of the session.
func Dump(s Session) ([]string, error) {
	d := dumper{session: s}
	for _, pragma := range []string{"encoding", "page_size", "page_count", "freelist_count", "auto_vacuum", "user_version", "application_id"} {
		d.add("PRAGMA " + pragma)
	}
	d.add("SELECT type, name, tbl_name, sql FROM main.sqlite_schema ORDER BY type, name")
	for _, table := range d.run("SELECT name, wr FROM pragma_table_list WHERE schema='main' AND type IN ('table', 'shadow') ORDER BY name") {
		d.table(unquote(table[0]), table[1] == Render(int64(1)))
	}
	d.add("PRAGMA integrity_check")
	// The order in which the PRAGMA goes through many tables depends on the size of a pointer.
	d.add("SELECT * FROM pragma_foreign_key_check ORDER BY 1, 2, 3, 4")
	return d.lines, d.err
}

// dumper keeps the first error.
type dumper struct {
	session Session
	lines   []string
	err     error
}

func (d *dumper) run(text string) [][]string {
	if d.err != nil {
		return nil
	}
	o, err := d.session.Run(Statement{SQL: text})
	switch {
	case err != nil:
		d.err = fmt.Errorf("peer: dump: %s: %w", text, err)
		return nil
	case o.Err != nil: // as foreign_key_check has if a foreign key names what cannot be one
		return [][]string{{o.Err.Error()}}
	}
	return o.Rows
}

func (d *dumper) add(text string) {
	d.lines = append(d.lines, "-- "+text)
	for _, row := range d.run(text) {
		d.lines = append(d.lines, strings.Join(row, " | "))
	}
}

// table adds the rows of a table in the order of their keys. Values are taken apart in SQL, because drivers convert
// what they read from columns of some declared types.
func (d *dumper) table(name string, withoutRowID bool) {
	var exprs []string
	if !withoutRowID {
		exprs = append(exprs, "rowid")
	}
	quoted := quoteName(name)
	for _, column := range d.run(fmt.Sprintf("SELECT name FROM pragma_table_xinfo(%s) WHERE hidden<>1", quoteText(name))) {
		c := quoteName(unquote(column[0]))
		exprs = append(exprs, fmt.Sprintf("CASE typeof(%[1]s) WHEN 'integer' THEN 'i'||%[1]s WHEN 'real' THEN 'r'||format('%%!.20g', %[1]s)"+
			" WHEN 'text' THEN 't'||hex(CAST(%[1]s AS BLOB)) WHEN 'blob' THEN 'b'||hex(%[1]s) END", c))
	}
	d.add("SELECT " + strings.Join(exprs, ", ") + " FROM main." + quoted + " NOT INDEXED")
}

// unquote returns the text behind its rendered form.
func unquote(rendered string) string {
	s, err := strconv.Unquote(strings.TrimPrefix(rendered, "text "))
	if err != nil {
		panic("peer: not a rendered text: " + rendered)
	}
	return s
}

func quoteName(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }
func quoteText(s string) string { return `'` + strings.ReplaceAll(s, `'`, `''`) + `'` }
