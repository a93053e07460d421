package driver

import (
	"encoding/json"
	"expvar"
	"path/filepath"
	"strings"
	"testing"
)

// activityOf returns what the connections to a file are doing.
func activityOf(name string) (list []Activity) {
	for _, a := range ReadStats().Connections {
		if a.File == name {
			list = append(list, a)
		}
	}
	return list
}

func TestStats(t *testing.T) {
	before := ReadStats()
	name := filepath.Join(t.TempDir(), "a.db")
	db := openDSN(t, name+"?_journal=WAL&_timeout=1")
	run(t, db, "CREATE TABLE t(a)")
	for range 3 {
		run(t, db, "INSERT INTO t VALUES (?)", 1)
	}
	if list := activityOf(name); len(list) != 1 || !list[0].Idle || list[0].Statement != "" || !list[0].Reading.IsZero() || !list[0].Writing.IsZero() {
		t.Errorf("%+v", list)
	}

	writer, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	run(t, writer, "UPDATE t SET a=2")
	list := activityOf(name)
	if len(list) != 1 || !list[0].Idle || list[0].Statement != "UPDATE" || list[0].Reading.IsZero() || list[0].Writing.IsZero() || list[0].Since.Before(list[0].Writing) {
		t.Errorf("%+v", list)
	}
	if _, err := db.Exec("DELETE FROM t"); err == nil {
		t.Error("two writers")
	}
	rows, err := db.Query("SELECT a FROM t")
	if err != nil || !rows.Next() {
		t.Fatal(err)
	}
	list = activityOf(name)
	if len(list) != 2 || list[1].Idle || list[1].Statement != "SELECT" || list[1].Reading.IsZero() || !list[1].Writing.IsZero() {
		t.Errorf("%+v", list)
	}
	rows.Close()
	if err := writer.Commit(); err != nil {
		t.Fatal(err)
	}
	for _, a := range activityOf(name) {
		if !a.Idle || a.Statement != "" || !a.Reading.IsZero() || !a.Writing.IsZero() {
			t.Errorf("after the transaction: %+v", a)
		}
	}

	after := ReadStats()
	if after.Opened-before.Opened != 2 || after.Open-before.Open != 2 || after.CacheHits-before.CacheHits < 2 || after.CacheMisses-before.CacheMisses < 1 ||
		after.LockWaits == before.LockWaits || after.LockWait == before.LockWait || after.Statements-before.Statements < 8 {
		t.Errorf("before %+v, after %+v", before, after)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if closed := ReadStats(); closed.Statements < after.Statements || closed.Open != before.Open || len(activityOf(name)) != 0 {
		t.Errorf("after Close: %+v", closed)
	}
}

// TestTemporaryTablesTakeNoLock: a transaction that has written to a temporary table only is nobody's holder.
func TestTemporaryTablesTakeNoLock(t *testing.T) {
	name := filepath.Join(t.TempDir(), "a.db")
	db := openDSN(t, name)
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	run(t, tx, "CREATE TEMP TABLE u(a); INSERT INTO u VALUES (1)")
	if list := activityOf(name); len(list) != 1 || !list[0].Writing.IsZero() {
		t.Errorf("%+v", list)
	}
}

func TestVarIsAnExpvar(t *testing.T) {
	run(t, open(t, ""), "CREATE TABLE t(a)")
	var v expvar.Var = Var{}
	var decoded ProcessStats
	if err := json.Unmarshal([]byte(v.String()), &decoded); err != nil || decoded.Opened == 0 || len(decoded.Connections) == 0 {
		t.Errorf("%v, %s", err, v)
	}
	if strings.Contains(v.String(), `"Files"`) {
		t.Error(v)
	}
}

// TestPrefetchKey: _prefetch switches reading ahead off, and what was read is counted either way.
func TestPrefetchKey(t *testing.T) {
	for key, want := range map[string]string{"": "1", "?_prefetch=1": "1", "?_prefetch=off": "0"} {
		before := ReadStats().Reading
		db := openDSN(t, filepath.Join(t.TempDir(), "a.db")+key)
		var got string
		if err := db.QueryRow("PRAGMA prefetch").Scan(&got); err != nil || got != want {
			t.Errorf("%q: %s, %v, want %s", key, got, err, want)
		}
		run(t, db, "CREATE TABLE t(a)")
		if after := ReadStats().Reading; after.Hits+after.Misses == before.Hits+before.Misses {
			t.Errorf("%q: %+v before, %+v after", key, before, after)
		}
	}
	if _, err := parseDSN("x?_prefetch=maybe", profiles[0]); err == nil {
		t.Error("_prefetch=maybe is taken")
	}
}
