//go:build !ncruces

package main

import _ "github.com/mattn/go-sqlite3"
