package driver

import (
	"errors"
	"fmt"
	"time"

	"github.com/ncruces/go-sqlite3"

	"github.com/turso-coop/turso-coop/internal/conn"
)

// readTimes reads the keys that say how times are stored, and which values are times.
func (cfg *config) readTimes(p *params) error {
	if err := cfg.readZones(p); err != nil {
		return err
	}
	if err := cfg.readFormats(p); err != nil {
		return err
	}
	on, given, err := p.boolean("_inttotime")
	switch {
	case err != nil:
		return err
	case given && !on:
		cfg.values.numbers = asStored
	case given && (cfg.values.numbers == byFormat || cfg.values.numbers == asStored):
		cfg.values.numbers = secondsOrMillis
	}
	if err := cfg.readIntegerFormat(p); err != nil {
		return err
	}
	on, given, err = p.boolean("_texttotime")
	switch {
	case err != nil:
		return err
	case given && on:
		cfg.values.anyText = undeclared
	case given:
		cfg.values.anyText = never
	}
	switch v := p.get("_decltypes", ""); v {
	case "":
	case "wide":
		cfg.values.wide = true
	default:
		return bad("_decltypes", v, "wide")
	}
	return nil
}

// readZones reads the time zones: _loc is for reading, _timezone for writing and for text without an offset as well.
func (cfg *config) readZones(p *params) error {
	loc, zone := p.get("_loc", ""), p.get("_timezone", "")
	if loc != "" && zone != "" && loc != zone {
		return fmt.Errorf("_timezone=%s: another _loc=%s is given", zone, loc)
	}
	var err error
	switch {
	case loc == "auto":
		cfg.values.zone = time.Local
	case loc != "":
		if cfg.values.zone, err = time.LoadLocation(loc); err != nil {
			return bad("_loc", loc, "auto or the name of a time zone: "+err.Error())
		}
	}
	if zone != "" {
		z, err := time.LoadLocation(zone)
		if err != nil {
			return bad("_timezone", zone, "the name of a time zone: "+err.Error())
		}
		cfg.values.zone, cfg.values.textZone, cfg.times.zone = z, z, z
	}
	return nil
}

// readFormats reads the keys that say how times are written. _time_integer_format goes before _time_format.
func (cfg *config) readFormats(p *params) error {
	text, format := p.get("_time_format", ""), p.get("_timefmt", "")
	if text != "" || p.get("_time_integer_format", "") != "" {
		if format != "" {
			return errors.New("_timefmt: another key says how to write times")
		}
		cfg.values.anyText = never
	}
	switch text {
	case "":
	case "sqlite":
		cfg.times.layout = conn.TimeLayout
	case "datetime":
		cfg.times.layout = time.DateTime
	case "string_no_monotonic":
		cfg.times.layout = layoutString
	default:
		return bad("_time_format", text, "one of sqlite datetime string_no_monotonic")
	}
	switch format {
	case "":
		return nil
	case "auto":
		cfg.times.layout, cfg.values.format = time.RFC3339Nano, sqlite3.TimeFormatAuto
	case "sqlite":
		cfg.times.custom, cfg.values.format = sqlite3.TimeFormat3.Encode, sqlite3.TimeFormatAuto
	case "rfc3339":
		cfg.times.layout, cfg.values.format = time.RFC3339Nano, time.RFC3339Nano
	default:
		cfg.times.custom, cfg.values.format = sqlite3.TimeFormat(format).Encode, sqlite3.TimeFormat(format)
	}
	cfg.values.numbers = byFormat
	if cfg.times.custom != nil && format != time.RFC3339 && format != time.RFC3339Nano {
		cfg.values.anyText = never
	}
	return nil
}

// readIntegerFormat reads how times are written as integers, and what therefore are times.
func (cfg *config) readIntegerFormat(p *params) error {
	reads := cfg.values.numbers
	switch v := p.get("_time_integer_format", ""); v {
	case "":
		return nil
	case "unix":
		cfg.times.custom = func(t time.Time) any { return t.Unix() }
	case "unix_milli":
		cfg.times.custom = func(t time.Time) any { return t.UnixMilli() }
	case "unix_micro":
		cfg.times.custom = func(t time.Time) any { return t.UnixMicro() }
		reads = micros
	case "unix_nano":
		cfg.times.custom = func(t time.Time) any { return t.UnixNano() }
		reads = nanos
	default:
		return bad("_time_integer_format", v, "one of unix unix_milli unix_micro unix_nano")
	}
	if cfg.values.numbers == secondsOrMillis {
		cfg.values.numbers = reads
	}
	return nil
}
