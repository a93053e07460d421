//go:build unix

package locks

import "strings"

// script is what two processes, A and B, do to one database, a step a line. A step is SQL or one of
//
//	open      open a connection; parameters of the URI may follow
//	close     close it
//	kill      end the process by SIGKILL
//
// Every script runs in every mode.
type script struct{ name, steps string }

// mode is how a script runs.
type mode struct {
	journal, locking string // locking is A's
	// checkpoint: the other process tries a checkpoint as well after each step. It is a mode of its own because it moves
	// readers to other read marks.
	checkpoint bool
}

func (m mode) String() string {
	if m.checkpoint {
		return m.journal + " with checkpoints, " + m.locking
	}
	return m.journal + ", " + m.locking
}

// modes returns all modes.
func modes() []mode {
	var all []mode
	for _, locking := range []string{"NORMAL", "EXCLUSIVE"} {
		for _, journal := range []string{"DELETE", "TRUNCATE", "PERSIST", "MEMORY", "OFF", "WAL"} {
			all = append(all, mode{journal, locking, false})
		}
		all = append(all, mode{"WAL", locking, true})
	}
	return all
}

// prologue comes before every script, with MODE and LOCKING filled in.
const prologue = `
	A open
	B open
	A PRAGMA locking_mode=LOCKING
	A PRAGMA journal_mode=MODE
	A CREATE TABLE t(a, b)
	A INSERT INTO t VALUES (1, 'one')
	B PRAGMA journal_mode=MODE`

// epilogue comes after every script.
const epilogue = `
	A PRAGMA integrity_check
	B PRAGMA integrity_check
	A close
	B close`

// fill writes more pages than fit into a cache of five, so that some are spilled before the transaction ends.
const fill = `INSERT INTO t WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i+1 FROM n WHERE i<40) SELECT i, zeroblob(3000) FROM n`

// query is what the other process reads after a step.
const query = "SELECT count(*), sum(a), sum(length(b)) FROM t"

var scripts = []script{
	{"read", `
		A BEGIN
		A SELECT count(*) FROM t
		B BEGIN
		B SELECT count(*) FROM t
		B INSERT INTO t VALUES (2, 'two')
		A SELECT count(*) FROM t
		B COMMIT
		A SELECT count(*) FROM t
		A COMMIT
		B COMMIT
		A SELECT count(*) FROM t`},
	{"write", `
		A BEGIN
		A INSERT INTO t VALUES (2, 'two')
		A SAVEPOINT s
		A INSERT INTO t VALUES (3, 'three')
		A ROLLBACK TO s
		A RELEASE s
		A COMMIT
		A BEGIN
		A DELETE FROM t
		A ROLLBACK
		A SAVEPOINT s
		A UPDATE t SET b='new'
		A RELEASE s
		B UPDATE t SET b='newer'
		B INSERT INTO nowhere VALUES (1)`},
	{"spill", `
		A PRAGMA cache_size=5
		A BEGIN
		A ` + fill + `
		A SAVEPOINT s
		A ` + fill + `
		A ROLLBACK TO s
		A ROLLBACK
		A BEGIN
		A ` + fill + `
		A COMMIT
		B BEGIN
		B SELECT count(*) FROM t
		A BEGIN
		A ` + fill + `
		A COMMIT
		B COMMIT
		A COMMIT
		B SELECT count(*) FROM t`},
	{"begin", `
		A BEGIN IMMEDIATE
		B INSERT INTO t VALUES (2, 'two')
		A COMMIT
		A BEGIN EXCLUSIVE
		B SELECT count(*) FROM t
		A INSERT INTO t VALUES (3, 'three')
		A COMMIT
		B BEGIN EXCLUSIVE
		A SELECT count(*) FROM t
		A BEGIN IMMEDIATE
		B ROLLBACK
		A BEGIN
		A SELECT count(*) FROM t
		B BEGIN EXCLUSIVE
		B BEGIN IMMEDIATE
		B INSERT INTO t VALUES (4, 'four')
		A COMMIT
		B COMMIT`},
	{"upgrade", `
		A BEGIN
		A SELECT count(*) FROM t
		B INSERT INTO t VALUES (2, 'two')
		A INSERT INTO t VALUES (3, 'three')
		A SELECT count(*) FROM t
		A ROLLBACK
		A BEGIN
		A SELECT count(*) FROM t
		B BEGIN
		B SELECT count(*) FROM t
		A INSERT INTO t VALUES (4, 'four')
		B INSERT INTO t VALUES (5, 'five')
		A COMMIT
		B INSERT INTO t VALUES (5, 'five')
		B ROLLBACK
		A COMMIT
		B BEGIN
		B INSERT INTO t VALUES (6, 'six')
		B ROLLBACK`},
	{"checkpoint", `
		B PRAGMA wal_checkpoint
		A INSERT INTO t VALUES (2, 'two')
		B BEGIN
		B SELECT count(*) FROM t
		A INSERT INTO t VALUES (3, 'three')
		A PRAGMA wal_checkpoint(PASSIVE)
		A PRAGMA wal_checkpoint(FULL)
		A PRAGMA wal_checkpoint(RESTART)
		A PRAGMA wal_checkpoint(TRUNCATE)
		B COMMIT
		B BEGIN
		B SELECT count(*) FROM t
		A PRAGMA wal_checkpoint(FULL)
		A PRAGMA wal_checkpoint(TRUNCATE)
		A INSERT INTO t VALUES (4, 'four')
		B COMMIT
		A BEGIN IMMEDIATE
		A INSERT INTO t VALUES (5, 'five')
		A PRAGMA wal_checkpoint
		B PRAGMA wal_checkpoint(PASSIVE)
		B PRAGMA wal_checkpoint(FULL)
		A ROLLBACK
		A PRAGMA wal_checkpoint(RESTART)
		A INSERT INTO t VALUES (6, 'six')
		B PRAGMA wal_checkpoint(TRUNCATE)
		B SELECT count(*) FROM t
		A INSERT INTO t VALUES (7, 'seven')
		A PRAGMA wal_autocheckpoint=1
		A INSERT INTO t VALUES (8, 'eight')`},
	{"open and close", `
		B close
		A INSERT INTO t VALUES (2, 'two')
		A close
		A open
		A SELECT count(*) FROM t
		B open
		B INSERT INTO t VALUES (3, 'three')
		A close
		B INSERT INTO t VALUES (4, 'four')
		A open
		B BEGIN
		B INSERT INTO t VALUES (5, 'five')
		B close
		A SELECT count(*) FROM t
		B open &mode=ro
		B SELECT count(*) FROM t
		B INSERT INTO t VALUES (6, 'six')
		A close
		B SELECT count(*) FROM t
		A open`},
	{"change the journal mode", `
		A INSERT INTO t VALUES (2, 'two')
		A PRAGMA journal_mode=WAL
		A INSERT INTO t VALUES (3, 'three')
		B INSERT INTO t VALUES (4, 'four')
		A PRAGMA journal_mode=DELETE
		B close
		A PRAGMA journal_mode=PERSIST
		A INSERT INTO t VALUES (5, 'five')
		B open
		B SELECT count(*) FROM t
		A PRAGMA journal_mode=TRUNCATE
		A INSERT INTO t VALUES (6, 'six')
		B BEGIN
		B SELECT count(*) FROM t
		A PRAGMA journal_mode=WAL
		A INSERT INTO t VALUES (7, 'seven')
		B COMMIT
		A PRAGMA journal_mode=WAL
		B BEGIN
		B SELECT count(*) FROM t
		A PRAGMA journal_mode=MEMORY
		B COMMIT
		A PRAGMA journal_mode=OFF
		A INSERT INTO t VALUES (8, 'eight')
		A PRAGMA journal_mode=DELETE`},
	{"change the locking mode", `
		A PRAGMA locking_mode=EXCLUSIVE
		A SELECT count(*) FROM t
		A INSERT INTO t VALUES (2, 'two')
		B INSERT INTO t VALUES (3, 'three')
		A PRAGMA locking_mode=NORMAL
		B SELECT count(*) FROM t
		A SELECT count(*) FROM t
		B PRAGMA locking_mode=EXCLUSIVE
		B SELECT count(*) FROM t
		A INSERT INTO t VALUES (4, 'four')
		B INSERT INTO t VALUES (5, 'five')
		B close
		A PRAGMA locking_mode=EXCLUSIVE
		A BEGIN
		A INSERT INTO t VALUES (6, 'six')
		B open
		B SELECT count(*) FROM t
		A ROLLBACK
		A close
		A open
		A PRAGMA locking_mode=EXCLUSIVE
		A SELECT count(*) FROM t
		B close
		A INSERT INTO t VALUES (7, 'seven')
		A PRAGMA locking_mode=NORMAL
		A INSERT INTO t VALUES (8, 'eight')
		B open`},
	{"kill a writer", `
		A BEGIN
		A INSERT INTO t VALUES (2, 'two')
		A kill
		B SELECT count(*) FROM t
		A open
		A INSERT INTO t VALUES (3, 'three')
		B BEGIN IMMEDIATE
		B INSERT INTO t VALUES (4, 'four')
		B kill
		A INSERT INTO t VALUES (5, 'five')
		B open`},
	{"kill a writer that has spilled", `
		A PRAGMA cache_size=5
		A BEGIN
		A ` + fill + `
		A kill
		B SELECT count(*) FROM t
		B INSERT INTO t VALUES (3, 'three')
		A open
		A SELECT count(*) FROM t`},
	{"kill the only process", `
		B close
		A INSERT INTO t VALUES (2, 'two')
		A PRAGMA cache_size=5
		A BEGIN
		A ` + fill + `
		A kill
		B open &mode=ro
		B SELECT count(*) FROM t
		B close
		B open
		B BEGIN
		B SELECT count(*) FROM t
		A open
		A SELECT count(*) FROM t
		A INSERT INTO t VALUES (3, 'three')
		B COMMIT`},
	{"kill a reader", `
		B BEGIN
		B SELECT count(*) FROM t
		A INSERT INTO t VALUES (2, 'two')
		A PRAGMA wal_checkpoint(TRUNCATE)
		B kill
		A INSERT INTO t VALUES (3, 'three')
		A PRAGMA wal_checkpoint(TRUNCATE)
		B open`},
	{"vacuum", `
		A ` + fill + `
		A DELETE FROM t WHERE a>3
		B BEGIN
		B SELECT count(*) FROM t
		A VACUUM
		B COMMIT
		A VACUUM
		B PRAGMA user_version=7
		A PRAGMA user_version
		A PRAGMA incremental_vacuum
		A CREATE INDEX i ON t(a)`},
	{"drop", `
		B DROP TABLE t
		B BEGIN
		B ` + query + `
		B COMMIT
		A ` + query + `
		A INSERT INTO t VALUES (2, 'two')`},
}

// lines returns the steps of a script, with those before and after it.
func (s *script) lines(m mode) []string {
	before := strings.NewReplacer("MODE", m.journal, "LOCKING", m.locking).Replace(prologue)
	var lines []string
	for line := range strings.Lines(before + s.steps + epilogue) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}
