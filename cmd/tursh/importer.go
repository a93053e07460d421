package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/ncruces/go-sqlite3"

	"github.com/turso-coop/turso-coop/cmd/tursh/internal/records"
	"github.com/turso-coop/turso-coop/cmd/tursh/internal/sqltext"
	"github.com/turso-coop/turso-coop/driver"
)

// An importer is one run of .import: it reads records and inserts them, in one
// transaction unless the user has one open. A row that the table refuses is
// reported and left out; what says that no other row will fare better, such as a
// full disk, ends the import and undoes it.
type importer struct {
	*shell
	importRequest
	c  driver.Conn
	in *importInput

	json    *records.JSON // nil if it is not JSON
	sample  []*records.Record
	columns int // of the table, or of the input if they have names

	single  driver.Statement // inserts one row
	batch   *sqlite3.Stmt    // inserts batchRows rows, nil if rows must go one by one
	size    int              // rows of batch
	waiting []records.Record // rows for the batch
	rows    int
	errors  int
	line    int // of the record that is being dealt with
	lines   int // of the input so far
	notUTF8 int // fields that are not
}

// sampleSize is how many records of JSON are looked at for the columns of a new
// table, and of any input for their types.
const sampleSize = 1000

func (im *importer) run(ctx context.Context) error {
	reader, err := im.prepare(ctx)
	if err != nil {
		return err
	}
	if im.columns == 0 {
		return nil // a table without columns, as in the sqlite3 shell
	}
	begin, commit, rollback := "BEGIN", "COMMIT", "ROLLBACK"
	if !im.c.Autocommit() {
		begin, commit, rollback = "SAVEPOINT import", "RELEASE import", "ROLLBACK TO import; RELEASE import"
	}
	if err := do(ctx, im.c, begin); err != nil {
		return err
	}
	err = im.insertAll(ctx, reader)
	if err == errBail {
		err = nil
	}
	if err = errors.Join(err, im.closeStatements()); err == nil {
		err = do(ctx, im.c, commit)
	}
	if err != nil {
		im.stopped(err, rollback)
		return errFailed
	}
	if im.notUTF8 > 1 {
		im.report("%s: %d fields are not UTF-8\n", im.in.name, im.notUTF8)
	}
	if im.verbose > 0 {
		fmt.Fprintf(im.out, "Added %d rows with %d errors using %d lines of input\n", im.rows, im.errors, im.lines)
	}
	if im.errors > 0 {
		return errFailed
	}
	return nil
}

// errBail ends the import at a row that the table refuses, as .bail asks for.
var errBail = errors.New("bail")

// stopped undoes the import, and reports what has ended it.
func (im *importer) stopped(err error, rollback string) {
	im.report("%s: import stopped: %s\n", im.at(im.line), message(err))
	for _, text := range strings.Split(rollback, "; ") {
		if im.c.Autocommit() {
			break // SQLite has rolled back by itself
		}
		if err := do(context.Background(), im.c, text); err != nil {
			im.report("%s: cannot undo the import: %s\n", im.in.name, message(err))
			return
		}
	}
	im.report("%s: nothing was imported into %s\n", im.in.name, im.table)
}

// at says where in the input something is.
func (im *importer) at(line int) string { return im.in.name + ":" + strconv.Itoa(line) }

// prepare opens the input, makes the table if there is none, and the statements
// that insert rows.
func (im *importer) prepare(ctx context.Context) (records.Reader, error) {
	var reader records.Reader
	if im.importRequest.json {
		im.json = records.NewJSON(&im.in.bytes)
		reader = im.json
	} else {
		if im.verbose > 0 {
			fmt.Fprintf(im.out, "Column separator %s, row separator %s\n",
				sqltext.QuoteC(string(im.format().ColSep)), sqltext.QuoteC(string(im.format().RowSep)))
		}
		reader = records.NewCSV(&im.in.bytes, im.format())
	}
	for range im.skip {
		if err := reader.Read(new(records.Record)); err != nil {
			break // the end, or an error that comes again
		}
	}
	there, err := im.tableColumns(ctx)
	if err != nil {
		return nil, err
	}
	if len(there) == 0 {
		if err := im.createTable(ctx, reader); err != nil {
			return nil, err
		}
		if there, err = im.tableColumns(ctx); err != nil {
			return nil, err
		}
	}
	if im.columns = len(there); im.columns == 0 {
		return reader, nil
	}
	return reader, im.compile(ctx, there)
}

func (im *importer) format() records.Format { return im.importRequest.format }

// tableColumns returns the columns of the table that hold values, none if it
// does not exist.
func (im *importer) tableColumns(ctx context.Context) ([]string, error) {
	if im.schema == "" {
		return texts(ctx, im.c, "SELECT name FROM pragma_table_info(?1)", im.table)
	}
	return texts(ctx, im.c, "SELECT name FROM pragma_table_info(?1,?2)", im.table, im.schema)
}

// createTable makes a table for the input: the first record of CSV has the names
// of its columns.
func (im *importer) createTable(ctx context.Context, reader records.Reader) error {
	var names []string
	if im.json == nil {
		var first records.Record
		if err := reader.Read(&first); err == io.EOF {
			return complain("%s: empty file", im.in.name)
		} else if err != nil {
			return complain("%s: %s", im.in.name, err)
		}
		im.warn(&first)
		for _, f := range first.Fields {
			names = append(names, string(f.Text))
		}
	}
	if im.json != nil || im.types {
		if err := im.readSample(reader); err != nil {
			return err
		}
	}
	if im.json != nil {
		names = im.json.Columns
		if len(names) == 0 {
			return complain("%s: empty file", im.in.name)
		}
	}
	unique := records.UniqueNames(names)
	im.tellRenamed(names, unique)
	create := im.declaration(unique)
	if im.verbose > 0 {
		fmt.Fprintf(im.out, "%s\n\n", create)
	}
	if err := do(ctx, im.c, create); err != nil {
		return complain("%s failed:\n%s", create, message(err))
	}
	if im.json != nil {
		im.json.FixColumns(im.json.Columns)
	}
	return nil
}

// readSample reads the records that are looked at before any is inserted.
func (im *importer) readSample(reader records.Reader) error {
	for len(im.sample) < sampleSize {
		r := new(records.Record)
		if err := reader.Read(r); err == io.EOF {
			return nil
		} else if err != nil {
			return complain("%s: %s", im.in.name, err)
		}
		im.sample = append(im.sample, r)
	}
	return nil
}

// tellRenamed tells which names of columns were changed, because they were
// there twice or empty.
func (im *importer) tellRenamed(names, unique []string) {
	var renamed []string
	for i, name := range names {
		if name != unique[i] && name != "" {
			renamed = append(renamed, sqltext.QuoteName(name)+" to "+sqltext.QuoteName(unique[i]))
		}
	}
	if len(renamed) > 0 {
		im.report("Columns renamed during .import %s due to duplicates:\n%s\n", im.in.name, strings.Join(renamed, ",\n"))
	}
}

// declaration returns the statement that makes the table.
func (im *importer) declaration(columns []string) string {
	schema := im.schema
	if schema == "" {
		schema = "main"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "CREATE TABLE %s.%s(\n", sqltext.QuoteName(schema), sqltext.QuoteName(im.table))
	var types []string
	if im.types {
		types = records.Types(im.sample, len(columns))
	}
	for i, column := range columns {
		switch {
		case i == 0:
		case i%4 == 0:
			b.WriteString(",\n ")
		default:
			b.WriteString(", ")
		}
		b.WriteString(sqltext.QuoteName(column))
		if types != nil {
			b.WriteString(" " + types[i])
		}
	}
	b.WriteString(")")
	return b.String()
}

// Limits of what is inserted by one statement: more rows gain nothing, and
// larger ones had better not be kept twice.
const (
	batchRows  = 50
	batchBytes = 256 << 10
)

// compile makes the statements that insert rows. Many rows in one statement take
// a third of the time; but where a conflict has consequences of its own, or rows
// set off triggers, they go one by one, as they would from the sqlite3 shell.
func (im *importer) compile(ctx context.Context, there []string) (err error) {
	into, list := sqltext.QuoteName(im.table), ""
	if im.schema != "" {
		into = sqltext.QuoteName(im.schema) + "." + into
	}
	if im.json != nil {
		if list, err = im.jsonColumns(there); err != nil {
			return err
		}
	}
	row := "(?" + strings.Repeat(",?", im.columns-1) + ")"
	text := "INSERT INTO " + into + list + " VALUES"
	if im.verbose > 1 {
		fmt.Fprintf(im.out, "Insert using: %s%s\n", text, row)
	}
	if im.single, _, err = im.c.Statement(ctx, text+row); err != nil {
		return err
	}
	plain, err := im.plainTable(ctx)
	if err != nil || !plain {
		return err
	}
	im.size = min(batchRows, im.c.Limit(sqlite3.LIMIT_VARIABLE_NUMBER, -1)/im.columns)
	if im.size < 2 {
		return nil
	}
	im.waiting = make([]records.Record, 0, im.size)
	im.batch, _, err = im.c.Raw().Prepare(text + row + strings.Repeat(","+row, im.size-1))
	return err
}

// jsonColumns returns the list of columns that members of the objects go to, and
// makes fields come in that order.
func (im *importer) jsonColumns(there []string) (list string, err error) {
	if len(im.sample) == 0 { // the table was there before
		im.json.FixColumns(there)
	}
	im.columns = len(im.json.Columns)
	quoted := make([]string, im.columns)
	for i := range quoted {
		quoted[i] = sqltext.QuoteName(there[i])
	}
	return "(" + strings.Join(quoted, ",") + ")", nil
}

// plainTable reports whether many rows in one statement do the same as one by
// one.
func (im *importer) plainTable(ctx context.Context) (bool, error) {
	schema := im.schema
	if schema == "" {
		schema = "main"
	}
	found, err := texts(ctx, im.c, "SELECT 1 FROM "+sqltext.QuoteName(schema)+".sqlite_schema WHERE lower(tbl_name)=lower(?1) AND "+
		"(type IN ('trigger','view') OR type='table' AND (sql LIKE '%conflict%' OR sql LIKE 'create virtual%'))", im.table)
	return len(found) == 0, err
}

func (im *importer) closeStatements() (err error) {
	if im.batch != nil {
		err = im.batch.Close()
	}
	return errors.Join(err, im.single.Close())
}

// insertAll inserts the sample, and then what is left of the input.
func (im *importer) insertAll(ctx context.Context, reader records.Reader) error {
	p := im.startProgress("importing")
	defer p.end()
	for _, r := range im.sample {
		if err := im.add(ctx, r); err != nil {
			return err
		}
	}
	ahead := records.ReadAhead(reader)
	defer ahead.Close()
	for n := 0; ; n++ {
		r, err := ahead.Next()
		if err == io.EOF {
			return im.flushRows(ctx)
		}
		if err != nil {
			return fmt.Errorf("cannot read: %w", err)
		}
		if err := im.add(ctx, r); err != nil {
			return err
		}
		p.set(im.in.bytes.Bytes(), im.in.total)
	}
}

// add inserts a record, or keeps it until there are enough for a batch.
func (im *importer) add(ctx context.Context, r *records.Record) error {
	im.warn(r)
	im.line, im.lines = r.Line, r.End-max(im.format().FirstLine, 1)
	if im.empty(r) {
		return nil
	}
	im.fit(r)
	first := im.rows == 0 && len(im.waiting) == 0 // takes the lock, and may have to wait for it
	if im.batch == nil || first || r.Size() > batchBytes/im.size {
		if err := im.flushRows(ctx); err != nil {
			return err
		}
		return im.insert(ctx, r)
	}
	im.waiting = append(im.waiting, *r)
	if len(im.waiting) < im.size {
		return nil
	}
	if err := im.insertBatch(); err != nil {
		if im.c.Autocommit() {
			return err // SQLite has rolled back, as it may on a full disk
		}
		return im.flushRows(ctx) // one by one, to find the reason
	}
	im.rows += len(im.waiting)
	im.waiting = im.waiting[:0]
	return ctx.Err()
}

// warn passes on what is odd about a record.
func (im *importer) warn(r *records.Record) {
	for _, w := range r.Warnings {
		im.report("%s: %s\n", im.at(w.Line), w.Text)
	}
	for _, f := range r.Fields {
		if !utf8.Valid(f.Text) {
			if im.notUTF8++; im.notUTF8 == 1 {
				im.report("%s: not UTF-8 - imported as it is\n", im.at(r.Line))
			}
		}
	}
}

// empty reports whether a record is only what separates lines where something
// else separates rows.
func (im *importer) empty(r *records.Record) bool {
	if im.json != nil || len(r.Fields) != 1 {
		return false
	}
	text := string(r.Fields[0].Text)
	return im.format().RowSep != '\n' && (text == "\n" || text == "\r\n") || im.format().Raw && text == ""
}

// fit gives a record as many fields as there are columns.
func (im *importer) fit(r *records.Record) {
	n := len(r.Fields)
	switch {
	case n == im.columns:
	case n > im.columns:
		im.report("%s: expected %d columns but found %d - extras ignored\n", im.at(r.Line), im.columns, n)
		r.Fields = r.Fields[:im.columns]
	case im.json == nil:
		im.report("%s: expected %d columns but found %d - filling the rest with NULL\n", im.at(r.Line), im.columns, n)
	}
	for len(r.Fields) < im.columns {
		r.Fields = append(r.Fields, records.Field{Kind: records.Null})
	}
}

// flushRows inserts the rows that were kept for a batch.
func (im *importer) flushRows(ctx context.Context) error {
	waiting := im.waiting
	im.waiting = im.waiting[:0]
	for i := range waiting {
		if err := im.insert(ctx, &waiting[i]); err != nil {
			return err
		}
	}
	return nil
}

// insertBatch inserts the rows that were kept, all of them or none. It uses the
// bare connection, which copies a field into SQLite's memory without making a Go
// value of it first; rows are small here, and the lock is held.
func (im *importer) insertBatch() error {
	i := 1
	for _, r := range im.waiting {
		for _, f := range r.Fields {
			if err := im.bindRaw(i, f); err != nil {
				return err
			}
			i++
		}
	}
	return im.batch.Exec()
}

func (im *importer) bindRaw(i int, f records.Field) error {
	switch v := im.value(f).(type) {
	case nil:
		return im.batch.BindNull(i)
	case int64:
		return im.batch.BindInt64(i, v)
	case float64:
		return im.batch.BindFloat(i, v)
	}
	return im.batch.BindRawText(i, f.Text)
}

// value returns what a field is stored as, if it is not its text.
func (im *importer) value(f records.Field) any {
	switch {
	case f.Kind == records.Null, im.emptyNull && f.Kind == records.Text && len(f.Text) == 0:
		return nil
	case f.Kind == records.Number:
		if n, err := strconv.ParseInt(string(f.Text), 10, 64); err == nil {
			return n
		}
		if x, err := strconv.ParseFloat(string(f.Text), 64); err == nil {
			return x
		}
	}
	return isText
}

// isText is the value of fields that are text.
var isText = new(struct{ _ byte })

// insert inserts one row. A row that is refused is reported, and no error.
func (im *importer) insert(ctx context.Context, r *records.Record) error {
	im.line = r.Line
	for i, f := range r.Fields {
		v := im.value(f)
		if v == isText {
			v = string(f.Text)
		}
		if err := im.single.Bind(i+1, v); err != nil {
			return im.refused(r, err)
		}
	}
	_, err := im.single.Step(ctx)
	err = errors.Join(err, im.single.Reset())
	if err != nil {
		return im.refused(r, err)
	}
	im.rows++
	return nil
}

// refused reports a row that could not be inserted. It returns errors that are
// not about the row.
func (im *importer) refused(r *records.Record, err error) error {
	if !isRowError(err) || im.c.Autocommit() {
		return err
	}
	im.report("%s: INSERT failed: %s\n", im.at(r.Line), message(err))
	im.errors++
	if im.bail {
		return errBail
	}
	return nil
}

func isRowError(err error) bool {
	for _, code := range []error{sqlite3.CONSTRAINT, sqlite3.MISMATCH, sqlite3.TOOBIG, sqlite3.ERROR} {
		if errors.Is(err, code) {
			return true
		}
	}
	return false
}
