package conn

import (
	"context"
	"slices"
	"strings"
)

// Join makes c, which is as it was opened, a member of a family. What is done to it from now on that others of the family
// do not know keeps its statements to itself. hooked says that functions of the program have set it up, which may have
// given it objects of its own.
func (c *Conn) Join(f *Family, hooked bool) {
	c.gather.family, c.gather.changed, c.turns.lent = f, false, false
	if readOnly, _ := c.ReadOnly("main"); readOnly || c.cache.off {
		c.gather.changed = true
	}
	if hooked {
		c.noteTemporary()
	}
}

// noteCompiled takes note of a statement that may make the connection another one than it was when it was opened. A PRAGMA
// may do so while it is compiled.
func (c *Conn) noteCompiled(s *Stmt) {
	switch {
	case s.kind != other:
	case strings.EqualFold(s.word, "ATTACH"), strings.EqualFold(s.word, "PRAGMA") && !harmless(s.sql):
		c.gather.changed = true
	case strings.EqualFold(s.word, "EXPLAIN") && strings.Contains(strings.ToLower(s.sql), "pragma"):
		c.gather.changed = true // some PRAGMAs act all the same
	}
}

// harmlessPragmas are those that leave the connection as it is whatever their argument: they describe the schema, check
// or change the database, or say how long to wait. https://sqlite.org/pragma.html
var harmlessPragmas = []string{
	"application_id", "busy_timeout", "collation_list", "compile_options", "data_version", "database_list",
	"foreign_key_check", "foreign_key_list", "freelist_count", "function_list", "incremental_vacuum", "index_info",
	"index_list", "index_xinfo", "integrity_check", "module_list", "optimize", "page_count", "pragma_list", "quick_check",
	"shrink_memory", "table_info", "table_list", "table_xinfo", "user_version", "wal_checkpoint",
}

// harmless reports whether a PRAGMA leaves the connection as it is. One without an argument only asks.
func harmless(sql string) bool {
	sql = sql[blankPrefix(sql):][len("PRAGMA"):]
	i := strings.IndexAny(sql, "=(")
	if i < 0 {
		return true
	}
	name := sql[:i]
	if strings.Contains(name, "--") || strings.Contains(name, "/*") {
		return false // whatever the comment hides
	}
	name = strings.ToLower(strings.Trim(name[strings.IndexByte(name, '.')+1:], " \t\n\f\r"))
	if _, known := slices.BinarySearch(harmlessPragmas, name); known {
		return true
	}
	// WAL mode is the database's. The other modes are a connection's.
	return name == "journal_mode" && strings.EqualFold(strings.Trim(sql[i:], " \t\n\f\r=();'\""), "wal")
}

// noteTemporary looks whether the connection has objects of its own, which hide those of the same name that all have.
func (c *Conn) noteTemporary() {
	if c.gather.family == nil || c.gather.changed {
		return
	}
	s, _, err := c.db.Prepare("SELECT 1 FROM temp.sqlite_schema LIMIT 1")
	if err != nil {
		c.gather.changed = true
		return
	}
	found := s.Step()
	c.gather.changed = s.Close() != nil || found
}

// undoes reports whether SQLite can undo a statement inside of a transaction: not without a journal. By itself it could,
// for then nothing of it has come to the file.
func (c *Conn) undoes() bool {
	g := &c.gather
	if g.journal {
		return true // what sets another mode is a PRAGMA
	}
	defer c.db.SetInterrupt(c.db.SetInterrupt(context.Background()))
	s, _, err := c.db.Prepare("PRAGMA main.journal_mode")
	if err != nil {
		return false
	}
	off := s.Step() && s.ColumnText(0) == "off"
	if s.Close() != nil {
		return false
	}
	g.journal, g.changed = true, off
	return !off
}

// noteEnded takes note of what a statement has done to the connection that was not known when it was compiled.
func (c *Conn) noteEnded(s *Stmt) {
	switch {
	case strings.EqualFold(s.word, "ATTACH"), strings.EqualFold(s.word, "DETACH"):
		c.cache.attached(c.db)
	case strings.EqualFold(s.word, "CREATE") && strings.Contains(strings.ToLower(s.sql), "temp"):
		c.noteTemporary()
	}
}

// QueryOnly forbids what changes databases, or allows it again, for the user's own transaction: the connection counts as
// unchanged. https://sqlite.org/pragma.html#pragma_query_only
func (c *Conn) QueryOnly(ctx context.Context, on bool) (err error) {
	outer, err := c.enter(ctx)
	if err != nil {
		return err
	}
	defer c.leave(outer, &err)
	sql := "PRAGMA query_only=OFF"
	if on {
		sql = "PRAGMA query_only=ON"
	}
	if err = c.db.Exec(sql); err != nil {
		c.gather.changed = true
	}
	return withContext(ctx, err)
}
