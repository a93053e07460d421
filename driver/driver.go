// Package driver is a driver of database/sql for SQLite, without cgo.
//
//	import _ "github.com/turso-coop/turso-coop/driver"
//
//	db, err := sql.Open("turso-coop", "app.db?_journal=WAL&_sync=FULL")
//
// It runs SQLite itself, and behaves as programs written for github.com/mattn/go-sqlite3 expect: the same DSN, the same
// values, the same error texts. For programs written for other drivers there are other names:
//
//	"turso-coop"           github.com/mattn/go-sqlite3
//	"turso-coop-modernc"   modernc.org/sqlite, github.com/glebarez/go-sqlite
//	"turso-coop-ncruces"   github.com/ncruces/go-sqlite3/driver
//
// They differ in defaults and where the drivers contradict each other: in how arguments go to parameters, how times are
// stored, which values are times and booleans, what sql.ColumnType says, and in error texts. The key _compat chooses the
// same in a DSN. A program that calls its driver "sqlite3" or "sqlite" can keep that name, see [Driver].
//
// # What to open
//
// A DSN is a path, or a URI that begins with "file:" (https://sqlite.org/uri.html), and after a "?" the keys below. In
// a URI, and only there, SQLite's own keys count as well: mode=ro opens for reading only. A "?" in a path is written
// %3f in a URI. With "turso-coop-ncruces" it is a part of the path, and only a URI has keys.
//
// ":memory:" is a database in memory, and "" one in a temporary file: each connection of the pool has its own. With
// _memory=shared the pool has one, which lasts until the pool is closed. Shared by the whole process, as long as one
// connection is open, are "file:name?mode=memory&cache=shared" and "file:/name?vfs=memdb". cache=shared means nothing
// for files.
//
// # Keys
//
// Where two names are given they mean the same, and the second wins. Every name of the driver knows the keys of all.
// Values are checked by sql.Open, before anything is opened. Unknown keys are ignored. The defaults are those of
// "turso-coop".
//
//	_busy_timeout, _timeout          how long to wait for a lock, in milliseconds; default 5000
//	_journal_mode, _journal          DELETE TRUNCATE PERSIST MEMORY WAL OFF; default: what the file says
//	_synchronous, _sync              OFF NORMAL FULL EXTRA or 0 to 3; default NORMAL
//	_foreign_keys, _fk               boolean; default off
//	_txlock                          deferred immediate exclusive: how transactions begin; default deferred
//	_readonly_tx                     enforce: transactions that say that they only read cannot write
//	_auto_vacuum, _vacuum            NONE FULL INCREMENTAL or 0 to 2
//	_cache_size                      pages, or minus KiB
//	_case_sensitive_like, _cslike    boolean
//	_defer_foreign_keys, _defer_fk   boolean
//	_ignore_check_constraints        boolean
//	_locking_mode, _locking          NORMAL EXCLUSIVE
//	_query_only                      boolean
//	_recursive_triggers, _rt         boolean
//	_secure_delete                   boolean or FAST
//	_writable_schema                 boolean
//	_pragma                          any other PRAGMA, as in _pragma=temp_store(memory); may be repeated
//	_dqs                             boolean: whether double quotes may stand around strings; default on
//	_defensive                       boolean: forbids what can damage the file; default off
//	_memory                          shared: the pool shares a database in memory
//	_max_memory                      limit of SQLite's memory for a connection, in bytes; default 256 MiB
//	_strict                          boolean: unknown keys are errors
//	_compat                          mattn modernc ncruces: the driver to stand in for
//	_gather                          boolean: statements that wait to write share a commit; default on
//	_engine                          uring or pool: how files are read and written; default: the better one that works
//	_prefetch                        boolean: scans are read ahead of in the file; default on
//	vfs                              name of a VFS registered with github.com/ncruces/go-sqlite3/vfs
//
// Booleans are 0 1 no yes false true off on. The first five are worth a thought: WAL lets readers and a writer work at
// the same time; with synchronous=NORMAL a commit survives the end of the process, but in WAL mode perhaps not that of
// the machine, for which FULL is needed; and a transaction that reads first and writes later fails at once if
// another one has written in between, whatever the time-out, unless it began with immediate.
//
// # Values
//
// Times are written as text, with their offset from UTC. They are read from columns declared as DATE, DATETIME or
// TIMESTAMP, from text of any usual layout and from numbers of seconds or milliseconds; text that is no time is read
// as the zero time. Columns declared as BOOLEAN are read as bool. Everything else is int64, float64, string or []byte,
// as SQLite has stored it. These keys change that:
//
//	_loc                    time zone of the times that are read, or auto for the local one; default: as stored
//	_timezone               time zone in which times are written and read, also those that are stored without an offset
//	_time_format            sqlite datetime string_no_monotonic: how times are written
//	_time_integer_format    unix unix_milli unix_micro unix_nano: times are written as integers
//	_timefmt                how times are written, and what is tried first in reading them: auto sqlite rfc3339, or a
//	                        format of github.com/ncruces/go-sqlite3 (TimeFormat), or a layout of package time
//	_inttotime              boolean: INTEGER in columns of times is a time
//	_texttotime             boolean: text that is a time is one also in columns without a declared type
//	_decltypes              wide: DATETIME(n), TIMESTAMP(n), TIMESTAMPTZ and TIMESTAMP WITH TIME ZONE are times too
//
// # Statements
//
// Exec and Query run every statement of a text; parameters take the arguments in turn, and sql.Named arguments wherever
// their name occurs. Query returns the rows of the last statement. A prepared statement is the first one of its text.
//
// A context ends a statement that runs and a wait for a lock. The error is then the context's. If the statement was
// about to write in a transaction, SQLite has rolled the whole transaction back: all that is left to do with it is
// Rollback, other calls return an error that wraps sql.ErrTxDone.
//
// Each connection keeps statements compiled that it has run, by their text, for the next time; _stmt_cache_size says how
// many, by default 64, and 0 none. A change of the schema, by whomever, is seen as ever. While databases are attached
// nothing is kept.
//
// [RunTx] runs a function in a transaction, waits for its turn, and runs it again where that is safe and needed.
// [WithTxLock] chooses for a transaction what _txlock chooses for all. SQLite has one isolation level, so that those of
// sql.TxOptions mean nothing, except with "turso-coop-ncruces".
//
// Errors of SQLite are an [*Error]. errors.As also finds in them the error type of github.com/mattn/go-sqlite3. A panic in a function that SQLite calls is an error too; the pool replaces the
// connection.
//
// # What goes on
//
// An error for a locked database says who holds the lock, see [Error.Holder]. [ReadStats] and [Var] tell what the
// connections of the process have done and are doing. These keys have more written to slog's default logger, as warnings:
//
//	_slow          a duration such as 50ms: statements that take so long, without their arguments; waits for locks count,
//	               the time between the calls of a query's Next does not
//	_leaks         a duration such as 1m: transactions and rows that are open for so long, and rows that are lost, with
//	               the place where they were opened; this costs about a microsecond for each
//	_network_fs    warn or refuse: a database in WAL mode on a network file system, where it loses data if two machines
//	               use it; default warn
//
// Without a key it is said which connection of this process keeps a WAL from being used again, by reading an old state of
// the database: when a checkpoint that was asked for cannot be made, and when the WAL has grown to 16 MiB or doubled since.
//
// # Beyond database/sql
//
// (*sql.Conn).Raw gives a [Conn]: statements without conversions, Go functions in SQL, hooks, backups, BLOBs in pieces,
// limits and counters, and SQLite's own connection for the rest. A [Connector] has a hook that sets every connection up.
//
// Programs that use the types of mattn's or modernc's driver need not change them: the folders compat/mattn and
// compat/modernc have packages to import instead. [RegisterKey] adds keys to the DSN. FTS5, R*Tree and REGEXP are there; package
// github.com/turso-coop/turso-coop/driver/vec1 adds vectors.
package driver

import (
	"cmp"
	"context"
	"database/sql"
	sqldriver "database/sql/driver"
	"errors"
	"fmt"
	"strings"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/ext/fts5"
	"github.com/ncruces/go-sqlite3/ext/rtree"
	"github.com/ncruces/go-sqlite3/vfs/memdb"

	"github.com/turso-coop/turso-coop/internal/conn"
)

// Name is the name of the driver that behaves as github.com/mattn/go-sqlite3. Beside it this package registers
// "turso-coop-modernc" and "turso-coop-ncruces".
const Name = "turso-coop"

// alias is a further name to register, for programs whose driver name cannot be changed in their source. It is set with
//
//	go build -ldflags="-X github.com/turso-coop/turso-coop/driver.alias=sqlite3"
//
// and may say which driver to stand in for, as in "sqlite=modernc".
var alias string

func init() {
	sql.Register(Name, Driver{})
	for _, p := range profiles[1:] {
		sql.Register(Name+"-"+p.name, Driver{p.name})
	}
	if name, compat, _ := strings.Cut(alias, "="); name != "" {
		sql.Register(name, Driver{compat})
	}
}

// Driver is what this package registers with database/sql. A program can register another name itself, unless it still
// imports the driver whose name that is:
//
//	sql.Register("sqlite3", driver.Driver{})
type Driver struct {
	// Compat is the driver that is stood in for: "mattn", "modernc" or "ncruces"; "" is "mattn".
	Compat string
}

var _ sqldriver.DriverContext = Driver{}

// Open opens one connection. database/sql uses OpenConnector instead.
func (d Driver) Open(dsn string) (sqldriver.Conn, error) {
	c, err := d.connector(dsn)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	return c.Connect(context.Background())
}

// OpenConnector implements driver.DriverContext.
func (d Driver) OpenConnector(dsn string) (sqldriver.Connector, error) { return d.connector(dsn) }

func (d Driver) connector(dsn string) (*Connector, error) {
	p, err := profileNamed(d.Compat)
	if err != nil {
		return nil, fmt.Errorf("driver: Driver.Compat: %w", err)
	}
	cfg, err := parseDSN(dsn, p)
	if err != nil {
		return nil, err
	}
	if cfg.shared != "" {
		memdb.Create(cfg.shared, nil)
	}
	return &Connector{cfg: cfg, family: &conn.Family{}}, nil
}

// Connector opens connections to what one DSN names, for sql.OpenDB. Its methods may be called concurrently.
type Connector struct {
	// ConnectHook, if it is not nil, sets a new connection up after the DSN has. Its error is that of Connect, and the
	// connection is closed. It may be called concurrently, for different connections; set it before the first.
	ConnectHook func(ctx context.Context, c Conn) error

	cfg    *config
	family *conn.Family // of its connections
}

var _ sqldriver.Connector = (*Connector)(nil)

// NewConnector checks a DSN; whatever is wrong with it is said here. Nothing is opened yet. The connections behave as
// those of [Name] unless the DSN says otherwise.
func NewConnector(dsn string) (*Connector, error) { return Driver{}.connector(dsn) }

// Driver implements driver.Connector.
func (c *Connector) Driver() sqldriver.Driver { return Driver{c.cfg.profile.name} }

// Close lets a database that _memory=shared has made go with its last connection. (*sql.DB).Close calls it.
func (c *Connector) Close() error {
	if c.cfg.shared != "" {
		memdb.Delete(c.cfg.shared)
	}
	return nil
}

// Connect opens a connection and sets it up as the DSN says. The context can interrupt that.
func (c *Connector) Connect(ctx context.Context) (sqldriver.Conn, error) {
	opening := ctx
	if c.cfg.maxMemory > 0 {
		opening = sqlite3.WithMaxMemory(ctx, c.cfg.maxMemory)
	}
	core, err := conn.Open(opening, c.cfg.open)
	if err != nil {
		return nil, newError(err, c.cfg.profile, nil, "", 0)
	}
	s := &session{Conn: core, cfg: c.cfg}
	err = s.setUp(ctx)
	if err == nil && c.ConnectHook != nil {
		err = s.callHook(ctx, c.ConnectHook)
	}
	if err == nil && c.cfg.gather {
		core.Join(c.family, c.ConnectHook != nil || len(c.cfg.inits) > 0)
	}
	if err != nil {
		_ = s.Close()
		return nil, err
	}
	return s, nil
}

// callHook calls f, whose panic is an error as in every call.
func (c *session) callHook(ctx context.Context, f func(context.Context, Conn) error) (err error) {
	panicked := c.Do(ctx, func(*sqlite3.Conn) error {
		err = f(ctx, c)
		return nil
	})
	return cmp.Or(c.fail(panicked, "", 0), err)
}

// setUp makes a new connection what the DSN says.
func (c *session) setUp(ctx context.Context) error {
	if err := c.Do(ctx, c.cfg.configure); err != nil {
		return c.fail(err, "", 0)
	}
	first := 0
	for first < len(c.cfg.setup) && c.cfg.setup[first].first {
		first++
	}
	if err := c.runPragmas(ctx, c.cfg.setup[:first]); err != nil {
		return err
	}
	if err := c.Do(ctx, addExtensions); err != nil {
		return c.fail(err, "", 0)
	}
	if err := c.runPragmas(ctx, c.cfg.setup[first:]); err != nil {
		return err
	}
	if err := c.chooseBegin(); err != nil {
		return err
	}
	if err := c.refuseUsers(ctx); err != nil {
		return err
	}
	for _, init := range c.cfg.inits {
		err := c.Do(ctx, func(db *sqlite3.Conn) error {
			closer, err := init(db)
			if closer != nil {
				c.closers = append(c.closers, closer)
			}
			return err
		})
		if err != nil {
			return c.fail(err, "", 0)
		}
	}
	return nil
}

func (c *session) runPragmas(ctx context.Context, pragmas []pragma) error {
	for _, p := range pragmas {
		err := c.Script(ctx, p.sql)
		switch {
		case err == nil:
		case p.from == fromKey && errors.Is(err, sqlite3.ERROR):
			return fmt.Errorf("driver: %s: SQLite does not understand it", p.from) // its own words would tell the key
		case p.from != "":
			return fmt.Errorf("driver: %s: %w", p.from, c.fail(err, p.sql, 0))
		default:
			return c.fail(err, p.sql, 0)
		}
	}
	return nil
}

// configure sets what the build of SQLite in the binding, its default or the DSN would have otherwise.
func (cfg *config) configure(db *sqlite3.Conn) error {
	var errs []error
	for _, option := range []struct {
		op sqlite3.DBConfig
		on bool
	}{
		{sqlite3.DBCONFIG_ENABLE_FKEY, cfg.profile.foreignKeys},
		{sqlite3.DBCONFIG_DQS_DDL, cfg.doubleQuotes},
		{sqlite3.DBCONFIG_DQS_DML, cfg.doubleQuotes},
		{sqlite3.DBCONFIG_TRUSTED_SCHEMA, cfg.profile.trusted},
		{sqlite3.DBCONFIG_DEFENSIVE, cfg.defensive},
	} {
		_, err := db.Config(option.op, option.on)
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// addExtensions adds what C builds of SQLite have compiled in. It must come before SQLite reads the schema, as most PRAGMAs
// make it do: only then does it know the tables that belong to virtual ones, which DBCONFIG_DEFENSIVE protects. FTS5 runs a
// query to find itself, which reads the schema too: R*Trees are first, and the key to the file before both. SQLite's own
// REGEXP is in the binding, as is generate_series.
func addExtensions(db *sqlite3.Conn) error {
	return errors.Join(rtree.Register(db), fts5.Register(db))
}

// refuseUsers refuses a database whose users were to be asked for a password by the user authentication extension,
// which SQLite has given up: the password in the DSN would protect nothing.
func (c *session) refuseUsers(ctx context.Context) error {
	if !c.cfg.password {
		return nil
	}
	q, _, err := c.prepare(ctx, "SELECT 1 FROM sqlite_schema WHERE name='sqlite_user'", 0)
	if err != nil {
		return err
	}
	defer q.Close()
	if found, err := q.Step(ctx); err != nil {
		return q.fail(err)
	} else if found {
		return errors.New("driver: _auth_pass: the database has a table sqlite_user, but user authentication is not supported")
	}
	return nil
}
