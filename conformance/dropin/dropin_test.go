// Package dropin shows that what programs rely on in mattn's driver holds for turso-coop. Each [probe] observes one
// thing through database/sql, on either driver, and writes down what it saw. The observations are equal, or the probe
// says why they are not.
package dropin

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/turso-coop/turso-coop/conformance/compatibility/report"
	"github.com/turso-coop/turso-coop/conformance/peer"
)

var suite = report.New("dropin")

func TestMain(m *testing.M) { peer.Main(m, Observer{}) }

// probe observes one thing. A probe with no dsn gets a new database.
type probe struct {
	name    string
	dsn     string // DIR stands for a directory of its own; one that begins with "?" is added to a new database's path
	run     func(*seen)
	differs string // why turso-coop does not do as mattn's driver does; "" if it must
	crashes bool   // mattn's driver may end the process
}

// seen is what a probe works with and what it has seen.
type seen struct {
	driver, dir, dsn string
	db               *sql.DB
	lines            []string
}

var background = context.Background()

// note adds a line.
func (s *seen) note(format string, args ...any) {
	s.lines = append(s.lines, fmt.Sprintf(format, args...))
}

// exec notes the result of a statement.
func (s *seen) exec(text string, args ...any) { s.execOn(s.db, text, args...) }

func (s *seen) execOn(db interface {
	ExecContext(context.Context, string, ...any) (sql.Result, error)
}, text string, args ...any) {
	r, err := db.ExecContext(background, text, args...)
	if err != nil {
		s.fail(text, err)
		return
	}
	id, err1 := r.LastInsertId()
	n, err2 := r.RowsAffected()
	s.note("%s: id %d (%v), %d affected (%v)", text, id, err1, n, err2)
}

// query notes the rows of a query.
func (s *seen) query(text string, args ...any) { s.queryOn(s.db, text, args...) }

func (s *seen) queryOn(db interface {
	QueryContext(context.Context, string, ...any) (*sql.Rows, error)
}, text string, args ...any) {
	rows, err := db.QueryContext(background, text, args...)
	if err != nil {
		s.fail(text, err)
		return
	}
	s.rows(text, rows)
}

// rows notes the rows that are left. The columns of a statement that fails before its first row are not noted: whether
// a driver tells them before it takes the first step is its own affair.
func (s *seen) rows(text string, rows *sql.Rows) {
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		s.fail(text, err)
		return
	}
	row, dest := make([]any, len(names)), make([]any, len(names))
	for i := range row {
		dest[i] = &row[i]
	}
	lines := []string{fmt.Sprintf("%s: columns %q", text, names)}
	for rows.Next() {
		if err := rows.Scan(dest...); err != nil {
			s.fail(text, err)
			return
		}
		rendered := make([]string, len(row))
		for i, v := range row {
			rendered[i] = peer.Render(v)
		}
		lines = append(lines, strings.Join(rendered, " | "))
	}
	err = rows.Err()
	if err == nil || len(lines) > 1 {
		s.lines = append(s.lines, lines...)
	}
	if err != nil {
		s.fail(text, err)
	}
}

// fail notes an error. The code of those that are not SQLite's is ERROR in turso-coop, and none in mattn's driver.
func (s *seen) fail(what string, err error) {
	e := peer.ErrorOf(err)
	if e != nil && e.Code <= 1 {
		s.note("%s: error %s", what, e.Text)
		return
	}
	s.note("%s: error %v", what, e)
}

// refused is the note on a DSN with a bad value. turso-coop refuses it in sql.Open, mattn's driver at the first
// connection, each in its own words.
const refused = "refused\nclose: <nil>"

// observe runs a probe on a driver.
func observe(p *probe, driver, dir string) string {
	s := &seen{driver: driver, dir: dir}
	s.dsn = strings.ReplaceAll(p.dsn, "DIR", dir)
	if s.dsn == "" || strings.HasPrefix(s.dsn, "?") {
		s.dsn = filepath.Join(dir, "test.db") + s.dsn
	}
	db, err := sql.Open(driver, s.dsn)
	if err != nil {
		s.note(refused)
	} else {
		s.db = db
		p.run(s)
		s.note("close: %v", db.Close())
	}
	return strings.ReplaceAll(strings.Join(s.lines, "\n"), dir, "DIR")
}

// compare runs probes on both drivers, each with files of its own.
func compare(t *testing.T, probes []probe) {
	peer.NeedStock(t)
	suite.Save(t)
	suite.Count("probes", len(probes))
	for _, p := range probes {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			want := observe
			if p.crashes {
				want = observeInChild(t)
			}
			stock, ours := want(&p, peer.Stock, tempDir(t)), observe(&p, peer.Turso, tempDir(t))
			switch {
			case stock != ours && p.differs == "":
				t.Errorf("%s\n--- mattn\n%s\n--- turso-coop\n%s", p.dsn, stock, ours)
			case stock == ours && p.differs != "":
				t.Errorf("no longer differs, but is listed: %s\n%s", p.differs, ours)
			case p.differs != "":
				suite.List(p.name, p.differs)
				t.Logf("differs, because %s\n--- mattn\n%s\n--- turso-coop\n%s", p.differs, stock, ours)
			}
		})
	}
}

// tempDir is t.TempDir without the test's name, whose characters would mean something in a DSN.
func tempDir(t *testing.T) string {
	dir, err := os.MkdirTemp("", "dropin")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// Observer is the service that observes in a child process.
type Observer struct{}

// Observation names a probe of crashing and what to run it with.
type Observation struct{ Probe, Driver, Dir string }

// Observe runs a probe.
func (Observer) Observe(o Observation, result *string) error {
	for _, p := range scripts {
		if p.name == o.Probe {
			*result = observe(&p, o.Driver, o.Dir)
			return nil
		}
	}
	return fmt.Errorf("dropin: no probe %s", o.Probe)
}

// observeInChild returns an observe that survives the end of the process that it observes in.
func observeInChild(t *testing.T) func(*probe, string, string) string {
	process := peer.Start(t)
	return func(p *probe, driver, dir string) (result string) {
		if err := process.Call("Observer.Observe", Observation{p.name, driver, dir}, &result); err != nil {
			return "the process has ended: " + err.Error()
		}
		return result
	}
}

// open opens another pool with the probe's driver.
func open(s *seen, dsn string) *sql.DB {
	db, err := sql.Open(s.driver, dsn)
	if err != nil {
		panic(err) // the DSN is one of a probe's own
	}
	return db
}

// files notes the names of the files in the directory.
func (s *seen) files() {
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		s.fail("files", err)
	}
	for _, e := range entries {
		s.note("file %q", e.Name())
	}
}
