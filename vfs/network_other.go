//go:build !linux && !darwin && !freebsd

package vfs

// networkFileSystem knows of no network file system here.
func networkFileSystem(string) string { return "" }
