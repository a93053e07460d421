// Package driver is a database/sql driver for SQLite.
package driver

import (
	"context"
	"database/sql"
	sqldriver "database/sql/driver"

	"github.com/turso-coop/turso-coop/internal/conn"
)

// Name is the name that this package registers with database/sql.
const Name = "turso-coop"

func init() { sql.Register(Name, Driver{}) }

// Driver is the driver.Driver registered as Name.
type Driver struct{}

var _ sqldriver.DriverContext = Driver{}

// Open opens one connection. database/sql calls OpenConnector instead.
func (d Driver) Open(dsn string) (sqldriver.Conn, error) {
	c, err := NewConnector(dsn)
	if err != nil {
		return nil, err
	}
	return c.Connect(context.Background())
}

// OpenConnector implements driver.DriverContext by NewConnector.
func (d Driver) OpenConnector(dsn string) (sqldriver.Connector, error) { return NewConnector(dsn) }

// Connector opens connections to the database that one DSN describes.
type Connector struct {
	cfg *config
}

var _ sqldriver.Connector = (*Connector)(nil)

// NewConnector parses a DSN. Whatever is wrong with it is said here.
func NewConnector(dsn string) (*Connector, error) {
	cfg, err := parseDSN(dsn)
	if err != nil {
		return nil, err
	}
	return &Connector{cfg}, nil
}

// Driver implements driver.Connector.
func (c *Connector) Driver() sqldriver.Driver { return Driver{} }

// Connect implements driver.Connector.
func (c *Connector) Connect(ctx context.Context) (sqldriver.Conn, error) {
	core, err := conn.Open(ctx, c.cfg.open)
	if err != nil {
		return nil, newError(err, "", -1)
	}
	return &session{Conn: core, cfg: c.cfg}, nil
}
