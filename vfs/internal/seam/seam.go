// Package seam is the place between SQLite and the files of package vfs, for
// tests that watch both sides.
package seam

import sqlitevfs "github.com/ncruces/go-sqlite3/vfs"

// A File is what package vfs gives to SQLite: whatever of the optional methods
// is not named here would be hidden by who wraps it.
type File interface {
	sqlitevfs.FileLockState
	sqlitevfs.FilePersistWAL
	sqlitevfs.FilePowersafeOverwrite
	sqlitevfs.FileSizeHint
	sqlitevfs.FileHasMoved
	sqlitevfs.FileCommitPhaseTwo
	sqlitevfs.FilePragma
	sqlitevfs.FileCheckpoint
	sqlitevfs.FileSharedMemory
	SetDB(any) // FCNTL_PDB
}

// Wrap, if not nil, is given every file that is opened, with its descriptor,
// and returns what SQLite gets instead. It is set before the first is opened.
var Wrap func(f File, fd uintptr, name *sqlitevfs.Filename, flags sqlitevfs.OpenFlag) sqlitevfs.File
