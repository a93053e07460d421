// Package vfs is SQLite's view of files: a virtual file system
// (https://sqlite.org/vfs.html) whose every read, write, sync, truncation and
// allocation is an operation of an [ioengine.Engine].
//
// Importing the package registers the VFS "turso-coop" ([Name]) and its two
// siblings that force an engine, for any connection of ncruces/go-sqlite3:
//
//	sqlite3.Open("file:app.db?vfs=turso-coop")
//
// # What is ours and what is borrowed
//
// Databases, write-ahead logs, rollback, statement and super-journals, and
// temporary files are opened by ncruces' VFS of the operating system, whose
// file lends its descriptor. Locks and the WAL-index stay with that file, so
// other processes with any SQLite see the locks and files they expect; the
// bytes move through the engine on the same descriptor. Deleting, testing for
// existence and resolving paths are borrowed whole. Memory-mapped I/O is not
// offered: it would go past the engine.
//
// # One operation, one machine
//
// Each operation is a state machine of package completion, in a file of its
// own: read.go, write.go, sync.go, truncate.go, allocate.go. SQLite calls the
// methods of [sqlitevfs.File], which drive the machine; what waiting means is
// decided by the file's waiter alone. A read that the page cache answers is over
// before there would be anything to wait for, and needs no machine.
//
// Writes go through to the page cache before they return, except that the
// frames of a commit wait for each other inside a [CommitWindow], and
// neighbouring pages in a checkpoint (checkpoint.go). Whatever may
// be seen by others, or was promised to anybody, is in the page cache: there is
// nothing that a killed process could lose or another process could miss.
//
// # Reading ahead
//
// A database that is scanned cold is read ahead of: package readahead sees what
// is read and says what comes next, and prefetch.go has the engine bring that to
// the page cache. WALs are read ahead of in recovery and in checkpoints, which
// read them as a whole. PRAGMA prefetch=0 switches both off for a database of a
// connection.
//
// # Errors
//
// errors.go is the one place that chooses SQLite's code for an error of the
// operating system. The error itself, with the operation and the path, is kept
// for [LastError]: SQLite has no place for it.
package vfs
