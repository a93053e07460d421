package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"strings"

	"github.com/ncruces/go-sqlite3"

	"github.com/turso-coop/turso-coop/cmd/tursh/internal/sqltext"
	"github.com/turso-coop/turso-coop/driver"
)

// What a database and its connection say of themselves.

// headerFields are numbers in the header of a database file
// (https://sqlite.org/fileformat2.html#the_database_header).
var headerFields = []struct {
	label  string
	offset int
	pragma string // that has the value as this connection sees it, "" if none has
}{
	{"file change counter:", 24, ""},
	{"database page count:", 28, "page_count"},
	{"freelist page count:", 36, "freelist_count"},
	{"schema cookie:", 40, "schema_version"},
	{"schema format:", 44, ""},
	{"default cache size:", 48, ""},
	{"autovacuum top root:", 52, ""},
	{"incremental vacuum:", 64, ""},
	{"text encoding:", 56, ""},
	{"user version:", 60, "user_version"},
	{"application id:", 68, "application_id"},
	{"software version:", 96, ""},
}

const (
	headerBytes    = 100
	encodingOffset = 56
)

func (sh *shell) cmdDBInfo(d *dotLine) error {
	schema := "main"
	if len(d.args) > 1 {
		schema = d.arg(1)
	}
	return sh.use(func(ctx context.Context, c driver.Conn) error {
		if err := knowsSchema(ctx, c, schema); err != nil {
			return err
		}
		header, err := readHeader(ctx, c, schema)
		if err != nil || len(header) < headerBytes {
			return complain("unable to read database header")
		}
		return sh.showDBInfo(ctx, c, schema, header)
	})
}

// readHeader returns the header of a database, as it is in its file or, if it
// has none, as a file would have it. A WAL may hold a newer one, which is why
// PRAGMAs are asked for all that they know.
func readHeader(ctx context.Context, c driver.Conn, schema string) ([]byte, error) {
	if c.Filename(schema) == "" {
		content, err := c.Serialize(ctx, schema)
		return content, err
	}
	if err := do(ctx, c, "SELECT 1 FROM "+sqltext.QuoteName(schema)+".sqlite_schema"); err != nil {
		return nil, err // also opens the file
	}
	file, err := c.FileControl(schema, sqlite3.FCNTL_FILE_POINTER)
	if err != nil {
		return nil, err
	}
	r, ok := file.(io.ReaderAt)
	if !ok {
		return nil, fmt.Errorf("files of this VFS cannot be read")
	}
	header := make([]byte, headerBytes)
	_, err = r.ReadAt(header, 0)
	return header, err
}

func (sh *shell) showDBInfo(ctx context.Context, c driver.Conn, schema string, header []byte) error {
	line := func(label string, value any) { fmt.Fprintf(sh.out, "%-20s %v\n", label, value) }
	pageSize := int(binary.BigEndian.Uint16(header[16:]))
	if pageSize == 1 {
		pageSize = 65536 // which needs one bit more than there are
	}
	line("database page size:", pageSize)
	line("write format:", header[18])
	line("read format:", header[19])
	line("reserved bytes:", header[20])
	in := sqltext.QuoteName(schema) + "."
	for _, f := range headerFields {
		value := fmt.Sprint(binary.BigEndian.Uint32(header[f.offset:]))
		if f.pragma != "" {
			if now, err := texts(ctx, c, "PRAGMA "+in+f.pragma); err == nil && len(now) > 0 {
				value = now[0]
			}
		}
		if name := map[string]string{"1": "utf8", "2": "utf16le", "3": "utf16be"}[value]; f.offset == encodingOffset && name != "" {
			value += " (" + name + ")"
		}
		line(f.label, value)
	}
	for _, count := range [][2]string{
		{"number of tables:", "count(*) FILTER (WHERE type='table')"},
		{"number of indexes:", "count(*) FILTER (WHERE type='index')"},
		{"number of triggers:", "count(*) FILTER (WHERE type='trigger')"},
		{"number of views:", "count(*) FILTER (WHERE type='view')"},
		{"schema size:", "CAST(total(length(sql)) AS INT)"},
	} {
		n, err := texts(ctx, c, "SELECT "+count[1]+" FROM "+in+"sqlite_schema")
		if err != nil {
			return err
		}
		line(count[0], strings.Join(n, ""))
	}
	version, err := texts(ctx, c, "PRAGMA "+in+"data_version")
	line("data version", strings.Join(version, ""))
	return err
}

// dbConfigs are the switches of a connection, by the names that the sqlite3
// shell has for them (https://sqlite.org/c3ref/c_dbconfig_defensive.html).
var dbConfigs = []struct {
	name string
	op   sqlite3.DBConfig
}{
	{"attach_create", sqlite3.DBCONFIG_ENABLE_ATTACH_CREATE},
	{"attach_write", sqlite3.DBCONFIG_ENABLE_ATTACH_WRITE},
	{"comments", sqlite3.DBCONFIG_ENABLE_COMMENTS},
	{"defensive", sqlite3.DBCONFIG_DEFENSIVE},
	{"dqs_ddl", sqlite3.DBCONFIG_DQS_DDL},
	{"dqs_dml", sqlite3.DBCONFIG_DQS_DML},
	{"enable_fkey", sqlite3.DBCONFIG_ENABLE_FKEY},
	{"enable_qpsg", sqlite3.DBCONFIG_ENABLE_QPSG},
	{"enable_trigger", sqlite3.DBCONFIG_ENABLE_TRIGGER},
	{"enable_view", sqlite3.DBCONFIG_ENABLE_VIEW},
	{"fts3_tokenizer", sqlite3.DBCONFIG_ENABLE_FTS3_TOKENIZER},
	{"legacy_alter_table", sqlite3.DBCONFIG_LEGACY_ALTER_TABLE},
	{"legacy_file_format", sqlite3.DBCONFIG_LEGACY_FILE_FORMAT},
	{"load_extension", sqlite3.DBCONFIG_ENABLE_LOAD_EXTENSION},
	{"no_ckpt_on_close", sqlite3.DBCONFIG_NO_CKPT_ON_CLOSE},
	{"reset_database", sqlite3.DBCONFIG_RESET_DATABASE},
	{"reverse_scanorder", sqlite3.DBCONFIG_REVERSE_SCANORDER},
	{"stmt_scanstatus", sqlite3.DBCONFIG_STMT_SCANSTATUS},
	{"trigger_eqp", sqlite3.DBCONFIG_TRIGGER_EQP},
	{"trusted_schema", sqlite3.DBCONFIG_TRUSTED_SCHEMA},
	{"writable_schema", sqlite3.DBCONFIG_WRITABLE_SCHEMA},
}

func (sh *shell) cmdDBConfig(d *dotLine) error {
	return sh.use(func(_ context.Context, c driver.Conn) error {
		found := false
		var names []string
		for _, config := range dbConfigs {
			names = append(names, config.name)
			if len(d.args) > 1 && config.name != d.arg(1) {
				continue
			}
			found = true
			if len(d.args) > 2 {
				if _, err := c.Raw().Config(config.op, sh.boolean(d.arg(2))); err != nil {
					return err
				}
			}
			on, err := c.Raw().Config(config.op)
			if err != nil {
				continue // one that this build of SQLite has not
			}
			value := "off"
			if on {
				value = "on"
			}
			fmt.Fprintf(sh.out, "%19s %s\n", config.name, value)
		}
		if !found {
			return &argError{1, "unknown dbconfig", `Enter ".dbconfig" with no arguments for a list` + didYouMean(d.arg(1), names)}
		}
		return nil
	})
}

// limits are those of a connection (https://sqlite.org/c3ref/limit.html).
var limits = []struct {
	name string
	id   sqlite3.LimitCategory
}{
	{"length", sqlite3.LIMIT_LENGTH},
	{"sql_length", sqlite3.LIMIT_SQL_LENGTH},
	{"column", sqlite3.LIMIT_COLUMN},
	{"expr_depth", sqlite3.LIMIT_EXPR_DEPTH},
	{"parser_depth", sqlite3.LIMIT_PARSER_DEPTH},
	{"compound_select", sqlite3.LIMIT_COMPOUND_SELECT},
	{"vdbe_op", sqlite3.LIMIT_VDBE_OP},
	{"function_arg", sqlite3.LIMIT_FUNCTION_ARG},
	{"attached", sqlite3.LIMIT_ATTACHED},
	{"like_pattern_length", sqlite3.LIMIT_LIKE_PATTERN_LENGTH},
	{"variable_number", sqlite3.LIMIT_VARIABLE_NUMBER},
	{"trigger_depth", sqlite3.LIMIT_TRIGGER_DEPTH},
	{"worker_threads", sqlite3.LIMIT_WORKER_THREADS},
	{"schema", sqlite3.LIMIT_SCHEMA},
	{"trigger_steps", sqlite3.LIMIT_TRIGGER_STEPS},
}

func (sh *shell) cmdLimits(d *dotLine) error {
	if len(d.args) > 3 {
		return complain("Usage: .limit NAME ?NEW-VALUE?")
	}
	return sh.use(func(_ context.Context, c driver.Conn) error {
		asked, found := "", -1
		if len(d.args) > 1 {
			asked = d.arg(1)
		}
		for i, limit := range limits {
			if asked == "" {
				fmt.Fprintf(sh.out, "%20s %d\n", limit.name, c.Limit(limit.id, -1))
			} else if strings.HasPrefix(limit.name, strings.ToLower(asked)) {
				if found >= 0 {
					return complain("ambiguous limit: \"%s\"", asked)
				}
				found = i
			}
		}
		switch {
		case asked == "":
		case found < 0:
			return complain("unknown limit: \"%s\"\nenter \".limits\" with no arguments for a list.", asked)
		case len(d.args) == 3:
			c.Limit(limits[found].id, int(integer(d.arg(2))))
		default:
			fmt.Fprintf(sh.out, "%20s %d\n", limits[found].name, c.Limit(limits[found].id, -1))
		}
		return nil
	})
}
