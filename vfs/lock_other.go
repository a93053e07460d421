//go:build !linux && !darwin

package vfs

import sqlitevfs "github.com/ncruces/go-sqlite3/vfs"

// unlockSharedMemory has nothing to do: closing the WAL-index unlocks it.
func unlockSharedMemory(sqlitevfs.SharedMemory) {}

// canFindHolder says whether holderOf works here: locks of other kinds name no holder.
const canFindHolder = false

func holderOf(uintptr, lockRange) (pid int, held bool) { return 0, false }
