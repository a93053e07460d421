package hostile

import (
	"fmt"
	"strings"
)

// schema returns statements that make the schema lie, to be run with what is left of a library's own checks
// (https://sqlite.org/security.html).
func (m *mutator) schema(s *seed) []string {
	texts := []string{"PRAGMA writable_schema=ON"}
	for range 1 + m.IntN(3) {
		texts = append(texts, m.edit(s))
	}
	return append(texts, "PRAGMA schema_version=1000")
}

func (m *mutator) edit(s *seed) string {
	if m.IntN(3) == 0 {
		return m.pick(intruders...)
	}
	object, other := "'"+m.pick(s.objects...)+"'", "'"+m.pick(s.objects...)+"'"
	where := " WHERE name = " + object
	if m.IntN(4) == 0 {
		where = ""
	}
	switch m.IntN(9) {
	case 0:
		return fmt.Sprintf("UPDATE sqlite_schema SET rootpage = %s%s",
			m.pick("0", "1", "2", "-1", "rootpage + 1", "rootpage - 1", "1000000", "4294967297", "'x'", "NULL", "3.5"), where)
	case 1:
		return fmt.Sprintf("UPDATE sqlite_schema SET rootpage = (SELECT rootpage FROM sqlite_schema WHERE name = %s) WHERE name = %s", other, object)
	case 2:
		return fmt.Sprintf("UPDATE sqlite_schema SET type = %s%s", m.pick("'table'", "'index'", "'view'", "'trigger'", "''", "NULL", "x'00'", "'other'"), where)
	case 3:
		return fmt.Sprintf("UPDATE sqlite_schema SET %s = %s%s", m.pick("name", "tbl_name"),
			m.pick("'sqlite_sequence'", "'sqlite_stat1'", "'sqlite_schema'", "'sqlite_autoindex_t_1'", "''", "NULL", "x'ff00'", "'a''b\"c'", other), where)
	case 4:
		return fmt.Sprintf("UPDATE sqlite_schema SET sql = %s%s",
			m.pick("NULL", "''", "x'00'", "sql || ' junk'", "sql || ', x'", "';' || sql", "sql || char(0) || 'x'", "sql || ' /*'", "'CREATE'"), where)
	case 5:
		return fmt.Sprintf("UPDATE sqlite_schema SET sql = substr(sql, 1, %d)%s", 5+m.IntN(80), where)
	case 6:
		return fmt.Sprintf("DELETE FROM sqlite_schema WHERE name = %s", object)
	case 7:
		return fmt.Sprintf("UPDATE sqlite_schema SET sql = (SELECT sql FROM sqlite_schema WHERE name = %s) WHERE name = %s", other, object)
	default:
		change := strings.Split(m.pick(changes...), "|")
		return fmt.Sprintf("UPDATE sqlite_schema SET sql = replace(sql, '%s', '%s')", change[0], change[1])
	}
}

// changes are parts of the seeds' schemas and what they are replaced with.
var changes = []string{
	"NOCASE|BINARY", "NOCASE|RTRIM", "NOCASE|nosuch", " DESC|", "(c DESC|(c COLLATE NOCASE", " WITHOUT ROWID|", " STRICT|", " STRICT| WITHOUT ROWID",
	"a INTEGER PRIMARY KEY|a INT PRIMARY KEY", "INTEGER PRIMARY KEY|TEXT", "PRIMARY KEY|UNIQUE", "TEXT PRIMARY KEY|INTEGER PRIMARY KEY", " AUTOINCREMENT|",
	" lower(b)| upper(b)", "(lower(b)|(abs(b)", "(lower(b)|(random()", "(lower(b)|((SELECT 1)", "a % 3|a / 0", "a % 3|b", "IS NOT NULL|IS NULL", "IS NOT NULL|> 100",
	" STORED|", " STORED| VIRTUAL", "a + length(b)|g + 1", "a + length(b)|a + (SELECT max(a) FROM t)", "a + length(b)|randomblob(100)", "a > 0|0", "a > 0|a > raise(ABORT, ''x'')",
	"a > 0|(SELECT count(*) FROM t) > 0", ", c, d| , d", ", c, d|, c, c, d", ", c, d|, c UNIQUE, d", ", d REAL DEFAULT 1.5|", "DEFAULT 1.5|DEFAULT (a)", "DEFAULT 1.5|NOT NULL",
	"DEFAULT 1.5|REFERENCES t(d) ON DELETE CASCADE", "v BLOB, n INT|n INT", "v BLOB, n INT|n INT, v BLOB", "v BLOB|v INT GENERATED ALWAYS AS (n) STORED", "z ANY|z INT", "x INT|x nosuchtype",
	"REFERENCES t(a)|REFERENCES big(id)", "REFERENCES t(a)|REFERENCES v(a)", "REFERENCES t(a)|REFERENCES t(nosuch)", "AFTER INSERT|BEFORE DELETE", "AFTER INSERT ON t|INSTEAD OF INSERT ON t",
	"UPDATE w SET|UPDATE t SET a = a + 1; UPDATE w SET", "UPDATE w SET|DELETE FROM t; UPDATE w SET", "UPDATE w SET|INSERT INTO t(b) VALUES (1); UPDATE w SET", "n = n + 1|k = ''same''",
	"LEFT JOIN w|JOIN v", "SELECT t.a|SELECT DISTINCT t.a", "SELECT t.a|WITH RECURSIVE t(a, b) AS (SELECT 1, 2 UNION ALL SELECT a + 1, b FROM t WHERE a < 9) SELECT t.a",
	"CREATE TABLE|CREATE VIEW", "CREATE TABLE|CREATE TEMP TABLE", "CREATE TABLE|CREATE VIRTUAL TABLE", "CREATE INDEX|CREATE UNIQUE INDEX", "CREATE UNIQUE INDEX|CREATE INDEX",
	"ON t(|ON w(", "ON t(|ON nosuch(", "ON w(n)|ON w(k, n, v)", "(x PRIMARY KEY, y)|(x, y PRIMARY KEY)", "(x PRIMARY KEY, y)|(x PRIMARY KEY, y) WITHOUT ROWID", "(x, y, z)|(x, y)", "(x, y)|(y, x, z)",
	"rtree(id, x0, x1, y0, y1, +note)|rtree(id, x0, x1)", "rtree(id, x0, x1, y0, y1, +note)|rtree(id)", "y0, y1, +note|y0, y1, z0, z1, +note", "rtree_i32|rtree", "rtree(|nosuch(",
	"fts5(title, body, prefix=''2'')|fts5(title)", "fts5(title, body|fts5(title, body, content=plain", "prefix=''2''|prefix=''1 2 3''", "content=''''|content=''f''", "fts5(b|fts5(b, detail=none",
	"data BLOB(|data(", "(rowid INTEGER PRIMARY KEY, nodeno|(rowid INTEGER PRIMARY KEY, nosuch",
}

// intruders are statements that add what no library would have let in, or break what a virtual table or SQLite itself
// keeps in tables.
var intruders = []string{
	"INSERT INTO sqlite_schema VALUES ('view','hv','hv',0,'CREATE VIEW hv AS SELECT * FROM hw'), ('view','hw','hw',0,'CREATE VIEW hw AS SELECT * FROM hv')",
	"INSERT INTO sqlite_schema VALUES ('view','hs','hs',0,'CREATE VIEW hs AS SELECT * FROM hs')",
	deepExpression(50), deepExpression(990), deepExpression(1010), deepExpression(20000),
	deepNesting(99, "(SELECT ", ")"), deepNesting(600, "(SELECT ", ")"), deepNesting(3000, "NOT ", ""), deepNesting(600, "1 UNION ALL SELECT ", ""), deepNesting(3000, "1,", ""),
	deepViews(20), deepViews(90), deepViews(250),
	"INSERT INTO sqlite_schema VALUES ('view','hm','hm',0,'CREATE VIEW hm AS SELECT a.a FROM t a, t b, t c LIMIT 1000')",
	"INSERT INTO sqlite_schema VALUES ('view','hc','hc',0,'CREATE VIEW hc(x, y) AS SELECT 1')",
	"INSERT INTO sqlite_schema VALUES ('view','hz','hz',0,'CREATE VIEW hz AS SELECT zeroblob(3000000), hex(zeroblob(1000000))')",
	"INSERT INTO sqlite_schema VALUES ('view','ho','ho',0,'CREATE VIEW ho AS SELECT printf(''%.*c'', 5000000, 1), replace(hex(zeroblob(100000)), ''0'', hex(zeroblob(100)))')",
	"INSERT INTO sqlite_schema VALUES ('trigger','ht','t',0,'CREATE TRIGGER ht AFTER UPDATE ON t BEGIN UPDATE t SET b = b; END')",
	"INSERT INTO sqlite_schema VALUES ('trigger','ht','t',0,'CREATE TRIGGER ht BEFORE INSERT ON t BEGIN DELETE FROM t; DELETE FROM w; INSERT INTO s VALUES (1, 2, 3); END')",
	"INSERT INTO sqlite_schema VALUES ('trigger','ht','w',0,'CREATE TRIGGER ht BEFORE UPDATE ON w BEGIN UPDATE w SET k = k || ''x''; DELETE FROM w WHERE n = 5; END')",
	"INSERT INTO sqlite_schema VALUES ('trigger','ht','v',0,'CREATE TRIGGER ht INSTEAD OF INSERT ON v BEGIN INSERT INTO v VALUES (1, 2, 3); END')",
	"INSERT INTO sqlite_schema VALUES ('trigger','ht','t',0,'CREATE TRIGGER ht BEFORE DELETE ON t BEGIN SELECT raise(IGNORE); END')",
	"INSERT INTO sqlite_schema VALUES ('trigger','ht','nosuch',0,'CREATE TRIGGER ht BEFORE DELETE ON t BEGIN SELECT 1; END')",
	"INSERT INTO sqlite_schema VALUES ('trigger','ht','sqlite_schema',0,'CREATE TRIGGER ht BEFORE DELETE ON sqlite_schema BEGIN SELECT 1; END')",
	"INSERT INTO sqlite_schema SELECT 'index','hi','t',rootpage,'CREATE INDEX hi ON t(c)' FROM sqlite_schema WHERE name = 't'",
	"INSERT INTO sqlite_schema SELECT 'index','hi','t',rootpage,'CREATE UNIQUE INDEX hi ON t(a) WHERE b > random()' FROM sqlite_schema WHERE name = 't_b'",
	"INSERT INTO sqlite_schema SELECT 'index','hi','t',rootpage,'CREATE INDEX hi ON t(b)' FROM sqlite_schema WHERE name = 'w'",
	"INSERT INTO sqlite_schema SELECT 'index','hi','t',1,'CREATE INDEX hi ON t(d)'",
	"INSERT INTO sqlite_schema SELECT 'table','hx','hx',rootpage,'CREATE TABLE hx(x, y, z INTEGER PRIMARY KEY)' FROM sqlite_schema WHERE rootpage > 0 ORDER BY random() * 0 LIMIT 1",
	"INSERT INTO sqlite_schema SELECT 'table','hx','hx',rootpage,'CREATE TABLE hx(x PRIMARY KEY, y) WITHOUT ROWID' FROM sqlite_schema WHERE type = 'table' LIMIT 1",
	"INSERT INTO sqlite_schema SELECT 'table','hx','hx',rootpage,'CREATE TABLE hx(x, y)' FROM sqlite_schema WHERE type = 'index' LIMIT 1",
	"INSERT INTO sqlite_schema VALUES ('table','hx','hx',1,'CREATE TABLE hx(type, name, tbl, root, sql)')",
	"INSERT INTO sqlite_schema VALUES ('table','t','t',2,'CREATE TABLE t(a)')",
	"INSERT INTO sqlite_schema VALUES ('table','sqlite_stat1','sqlite_stat1',2,'CREATE TABLE sqlite_stat1(tbl, idx, stat)')",
	"INSERT INTO sqlite_schema VALUES ('table','sqlite_sequence','sqlite_sequence',2,'CREATE TABLE sqlite_sequence(name, seq)')",
	"INSERT INTO sqlite_schema VALUES ('table','hr','hr',0,'CREATE VIRTUAL TABLE hr USING rtree(id, a, b)')",
	"INSERT INTO sqlite_schema VALUES ('table','hr','hr',7,'CREATE VIRTUAL TABLE hr USING nosuch(id, a, b)')",
	"INSERT INTO sqlite_schema VALUES ('table','hj','hj',0,'CREATE VIRTUAL TABLE hj USING json_each(1)')",
	"INSERT INTO sqlite_schema VALUES (NULL, NULL, NULL, NULL, NULL), (1, 2, 3, 4, 5), (x'', x'', x'', x'', x'')",
	"UPDATE sqlite_sequence SET seq = 9223372036854775807", "UPDATE sqlite_sequence SET seq = 'text'", "UPDATE sqlite_sequence SET seq = NULL, name = NULL",
	"UPDATE sqlite_stat1 SET stat = '9999999999999999999 1 1 1 1 1'", "UPDATE sqlite_stat1 SET stat = '100 0 -1 unordered noskipscan sz=0'", "UPDATE sqlite_stat1 SET idx = NULL, stat = x'00ff'",
	"UPDATE sqlite_stat1 SET tbl = idx, idx = tbl",
	"UPDATE r_node SET data = zeroblob(length(data))", "UPDATE r_node SET data = substr(data, 1, 20)", "UPDATE r_node SET data = x'ffff' || substr(data, 3) WHERE nodeno = 1",
	"UPDATE r_node SET data = x'0028' || substr(data, 3)", "UPDATE r_node SET data = (SELECT data FROM r_node WHERE nodeno = 1)", "UPDATE r_node SET nodeno = nodeno + 1 WHERE nodeno > 1",
	"UPDATE r_node SET data = NULL", "UPDATE r_node SET data = substr(data, 1, 4) || zeroblob(8) || substr(data, 13)", "UPDATE r_parent SET parentnode = nodeno", "UPDATE r_parent SET parentnode = 1000",
	"UPDATE r_rowid SET nodeno = 1", "UPDATE r_rowid SET nodeno = -1", "DELETE FROM r_rowid", "DELETE FROM r_parent", "DELETE FROM ri_node", "UPDATE ri_node SET data = zeroblob(5000000)",
	"UPDATE f_data SET block = zeroblob(length(block))", "UPDATE f_data SET block = substr(block, 1, 3)", "UPDATE f_data SET block = x'ffffffffff' || substr(block, 6)", "UPDATE f_data SET block = NULL",
	"UPDATE f_data SET block = substr(block, 1, 4) || x'ff' || substr(block, 6) WHERE id > 10", "UPDATE f_data SET block = (SELECT block FROM f_data WHERE id = 10)", "UPDATE f_data SET id = id + 1 WHERE id > 10",
	"UPDATE f_data SET block = substr(block, 1, length(block) / 2)", "UPDATE f_data SET block = block || block", "DELETE FROM f_data WHERE id = 10", "DELETE FROM f_data WHERE id = 1", "DELETE FROM f_data WHERE id > 10",
	"UPDATE f_idx SET pgno = pgno + 2", "UPDATE f_idx SET term = x'ff'", "UPDATE f_docsize SET sz = x'ffffffffffffffffff'", "UPDATE f_docsize SET sz = NULL", "DELETE FROM f_docsize", "DELETE FROM f_content",
	"UPDATE f_content SET c0 = NULL, c1 = zeroblob(10)", "UPDATE f_config SET v = 99", "INSERT INTO f_config VALUES ('pgsz', 1), ('rank', 'nosuch(x)'), ('automerge', -5)", "INSERT INTO f_config VALUES ('rank', 'bm25(1e999, (')",
	"UPDATE fc_data SET block = substr(block, 1, 9) || zeroblob(50)",
}

// deepNesting adds a view whose only column is open, n times, around 1.
func deepNesting(n int, open, close string) string {
	repeat := func(s string) string { return fmt.Sprintf("replace(hex(zeroblob(%d)), '00', '%s')", n, s) }
	return fmt.Sprintf("INSERT INTO sqlite_schema VALUES ('view','hd%[1]d','hd%[1]d',0,'CREATE VIEW hd%[1]d AS SELECT ' || %[2]s || '1' || %[3]s)", n, repeat(open), repeat(close))
}

func deepExpression(n int) string { return deepNesting(n, "(1+", ")") }

// deepViews adds n views, each of which selects from the one before.
func deepViews(n int) string {
	return fmt.Sprintf(`INSERT INTO sqlite_schema WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)
		SELECT 'view', 'h' || i, 'h' || i, 0, 'CREATE VIEW h' || i || ' AS SELECT * FROM ' || iif(i = 1, 't', 'h' || (i - 1)) FROM n`, n)
}
