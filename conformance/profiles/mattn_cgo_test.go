//go:build cgo

package profiles

import (
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"syscall"
	"testing"

	mattn "github.com/mattn/go-sqlite3"

	"github.com/turso-coop/turso-coop/driver"
)

// mattnBuilt says whether the binary holds mattn's driver.
const mattnBuilt = true

// TestMattnError: programs that look for mattn's error type find it in ours.
func TestMattnError(t *testing.T) {
	db, err := sql.Open(driver.Name, filepath.Join(t.TempDir(), "test.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	_, err = db.Exec("CREATE TABLE t(a UNIQUE); INSERT INTO t VALUES (1), (1)")
	err = fmt.Errorf("wrapped: %w", err)
	var value mattn.Error
	if !errors.As(err, &value) || value.Code != mattn.ErrConstraint || value.ExtendedCode != mattn.ErrConstraintUnique || value.SystemErrno != 0 {
		t.Errorf("%v holds %#v", err, value)
	}
	var pointer *mattn.Error
	if !errors.As(err, &pointer) || pointer.ExtendedCode != mattn.ErrConstraintUnique {
		t.Errorf("%v holds %#v", err, pointer)
	}
	_, err = db.Exec("ATTACH ? AS x", filepath.Join(t.TempDir(), "missing/test.db"))
	if !errors.As(err, &value) || value.Code != mattn.ErrCantOpen || value.SystemErrno != syscall.ENOENT {
		t.Errorf("%v holds %#v", err, value)
	}
}
