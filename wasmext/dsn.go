package wasmext

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/ncruces/go-sqlite3"
	"github.com/turso-coop/turso-coop/driver"
)

func init() { driver.RegisterKey("_extension", openKey) }

// openKey is what the key _extension does: when a DSN is parsed, for each connection, and when that one closes.
func openKey(value string) (func(*sqlite3.Conn) (func() error, error), error) {
	path, opts, err := parseKey(value)
	if err == nil {
		err = opts.check()
	}
	var p *program
	if err == nil {
		p, err = readProgram(path, opts)
	}
	if err != nil {
		return nil, fmt.Errorf("wasmext: load %s: %w", value, err)
	}
	return func(c *sqlite3.Conn) (func() error, error) {
		m, err := p.register(c, path, opts)
		if err != nil {
			return nil, fmt.Errorf("wasmext: load %s: %w", value, err)
		}
		return m.Close, nil
	}, nil
}

// parseKey takes PATH?OPTION,… apart.
func parseKey(value string) (path string, opts Options, err error) {
	path, list := value, ""
	if i := strings.LastIndexByte(value, '?'); i >= 0 {
		path, list = value[:i], value[i+1:]
	}
	if path == "" {
		return "", opts, fmt.Errorf("no path")
	}
	for option := range strings.SplitSeq(list, ",") {
		if option == "" {
			continue
		}
		name, v, _ := strings.Cut(option, "=")
		switch name {
		case "timeout":
			opts.Timeout, err = time.ParseDuration(v)
			if err == nil && opts.Timeout <= 0 {
				err = fmt.Errorf("not a positive duration: %q", v)
			}
		case "memory":
			opts.Memory, err = parseSize(v)
		default:
			err = fmt.Errorf("there are the options timeout and memory")
		}
		if err != nil {
			return "", opts, fmt.Errorf("option %q: %w", option, err)
		}
	}
	return path, opts, nil
}

// parseSize reads a positive number of bytes, or one with a binary unit.
func parseSize(text string) (int64, error) {
	number, shift := text, 0
	for unit, s := range map[string]int{"KiB": 10, "MiB": 20, "GiB": 30} {
		if n, ok := strings.CutSuffix(text, unit); ok {
			number, shift = n, s
		}
	}
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil || n <= 0 || n > math.MaxInt64>>shift {
		return 0, fmt.Errorf("not a size such as 16777216 or 16MiB: %q", text)
	}
	return n << shift, nil
}
