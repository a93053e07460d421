// Package oracle watches, in tests, that the files of package vfs are what
// SQLite asked for, byte by byte. A test package switches it on for all its
// files with
//
//	import _ "github.com/turso-coop/turso-coop/vfs/oracle"
//
// # What is compared
//
// It stands between SQLite and each file. What SQLite writes and truncates it
// also keeps in a shadow, and at the moments at which somebody else may rely on
// those bytes it reads the file past everything that is tested and compares:
// before a commit is published (which is an operation on the WAL-index), after
// a sync, at COMMIT_PHASETWO and CKPT_DONE, before locks are given up and a
// file is closed; a rollback journal also before its database changes. Each
// read must return what the file holds, under what was written since.
//
// # Other processes
//
// A byte is compared only while the connection that wrote it holds a lock that
// keeps everybody else from writing there, and is forgotten when the lock is
// given up: other connections and other processes, whatever SQLite they use,
// may then write the same files. Reads are compared if they are made under a
// lock.
//
// # Failure
//
// A difference is printed with the file's last operations, and the process
// ends with status 2, because nothing may continue on such a file and a panic
// could be recovered.
//
// Files are watched where descriptors can be read by pread(2); elsewhere the
// import does nothing.
package oracle
