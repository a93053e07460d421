package vfs

import (
	"github.com/ncruces/go-sqlite3"

	"github.com/turso-coop/turso-coop/ioengine"
)

// Trace has the engine of the VFS that c's main database belongs to record its
// operations in t, those for other connections too; nil stops that. ok is false
// if the VFS is not one of ours, as for an in-memory database, or if its engine
// cannot be traced.
func Trace(c *sqlite3.Conn, t *ioengine.Trace) (ok bool) {
	main, ok := mainFile(c)
	if !ok {
		return false
	}
	tracer, ok := main.engine.(ioengine.Tracer)
	if ok {
		tracer.Trace(t)
	}
	return ok
}
