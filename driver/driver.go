// Package driver is a database/sql driver for SQLite.
package driver

import (
	"context"
	"database/sql"
	sqldriver "database/sql/driver"
	"errors"
	"fmt"
	"time"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/ext/fts5"
	"github.com/ncruces/go-sqlite3/ext/regexp"
	"github.com/ncruces/go-sqlite3/ext/rtree"
	_ "github.com/ncruces/go-sqlite3/vfs/memdb" // databases in memory that connections share

	"github.com/turso-coop/turso-coop/internal/conn"
)

// Name is the name that this package registers with database/sql.
const Name = "turso-coop"

func init() { sql.Register(Name, Driver{}) }

// Driver is what this package registers with database/sql.
type Driver struct{}

var _ sqldriver.DriverContext = Driver{}

// Open opens one connection. database/sql uses OpenConnector instead.
func (Driver) Open(dsn string) (sqldriver.Conn, error) {
	c, err := NewConnector(dsn)
	if err != nil {
		return nil, err
	}
	return c.Connect(context.Background())
}

// OpenConnector implements driver.DriverContext.
func (Driver) OpenConnector(dsn string) (sqldriver.Connector, error) { return NewConnector(dsn) }

// Connector opens connections to what one DSN names, for sql.OpenDB. Its methods may be called concurrently.
type Connector struct{ cfg *config }

var _ sqldriver.Connector = (*Connector)(nil)

// NewConnector checks a DSN; whatever is wrong with it is said here. Nothing is opened yet.
func NewConnector(dsn string) (*Connector, error) {
	cfg, err := parseDSN(dsn)
	if err != nil {
		return nil, err
	}
	return &Connector{cfg}, nil
}

// Driver implements driver.Connector.
func (c *Connector) Driver() sqldriver.Driver { return Driver{} }

// Connect opens a connection and sets it up as the DSN says. The context can interrupt that.
func (c *Connector) Connect(ctx context.Context) (sqldriver.Conn, error) {
	core, err := conn.Open(ctx, c.cfg.open)
	if err != nil {
		return nil, newError(err, nil, "", 0)
	}
	s := &session{Conn: core, cfg: c.cfg}
	if err := s.setUp(ctx); err != nil {
		_ = s.Close()
		return nil, err
	}
	return s, nil
}

// defaultBusyTimeout is how long a statement waits for a lock unless the DSN says otherwise.
const defaultBusyTimeout = 5 * time.Second

// setUp makes a new connection what the DSN says.
func (c *session) setUp(ctx context.Context) error {
	if err := c.Do(ctx, likeStock); err != nil {
		return c.fail(err, "", 0)
	}
	for _, p := range c.cfg.setup {
		if err := c.Script(ctx, p.sql); err != nil {
			err = c.fail(err, p.sql, 0)
			if p.from != "" {
				err = fmt.Errorf("driver: %s: %w", p.from, err)
			}
			return err
		}
	}
	if err := c.refuseUsers(ctx); err != nil {
		return err
	}
	if err := c.Do(ctx, addExtensions); err != nil {
		return c.fail(err, "", 0)
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

// likeStock undoes what the build of SQLite in the binding has changed from SQLite's defaults.
func likeStock(db *sqlite3.Conn) error {
	var errs []error
	for _, option := range []struct {
		op sqlite3.DBConfig
		on bool
	}{
		{sqlite3.DBCONFIG_ENABLE_FKEY, false},
		{sqlite3.DBCONFIG_DQS_DDL, true},
		{sqlite3.DBCONFIG_DQS_DML, true},
		{sqlite3.DBCONFIG_TRUSTED_SCHEMA, true},
	} {
		_, err := db.Config(option.op, option.on)
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// addExtensions adds what C builds of SQLite have compiled in, and REGEXP. FTS5 runs a query to find itself, which reads
// the schema: it must come after the PRAGMAs that say how to read the file.
func addExtensions(db *sqlite3.Conn) error {
	return errors.Join(fts5.Register(db), rtree.Register(db), regexp.Register(db))
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
