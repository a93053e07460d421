// Package crash shows what is left when a process that writes is killed.
package crash

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/turso-coop/turso-coop/conformance/peer"
	"github.com/turso-coop/turso-coop/vfs"
)

func TestMain(m *testing.M) { peer.Main(m) }

var (
	seedFlag  = flag.Uint64("seed", 1, "seed of the moments at which writers are killed")
	killsFlag = flag.Int("kills", 2, "how many writers to kill in each mode")
)

// TestKill kills a process that writes, again and again, at moments that the seed chooses, while a process of stock SQLite
// writes to the same file and makes checkpoints, and goes on with that. Then both libraries look at the file: it is sound,
// everything that was acknowledged is there, and no part of what was not. The next writer goes on with the same file.
// Without power loss that holds at every level of synchronous (https://sqlite.org/pragma.html#pragma_synchronous) and in
// every journal mode that has a journal on disk.
//
//	go -C conformance test ./crash -run TestKill -seed=7 -kills=125
func TestKill(t *testing.T) {
	peer.NeedStock(t)
	victims := []*victim{
		{driver: peer.Stock, mode: "WAL", sync: "FULL"},
		{driver: peer.Stock, mode: "DELETE", sync: "FULL"},
	}
	for i, mode := range []string{"WAL", "DELETE", "TRUNCATE", "PERSIST"} {
		for j, sync := range []string{"OFF", "NORMAL", "FULL", "EXTRA"} {
			victims = append(victims, &victim{driver: peer.Turso, mode: mode, sync: sync, engine: []string{"uring", "pool"}[(i+j)%2]})
		}
	}
	stock := peer.Start(t)
	for i, v := range victims {
		t.Run(fmt.Sprintf("%s/%s/%s/%s", v.driver, v.mode, v.sync, v.engine), func(t *testing.T) {
			if _, err := vfs.NameFor(v.engine); err != nil {
				t.Skipf("engine %s is left out: %v", v.engine, err)
			}
			v.random = rand.New(rand.NewPCG(*seedFlag, uint64(i)))
			v.progress = make(chan struct{}, 1)
			for left := *killsFlag; left > 0; left -= killsPerFile {
				v.path = filepath.Join(t.TempDir(), "test.db")
				v.acknowledged, v.kept = nil, v.kept+len(v.acknowledged)
				v.killSome(t, stock, min(left, killsPerFile))
			}
			t.Logf("%d kills, %d transactions acknowledged, %d of them beside, %d of %d under way were there", *killsFlag, v.kept+len(v.acknowledged), v.beside, v.found, v.underWay)
		})
	}
}

// killsPerFile keeps files small enough to be looked at after each kill.
const killsPerFile = 5

// killSome kills writers of one file.
func (v *victim) killSome(t *testing.T, stock *peer.Process, kills int) {
	t.Helper()
	beside, err := stock.Open(peer.Stock, v.path+"?_busy_timeout=120000&_synchronous="+v.sync)
	if err != nil {
		t.Fatal(err)
	}
	defer beside.Close()
	for range kills {
		v.killOnce(t, beside)
		v.verify(t, beside)
		ours, err := peer.Open(peer.Turso, v.path)
		if err != nil {
			t.Fatal(err)
		}
		v.verify(t, ours)
		if err := ours.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// victim is a database whose writers are killed.
type victim struct {
	driver, mode, sync, engine string
	path                       string
	random                     *rand.Rand
	progress                   chan struct{} // has room for one: something was acknowledged

	mutex           sync.Mutex // guards what follows while writers run
	last            int64      // transaction that was begun
	acknowledged    []int64
	unknown         []int64 // transactions that were under way at the last kill
	left            int     // acknowledgements until the next kill
	found, underWay int     // of all kills, how many of the transactions under way were there
	kept            int     // transactions acknowledged in earlier files
	beside          int     // how many stock SQLite has committed meanwhile
}

const writers = 3

// size is the number of rows of a transaction. Small caches make the large ones spill before they commit.
func size(transaction int64) int64 { return []int64{1, 2, 60, 5}[transaction%4] }

// killOnce lets a process write from several connections and kills it. Stock SQLite writes beside it, and goes on.
func (v *victim) killOnce(t *testing.T, beside peer.Session) {
	t.Helper()
	p := peer.Start(t)
	var sessions [writers]peer.Session
	for i := range sessions {
		s, err := p.Open(v.driver, fmt.Sprintf("%s?_journal_mode=%s&_sync=%s&_engine=%s&_cache_size=5&_busy_timeout=120000", v.path, v.mode, v.sync, v.engine))
		if err != nil {
			t.Fatal(err)
		}
		sessions[i] = s
	}
	run(t, sessions[0], "CREATE TABLE IF NOT EXISTS t(n INT, size INT, payload BLOB)")

	v.left = 5 + v.random.IntN(60)
	moment := time.Duration(v.random.IntN(2000)) * time.Microsecond // after that, inside the transactions under way
	enough := make(chan struct{})
	ended := make(chan error, writers)
	for _, s := range sessions {
		go func() { ended <- v.write(s, enough) }()
	}
	killed := make(chan struct{})
	wentOn := make(chan error, 1)
	go func() { wentOn <- v.goOn(beside, killed) }()
	waiting := writers
	select {
	case <-enough:
		<-time.After(moment)
	case err := <-ended:
		waiting--
		t.Errorf("a writer ended before it was killed: %v", err)
	}
	p.Kill()
	for range waiting {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
	close(killed)
	if err := <-wentOn; err != nil {
		t.Fatal(err)
	}
}

// goOn commits transactions by stock SQLite, each as soon as one of the others was acknowledged, for it would leave them
// little, and some more after they were killed.
func (v *victim) goOn(s peer.Session, killed chan struct{}) error {
	for more := 3; more > 0; {
		select {
		case <-killed:
			more--
		case <-v.progress:
		}
		v.mutex.Lock()
		v.last++
		n := v.last
		v.mutex.Unlock()
		if ok, err := transaction(s, n); !ok {
			return fmt.Errorf("stock SQLite, beside: %w", cmp.Or(err, errGone))
		}
		v.mutex.Lock()
		v.acknowledged = append(v.acknowledged, n)
		v.beside++
		v.mutex.Unlock()
		if n%5 != 0 {
			continue
		}
		how := []string{"PASSIVE", "RESTART", "TRUNCATE"}[n/5%3]
		if o, err := s.Run(peer.Statement{SQL: "PRAGMA wal_checkpoint(" + how + ")"}); err != nil {
			return fmt.Errorf("stock SQLite, beside: checkpoint: %w", err)
		} else if o.Err != nil {
			return fmt.Errorf("stock SQLite, beside: checkpoint: %w", o.Err)
		}
	}
	return nil
}

var errGone = errors.New("the process is gone")

// write commits transactions until the process is killed. It closes enough with the last acknowledgement that the kill
// waits for.
func (v *victim) write(s peer.Session, enough chan struct{}) error {
	for {
		v.mutex.Lock()
		v.last++
		n := v.last
		v.mutex.Unlock()
		ok, err := transaction(s, n)
		v.mutex.Lock()
		switch {
		case ok:
			v.acknowledged = append(v.acknowledged, n)
			select {
			case v.progress <- struct{}{}:
			default:
			}
			if v.left--; v.left == 0 {
				close(enough)
			}
		case err == nil:
			v.unknown = append(v.unknown, n)
		}
		v.mutex.Unlock()
		if !ok {
			return err
		}
	}
}

// transaction commits transaction n. It returns true if that is acknowledged, false if the process is gone, and an error
// if SQLite has refused.
func transaction(s peer.Session, n int64) (ok bool, err error) {
	statements := []string{fmt.Sprintf(`INSERT INTO t
		WITH RECURSIVE i(x) AS (VALUES (1) UNION ALL SELECT x + 1 FROM i WHERE x < %[2]d)
		SELECT %[1]d, %[2]d, randomblob(900) FROM i`, n, size(n))}
	if n%3 == 0 { // the same as an explicit transaction
		statements = []string{"BEGIN IMMEDIATE"}
		for range size(n) {
			statements = append(statements, fmt.Sprintf("INSERT INTO t VALUES (%d, %d, randomblob(900))", n, size(n)))
		}
		statements = append(statements, "COMMIT")
	}
	for _, text := range statements {
		o, err := s.Run(peer.Statement{SQL: text})
		if err != nil {
			return false, nil
		}
		if o.Err != nil {
			return false, fmt.Errorf("transaction %d: %s: %w", n, text, o.Err)
		}
	}
	return true, nil
}

// verify looks at what the kill has left.
func (v *victim) verify(t *testing.T, s peer.Session) {
	t.Helper()
	if result := run(t, s, "PRAGMA integrity_check"); result[0][0] != peer.Render("ok") {
		t.Fatalf("integrity_check after transaction %d: %v", v.last, result)
	}
	if torn := run(t, s, "SELECT n, count(*), max(size) FROM t GROUP BY n HAVING count(*) <> max(size)"); len(torn) > 0 {
		t.Fatalf("transactions that are there in part (number, rows, of): %v", torn)
	}
	there := map[string]bool{}
	for _, row := range run(t, s, "SELECT DISTINCT n FROM t") {
		there[row[0]] = true
	}
	var lost []string
	for _, n := range v.acknowledged {
		if !there[peer.Render(n)] {
			lost = append(lost, fmt.Sprint(n))
		}
	}
	if len(lost) > 0 {
		t.Fatalf("acknowledged transactions that are gone: %s", strings.Join(lost, " "))
	}
	unknown := v.unknown
	v.unknown = nil
	for _, n := range unknown {
		v.underWay++
		if there[peer.Render(n)] {
			v.found++
			v.acknowledged = append(v.acknowledged, n) // seen, so it must stay
		}
	}
	if len(there) != len(v.acknowledged) {
		t.Fatalf("%d transactions are there, %d were acknowledged", len(there), len(v.acknowledged))
	}
}

func run(t *testing.T, s peer.Session, text string) [][]string {
	t.Helper()
	o, err := s.Run(peer.Statement{SQL: text})
	if err != nil || o.Err != nil {
		t.Fatalf("%s: %v, %v", text, err, o)
	}
	return o.Rows
}
