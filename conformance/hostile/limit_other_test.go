//go:build !unix

package hostile

// limitFiles does nothing where a process cannot be limited.
func limitFiles(uint64) error { return nil }
