//go:build !linux

package ioengine

import "errors"

type setupFunc func()

func newRing(*engine, setupFunc) (mechanism, error) {
	return nil, errors.New("it is a facility of Linux")
}

// There is no call that answers from the page cache alone.
func sysReadAhead(uintptr, int64, int64) {}

func sysReadCached(uintptr, []byte, int64) (int, bool) { return 0, false }
