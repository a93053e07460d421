package main

import (
	"fmt"
	"strings"

	"github.com/ncruces/go-sqlite3"

	"github.com/turso-coop/turso-coop/driver"
)

// safety is -safe: nothing that a script says may reach beyond the database
// that the user has named. The first attempt ends the shell.
type safety struct {
	always    bool   // -safe was given
	on        bool   // false also for the one command behind a .nonce
	nonce     string // lifts it for one command
	violation string // what a statement tried, until it has been reported
}

// again restores safe mode after the command that it was lifted for. c is nil
// for SQL.
func (s *safety) again(c *command) {
	if c == nil || c.name != "nonce" {
		s.on = s.always
	}
}

// unsafe reports an attempt and ends the shell.
func (sh *shell) unsafe(format string, args ...any) error {
	sh.report("%s %s\n", sh.place(), fmt.Sprintf(format, args...))
	sh.quit(1)
	return errFailed
}

// unsafeFunctions are SQL functions that safe mode forbids.
var unsafeFunctions = []string{
	"edit", "fts3_tokenizer", "fsdir", "load_extension", "lsmode", "readfile", "realpath", "writefile", "zipfile", "zipfile_cds",
}

// authorize refuses what safe mode forbids in SQL.
func (s *safety) authorize(action sqlite3.AuthorizerActionCode, name3rd, name4th, _, _ string) sqlite3.AuthorizerReturnCode {
	if !s.on {
		return sqlite3.AUTH_OK
	}
	switch action {
	case sqlite3.AUTH_ATTACH:
		s.violation = "cannot run ATTACH in safe mode"
		return sqlite3.AUTH_DENY
	case sqlite3.AUTH_FUNCTION:
		for _, name := range unsafeFunctions {
			if strings.EqualFold(name4th, name) {
				s.violation = fmt.Sprintf("cannot use the %s() function in safe mode", name)
				return sqlite3.AUTH_DENY
			}
		}
	case sqlite3.AUTH_READ:
		if strings.EqualFold(name3rd, "fsdir") {
			s.violation = "cannot use the fsdir() function in safe mode"
			return sqlite3.AUTH_DENY
		}
	}
	return sqlite3.AUTH_OK
}

func (sh *shell) cmdNonce(d *dotLine) error {
	switch {
	case len(d.args) != 2:
		return complain("Usage: .nonce NONCE")
	case sh.safe.nonce == "" || d.arg(1) != sh.safe.nonce:
		return sh.unsafe("incorrect nonce: \"%s\"", d.arg(1))
	}
	sh.safe.on = false
	return nil
}

// setUp makes a connection that was just opened what the user expects of it.
func (sh *shell) setUp(c driver.Conn) error {
	for op, on := range map[sqlite3.DBConfig]bool{
		sqlite3.DBCONFIG_DEFENSIVE:      true,
		sqlite3.DBCONFIG_DQS_DDL:        false,
		sqlite3.DBCONFIG_DQS_DML:        false,
		sqlite3.DBCONFIG_TRUSTED_SCHEMA: false,
	} {
		if _, err := c.Raw().Config(op, on); err != nil {
			return err
		}
	}
	if sh.safe.always {
		c.OnAuthorize(sh.safe.authorize)
	}
	return sh.addFunctions(c)
}
