package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/turso-coop/turso-coop/driver"
	"github.com/turso-coop/turso-coop/wasmext"
)

// A target says which database to open, and how.
type target struct {
	name     string // a file, a file: URI, or memoryName
	readOnly bool
	existing bool   // do not create the file
	async    bool   // do not wait for the disk, and keep no journal
	engine   string // which I/O engine must be used, "" for any
	vfs      string // which of SQLite's VFSs must be used, "" for that of the engine
	waitMS   int    // for locks, in milliseconds; opening may have to, too
}

const memoryName = ":memory:"

// maxMemoryBytes is how much memory SQLite may take for one connection: all that
// it can address, since a person at a shell is alone with it.
const maxMemoryBytes = 4<<30 - 64<<10

// dsn returns t as a data source name. Where the driver's defaults are made
// for programs, the shell has those of SQLite: no waiting for locks unless that
// is asked for, and every commit synced.
func (t target) dsn() string {
	options := fmt.Sprintf("_busy_timeout=%d&_synchronous=FULL&_foreign_keys=0", t.waitMS)
	if t.async {
		options = "_synchronous=OFF&_journal_mode=OFF"
	}
	options += fmt.Sprintf("&_max_memory=%d", int64(maxMemoryBytes))
	if t.engine != "" {
		options += "&_engine=" + t.engine
	}
	if t.vfs != "" {
		options += "&vfs=" + t.vfs
	}
	switch {
	case t.readOnly:
		options += "&mode=ro"
	case t.existing:
		options += "&mode=rw"
	}
	switch {
	case t.inMemory():
		return memoryName + "?" + options
	case !t.isURI():
		return fileURI(t.name) + "?" + options
	case strings.Contains(t.name, "?"):
		return t.name + "&" + options
	}
	return t.name + "?" + options
}

func (t target) inMemory() bool { return t.name == memoryName || t.name == "" }
func (t target) isURI() bool    { return strings.HasPrefix(t.name, "file:") }

// fileURI returns the name of a file as a URI that means just that file,
// whatever its name is made of (https://sqlite.org/uri.html).
func fileURI(name string) string {
	path := strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23").Replace(filepath.ToSlash(name))
	switch {
	case strings.HasPrefix(path, "/"):
		return "file://" + path
	case filepath.VolumeName(name) != "":
		return "file:///" + path
	}
	return "file:" + path
}

// exists reports whether the target is a file that is there. A URI is not
// looked into.
func (t target) exists() bool {
	_, err := os.Stat(t.name)
	return err == nil
}

// A database is an open connection. The shell has one at a time, and lends it
// to one function at a time.
type database struct {
	pool    *sql.DB
	conn    *sql.Conn
	modules []*wasmext.Module // to be closed after the connection
}

func openDatabase(ctx context.Context, t target) (*database, error) {
	connector, err := driver.NewConnector(t.dsn())
	if err != nil {
		return nil, err
	}
	db := &database{pool: sql.OpenDB(connector)}
	if db.conn, err = db.pool.Conn(ctx); err != nil {
		return nil, errors.Join(err, db.pool.Close())
	}
	return db, nil
}

func (db *database) close() error {
	err := errors.Join(db.conn.Close(), db.pool.Close())
	for _, m := range db.modules {
		err = errors.Join(err, m.Close())
	}
	return err
}

// use lends the connection to f.
func (db *database) use(f func(c driver.Conn) error) error {
	return db.conn.Raw(func(c any) error { return f(c.(driver.Conn)) })
}

// query runs one statement with args bound to ?1, ?2 and so on, and calls each
// for its rows unless it is nil. The shell's own questions to a database go this
// way.
func query(ctx context.Context, c driver.Conn, text string, args []any, each func(row []any) error) (err error) {
	st, _, err := c.Statement(ctx, text)
	if err != nil || st == nil {
		return err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	for i, arg := range args {
		if err := st.Bind(i+1, arg); err != nil {
			return err
		}
	}
	for {
		more, err := st.Step(ctx)
		if err != nil || !more {
			return err
		}
		if each == nil {
			continue
		}
		row := make([]any, st.ColumnCount())
		for i := range row {
			row[i] = st.Column(i)
		}
		if err := each(row); err != nil {
			return err
		}
	}
}

// do runs one statement and drops its rows.
func do(ctx context.Context, c driver.Conn, text string) error {
	return query(ctx, c, text, nil, nil)
}

// texts runs a query and returns the first column of its rows as text.
func texts(ctx context.Context, c driver.Conn, text string, args ...any) (list []string, err error) {
	err = query(ctx, c, text, args, func(row []any) error {
		list = append(list, asText(row[0]))
		return nil
	})
	return list, err
}

// asText returns a value that is text; NULL is the empty one.
func asText(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	if v == nil {
		return ""
	}
	return fmt.Sprint(v)
}

// inTransaction reports whether a transaction is open.
func (db *database) inTransaction() bool {
	open := false
	_ = db.use(func(c driver.Conn) error {
		if raw := c.Raw(); raw != nil {
			open = !raw.GetAutocommit()
		}
		return nil
	})
	return open
}

// load loads a WebAssembly module of SQL functions into the connection, for as
// long as it is open.
func (db *database) load(c driver.Conn, path string) error {
	module, err := wasmext.Load(c.Raw(), path, wasmext.Options{})
	if err == nil {
		db.modules = append(db.modules, module)
	}
	return err
}
