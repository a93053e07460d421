package profiles

import (
	"os"
	"strings"
)

// failing are statements that fail.
var failing = []string{
	"INSERT INTO u(e) VALUES (1)", "INSERT INTO u(k) VALUES (1)", "INSERT INTO w VALUES (1)", "INSERT INTO u(n) VALUES (NULL)",
	"INSERT INTO u(c) VALUES (-1)", "INSERT INTO u(r) VALUES (9)", "INSERT INTO s VALUES ('x')", "INSERT INTO l VALUES (1)",
	"SELECT x FROM nope", "SELECT nope FROM u", "selec 1", "SELECT (", "SELECT 'open", "SELECT zeroblob(2000000000)",
	"INSERT INTO u(k) VALUES ('x')", "COMMIT", "ATTACH '/nonexistent/a.db' AS x", "SELECT abs(-9223372036854775808)", "CREATE TABLE u(a)",
	"SELECT json('{')", "INSERT INTO u(rowid, e) VALUES (1, 5)", "PRAGMA integrity_check(nope)", "SELECT load_extension('x')", "UPDATE u SET nope=1",
	"INSERT INTO u VALUES (1)", "DROP TABLE nope", "SELECT count(*) FROM u HAVING nope", "SAVEPOINT a; RELEASE b", "VACUUM INTO '/nonexistent/a.db'",
}

func errorScenarios() []Scenario {
	var list []Scenario
	for _, text := range failing {
		list = append(list, Scenario{"error of " + text, nil, func(o *Observer) {
			db := o.open("")
			o.must(db, `PRAGMA foreign_keys=ON; CREATE TABLE u(e UNIQUE, n NOT NULL DEFAULT 0, c CHECK (c > 0), k INTEGER PRIMARY KEY, r REFERENCES u(k));
				CREATE TABLE w(a PRIMARY KEY) WITHOUT ROWID; CREATE TABLE s(a INT) STRICT; CREATE TABLE l(a);
				CREATE TRIGGER tr BEFORE INSERT ON l BEGIN SELECT raise(ABORT, 'sorry'); END;
				INSERT INTO u(e, k) VALUES (1, 1); INSERT INTO w VALUES (1)`)
			o.fails(db, text)
		}})
	}
	return append(list,
		Scenario{"error of a lock", nil, func(o *Observer) {
			db, other := o.table(), o.open("")
			o.must(other, "BEGIN IMMEDIATE")
			o.must(db, "PRAGMA busy_timeout=0")
			o.exec(db, "INSERT INTO t VALUES (1)")
		}},
		Scenario{"error of a snapshot", nil, func(o *Observer) {
			db, other := o.table(), o.open("")
			o.must(db, "PRAGMA journal_mode=WAL; INSERT INTO t VALUES (1)")
			o.must(other, "BEGIN; SELECT * FROM t")
			o.must(db, "INSERT INTO t VALUES (2)")
			o.exec(other, "INSERT INTO t VALUES (3)")
		}},
		Scenario{"error of a full database", nil, func(o *Observer) {
			db := o.table()
			o.must(db, "PRAGMA max_page_count=2")
			o.exec(db, "INSERT INTO t VALUES (zeroblob(100000))")
		}},
		Scenario{"error of a read-only database", nil, func(o *Observer) {
			db := o.table()
			o.must(db, "PRAGMA query_only=ON")
			o.exec(db, "INSERT INTO t VALUES (1)")
		}},
		Scenario{"error of a file that is no database", nil, func(o *Observer) {
			_ = os.WriteFile(o.path("test.db"), []byte(strings.Repeat("no database\n", 100)), 0o600)
			if db := o.open(""); db != nil {
				o.exec(db, "CREATE TABLE t(a)")
			}
		}},
		Scenario{"error of a missing directory", nil, func(o *Observer) { o.openDSN(o.path("missing/test.db")) }},
		Scenario{"error of a directory", nil, func(o *Observer) { o.openDSN(o.dir) }},
		Scenario{"error of a missing file", nil, func(o *Observer) { o.open("mode=rw") }},
	)
}
