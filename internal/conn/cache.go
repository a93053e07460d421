package conn

import (
	"context"
	"errors"
	"strings"

	"github.com/ncruces/go-sqlite3"
)

// maxCachedText is the length in bytes of the longest text whose statement is kept: what is longer is seldom run twice.
const maxCachedText = 16 << 10

// stmtCache keeps statements that are not in use, compiled, for the next use of the same text.
//
// A statement that is in use is not in it, so that a second use of its text meanwhile gets a statement of its own. SQLite
// compiles a kept statement again if the schema has changed when it is next run, as [Stmt.Recompiled] tells.
//
// It does so if a database that the statement uses has changed. With attached databases that is not enough: a table of
// theirs is found by its name alone only as long as the main database has none of that name. So nothing is kept then.
type stmtCache struct {
	size           int              // how many are kept; 0 is none
	off            bool             // there are attached databases
	byText         map[string]*Stmt // by exactly the text given to Acquire
	newest, oldest *Stmt            // in the order of their last use
}

// take lends the statement of sql, nil if there is none or it is lent already.
func (k *stmtCache) take(sql string) *Stmt {
	s := k.byText[sql]
	if s == nil || s.lent {
		return nil
	}
	k.unlink(s)
	s.lent = true
	return s
}

// put keeps s and returns what it has displaced, or s itself if it is not kept, or nil.
func (k *stmtCache) put(s *Stmt) (displaced *Stmt) {
	if known := k.byText[s.key]; known != s {
		if known != nil {
			return s
		}
		if len(k.byText) >= k.size {
			if displaced = k.oldest; displaced == nil {
				return s
			}
			k.remove(displaced)
		}
		if k.byText == nil {
			k.byText = make(map[string]*Stmt, k.size)
		}
		k.byText[s.key] = s
	}
	s.lent = false
	s.older = k.newest
	if s.older != nil {
		s.older.newer = s
	} else {
		k.oldest = s
	}
	k.newest = s
	return displaced
}

// remove forgets a statement that is not lent.
func (k *stmtCache) remove(s *Stmt) {
	delete(k.byText, s.key)
	k.unlink(s)
}

// forget forgets a statement that will not be given back.
func (k *stmtCache) forget(s *Stmt) {
	if s.lent && k.byText[s.key] == s {
		delete(k.byText, s.key)
	}
	s.lent = false
}

func (k *stmtCache) unlink(s *Stmt) {
	if s.newer != nil {
		s.newer.older = s.older
	} else {
		k.newest = s.older
	}
	if s.older != nil {
		s.older.newer = s.newer
	} else {
		k.oldest = s.newer
	}
	s.newer, s.older = nil, nil
}

// attached turns the cache off while there are attached databases.
func (k *stmtCache) attached(db *sqlite3.Conn) {
	k.off = db.DBName(2) != "" // after main and temp
	if k.off {
		k.flush()
	}
}

// flush frees what is kept. What is lent is kept no longer when it comes back.
func (k *stmtCache) flush() {
	for s := k.oldest; s != nil; s = k.oldest {
		k.remove(s)
		s.finalize()
	}
	for _, s := range k.byText { // those that are lent
		s.spoiled = true
	}
}

// Acquire is Prepare for a statement that is given back with Release. One that was given back before may be returned, with
// what its user keeps in Aux; its parameters are NULL. Only statements that are the whole of their text are kept, so that
// the tail of a kept one holds no statement.
func (c *Conn) Acquire(ctx context.Context, sql string) (_ *Stmt, tail string, err error) {
	if c.err != nil {
		return nil, "", c.err
	}
	if s := c.cache.take(sql); s != nil {
		c.counts.cacheHits.Add(1)
		return s, "", nil
	}
	s, tail, err := c.Prepare(ctx, sql)
	if s != nil && c.cache.size > 0 && !c.cache.off && s.kind != other && len(sql) <= maxCachedText && s.whole {
		c.counts.cacheMisses.Add(1)
		s.key = sql
	}
	return s, tail, err
}

// Release ends a run of the statement as Reset does and gives the statement back. It must not be used afterwards.
func (s *Stmt) Release() (err error) {
	if s.s == nil || s.c.err != nil || s.key == "" || s.spoiled || s.c.cache.off {
		return s.Close()
	}
	if !s.used { // another connection has run it
		s.keep()
		return nil
	}
	outer, err := s.c.enter(context.Background())
	if err != nil {
		return err
	}
	defer s.c.leave(outer, &err)
	if err = s.reset(); err != nil {
		s.spoiled = true
	}
	s.keep()
	return err
}

// keep gives back a statement that has been reset.
func (s *Stmt) keep() {
	if s.used && s.bindCount > 0 {
		_ = s.s.ClearBindings() // cannot fail: https://sqlite.org/c3ref/clear_bindings.html
	}
	s.used = false
	// SQLite would run it again, but what went wrong may have been about the compiled form.
	if s.spoiled || s.key == "" || s.c.cache.off {
		s.finalize()
	} else if displaced := s.c.cache.put(s); displaced != nil {
		displaced.finalize()
	}
}

// finalize frees a statement that has been reset.
func (s *Stmt) finalize() {
	s.c.cache.forget(s)
	_ = s.s.Close()
	s.s = nil
}

// spoils reports whether a statement that has failed with err is better compiled anew. Conflicts in the data, and locks,
// say nothing about the statement.
func spoils(err error) bool {
	return err != nil && !errors.Is(err, sqlite3.CONSTRAINT) && !errors.Is(err, sqlite3.BUSY)
}

// kind is what of a statement's effect can be told from its first word.
type kind uint8

const (
	other   kind = iota // may act while it is compiled, as a PRAGMA does, or change what names mean
	data                // reads or writes rows
	control             // begins or ends a transaction or a savepoint
)

// kinds are the statements that can be kept, by their first word.
var kinds = []struct {
	word string
	kind kind
}{
	{"SELECT", data}, {"INSERT", data}, {"UPDATE", data}, {"DELETE", data}, {"WITH", data}, {"REPLACE", data}, {"VALUES", data},
	{"BEGIN", control}, {"COMMIT", control}, {"END", control}, {"ROLLBACK", control}, {"SAVEPOINT", control}, {"RELEASE", control},
}

// kindOf returns the first word of a statement and what kind of statement that makes it.
func kindOf(sql string) (word string, k kind) {
	sql = sql[blankPrefix(sql):]
	end := 0
	for end < len(sql) && 'a' <= sql[end]|0x20 && sql[end]|0x20 <= 'z' {
		end++
	}
	word = sql[:end]
	for _, k := range kinds {
		if strings.EqualFold(word, k.word) {
			return word, k.kind
		}
	}
	return word, other
}
