package cold

import (
	"context"
	"database/sql"

	"github.com/turso-coop/turso-coop/driver"
)

func statsOf(db *sql.DB) (*driver.Stats, error) {
	ctx := context.Background()
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	var s driver.Stats
	err = conn.Raw(func(c any) error {
		s = c.(driver.Conn).Stats()
		return nil
	})
	return &s, err
}
