//go:build cgo

package dropin

import _ "github.com/mattn/go-sqlite3"

// mattnBuilt says whether the binary holds mattn's driver.
const mattnBuilt = true
