package profiles

import "slices"

// difference is something that turso-coop does otherwise than a driver it stands in for, on purpose.
type difference struct {
	reason    string
	peers     []string
	scenarios []string
}

var everywhere = []string{Mattn, Modernc, Ncruces}

// differences are wanted. One that does not show any more fails the test.
var differences = []difference{
	{"the VFS is found missing by sql.Open, not by the first connection", everywhere, []string{"dsn vfs=nope: cache_size"}},
	{"defer_foreign_keys lasts until the next transaction ends, which is later by one PRAGMA", onMattn, []string{"dsn _defer_fk=1: defer_foreign_keys"}},
	{"the error names the key of the DSN", []string{Modernc, Ncruces}, []string{"dsn _pragma=no(: cache_size"}},
	{"waiting for locks fails no program that did not wait", onModern, []string{"dsn : busy_timeout", "dsn _pragma=cache_size(5): busy_timeout"}},
	{"a PRAGMA does not switch the waiting for locks off", onNcru, []string{"dsn _pragma=cache_size(5): busy_timeout"}},
	{"capitals are accepted", onNcru, []string{"dsn _txlock=IMMEDIATE: cache_size"}},
	{"databases in memory with cache=shared are shared, as the DSN asks", onNcru, []string{
		"memory file::memory:?cache=shared", "memory file:one?mode=memory&cache=shared",
	}},

	{"one argument answers all parameters of its name", onMattn, []string{
		"arguments INSERT INTO t VALUES (:a+@a+$a) [{{} a 7}]",
		`exec "INSERT INTO t VALUES (:a); INSERT INTO t VALUES (:a+1)" [{{} a 1}]`,
	}},
	{"arguments with a name that no parameter has are ignored in prepared statements as well", onMattn, []string{
		"arguments INSERT INTO t VALUES (:a) [{{} a 1} {{} b 2}]", "arguments INSERT INTO t VALUES (?) [1 {{} x 2}]",
		"arguments INSERT INTO t VALUES (:a) [{{} a 1} {{} a 2}]",
		`prepare and exec "INSERT INTO t VALUES (:a); INSERT INTO t VALUES (@b)" [{{} a 1} {{} b 2}]`,
	}},
	{"the same error, where database/sql counts a prepared statement's arguments", onMattn, []string{
		"arguments INSERT INTO t VALUES (:a), (:b) [{{} a 1}]",
	}},
	{"a missing argument is an error, not NULL", onNcru, []string{
		"arguments INSERT INTO t VALUES (?) []", "arguments INSERT INTO t VALUES (:a) []", "arguments INSERT INTO t VALUES (:a), (:b) [{{} a 1}]",
	}},
	{"the error counts the arguments", onNcru, []string{"arguments INSERT INTO t VALUES (:a) [1 2]"}},

	{"times are read in every layout that one of the drivers has written", []string{Mattn, Ncruces}, []string{
		"scan DATETIME '2024-01-02 03:04:05 +0100 CET'", "scan DATETIME '2024-01-02 03:04:05.5 +0000 UTC m=+0.1'",
	}},
	{"times are read in every layout that one of the drivers has written", everywhere, []string{
		"scan DATETIME '2024-01-02 03:04:05 +0545 +0545'", "scan DATETIME '2024-01-02 03:04:05+01'",
	}},
	{"modernc cannot read what it has written for zones without a name", onModern, []string{
		"bind times", "bind times, _time_format=string_no_monotonic",
	}},
	{"times are read in every layout, after that of _timefmt", onNcru, []string{
		"scan DATETIME '2024-01-02 03:04:05', rfc3339", "scan DATETIME '2024-01-02 03:04:05', unixepoch_milli",
		"scan DATETIME '2024-01-02T03:04:05+01:00', unixepoch_milli",
	}},
	{"_timefmt=auto is the default also when it is given", onNcru, []string{"bind times, _timefmt=auto"}},
	{"a type that can take NULL, instead of a nil reflect.Type, with which callers panic", onModern, []string{
		"columns in a row of NULL", "columns without rows",
	}},

	{"a comment behind the last statement is no statement", onMattn, []string{
		`exec "INSERT INTO t VALUES (?); -- tail" [1]`, `query "SELECT 1; -- tail" []`,
	}},
	{"Exec runs to the end and then counts what has changed", onMattn, []string{
		`exec "INSERT INTO t VALUES (5), (6) RETURNING a" []`, `prepare and exec "INSERT INTO t VALUES (5), (6) RETURNING a" []`,
	}},
	{"preparing no statement crashes nothing", []string{Mattn, Ncruces}, []string{
		`prepare and exec "" []`, `prepare and exec "-- comment" []`, `prepare and exec " ; " []`,
		`prepare and query "" []`, `prepare and query "-- comment" []`, `prepare and query ";" []`,
	}},
	{"a query without a statement crashes nothing", onNcru, []string{`query "" []`, `query "-- comment" []`, `query ";" []`}},
	{"the result of no statement can be asked", onModern, []string{
		`exec "" []`, `exec "-- comment" []`, `exec " ; " []`, `prepare and exec "" []`, `prepare and exec "-- comment" []`, `prepare and exec " ; " []`,
	}},
	{"Query does what it says even if nobody asks for rows", onNcru, []string{"query that writes, rows never asked for"}},
	{"the columns are those that the table has now", onNcru, []string{"prepared SELECT * after ALTER TABLE"}},

	{"the error is the context's and has a code as well", everywhere, []string{"deadline of a write", "deadline of a wait"}},
	{"a transaction that SQLite has rolled back runs nothing more", everywhere, []string{"interrupted write in a transaction"}},
	{"a transaction that says that it only reads takes no write lock", onMattn, []string{"_txlock immediate", "_txlock exclusive"}},
	{"every isolation level is what SQLite has, which is serializable", onNcru, []string{
		"isolation Read Uncommitted", "isolation Read Committed", "isolation Write Committed", "isolation Repeatable Read", "isolation Snapshot",
	}},

	{"native extensions cannot be loaded", named, []string{"error of SELECT load_extension('x')"}},
	{"the error says who holds the lock", everywhere, []string{"error of a lock"}},
	{"the error says how to avoid it", everywhere, []string{"error of a snapshot"}},
	{"the code of C builds of SQLite, and the system's error without the call", onNcru, []string{
		"dsn mode=rw: cache_size", "name sub/a.db", "name sqlite://a.db", "error of ATTACH '/nonexistent/a.db' AS x",
		"error of VACUUM INTO '/nonexistent/a.db'", "error of a missing directory", "error of a directory", "error of a missing file",
	}},
}

// reasonFor returns why turso-coop may differ from a peer in a scenario, "" if it may not.
func reasonFor(peer, scenario string) string {
	for _, d := range differences {
		if slices.Contains(d.peers, peer) && slices.Contains(d.scenarios, scenario) {
			return d.reason
		}
	}
	return ""
}
