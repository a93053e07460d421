package driver

import (
	"strings"
	"time"
)

// defaultStmtCache is how many statements a connection keeps compiled unless the DSN says otherwise.
const defaultStmtCache = 64

// readReports reads the keys about how statements are run and about what is logged.
func (cfg *config) readReports(p *params) (err error) {
	cfg.open.StmtCache = defaultStmtCache
	if v := p.get("_stmt_cache_size", ""); v != "" {
		n, err := checkInt("_stmt_cache_size", v, 0, "a number of statements")
		if err != nil {
			return err
		}
		cfg.open.StmtCache = int(n)
	}
	gather, given, err := p.boolean("_gather")
	if err != nil {
		return err
	}
	cfg.gather = gather || !given
	if cfg.open.Slow, err = readDuration("_slow", p.get); err != nil {
		return err
	}
	if cfg.leaks, err = readDuration("_leaks", p.get); err != nil {
		return err
	}
	if v := p.get("_network_fs", ""); v != "" {
		if err := checkWord("_network_fs", v, "WARN REFUSE"); err != nil {
			return err
		}
		cfg.open.RefuseNetworkFS = strings.EqualFold(v, "refuse")
	}
	return nil
}

// readDuration reads a key that switches something on from some time on; 0 is off.
func readDuration(key string, get func(key, alias string) string) (time.Duration, error) {
	v := get(key, "")
	if v == "" {
		return 0, nil
	}
	d, err := time.ParseDuration(v)
	if err != nil || d < 0 {
		return 0, bad(key, v, "a duration as 50ms or 2s, or 0")
	}
	return d, nil
}
