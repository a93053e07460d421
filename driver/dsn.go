package driver

import (
	"strings"
	"time"

	"github.com/turso-coop/turso-coop/internal/conn"
)

// config is what a DSN says.
type config struct {
	open   conn.Options
	begin  string
	memory bool
}

func parseDSN(dsn string) (*config, error) {
	name := dsn
	if i := strings.IndexByte(dsn, '?'); i > 0 && !strings.HasPrefix(dsn, "file:") {
		name = dsn[:i]
	}
	return &config{open: conn.Options{Filename: name, BusyTimeout: 5 * time.Second}, begin: "BEGIN"}, nil
}
