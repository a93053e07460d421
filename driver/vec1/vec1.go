// Package vec1 adds SQLite's vector extension to every connection that the program opens:
//
//	import _ "github.com/turso-coop/turso-coop/driver/vec1"
//
// It stores vectors in virtual tables and finds the nearest ones: https://sqlite.org/vec1. It is a package of its own
// because it takes its time when a connection is opened (tens of microseconds), and makes the program larger.
package vec1

import (
	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/ext/vec1"
)

func init() { sqlite3.AutoExtension(vec1.Register) }
