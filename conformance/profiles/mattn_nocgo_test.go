//go:build !cgo

package profiles

// mattnBuilt says whether the binary holds mattn's driver.
const mattnBuilt = false
