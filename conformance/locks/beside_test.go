// Package locks shows that turso-coop and stock SQLite, in processes of their own, can use one file at one time. In one
// test both write and read as fast as they can. In the other they take turns in sessions of known steps, once with stock
// SQLite on both sides and then with turso-coop on either: after every step this process, which has no part in it, asks the
// kernel which bytes are locked, and all of what is seen must be equal.
package locks

import (
	"database/sql"
	"flag"
	"path/filepath"
	"testing"
	"time"

	"github.com/turso-coop/turso-coop/conformance/peer"
	"github.com/turso-coop/turso-coop/vfs"
)

func TestMain(m *testing.M) { peer.Main(m, Worker{}) }

var timeFlag = flag.Duration("time", 3*time.Second, "how long to write in each mode on each engine")

// TestBesideStock: turso-coop and a process with stock SQLite write and read the same file. Nothing fails but by BUSY,
// nothing that was acknowledged is missing, transactions are whole.
func TestBesideStock(t *testing.T) {
	peer.NeedStock(t)
	for _, mode := range []string{"WAL", "DELETE"} {
		for _, engine := range []string{"uring", "pool"} {
			t.Run(mode+"/"+engine, func(t *testing.T) {
				if _, err := vfs.NameFor(engine); err != nil {
					t.Skipf("engine %s is left out: %v", engine, err)
				}
				beside(t, filepath.Join(t.TempDir(), "test.db"), mode, engine)
			})
		}
	}
}

func beside(t *testing.T, path, mode, engine string) {
	create(t, path, mode)
	stock := peer.Start(t)
	ours := Workload{Driver: peer.Turso, DSN: path + "?_txlock=immediate&_engine=" + engine, Name: "ours", Writers: 4, Readers: 1, Duration: *timeFlag}
	theirs := Workload{Driver: peer.Stock, DSN: path + "?_txlock=immediate", Name: "theirs", Writers: 2, Readers: 1, Duration: *timeFlag}
	var oursDone, theirsDone Report
	failed := make(chan error)
	go func() { failed <- stock.Call("Worker.Run", theirs, &theirsDone) }()
	if err := (Worker{}).Run(ours, &oursDone); err != nil {
		t.Error(err)
	}
	if err := <-failed; err != nil {
		t.Error(err)
	}
	t.Logf("%s, %s, %v: turso-coop %v; stock %v", mode, engine, *timeFlag, &oursDone, &theirsDone)

	reader, err := stock.Open(peer.Stock, path)
	if err != nil {
		t.Fatal(err)
	}
	verify(t, "stock", reader, &oursDone, &theirsDone)
	reader, err = peer.Open(peer.Turso, path+"?_engine="+engine)
	if err != nil {
		t.Fatal(err)
	}
	verify(t, "turso-coop", reader, &oursDone, &theirsDone)
}

func create(t *testing.T, path, mode string) {
	t.Helper()
	db, err := sql.Open(peer.Turso, path+"?_journal_mode="+mode)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(schema); err != nil {
		t.Fatal(err)
	}
}

// verify checks that the file is sound and holds what was acknowledged, no more and no less, and closes the session.
func verify(t *testing.T, reader string, s peer.Session, reports ...*Report) {
	t.Helper()
	defer s.Close()
	rows := func(text string) [][]string {
		t.Helper()
		o, err := s.Run(peer.Statement{SQL: text})
		if err != nil || o.Err != nil {
			t.Fatalf("%s: %s: %v, %v", reader, text, err, o.Err)
		}
		return o.Rows
	}
	if result := rows("PRAGMA integrity_check"); result[0][0] != peer.Render("ok") {
		t.Errorf("%s: integrity_check: %v", reader, result)
	}
	if torn := rows("SELECT writer, n FROM t GROUP BY writer, n HAVING count(*) <> max(size)"); len(torn) > 0 {
		t.Errorf("%s: transactions that are not whole: %v", reader, torn)
	}
	found := map[string][]string{}
	for _, row := range rows("SELECT writer, count(DISTINCT n), min(n), max(n) FROM t GROUP BY writer") {
		found[row[0]] = row[1:]
	}
	for _, r := range reports {
		for writer, n := range r.Acknowledged {
			got := found[peer.Render(writer)]
			if len(got) != 3 || got[0] != peer.Render(n) || got[1] != peer.Render(int64(1)) || got[2] != peer.Render(n) {
				t.Errorf("%s: %d transactions of %s were acknowledged; count, first and last are %v", reader, n, writer, got)
			}
		}
	}
}
