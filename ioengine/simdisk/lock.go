package simdisk

import (
	"errors"
	"fmt"
	"syscall"
)

// A LockLevel is a level of SQLite's file lock (https://sqlite.org/lockingv3.html),
// with SQLite's number.
type LockLevel uint8

const (
	LockNone      LockLevel = iota
	LockShared              // reads; any number of files may hold it
	LockReserved            // will write; one file, beside those that read
	LockPending             // waits to write; nobody new may read
	LockExclusive           // writes; nobody else holds anything
)

func (l LockLevel) String() string {
	names := [...]string{"NONE", "SHARED", "RESERVED", "PENDING", "EXCLUSIVE"}
	if int(l) >= len(names) {
		return fmt.Sprintf("LockLevel(%d)", l)
	}
	return names[l]
}

// ErrBusy is the refusal of a lock that somebody else's stands in the way of.
var ErrBusy = errors.New("simdisk: the file is locked")

// Lock raises the file's lock, by the steps that SQLite takes: SHARED from
// NONE, RESERVED from SHARED, EXCLUSIVE from SHARED or above. It never waits.
// A refusal is [ErrBusy]; an EXCLUSIVE that is refused to the holder of
// RESERVED leaves it with PENDING, as in SQLite's unix VFS.
func (f *File) Lock(level LockLevel) error {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	err := f.lock(level)
	f.d.immediate(CallLock, f.desc.path, int64(level), 0, err)
	return err
}

func (f *File) lock(level LockLevel) error {
	o := f.desc
	switch {
	case f.d.closed || f.closed || o.closed:
		return syscall.EBADF
	case level != LockShared && level != LockReserved && level != LockExclusive:
		return fmt.Errorf("simdisk: lock %s: %v cannot be asked for", o.path, level)
	case o.lock >= level:
		return nil
	case level > LockShared && o.lock == LockNone:
		return fmt.Errorf("simdisk: lock %s: %v asked for without SHARED", o.path, level)
	case level > LockShared && o.readOnly:
		return syscall.EBADF // a write lock needs a file open for writing
	}
	if fault := f.d.match(CallLock, o.path, 0, 0); fault != nil && fault.err() != nil {
		return fault.err()
	}
	if level == LockExclusive && o.lock == LockReserved {
		o.lock = LockPending // nobody else can hold it: RESERVED was in the way
	}
	if strongest := f.strongestOther(); !mayHold(level, strongest) {
		return ErrBusy
	}
	o.lock = level
	return nil
}

// mayHold reports whether a lock is granted beside the strongest of all others.
func mayHold(level, strongest LockLevel) bool {
	switch level {
	case LockShared:
		return strongest < LockPending
	case LockReserved:
		return strongest < LockReserved
	default:
		return strongest == LockNone
	}
}

// strongestOther is the strongest lock that another open file holds.
func (f *File) strongestOther() LockLevel {
	strongest := LockNone
	for _, other := range f.d.open {
		if other != f.desc && other.inode == f.desc.inode {
			strongest = max(strongest, other.lock)
		}
	}
	return strongest
}

// Unlock lowers the file's lock to SHARED or NONE.
func (f *File) Unlock(level LockLevel) error {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	if level > LockShared {
		return fmt.Errorf("simdisk: unlock %s: %v is not SHARED or NONE", f.desc.path, level)
	}
	if f.desc.lock > level {
		f.desc.lock = level
	}
	f.d.immediate(CallUnlock, f.desc.path, int64(level), 0, nil)
	return nil
}

// LockState is the lock that the file holds.
func (f *File) LockState() LockLevel {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	return f.desc.lock
}

// Reserved reports whether anybody holds RESERVED or more, this file included.
func (f *File) Reserved() bool {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	return max(f.desc.lock, f.strongestOther()) >= LockReserved
}
