package hostile

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"hash/fnv"
	"os"
	"path/filepath"
	"strings"
	"time"

	"modernc.org/sqlite"

	"github.com/ncruces/go-sqlite3"

	"github.com/turso-coop/turso-coop/conformance/peer"
	"github.com/turso-coop/turso-coop/driver"
	"github.com/turso-coop/turso-coop/internal/conn"
)

// Victim is the service of the child processes: it opens what it is given and does what an unsuspecting program does.
type Victim struct{}

// Job is what a child process is to do with one database.
type Job struct {
	Driver, Engine, Path string
	Settings             []string // statements that every connection runs first
	Setup                []string // statements that edit the database before the program comes
	Extras               []string // statements that the program runs besides
}

// Step is what came of one statement. Steps that both libraries took alike are equal, but for the last four fields.
type Step struct {
	What string
	Code int    // SQLite's primary result code
	Rows int    // how many, if there was no error
	Hash uint64 // of the rows
	Left string // what was not given back, after closing

	Extended int    // result code
	First    string // value of the first row
	Text     string // of the error; of a panic with its stack

	LikeOther bool // a second build of SQLite has taken the step like this, and the first one has not
}

// panicked begins the text of an error that was a panic.
const panicked = "panic: "

// jobTime bounds a job in which statements take very long, as those of a view that joins a table with itself many
// times. Statements then end with INTERRUPT.
const jobTime = 20 * time.Second

// largestFile is in bytes. The sound databases are smaller than 2 MB.
const largestFile = 64 << 20

// Run runs a job.
func (Victim) Run(job Job, steps *[]Step) error {
	if err := limitFiles(largestFile); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), jobTime)
	defer cancel()
	p := &program{ctx: ctx, job: job}
	if len(job.Setup) > 0 {
		p.connect("rw", func() { p.all(job.Setup) })
	}
	p.connect("ro", p.read)
	p.connect("rw", func() {
		p.read()
		p.write()
	})
	p.add(Step{What: theFile, Hash: fileHash(job.Path), Left: p.left()})
	*steps = p.steps
	return nil
}

// program runs the statements of a job on one connection after the other.
type program struct {
	ctx   context.Context
	job   Job
	conn  *sql.Conn
	steps []Step
}

func (p *program) add(s Step) { p.steps = append(p.steps, s) }

// dsn makes all drivers open the file alike.
func (p *program) dsn(mode string) string {
	dsn := "file:" + p.job.Path + "?mode=" + mode
	switch p.job.Driver {
	case peer.Turso:
		return dsn + "&_busy_timeout=0&_engine=" + p.job.Engine
	case peer.Modernc:
		return dsn + "&_pragma=busy_timeout(0)&_pragma=synchronous(NORMAL)"
	}
	return dsn + "&_busy_timeout=0"
}

// connect opens the database, sets the connection up, lets f use it, and closes it.
func (p *program) connect(mode string, f func()) {
	db, err := sql.Open(p.job.Driver, p.dsn(mode))
	if err == nil {
		defer db.Close()
		p.conn, err = db.Conn(p.ctx)
	}
	p.add(failed("open "+mode, err))
	if err != nil {
		return
	}
	p.add(failed("limit the length", p.limitLength()))
	p.all(p.job.Settings)
	f()
	p.add(failed("close "+mode, errors.Join(p.conn.Close(), db.Close())))
}

// limitLength bounds the size of values, so that not one of the libraries is the first to have no memory left.
func (p *program) limitLength() error {
	const bytes = 4 << 20
	if p.job.Driver == peer.Modernc {
		_, err := sqlite.Limit(p.conn, int(sqlite3.LIMIT_LENGTH), bytes)
		return err
	}
	return p.conn.Raw(func(raw any) error {
		switch raw := raw.(type) {
		case driver.Conn:
			raw.Limit(sqlite3.LIMIT_LENGTH, bytes)
		case interface{ SetLimit(id, value int) int }: // of mattn's driver
			raw.SetLimit(int(sqlite3.LIMIT_LENGTH), bytes)
		default:
			return fmt.Errorf("hostile: no limit for a %T", raw)
		}
		return nil
	})
}

func failed(what string, err error) Step {
	s := Step{What: what}
	if err == nil {
		return s
	}
	s.Code, s.Text = int(sqlite3.ERROR), err.Error() // an error without a code is one of the driver's own
	if e := peer.ErrorOf(err); e.Code != 0 {
		s.Code, s.Extended = e.Code&0xff, e.Code
	}
	var p *conn.PanicError
	if errors.As(err, &p) {
		s.Text = fmt.Sprintf("%s%v\n%s", panicked, p.Value, p.Stack)
	}
	return s
}

func (p *program) all(texts []string) {
	for _, text := range texts {
		p.run(text)
	}
}

// run runs a statement to its end and returns its rows.
func (p *program) run(text string) [][]any {
	rows, err := p.query(text)
	s := failed(text, err)
	if err == nil {
		h := fnv.New64a()
		for _, row := range rows {
			for _, v := range row {
				h.Write([]byte(peer.Render(v)))
				h.Write([]byte{0})
			}
		}
		s.Rows, s.Hash = len(rows), h.Sum64()
		if len(rows) > 0 && len(rows[0]) > 0 {
			s.First = peer.Render(rows[0][0])
			s.First = s.First[:min(len(s.First), 200)]
		}
	}
	p.add(s)
	return rows
}

func (p *program) query(text string) ([][]any, error) {
	rows, err := p.conn.QueryContext(p.ctx, text)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	var all [][]any
	for rows.Next() {
		row, dest := make([]any, len(columns)), make([]any, len(columns))
		for i := range dest {
			dest[i] = &row[i]
		}
		if err := rows.Scan(dest...); err != nil {
			return nil, err
		}
		all = append(all, row)
	}
	return all, errors.Join(rows.Err(), rows.Close())
}

const theFile = "the file"

const integrityCheck = "PRAGMA integrity_check(10)"

// read reads what there is.
func (p *program) read() {
	p.all([]string{
		"PRAGMA user_version", "PRAGMA schema_version", "PRAGMA page_size", "PRAGMA page_count", "PRAGMA freelist_count",
		"PRAGMA encoding", "PRAGMA auto_vacuum", "PRAGMA journal_mode",
		"SELECT type, name, tbl_name, rootpage, sql FROM sqlite_schema LIMIT 300", integrityCheck,
	})
	for _, name := range p.tables() {
		p.all([]string{"SELECT * FROM " + name + " LIMIT 500", "SELECT count(*) FROM " + name})
	}
	p.all(p.job.Extras)
}

// write changes what there is.
func (p *program) write() {
	p.run("BEGIN")
	for _, name := range p.tables() {
		column := "rowid"
		if rows := p.run("SELECT name FROM pragma_table_xinfo(" + name + ") WHERE hidden = 0 AND NOT pk LIMIT 1"); len(rows) > 0 {
			column = quote(fmt.Sprint(rows[0][0]))
		}
		p.all([]string{
			"INSERT INTO " + name + " DEFAULT VALUES",
			fmt.Sprintf("UPDATE %s SET %s = %s || 'x' WHERE %[2]s IN (SELECT %[2]s FROM %[1]s LIMIT 5)", name, column, column),
			fmt.Sprintf("DELETE FROM %s WHERE %s IN (SELECT %[2]s FROM %[1]s ORDER BY %[2]s LIMIT 3)", name, column),
		})
	}
	p.all([]string{"COMMIT", "ROLLBACK", "PRAGMA wal_checkpoint(TRUNCATE)", "PRAGMA incremental_vacuum(3)", integrityCheck, "SELECT count(*) FROM sqlite_schema"})
}

// tables returns the quoted names of some tables and views: the first and the last.
func (p *program) tables() []string {
	rows, err := p.query("SELECT CAST(name AS TEXT) FROM sqlite_schema WHERE type IN ('table', 'view') LIMIT 300")
	if err != nil {
		return nil // which the query of the schema has shown
	}
	const enough = 8
	var names []string
	for i, row := range rows {
		name := fmt.Sprint(row[0])
		if i >= enough && i < len(rows)-enough/2 || strings.Contains(name, "\x00") {
			continue // a driver may refuse to send half of a statement
		}
		names = append(names, quote(name))
	}
	return names
}

func quote(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// left says which files of the database this process has still open, where the system tells.
func (p *program) left() string {
	var left []string
	entries, _ := os.ReadDir("/proc/self/fd")
	for _, e := range entries {
		target, _ := os.Readlink("/proc/self/fd/" + e.Name())
		if strings.HasPrefix(target, filepath.Dir(p.job.Path)+"/") {
			left = append(left, filepath.Base(target))
		}
	}
	return strings.Join(left, " ")
}

// fileHash returns a hash of the bytes of a file.
func fileHash(path string) uint64 {
	h := fnv.New64a()
	content, _ := os.ReadFile(path) // without it, of none
	h.Write(content)
	return h.Sum64()
}
