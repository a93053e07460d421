package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
)

// A store is where a run writes. Several goroutines use it at once, each as a writer of its own.
type store interface {
	// exec adds one durable row. It returns once the row is durable as far as the level of synchronous promises.
	exec(writer, seq int) error
	// transact does the same in a transaction of its own: begin, insert, commit.
	transact(writer, seq int) error
	// read reads one of the rows that were there from the beginning.
	read(seq int) error
	// rows returns how many rows each writer has, as found in the store after it was opened again.
	rows() (map[int]int, error)
	Close() error
}

const (
	// preloaded is how many rows there are from the beginning, by a writer of their own.
	preloaded       = 1000
	preloadedWriter = -1

	insertSQL = "INSERT INTO events(writer, seq, payload) VALUES(?, ?, ?)"
	readSQL   = "SELECT payload FROM events WHERE id = ?"
)

// payload is the content of every row, of 100 bytes.
var payload = strings.Repeat("0123456789", 10)

// sqlStore is a SQLite database by database/sql.
type sqlStore struct {
	write, readers *sql.DB
}

func openSQL(v *variant, j *job) (store, error) {
	s, err := newSQLStore(v, j)
	if err != nil {
		return nil, err
	}
	return s, nil
}

func newSQLStore(v *variant, j *job) (*sqlStore, error) {
	s := &sqlStore{}
	dsn := v.dsn(filepath.Join(j.Dir, "bench.db"), j.Journal, j.Sync)
	for _, pool := range []struct {
		db          **sql.DB
		connections int
	}{{&s.write, v.connections(j.Goroutines)}, {&s.readers, max(j.Readers, 1)}} {
		db, err := sql.Open(v.driver, dsn)
		if err != nil {
			return nil, err
		}
		db.SetMaxOpenConns(pool.connections)
		db.SetMaxIdleConns(pool.connections)
		*pool.db = db
	}
	if err := s.setUp(); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// setUp creates what is not there yet.
func (s *sqlStore) setUp() error {
	tx, err := s.write.Begin()
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if _, err := tx.Exec("CREATE TABLE IF NOT EXISTS events(id INTEGER PRIMARY KEY, writer INT, seq INT, payload TEXT)"); err != nil {
		return err
	}
	var there int
	if err := tx.QueryRow("SELECT count(*) FROM events WHERE id <= ?", preloaded).Scan(&there); err != nil {
		return err
	}
	for seq := there; seq < preloaded; seq++ {
		if _, err := tx.Exec(insertSQL, preloadedWriter, seq, payload); err != nil {
			return err
		}
	}
	return tx.Commit()
}

func (s *sqlStore) exec(writer, seq int) error {
	_, err := s.write.Exec(insertSQL, writer, seq, payload)
	return err
}

func (s *sqlStore) transact(writer, seq int) error {
	tx, err := s.write.BeginTx(context.Background(), nil)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(insertSQL, writer, seq, payload); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}

func (s *sqlStore) read(seq int) error {
	var text string
	return s.readers.QueryRow(readSQL, seq+1).Scan(&text)
}

func (s *sqlStore) rows() (map[int]int, error) {
	rows, err := s.readers.Query("SELECT writer, count(DISTINCT seq), count(*) FROM events GROUP BY writer")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	found := map[int]int{}
	for rows.Next() {
		var writer, different, all int
		if err := rows.Scan(&writer, &different, &all); err != nil {
			return nil, err
		}
		if different != all {
			return nil, fmt.Errorf("writer %d has %d rows, but only %d of them differ: something was inserted twice", writer, all, different)
		}
		found[writer] = all
	}
	return found, rows.Err()
}

func (s *sqlStore) Close() error {
	var errs []error
	for _, db := range []*sql.DB{s.write, s.readers} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	return errors.Join(errs...)
}

// gatherer is what careful users write by hand: one goroutine takes the inserts that wait, runs them in one transaction
// and answers them when it has committed. There are no savepoints, which makes it as fast as it can be: an INSERT that
// fails undoes itself, and more than that this table does not need.
type gatherer struct {
	*sqlStore
	conn    *sql.Conn
	insert  *sql.Stmt
	waiting chan insertion
	ended   chan struct{}
}

type insertion struct {
	writer, seq int
	done        chan error
}

// maxGathered bounds a transaction.
const maxGathered = 256

func openGathered(v *variant, j *job) (store, error) {
	if j.Work != "exec" {
		return nil, errors.New("only single inserts can be gathered")
	}
	one := *v
	one.oneConn = true
	s, err := newSQLStore(&one, j)
	if err != nil {
		return nil, err
	}
	g := &gatherer{sqlStore: s, waiting: make(chan insertion, maxGathered), ended: make(chan struct{})}
	if g.conn, err = s.write.Conn(context.Background()); err == nil {
		g.insert, err = g.conn.PrepareContext(context.Background(), insertSQL)
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	go g.serve()
	return g, nil
}

func (g *gatherer) serve() {
	defer close(g.ended)
	group, errs := make([]insertion, 0, maxGathered), make([]error, maxGathered)
	for first := range g.waiting {
		group = append(group[:0], first)
		for len(group) < maxGathered && len(g.waiting) > 0 {
			group = append(group, <-g.waiting)
		}
		err := g.run(group, errs)
		for i, member := range group {
			member.done <- errors.Join(errs[i], err)
		}
	}
}

// run inserts a group. The error is that of the transaction; errs are the members' own.
func (g *gatherer) run(group []insertion, errs []error) error {
	ctx := context.Background()
	clear(errs)
	if _, err := g.conn.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
		return err
	}
	for i, member := range group {
		_, errs[i] = g.insert.ExecContext(ctx, member.writer, member.seq, payload)
	}
	_, err := g.conn.ExecContext(ctx, "COMMIT")
	if err != nil {
		_, undo := g.conn.ExecContext(ctx, "ROLLBACK")
		return errors.Join(err, undo)
	}
	return nil
}

func (g *gatherer) exec(writer, seq int) error {
	done := make(chan error, 1)
	g.waiting <- insertion{writer, seq, done}
	return <-done
}

func (g *gatherer) Close() error {
	close(g.waiting)
	<-g.ended
	return errors.Join(g.insert.Close(), g.conn.Close(), g.sqlStore.Close())
}
