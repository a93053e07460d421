//go:build !linux

package ioengine_test

import (
	"errors"
	"os"
)

func fdatasync(f *os.File) error { return f.Sync() }

func dropCache(*os.File) error { return errors.New("the page cache can be dropped on Linux only") }
