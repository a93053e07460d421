//go:build !linux

package cold

import "errors"

func dropCached(string) error {
	return errors.New("a file can be dropped from the page cache on Linux only")
}
