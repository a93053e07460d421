// Package register registers github.com/turso-coop/turso-coop/driver/compat/modernc as the driver "sqlite", for programs
// whose driver name cannot be changed:
//
//	import _ "github.com/turso-coop/turso-coop/driver/compat/modernc/register"
//
// A program that also holds modernc.org/sqlite, or another driver of that name, ends with a panic of sql.Register at its
// start.
package register

import (
	"database/sql"

	sqlite "github.com/turso-coop/turso-coop/driver/compat/modernc"
)

func init() {
	c, err := sqlite.NewConnector(":memory:")
	if err != nil {
		panic(err) // there is nothing wrong with that DSN
	}
	sql.Register("sqlite", c.Driver())
}
