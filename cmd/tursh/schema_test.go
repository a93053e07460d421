package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// zoo is a schema with one of everything that .schema and .dump treat in a way
// of its own.
const zoo = `CREATE TABLE "my t"(a INTEGER PRIMARY KEY AUTOINCREMENT, b TEXT, c REAL, d BLOB, g AS (a+1));
INSERT INTO "my t"(b,c,d) VALUES('it''s'||char(10)||'two',1.5,x'00ff'),(NULL,9e999,x'0000');
CREATE TABLE p(id INTEGER PRIMARY KEY);
CREATE TABLE ch(x INT REFERENCES p(id), y);
INSERT INTO p VALUES(1);
INSERT INTO ch VALUES(1,2);
CREATE INDEX i1 ON "my t"(b);
CREATE VIEW v AS SELECT a,b FROM "my t";
CREATE TRIGGER tr AFTER INSERT ON p BEGIN SELECT 1; END;
CREATE VIRTUAL TABLE ft USING fts5(z);
`

func TestSchema(t *testing.T) {
	full := `CREATE TABLE "my t"(a INTEGER PRIMARY KEY AUTOINCREMENT, b TEXT, c REAL, d BLOB, g AS (a+1));
CREATE TABLE sqlite_sequence(name,seq);
CREATE TABLE p(id INTEGER PRIMARY KEY);
CREATE TABLE ch(x INT REFERENCES p(id), y);
CREATE INDEX i1 ON "my t"(b);
CREATE VIEW v AS SELECT a,b FROM "my t"
/* v(a,b) */;
CREATE TRIGGER tr AFTER INSERT ON p BEGIN SELECT 1; END;
CREATE VIRTUAL TABLE ft USING fts5(z)
/* ft(z) */;
CREATE TABLE 'ft_data'(id INTEGER PRIMARY KEY, block BLOB);
CREATE TABLE 'ft_idx'(segid, term, pgno, PRIMARY KEY(segid, term)) WITHOUT ROWID;
CREATE TABLE 'ft_content'(id INTEGER PRIMARY KEY, c0);
CREATE TABLE 'ft_docsize'(id INTEGER PRIMARY KEY, sz BLOB);
CREATE TABLE 'ft_config'(k PRIMARY KEY, v) WITHOUT ROWID;
`
	schemaTable := "CREATE TABLE %sqlite_schema (\n  type text,\n  name text,\n  tbl_name text,\n  rootpage integer,\n  sql text\n);\n"
	for _, tc := range []struct{ name, input, want string }{
		{"all", ".schema", full},
		{"nosys", ".schema --nosys", strings.Replace(full, "CREATE TABLE sqlite_sequence(name,seq);\n", "", 1)},
		{"table", ".schema my_T", `CREATE TABLE "my t"(a INTEGER PRIMARY KEY AUTOINCREMENT, b TEXT, c REAL, d BLOB, g AS (a+1));` + "\n" + `CREATE INDEX i1 ON "my t"(b);` + "\n"},
		{"trigger's table", ".schema P", "CREATE TABLE p(id INTEGER PRIMARY KEY);\nCREATE TRIGGER tr AFTER INSERT ON p BEGIN SELECT 1; END;\n"},
		{"glob", ".schema [c]*", "CREATE TABLE ch(x INT REFERENCES p(id), y);\n"},
		{"escape", `.schema ft\_idx`, "CREATE TABLE 'ft_idx'(segid, term, pgno, PRIMARY KEY(segid, term)) WITHOUT ROWID;\n"},
		{"nothing", ".schema zork", ""},
		{"short", ".schema --indent ch", "CREATE TABLE ch(x INT REFERENCES p(id), y);\n"},
		{"long", ".schema --indent my%", "CREATE TABLE \"my t\"(\n  a INTEGER PRIMARY KEY AUTOINCREMENT,\n  b TEXT,\n  c REAL,\n  d BLOB,\n  g AS(a+1)\n);\nCREATE INDEX i1 ON \"my t\"(b);\n"},
		{"module", ".schema generate_serie_", "/* generate_series(value) */;\n"},
		{"schema table", ".schema sqlite_master", strings.Replace(schemaTable, "%", "", 1)},
		{"temporary schema table", ".schema sqlite_temp_schema", strings.Replace(schemaTable, "%", "temp.", 1)},
		{"attached", "ATTACH ':memory:' AS 'a b';\nCREATE TABLE \"a b\".t(\"x y\", \"select\", z);\nCREATE VIEW \"a b\".w AS SELECT * FROM t;\nCREATE TEMP TABLE tt(x);\n.schema t\n.schema 'a b.%'\n.schema tt",
			"CREATE TABLE \"a b\".t(\"x y\", \"select\", z);\nCREATE TABLE \"a b\".t(\"x y\", \"select\", z);\nCREATE VIEW \"a b\".w AS SELECT * FROM t\n/* \"a b\".w(\"x y\",\"select\",z) */;\nCREATE TABLE temp.tt(x);\n"},
	} {
		t.Run(tc.name, func(t *testing.T) { check(t, tc.input, must(t, zoo+tc.input+"\n"), tc.want) })
	}
}

// A declaration is kept as it was typed, and may end in a comment.
func TestSchemaComments(t *testing.T) {
	for declaration, want := range map[string]string{
		"create view v as select 1 as \"*/\" -- one": "CREATE VIEW v as select 1 as \"*/\" -- one\n\n/* v(\"**\") */;\n",
		"create view v as select 2 as a /* two":      "CREATE VIEW v as select 2 as a /* two*/\n/* v(a) */;\n",
	} {
		schema := must(t, "", "", declaration, ".schema")
		check(t, declaration, schema, want)
		must(t, schema) // runs
	}
}

func TestTables(t *testing.T) {
	check(t, ".tables", must(t, zoo+".tables"), "ch   ft   ft_config   ft_content   ft_data   ft_docsize   ft_idx   my t   p   v\n")
	check(t, ".tables f%", must(t, zoo+".tables F%"), "ft     ft_config     ft_content     ft_data     ft_docsize     ft_idx\n")
	check(t, ".tables zork", must(t, zoo+".tables zork"), "")
	check(t, "attached", must(t, "create table m(x);\nattach ':memory:' as a;\ncreate view a.w as select 1;\ncreate temp table tt(y);\n.ta"), "a.w     m     temp.tt\n")
}

func TestDatabases(t *testing.T) {
	name := filepath.Join(t.TempDir(), "d.db")
	must(t, zoo, name)
	check(t, "output", must(t, ".databases", name), "main: "+name+" r/w\n")
	check(t, "read-only", must(t, "attach ':memory:' as m;\n.databases", "-readonly", name), "main: "+name+" r/o\nm: \"\" r/w\n")
}

func TestDump(t *testing.T) {
	for _, tc := range []struct{ name, input, want string }{
		{"tables", ".dump p ch", `PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE p(id INTEGER PRIMARY KEY);
INSERT INTO p VALUES(1);
CREATE TABLE ch(x INT REFERENCES p(id), y);
INSERT INTO ch VALUES(1,2);
COMMIT;
`},
		{"values", ".dump 'my t'", `PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE IF NOT EXISTS "my t"(a INTEGER PRIMARY KEY AUTOINCREMENT, b TEXT, c REAL, d BLOB, g AS (a+1));
INSERT INTO "my t" VALUES(1,unistr('it''s\u000atwo'),1.5,x'00ff');
INSERT INTO "my t" VALUES(2,NULL,1e999,x'0000');
COMMIT;
`},
		{"data only", ".dump --data-only --nosys p ch", "INSERT INTO p VALUES(1);\nINSERT INTO ch VALUES(1,2);\n"},
		{"newlines", ".dump --data-only --newlines my%", "INSERT INTO \"my t\" VALUES(1,'it''s\ntwo',1.5,x'00ff');\nINSERT INTO \"my t\" VALUES(2,NULL,1e999,x'0000');\n"},
		{"rowids", "create table r(rowid, oid);\ninsert into r values(7,8);\n.dump --data-only --preserve-rowids r p ch ft_idx", "INSERT INTO p(id) VALUES(1);\nINSERT INTO ch(rowid,x,y) VALUES(1,1,2);\nINSERT INTO r(_rowid_,rowid,oid) VALUES(1,7,8);\n"},
		{"virtual", ".dump ft i1 v tr", `/* WARNING: Script requires that SQLITE_DBCONFIG_DEFENSIVE be disabled */
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
PRAGMA writable_schema=ON;
INSERT INTO sqlite_schema(type,name,tbl_name,rootpage,sql)VALUES('table','ft','ft',0,'CREATE VIRTUAL TABLE ft USING fts5(z)');
CREATE TABLE IF NOT EXISTS 'ft_data'(id INTEGER PRIMARY KEY, block BLOB);
INSERT INTO ft_data VALUES(1,x'');
INSERT INTO ft_data VALUES(10,x'00000000000000');
CREATE TABLE IF NOT EXISTS 'ft_idx'(segid, term, pgno, PRIMARY KEY(segid, term)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS 'ft_content'(id INTEGER PRIMARY KEY, c0);
CREATE TABLE IF NOT EXISTS 'ft_docsize'(id INTEGER PRIMARY KEY, sz BLOB);
CREATE TABLE IF NOT EXISTS 'ft_config'(k PRIMARY KEY, v) WITHOUT ROWID;
INSERT INTO ft_config VALUES('version',4);
CREATE VIEW v AS SELECT a,b FROM "my t";
CREATE TRIGGER tr AFTER INSERT ON p BEGIN SELECT 1; END;
CREATE INDEX i1 ON "my t"(b);
PRAGMA writable_schema=OFF;
COMMIT;
`},
		{"sequence", "delete from \"my t\";\n.dump sqlite_seq%", `PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
PRAGMA writable_schema=ON;
CREATE TABLE IF NOT EXISTS sqlite_sequence(name,seq);
DELETE FROM sqlite_sequence;
INSERT INTO sqlite_sequence VALUES('my t',2);
PRAGMA writable_schema=OFF;
COMMIT;
`},
	} {
		t.Run(tc.name, func(t *testing.T) { check(t, tc.input, must(t, zoo+tc.input+"\n"), tc.want) })
	}
	r := tursh(t, ".dump --zork\n")
	check(t, "unknown option", r.err, "line 1: .dump --zork\nline 1:       ^--- unknown option\n")
}

// Every value that a database can hold comes back from a dump as it was.
func TestDumpReloads(t *testing.T) {
	const values = `create table t(v);
insert into t values(null),(0),(-9223372036854775808),(9223372036854775807),(0.1),(-0.5e-300),(5e-324),(1.7976931348623157e308),(9e999),(-9e999),(1e15),(0.0),
('') ,('plain'),('it''s'),('\u0041 back\\slash'),(char(1,2,9,10,13,27,31,127)),('nul'||char(0)||'after'),(cast(x'ff00fe' as text)),(cast(x'c3280a' as text)),('日本 👍'),
(x''),(x'00'),(x'27275c'),(zeroblob(3));
insert into t with c(n) as (select 1 union all select n+1 from c where n<2000) select (random()%1000000)/1000.0 from c;
create table "select"("from" primary key, "a b") without rowid;
insert into "select" values('x','y');
`
	const list = "select typeof(v), quote(v), hex(v), v from t order by rowid; select * from \"select\";\n"
	name := filepath.Join(t.TempDir(), "v.db")
	must(t, zoo+values, name)
	want := must(t, list+".dump", name)
	again := must(t, must(t, ".dump", name)+list+".dump")
	if again != want {
		t.Errorf("the reloaded database differs:\n%s\nwant\n%s", again, want)
	}
}

// Reading goes on past what cannot be read, and the dump does not commit.
func TestDumpCorrupt(t *testing.T) {
	name := filepath.Join(t.TempDir(), "c.db")
	must(t, "pragma page_size=512;\ncreate table a(x);\ncreate table b(x);\ninsert into a with c(n) as (select 1 union all select n+1 from c where n<300) select 'row '||n from c;\ninsert into b values('fine');\n", name)
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for i := 512 * 4; i < 512*5; i++ { // a page in the middle of a
		data[i] = 0xa5
	}
	if err := os.WriteFile(name, data, 0o666); err != nil {
		t.Fatal(err)
	}
	r := tursh(t, "", name, ".dump")
	if r.code != 1 || !strings.Contains(r.out, "/****** CORRUPTION ERROR *******/\n/**** ERROR: (11) database disk image is malformed *****/\n") ||
		!strings.Contains(r.out, "INSERT INTO b VALUES('fine');\n") || !strings.HasSuffix(r.out, ";\nROLLBACK; -- due to errors\n") ||
		!strings.Contains(r.out, "'row 300'") || !strings.Contains(r.out, "'row 1'") {
		t.Errorf("exit code %d, errors %q, output:\n%s", r.code, r.err, r.out)
	}
}
