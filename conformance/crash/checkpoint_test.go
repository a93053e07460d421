package crash

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"github.com/turso-coop/turso-coop/conformance/peer"
	"github.com/turso-coop/turso-coop/vfs"
)

// TestKillInACheckpoint kills a process while it copies pages from the WAL to the database, at moments that the seed
// chooses. Stock SQLite, which had the database open meanwhile and so goes on with what the WAL-index says, or which
// opens it only then, finds everything that was committed.
//
//	go -C conformance test ./crash -run TestKillInACheckpoint -seed=7 -kills=125
func TestKillInACheckpoint(t *testing.T) {
	peer.NeedStock(t)
	stock := peer.Start(t)
	for i, sync := range []string{"OFF", "NORMAL", "FULL"} {
		for j, engine := range []string{"uring", "pool"} {
			t.Run(sync+"/"+engine, func(t *testing.T) {
				if _, err := vfs.NameFor(engine); err != nil {
					t.Skipf("engine %s is left out: %v", engine, err)
				}
				c := &copying{
					stock: stock, path: filepath.Join(t.TempDir(), "test.db"), random: rand.New(rand.NewPCG(*seedFlag, uint64(2*i+j))),
					dsn: fmt.Sprintf("?_journal_mode=WAL&_sync=%s&_engine=%s&_busy_timeout=120000", sync, engine),
				}
				for kill := range *killsFlag {
					c.kill(t, kill%2 == 0)
				}
				t.Logf("%d of %d kills came before the checkpoint had ended", c.inside, *killsFlag)
			})
		}
	}
}

// copying is a database of which checkpoints are made.
type copying struct {
	stock     *peer.Process
	path, dsn string
	random    *rand.Rand
	round     int
	inside    int // kills that came before the checkpoint had ended
}

const contents = "SELECT count(*), sum(id * round), sum(length(payload)) FROM pages"

// kill kills a process in a checkpoint, and looks at what is left. beside says whether stock SQLite has the database
// open all the time.
func (c *copying) kill(t *testing.T, beside bool) {
	t.Helper()
	p := peer.Start(t)
	s, err := p.Open(peer.Turso, c.path+c.dsn)
	if err != nil {
		t.Fatal(err)
	}
	run(t, s, "PRAGMA wal_autocheckpoint=0")
	run(t, s, "CREATE TABLE IF NOT EXISTS pages(id INTEGER PRIMARY KEY, round INT, payload BLOB)")
	run(t, s, "INSERT OR IGNORE INTO pages WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id+1 FROM n WHERE id < 3000) SELECT id, 0, zeroblob(3000) FROM n")
	var other peer.Session
	if beside {
		other = c.open(t)
	}

	c.change(t, s)
	start := time.Now()
	run(t, s, "PRAGMA wal_checkpoint")
	took := time.Since(start)

	c.change(t, s)
	want := run(t, s, contents)
	ended := make(chan error, 1)
	go func() {
		_, err := s.Run(peer.Statement{SQL: "PRAGMA wal_checkpoint(" + []string{"PASSIVE", "FULL", "TRUNCATE"}[c.round%3] + ")"})
		ended <- err
	}()
	<-time.After(time.Duration(c.random.Int64N(int64(took))))
	p.Kill()
	if err := <-ended; err != nil {
		c.inside++
	}

	if !beside {
		other = c.open(t)
	}
	for _, moment := range []string{"the kill", "a checkpoint"} {
		if result := run(t, other, "PRAGMA integrity_check"); result[0][0] != peer.Render("ok") {
			t.Fatalf("integrity_check after %s: %v", moment, result)
		}
		if got := run(t, other, contents); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("after %s in round %d: %v, want %v", moment, c.round, got, want)
		}
		run(t, other, "PRAGMA wal_checkpoint(TRUNCATE)")
	}
	if err := other.Close(); err != nil {
		t.Fatal(err)
	}
}

// open opens the database in the process of stock SQLite.
func (c *copying) open(t *testing.T) peer.Session {
	t.Helper()
	s, err := c.stock.Open(peer.Stock, c.path+"?_busy_timeout=120000")
	if err != nil {
		t.Fatal(err)
	}
	run(t, s, contents) // it has looked at the WAL-index
	return s
}

// change commits changes of pages of which many are neighbours.
func (c *copying) change(t *testing.T, s peer.Session) {
	t.Helper()
	c.round++
	run(t, s, fmt.Sprintf("UPDATE pages SET round = %d WHERE id %% 100 < %d", c.round, 20+c.random.IntN(80)))
}
