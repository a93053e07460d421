package slt

import (
	"context"
	"database/sql"
	"path/filepath"
	"strings"
	"testing"

	"github.com/turso-coop/turso-coop/conformance/peer"
	"github.com/turso-coop/turso-coop/vfs"
)

// TestOwnScripts runs the scripts of testdata on turso-coop, on each engine in files and in memory, and on stock SQLite.
func TestOwnScripts(t *testing.T) {
	suite.Save(t)
	paths, err := filepath.Glob("testdata/*.test")
	if err != nil || len(paths) == 0 {
		t.Fatal("no scripts", err)
	}
	for _, path := range paths {
		for _, engine := range []string{"uring", "pool"} {
			t.Run(filepath.Base(path)+"/"+engine, func(t *testing.T) {
				if _, err := vfs.NameFor(engine); err != nil {
					t.Skipf("engine %s is left out: %v", engine, err)
				}
				passes(t, peer.Turso, filepath.Join(t.TempDir(), "test.db")+"?_engine="+engine, path)
			})
		}
		t.Run(filepath.Base(path)+"/memory", func(t *testing.T) { passes(t, peer.Turso, ":memory:", path) })
		t.Run(filepath.Base(path)+"/stock", func(t *testing.T) {
			peer.NeedStock(t)
			passes(t, peer.Stock, ":memory:", path)
		})
	}
}

func passes(t *testing.T, driver, dsn, path string) {
	t.Helper()
	result, err := RunFile(context.Background(), driver, dsn, path)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range result.Failures {
		t.Error(f)
	}
	if driver == peer.Turso {
		suite.Count("own records", result.Statements+result.Queries)
	}
}

// run runs a script on a database of its own in memory, on which the table t(a) holds 1 and 2.
func run(t *testing.T, ctx context.Context, script string) Result {
	t.Helper()
	db, err := sql.Open(peer.Turso, ":memory:")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	conn, err := db.Conn(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.ExecContext(context.Background(), "CREATE TABLE t(a); INSERT INTO t VALUES (1), (2)"); err != nil {
		t.Fatal(err)
	}
	return Run(ctx, conn, "script", script)
}

// TestFailures: every way in which a script can be wrong is found, at its line, and the script goes on behind it if what
// follows can be told apart.
func TestFailures(t *testing.T) {
	t.Parallel()
	const behind = "\n\nquery I\nSELECT 'behind'\n----\n1\n"
	for _, c := range []struct {
		name, script string
		line         int
		reason       string
		ends         bool // the script makes no sense any more
	}{
		{"wrong value", "query I\nSELECT a FROM t\n----\n1\n3", 1, `result ["1" "2"], want ["1" "3"]`, false},
		{"value too few", "query I\nSELECT a FROM t\n----\n1\n2\n3", 1, `result ["1" "2"], want ["1" "2" "3"]`, false},
		{"value too many", "query I\nSELECT a FROM t\n----\n1", 1, `result ["1" "2"], want ["1"]`, false},
		{"no value expected", "query I\nSELECT a FROM t\n----", 1, `result ["1" "2"], want []`, false},
		{"many values", "query I\nSELECT value FROM json_each(json_array(1,2,3,4,5,6,7,8,9,0,1,2,3,4,5,6,7,8,9,0,1,2))\n----\n1", 1,
			`"9" "0"] and 2 more, want ["1"]`, false},
		{"long value", "query T\nSELECT hex(zeroblob(100))\n----\n1", 1, `0000… (200 bytes)"], want ["1"]`, false},
		{"no result given", "query I\nSELECT a FROM t", 1, `result ["1" "2"], want []`, false},
		{"wrong order", "query I nosort\nSELECT a FROM t ORDER BY a DESC\n----\n1\n2", 1, `result ["2" "1"]`, false},
		{"rows torn apart", "query II rowsort\nVALUES (1, 4), (2, 3)\n----\n1\n3\n2\n4", 1, `result ["1" "4" "2" "3"]`, false},
		{"wrong spelling", "query R\nSELECT 1.5\n----\n1.5", 1, `result ["1.500"], want ["1.5"]`, false},
		{"NULL or text", "query T\nSELECT ''\n----\nNULL", 1, `result ["(empty)"], want ["NULL"]`, false},
		{"wrong checksum", "query I\nSELECT a FROM t\n----\n2 values hashing to 00000000000000000000000000000000", 1,
			"2 values hashing to 6ddb4095eb719e2a9f0a3f95677d24e0, want 2 values hashing to 0000", false},
		{"wrong count", "query I\nSELECT a FROM t\n----\n3 values hashing to 6ddb4095eb719e2a9f0a3f95677d24e0", 1,
			"2 values hashing to 6ddb4095eb719e2a9f0a3f95677d24e0, want 3 values", false},
		{"above the threshold", "hash-threshold 1\nquery I\nSELECT a FROM t\n----\n1\n3", 2,
			`2 values hashing to 6ddb4095eb719e2a9f0a3f95677d24e0, want ["1" "3"]`, false},
		{"label", "query I nosort x\nSELECT 1\n----\n1\n\nquery I nosort x\nSELECT 2\n----\n2", 6,
			"and at line 1, under the same label x, 1 values hashing to b026324c6904b2a9cb4b88d6d61c81d1", false},
		{"statement fails", "statement ok\nINSERT INTO nowhere VALUES (1)", 1, "error: no such table: nowhere", false},
		{"statement succeeds", "statement error\nSELECT 1", 1, "no error, where one is expected", false},
		{"query does not compile", "query I\nSELECT nowhere\n----", 1, "error: no such column: nowhere", false},
		{"query fails", "query I\nSELECT abs(-9223372036854775808)\n----\n1", 1, "error: integer overflow", false},
		{"writing query does not compile", "query I\nINSERT INTO nowhere VALUES (1) RETURNING 1\n----", 1, "no such table", false},
		{"columns", "query I\nSELECT 1, 2\n----\n1", 1, "2 columns, want 1", false},
		{"columns without rows", "query II\nSELECT 1 WHERE 0\n----", 1, "1 columns, want 2", false},
		{"time", "statement ok\nCREATE TABLE d(d DATE); INSERT INTO d VALUES ('2026-01-02')\n\nquery T\nSELECT d FROM d\n----\n2026-01-02", 4,
			"a driver's time.Time, of which the stored value cannot be told", false},

		{"unknown record", "statment ok\nSELECT 1", 1, `unknown record "statment"`, true},
		{"unknown outcome", "statement maybe\nSELECT 1", 1, `statement "maybe"`, true},
		{"no outcome", "statement # ok\nSELECT 1", 1, `statement ""`, true},
		{"no types", "query\nSELECT 1", 1, `query types ""`, true},
		{"unknown type", "query IX\nSELECT 1, 2", 1, `query types "IX"`, true},
		{"unknown sort mode", "query I sorted\nSELECT 1", 1, `sort mode "sorted"`, true},
		{"no SQL", "statement ok", 1, "there is no SQL", true},
		{"no query", "query I\n----\n1", 1, "there is no SQL", true},
		{"threshold", "hash-threshold some", 1, `hash-threshold "some"`, true},
		{"condition of nothing", "skipif\nstatement ok\nSELECT 1", 1, "skipif does not say which database", true},
		{"condition apart", "skipif mysql", 2, "no record follows the condition", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			failures := run(t, context.Background(), c.script+behind).Failures
			want := 2 // the second one is behind
			if c.ends {
				want = 1
			}
			if len(failures) != want {
				t.Fatalf("%d failures: %v", len(failures), failures)
			}
			if f := failures[0]; f.Line != c.line || !strings.Contains(f.Reason, c.reason) {
				t.Errorf("at line %d: %s\nwant at line %d: %s", f.Line, f.Reason, c.line, c.reason)
			}
		})
	}
}

// TestEndedCondition: a condition at the end of the script is one without a record.
func TestEndedCondition(t *testing.T) {
	t.Parallel()
	f := run(t, context.Background(), "onlyif mysql").Failures
	if len(f) != 1 || !strings.Contains(f[0].Reason, "no record follows") {
		t.Error(f)
	}
}

// TestEndedContext: nothing passes when the context has ended, not even what should fail.
func TestEndedContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	f := run(t, ctx, "statement error\nSELEC\n\nstatement ok\nSELECT 1\n\nquery I\nSELECT abs(-9223372036854775808)\n----\n").Failures
	if len(f) != 3 {
		t.Errorf("failures: %v", f)
	}
}

// TestCounts: what is run and what is skipped is counted.
func TestCounts(t *testing.T) {
	t.Parallel()
	got := run(t, context.Background(), "hash-threshold 8\n\nstatement ok\nSELECT 1\n\nquery I\nSELECT 1\n----\n1\n\nquery I\nSELECT 1\n----\n1\n\n"+
		"skipif sqlite\nstatement ok\nSELECT 1\n\nhalt\n\nstatement ok\nSELECT 1\n")
	if got.Statements != 1 || got.Queries != 2 || got.Skipped != 1 || len(got.Failures) != 0 {
		t.Errorf("%+v", got)
	}
}

// TestNoFile: a script that cannot be read, and a database that cannot be opened, are errors.
func TestNoFile(t *testing.T) {
	t.Parallel()
	if _, err := RunFile(context.Background(), peer.Turso, ":memory:", "testdata/nothing.test"); err == nil {
		t.Error("a script that is not there: no error")
	}
	dsn := filepath.Join(t.TempDir(), "no", "such", "directory", "test.db")
	if _, err := RunFile(context.Background(), peer.Turso, dsn, "testdata/format.test"); err == nil {
		t.Error("a database that cannot be opened: no error")
	}
}
