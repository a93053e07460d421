//go:build ncruces

package main

// This driver registers the name that mattn's has, so that a binary holds one of the two.
import _ "github.com/ncruces/go-sqlite3/driver"
