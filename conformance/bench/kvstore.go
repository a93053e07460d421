package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/cockroachdb/pebble/v2"
	bolt "go.etcd.io/bbolt"
)

// rowKey is the key of a row: ordered by writer, then by seq.
func rowKey(writer, seq int) []byte {
	key := binary.BigEndian.AppendUint64(nil, uint64(writer-preloadedWriter))
	return binary.BigEndian.AppendUint64(key, uint64(seq))
}

func writerOf(key []byte) int { return int(binary.BigEndian.Uint64(key)) + preloadedWriter }

// pebbleStore is a pebble database, which merges the syncs of concurrent commits.
type pebbleStore struct {
	db   *pebble.DB
	sync *pebble.WriteOptions
}

func openPebble(_ *variant, j *job) (store, error) {
	db, err := pebble.Open(filepath.Join(j.Dir, "pebble"), &pebble.Options{
		Logger:       pebbleLogger{},
		MemTableSize: 64 << 20, // a run fits: nothing is compacted meanwhile
	})
	if err != nil {
		return nil, err
	}
	s := &pebbleStore{db: db, sync: pebble.Sync}
	if j.Sync != "FULL" {
		s.sync = pebble.NoSync
	}
	batch := db.NewBatch()
	for seq := range preloaded {
		if err := batch.Set(rowKey(preloadedWriter, seq), []byte(payload), nil); err != nil {
			return nil, errors.Join(err, db.Close())
		}
	}
	if err := batch.Commit(pebble.Sync); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return s, nil
}

func (s *pebbleStore) exec(writer, seq int) error {
	return s.db.Set(rowKey(writer, seq), []byte(payload), s.sync)
}

func (s *pebbleStore) transact(writer, seq int) error {
	batch := s.db.NewBatch()
	defer batch.Close()
	if err := batch.Set(rowKey(writer, seq), []byte(payload), nil); err != nil {
		return err
	}
	return batch.Commit(s.sync)
}

func (s *pebbleStore) read(seq int) error {
	_, closer, err := s.db.Get(rowKey(preloadedWriter, seq))
	if err != nil {
		return err
	}
	return closer.Close()
}

func (s *pebbleStore) rows() (map[int]int, error) {
	it, err := s.db.NewIter(nil)
	if err != nil {
		return nil, err
	}
	found := map[int]int{}
	for ok := it.First(); ok; ok = it.Next() {
		found[writerOf(it.Key())]++
	}
	return found, errors.Join(it.Error(), it.Close())
}

func (s *pebbleStore) Close() error { return s.db.Close() }

// pebbleLogger is silent: pebble logs what it does, not only what fails.
type pebbleLogger struct{}

func (pebbleLogger) Infof(string, ...any)  {}
func (pebbleLogger) Errorf(string, ...any) {} // also returned
func (pebbleLogger) Fatalf(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "pebble: "+format+"\n", args...)
	os.Exit(1)
}

// boltStore is a bbolt database, whose Batch runs the updates of concurrent callers in one transaction.
type boltStore struct{ db *bolt.DB }

var boltBucket = []byte("events")

func openBolt(_ *variant, j *job) (store, error) {
	if j.Sync != "FULL" {
		return nil, errors.New("bbolt without sync may lose the database in a crash, which no level of synchronous but OFF does")
	}
	db, err := bolt.Open(filepath.Join(j.Dir, "bolt.db"), 0o600, nil)
	if err != nil {
		return nil, err
	}
	// A batch starts when all callers are in it. The default, at most ten milliseconds later, is made for stragglers.
	db.MaxBatchSize, db.MaxBatchDelay = max(j.Goroutines, 1), time.Millisecond
	err = db.Update(func(tx *bolt.Tx) error {
		bucket, err := tx.CreateBucketIfNotExists(boltBucket)
		for seq := 0; seq < preloaded && err == nil; seq++ {
			err = bucket.Put(rowKey(preloadedWriter, seq), []byte(payload))
		}
		return err
	})
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return &boltStore{db}, nil
}

func putRow(writer, seq int) func(*bolt.Tx) error {
	return func(tx *bolt.Tx) error { return tx.Bucket(boltBucket).Put(rowKey(writer, seq), []byte(payload)) }
}

func (s *boltStore) exec(writer, seq int) error     { return s.db.Batch(putRow(writer, seq)) }
func (s *boltStore) transact(writer, seq int) error { return s.db.Update(putRow(writer, seq)) }

func (s *boltStore) read(seq int) error {
	return s.db.View(func(tx *bolt.Tx) error {
		if tx.Bucket(boltBucket).Get(rowKey(preloadedWriter, seq)) == nil {
			return fmt.Errorf("bbolt: row %d is not there", seq)
		}
		return nil
	})
}

func (s *boltStore) rows() (map[int]int, error) {
	found := map[int]int{}
	err := s.db.View(func(tx *bolt.Tx) error {
		return tx.Bucket(boltBucket).ForEach(func(key, _ []byte) error {
			found[writerOf(key)]++
			return nil
		})
	})
	return found, err
}

func (s *boltStore) Close() error { return s.db.Close() }
