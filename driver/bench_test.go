package driver

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"testing"
	"time"
)

func BenchmarkOpenQueryClose(b *testing.B) {
	dsn := b.TempDir() + "/a.db"
	for b.Loop() {
		db, err := sql.Open(Name, dsn)
		if err != nil {
			b.Fatal(err)
		}
		var n int
		if err := db.QueryRow("SELECT 1").Scan(&n); err != nil {
			b.Fatal(err)
		}
		db.Close()
	}
}

func BenchmarkQueryRow(b *testing.B) {
	db := openDSN(b, ":memory:")
	db.SetMaxOpenConns(1)
	for b.Loop() {
		var n int
		if err := db.QueryRow("SELECT ?", 1).Scan(&n); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPreparedQueryRow(b *testing.B) {
	db := openDSN(b, ":memory:")
	db.SetMaxOpenConns(1)
	s, err := db.Prepare("SELECT ?")
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	for b.Loop() {
		var n int
		if err := s.QueryRow(1).Scan(&n); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRows(b *testing.B) {
	db := openDSN(b, ":memory:")
	db.SetMaxOpenConns(1)
	rows, err := db.Query("WITH RECURSIVE c(i) AS (VALUES(1000) UNION ALL SELECT i+1 FROM c) SELECT i, 'text', 1.5 FROM c")
	if err != nil {
		b.Fatal(err)
	}
	defer rows.Close()
	var n int64
	var s string
	var f float64
	for b.Loop() {
		if !rows.Next() {
			b.Fatal(rows.Err())
		}
		if err := rows.Scan(&n, &s, &f); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPreparedInsert(b *testing.B) {
	db := openDSN(b, ":memory:")
	db.SetMaxOpenConns(1)
	if _, err := db.Exec("CREATE TABLE t(a INTEGER, b TEXT)"); err != nil {
		b.Fatal(err)
	}
	s, err := db.Prepare("INSERT INTO t VALUES(?,?)")
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	for b.Loop() {
		if _, err := s.Exec(12345, "some text"); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkLockDeadline waits for a lock that nobody gives back until a context ends, and reports how late that is noticed.
func BenchmarkLockDeadline(b *testing.B) {
	name := b.TempDir() + "/a.db"
	run(b, openDSN(b, name), "CREATE TABLE t(a)")
	holder, err := openDSN(b, name).BeginTx(WithTxLock(background, Immediate), nil)
	if err != nil {
		b.Fatal(err)
	}
	defer holder.Rollback()
	db := openDSN(b, name)
	var late []time.Duration
	for n := 0; b.Loop(); n++ {
		deadline := time.Now().Add(time.Duration(1+n%20) * time.Millisecond)
		ctx, cancel := context.WithDeadline(background, deadline)
		_, err := db.ExecContext(ctx, "INSERT INTO t VALUES (1)")
		late = append(late, time.Since(deadline))
		cancel()
		if !errors.Is(err, context.DeadlineExceeded) {
			b.Fatal(err)
		}
	}
	slices.Sort(late)
	if late[0] < 0 {
		b.Errorf("given up %v early", -late[0])
	}
	b.ReportMetric(float64(late[len(late)/2].Microseconds()), "late-p50-µs")
	b.ReportMetric(float64(late[len(late)*99/100].Microseconds()), "late-p99-µs")
}
