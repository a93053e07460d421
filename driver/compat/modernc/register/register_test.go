package register

import (
	"database/sql"
	"database/sql/driver"
	"testing"

	sqlite "github.com/turso-coop/turso-coop/driver/compat/modernc"
	_ "github.com/turso-coop/turso-coop/vfs/oracle" // files are what SQLite asked for
)

func TestRegister(t *testing.T) {
	sqlite.MustRegisterScalarFunction("seven", 0, func(*sqlite.FunctionContext, []driver.Value) (driver.Value, error) { return int64(7), nil })
	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var n int
	if err := db.QueryRow("SELECT seven()").Scan(&n); n != 7 || err != nil {
		t.Errorf("the driver is not that of the package: %d, %v", n, err)
	}
}
