package main

import (
	"fmt"
	"time"

	"github.com/ncruces/go-sqlite3"

	"github.com/turso-coop/turso-coop/driver"
)

// timer is .timer: how long each line of SQL takes.
type timer struct {
	on, once, verbose bool
	start             time.Time
	user, system      time.Duration // of the process, at start
	last              time.Duration // of the last line of SQL that was timed
}

func (t *timer) begin() {
	if t.on || t.once {
		t.start = time.Now()
		t.user, t.system = cpuTime()
	}
}

func (t *timer) end(sh *shell) {
	if !t.on && !t.once {
		return
	}
	t.last = time.Since(t.start)
	user, system := cpuTime()
	t.once = false
	if t.verbose {
		fmt.Fprintf(sh.out, "Run Time:\n  real    %s\n  user    %s\n  system  %s\n", t.last, user-t.user, system-t.system)
		return
	}
	fmt.Fprintf(sh.out, "Run Time: real %.6f user %.6f sys %.6f\n", t.last.Seconds(), (user - t.user).Seconds(), (system - t.system).Seconds())
}

func (t *timer) String() string {
	if t.verbose {
		return "verbose"
	}
	return "on"
}

func (sh *shell) cmdTimer(d *dotLine) error {
	if len(d.args) != 2 {
		return complain("Usage: .timer on|off|once|verbose")
	}
	sh.timer = timer{last: sh.timer.last}
	switch d.arg(1) {
	case "once":
		sh.timer.once = true
	case "verbose":
		sh.timer.on, sh.timer.verbose = true, true
	default:
		sh.timer.on = sh.boolean(d.arg(1))
	}
	return nil
}

// statsLevel is how much .stats shows after each statement.
type statsLevel uint8

const (
	statsOff     statsLevel = iota
	statsOn                 // of the connection and the statement
	statsColumns            // and of the columns
	statsSteps              // only the steps of SQLite's virtual machine
)

var statsNames = []string{"off", "on", "stmt", "vmstep"}

func (l statsLevel) String() string { return statsNames[l] }

func (sh *shell) cmdStats(d *dotLine) error {
	switch len(d.args) {
	case 1:
		if sh.db == nil {
			return nil
		}
		return sh.db.use(func(c driver.Conn) error {
			sh.showConnStats(c)
			return nil
		})
	case 2:
	default:
		return complain("Usage: .stats ?on|off|stmt|vmstep?")
	}
	switch arg := d.arg(1); {
	case arg == "stmt":
		sh.stats = statsColumns
	case arg == "vmstep":
		sh.stats = statsSteps
	case isOption(arg, "reset"), arg == "reset":
		return sh.resetStats()
	case sh.boolean(arg):
		sh.stats = statsOn
	default:
		sh.stats = statsOff
	}
	return nil
}

// resetStats sets the counters of the connection back.
func (sh *shell) resetStats() error {
	if sh.db == nil {
		return nil
	}
	return sh.db.use(func(c driver.Conn) error {
		for _, s := range connStats {
			if _, _, err := c.Status(s.op, true); err != nil {
				return err
			}
		}
		return nil
	})
}

// showStats shows the statistics of a statement that has run, and of its
// connection.
func (sh *shell) showStats(c driver.Conn, st driver.Statement) {
	raw := rawStatement(c, st)
	if sh.stats == statsSteps {
		if raw != nil {
			fmt.Fprintf(sh.out, "VM-steps: %d\n", raw.Status(sqlite3.STMTSTATUS_VM_STEP, false))
		}
		return
	}
	if sh.stats == statsColumns {
		sh.showColumnStats(st)
	}
	sh.showConnStats(c)
	if raw != nil {
		sh.showStatementStats(raw)
	}
}

// rawStatement returns what SQLite's binding knows st as: the last statement
// with its text.
func rawStatement(c driver.Conn, st driver.Statement) (found *sqlite3.Stmt) {
	for raw := range c.Raw().Stmts() {
		if raw.SQL() == st.SQL() {
			found = raw
		}
	}
	return found
}

func (sh *shell) showColumnStats(st driver.Statement) {
	fmt.Fprintf(sh.out, "%-36s %d\n", "Number of output columns:", st.ColumnCount())
	for i := range st.ColumnCount() {
		database, table, column := st.ColumnOrigin(i)
		for _, line := range [][2]string{
			{"name:", st.ColumnName(i)},
			{"declared type:", st.ColumnDeclType(i)},
			{"database name:", database},
			{"table name:", table},
			{"origin name:", column},
		} {
			fmt.Fprintf(sh.out, "%-36s %s\n", fmt.Sprintf("Column %d %s", i, line[0]), line[1])
		}
	}
}

// connStats are SQLite's counters of a connection that are shown
// (https://sqlite.org/c3ref/c_dbstatus_options.html).
var connStats = []struct {
	op    sqlite3.DBStatus
	label string
	unit  string
	high  bool // the count is kept as the highest value
}{
	{sqlite3.DBSTATUS_LOOKASIDE_USED, "Lookaside Slots Used:", "", false},
	{sqlite3.DBSTATUS_LOOKASIDE_HIT, "Successful lookaside attempts:", "", true},
	{sqlite3.DBSTATUS_LOOKASIDE_MISS_SIZE, "Lookaside failures due to size:", "", true},
	{sqlite3.DBSTATUS_LOOKASIDE_MISS_FULL, "Lookaside failures due to OOM:", "", true},
	{sqlite3.DBSTATUS_CACHE_USED, "Pager Heap Usage:", " bytes", false},
	{sqlite3.DBSTATUS_CACHE_HIT, "Page cache hits:", "", false},
	{sqlite3.DBSTATUS_CACHE_MISS, "Page cache misses:", "", false},
	{sqlite3.DBSTATUS_CACHE_WRITE, "Page cache writes:", "", false},
	{sqlite3.DBSTATUS_CACHE_SPILL, "Page cache spills:", "", false},
	{sqlite3.DBSTATUS_TEMPBUF_SPILL, "Temporary data spilled to disk:", "", false},
	{sqlite3.DBSTATUS_SCHEMA_USED, "Schema Heap Usage:", " bytes", false},
	{sqlite3.DBSTATUS_STMT_USED, "Statement Heap/Lookaside Usage:", " bytes", false},
}

func (sh *shell) showConnStats(c driver.Conn) {
	for _, s := range connStats {
		current, highest, err := c.Status(s.op, false)
		if err != nil {
			continue
		}
		if s.high {
			current = highest
		}
		fmt.Fprintf(sh.out, "%-36s %d%s\n", s.label, current, s.unit)
	}
}

// stmtStats are SQLite's counters of a statement
// (https://sqlite.org/c3ref/c_stmtstatus_counter.html).
var stmtStats = []struct {
	op    sqlite3.StmtStatus
	label string
}{
	{sqlite3.STMTSTATUS_FULLSCAN_STEP, "Fullscan Steps:"},
	{sqlite3.STMTSTATUS_SORT, "Sort Operations:"},
	{sqlite3.STMTSTATUS_AUTOINDEX, "Autoindex Inserts:"},
	{sqlite3.STMTSTATUS_VM_STEP, "Virtual Machine Steps:"},
	{sqlite3.STMTSTATUS_REPREPARE, "Reprepare operations:"},
	{sqlite3.STMTSTATUS_RUN, "Number of times run:"},
	{sqlite3.STMTSTATUS_MEMUSED, "Memory used by prepared stmt:"},
}

func (sh *shell) showStatementStats(raw *sqlite3.Stmt) {
	hits, misses := raw.Status(sqlite3.STMTSTATUS_FILTER_HIT, false), raw.Status(sqlite3.STMTSTATUS_FILTER_MISS, false)
	for _, s := range stmtStats {
		if s.op == sqlite3.STMTSTATUS_VM_STEP && hits+misses > 0 {
			fmt.Fprintf(sh.out, "%-36s %d/%d\n", "Bloom filter bypass taken:", hits, hits+misses)
		}
		fmt.Fprintf(sh.out, "%-36s %d\n", s.label, raw.Status(s.op, false))
	}
}
