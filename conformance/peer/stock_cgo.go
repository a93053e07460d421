//go:build cgo

package peer

import (
	"errors"

	mattn "github.com/mattn/go-sqlite3"
)

// stockBuilt says whether the binary holds stock SQLite.
const stockBuilt = true

// stockCode returns the extended result code of an error of stock SQLite's driver, 0 if it is none.
func stockCode(err error) int {
	var e mattn.Error
	if errors.As(err, &e) {
		return int(e.ExtendedCode)
	}
	return 0
}
