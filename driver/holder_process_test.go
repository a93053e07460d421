//go:build linux || darwin

package driver

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// locked is the variable by which TestHolderInAnotherProcess tells its child which file to lock.
const locked = "TURSO_COOP_TEST_LOCKED"

// TestHolderInAnotherProcess: SQLite in C takes locks that belong to a process. A child takes one of them in its place.
func TestHolderInAnotherProcess(t *testing.T) {
	const reserved = 0x40000001
	if name := os.Getenv(locked); name != "" {
		f, err := os.OpenFile(name, os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		lock := syscall.Flock_t{Type: syscall.F_WRLCK, Start: reserved, Len: 1}
		if err := syscall.FcntlFlock(f.Fd(), syscall.F_SETLK, &lock); err != nil {
			t.Fatal(err)
		}
		fmt.Println("locked")
		io.Copy(io.Discard, os.Stdin)
		return
	}
	name := filepath.Join(t.TempDir(), "a.db")
	db := openDSN(t, name+"?_timeout=0")
	run(t, db, "CREATE TABLE t(a)")
	child := exec.Command(os.Args[0], "-test.run=^TestHolderInAnotherProcess$")
	child.Env = append(os.Environ(), locked+"="+name)
	in, err := child.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	defer child.Wait()
	defer in.Close()
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "locked\n" {
		t.Fatal(line, err)
	}
	rows, err := db.Query("SELECT 1 FROM t UNION SELECT 2") // a reader here is not the one in the way
	if err != nil || !rows.Next() {
		t.Fatal(err)
	}
	defer rows.Close()
	_, err = db.Exec("INSERT INTO t VALUES (1)")
	mustBeBusy(t, err, fmt.Sprintf("process %d holds the write lock", child.Process.Pid))
}

// TestHolderUnknown: the lock of an open file belongs to no process.
func TestHolderUnknown(t *testing.T) {
	name := filepath.Join(t.TempDir(), "a.db")
	db := openDSN(t, name+"?_timeout=0")
	run(t, db, "CREATE TABLE t(a)")
	holder := openDSN(t, name+"?_locking=EXCLUSIVE")
	run(t, holder, "INSERT INTO t VALUES (1)") // and keeps its lock, though it does nothing
	_, err := db.Exec("INSERT INTO t VALUES (1)")
	mustBeBusy(t, err, "another connection holds the write lock; the system does not tell of which process")
}
