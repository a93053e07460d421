//go:build !linux

package ioengine

import "errors"

type setupFunc func()

func newRing(*engine, setupFunc) (mechanism, error) {
	return nil, errors.New("it is a facility of Linux")
}

// Only engines with a ring probe the page cache.
func sysReadCached(uintptr, []byte, int64) (int, bool) { return 0, false }
