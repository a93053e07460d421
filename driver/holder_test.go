package driver

import (
	"errors"
	"regexp"
	"testing"

	"github.com/ncruces/go-sqlite3"
)

// mustBeBusy checks the text of an error for a locked database and what it says of the lock's holder.
func mustBeBusy(t *testing.T, err error, holder string) {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) || e.PrimaryCode() != int(sqlite3.BUSY) {
		t.Errorf("not busy: %v", err)
		return
	}
	text := "^database is locked: " + holder + "$"
	if holder == "" {
		text = "^database is locked$"
	}
	if !regexp.MustCompile(text).MatchString(e.Error()) || !regexp.MustCompile("^"+holder+"$").MatchString(e.Holder()) {
		t.Errorf("%q, holder %q: want %q", e, e.Holder(), text)
	}
}

// TestHolderInThisProcess: the error for a locked database names the connection that is in the way and what it does.
func TestHolderInThisProcess(t *testing.T) {
	const connection, duration = `connection \d+ of this process has been `, `[0-9.]+[nµm]?s`
	for _, journal := range []string{"WAL", "DELETE"} {
		t.Run(journal, func(t *testing.T) {
			db := open(t, "?_timeout=0&_journal="+journal)
			run(t, db, "CREATE TABLE t(a); INSERT INTO t VALUES (1), (2)")
			insert := func() error { _, err := db.Exec("INSERT INTO t VALUES (3)"); return err }

			writer, err := db.Begin()
			if err != nil {
				t.Fatal(err)
			}
			run(t, writer, "update t set a=a+1")
			get(t, writer, "SELECT count(*) FROM t")
			mustBeBusy(t, insert(), connection+"writing for "+duration+", and idle for "+duration+" since its last statement, SELECT")
			if err := writer.Rollback(); err != nil {
				t.Fatal(err)
			}

			rows, err := db.Query("INSERT INTO t VALUES (4), (5) RETURNING a")
			if err != nil || !rows.Next() {
				t.Fatal(err)
			}
			mustBeBusy(t, insert(), connection+"writing for "+duration+", by INSERT")
			rows.Close()

			if err := insert(); err != nil {
				t.Fatal(err)
			}
			if rows, err = db.Query("SELECT a FROM t"); err != nil || !rows.Next() {
				t.Fatal(err)
			}
			defer rows.Close()
			if err = insert(); journal == "WAL" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			mustBeBusy(t, err, connection+"reading for "+duration+", by SELECT")
		})
	}
}

// TestSnapshotTooOld: the error says what happened and what would have helped.
func TestSnapshotTooOld(t *testing.T) {
	db := open(t, "?_journal=WAL")
	run(t, db, "CREATE TABLE t(a)")
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	get(t, tx, "SELECT count(*) FROM t")
	run(t, db, "INSERT INTO t VALUES (1)")
	_, err = tx.Exec("INSERT INTO t VALUES (2)")
	mustBeBusy(t, err, "another connection has written since .* RunTx")
}
