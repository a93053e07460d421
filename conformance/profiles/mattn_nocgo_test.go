//go:build !cgo

package dropin

// mattnBuilt says whether the binary holds mattn's driver.
const mattnBuilt = false
