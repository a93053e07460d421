// Package register registers github.com/turso-coop/turso-coop/driver/compat/mattn as the driver "sqlite3", for programs
// whose driver name cannot be changed:
//
//	import _ "github.com/turso-coop/turso-coop/driver/compat/mattn/register"
//
// A program that also holds github.com/mattn/go-sqlite3, or another driver of that name, ends with a panic of
// sql.Register at its start.
package register

import (
	"database/sql"

	sqlite3 "github.com/turso-coop/turso-coop/driver/compat/mattn"
)

func init() { sql.Register("sqlite3", &sqlite3.SQLiteDriver{}) }
