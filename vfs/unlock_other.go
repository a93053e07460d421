//go:build !linux && !darwin

package vfs

import sqlitevfs "github.com/ncruces/go-sqlite3/vfs"

// unlockSharedMemory has nothing to do: closing the WAL-index unlocks it.
func unlockSharedMemory(sqlitevfs.SharedMemory) {}
