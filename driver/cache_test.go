package driver

import (
	"database/sql"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// alteredByChild is the variable that tells TestKeptStatementsAndDDL's child what to alter.
const alteredByChild = "TURSO_COOP_TEST_ALTERED"

// TestKeptStatementsAndDDL: readers and writers whose statements are kept never see the columns of another schema than
// that of the rows, while the table is altered by another connection and by another process. Every value is the name of
// its column.
func TestKeptStatementsAndDDL(t *testing.T) {
	const changes = 60
	if name := os.Getenv(alteredByChild); name != "" {
		db := openDSN(t, name)
		alter(t, db, rand.New(rand.NewPCG(7, 2)), "child", changes)
		return
	}
	name := filepath.Join(t.TempDir(), "a.db")
	dsn := name + "?_journal=WAL&_sync=OFF&_txlock=immediate&_timeout=60000"
	db := openDSN(t, dsn)
	run(t, db, "CREATE TABLE t(first DEFAULT 'first'); INSERT INTO t DEFAULT VALUES")

	child := exec.Command(os.Args[0], "-test.run=^TestKeptStatementsAndDDL$")
	child.Env = append(os.Environ(), alteredByChild+"="+dsn)
	var output strings.Builder
	child.Stdout, child.Stderr = &output, &output
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	var alterers, readers sync.WaitGroup
	alterers.Go(func() { alter(t, openDSN(t, dsn), rand.New(rand.NewPCG(7, 1)), "here", changes) })
	alterers.Go(func() {
		if err := child.Wait(); err != nil {
			t.Errorf("child: %v\n%s", err, output.String())
		}
	})
	done := make(chan struct{})
	for range 3 {
		readers.Go(func() { readAltered(t, db, done) })
	}
	alterers.Wait()
	close(done)
	readers.Wait()
}

// alter adds and drops columns of t, n times.
func alter(t *testing.T, db *sql.DB, r *rand.Rand, who string, n int) {
	db.SetMaxOpenConns(1)
	var columns []string
	for i := range n {
		text := fmt.Sprintf("ALTER TABLE t ADD COLUMN %s%d DEFAULT '%[1]s%[2]d'", who, i)
		switch k := r.IntN(4); {
		case k == 0 && len(columns) > 0: // fails: an index needs the column
			c := columns[0]
			_, err := db.Exec("CREATE INDEX " + who + " ON t(" + c + "); ALTER TABLE t DROP COLUMN " + c)
			if err == nil || !strings.Contains(err.Error(), "error in index") {
				t.Errorf("dropped an indexed column: %v", err)
				return
			}
			text = "DROP INDEX " + who
		case k < 2 && len(columns) > 0:
			text = "ALTER TABLE t DROP COLUMN " + columns[0]
			columns = columns[1:]
		default:
			columns = append(columns, fmt.Sprint(who, i))
		}
		if _, err := db.Exec(text); err != nil {
			t.Errorf("%s: %v", text, err)
			return
		}
	}
}

// readAltered queries t until done.
func readAltered(t *testing.T, db *sql.DB, done <-chan struct{}) {
	prepared, err := db.Prepare("SELECT * FROM t")
	if err != nil {
		t.Error(err)
		return
	}
	defer prepared.Close()
	for {
		for _, query := range []func() (*sql.Rows, error){
			func() (*sql.Rows, error) { return db.Query("SELECT * FROM t") },
			func() (*sql.Rows, error) { return db.Query("SELECT b.* FROM t a JOIN t b LIMIT ?", 20) },
			func() (*sql.Rows, error) { return db.Query("INSERT INTO t DEFAULT VALUES RETURNING *") },
			func() (*sql.Rows, error) { return db.Query("DELETE FROM t WHERE rowid > 3 RETURNING *") },
			func() (*sql.Rows, error) { return prepared.Query() },
		} {
			rows, err := query()
			if err == nil {
				err = namesAreValues(rows)
			}
			if err != nil {
				t.Error(err)
				return
			}
		}
		select {
		case <-done:
			return
		default:
		}
	}
}

// namesAreValues returns an error if a value of rows is not the name of its column.
func namesAreValues(rows *sql.Rows) error {
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		return err
	}
	values, dest := make([]any, len(names)), make([]any, len(names))
	for i := range dest {
		dest[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(dest...); err != nil {
			return err
		}
		for i, name := range names {
			if values[i] != name {
				return fmt.Errorf("columns %q of a row with %q", names, values)
			}
		}
	}
	return rows.Err()
}
