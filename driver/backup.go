package driver

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/turso-coop/turso-coop/internal/conn"
)

// BackupOptions say how a database is copied. The zero value copies the main database.
type BackupOptions struct {
	// Schema is the database of the connection that is copied, or copied over: "" is "main", others were attached.
	Schema string

	// Pages is how many pages are copied at a time; 0 is 1024. After each time Progress is called, and it is seen whether
	// the context has ended. A negative number copies all at once.
	Pages int

	// Progress, if it is not nil, is told how many pages are still to be copied, and how many there are in all. If it
	// returns an error the copy is given up with that error. It must not use the connection.
	Progress func(remaining, total int) error
}

func (o BackupOptions) pages() int { return cmp.Or(o.Pages, 1024) }

// Backups copy whole databases while they are in use: https://sqlite.org/backup.html. Errors are *Error, or those of
// Progress.
type Backups interface {
	// BackupTo makes what dsn names a copy of a database of this connection: the state of one moment, whatever other
	// connections write meanwhile. They go on writing if the database has a WAL; otherwise they wait until the copy is
	// complete. What was in the file before is replaced at the end; if the copy fails it stays.
	BackupTo(ctx context.Context, dsn string, o BackupOptions) error

	// RestoreFrom makes a database of this connection a copy of the main database of what dsn names, in the same way.
	RestoreFrom(ctx context.Context, dsn string, o BackupOptions) error

	// NewBackup begins to replace the content of a database of this connection with that of a database of src, which is
	// another connection of this package; the caller makes the steps.
	NewBackup(ctx context.Context, schema string, src Conn, srcSchema string) (Backup, error)

	// Serialize returns a database as its file would be: https://sqlite.org/c3ref/serialize.html
	Serialize(ctx context.Context, schema string) ([]byte, error)

	// Deserialize replaces the content of a database with that of a file, which content is. Unlike the C function of
	// that name it writes to the database's file, if there is one, rather than leave that for a database in memory.
	// content is not kept.
	Deserialize(ctx context.Context, schema string, content []byte) error
}

// Backup is a copy that is made in steps. Between two of them both connections can be used. If another connection
// changes the source between two steps the next one begins again from the start. Errors are *Error.
type Backup interface {
	// Step copies up to pages pages, or all that are left if that is negative. An error with the code BUSY or LOCKED ends
	// only the step.
	Step(ctx context.Context, pages int) (done bool, err error)

	// Remaining returns how many pages were still to be copied after the last step.
	Remaining() int

	// PageCount returns how many pages the source had at the last step.
	PageCount() int

	// Close must be called, before the connections are closed. If the copy is not complete the destination keeps the
	// content that it had. Closing it again does nothing.
	Close() error
}

// schemaName returns the name of a database of a connection.
func schemaName(schema string) string { return cmp.Or(schema, "main") }

// backup is a backup of internal/conn whose errors are *Error.
type backup struct {
	*conn.Backup
	c *session // the source
}

func (c *session) BackupTo(ctx context.Context, dsn string, o BackupOptions) error {
	other, err := c.openOther(ctx, dsn)
	if err != nil {
		return err
	}
	return copyDatabase(ctx, other, "main", c, schemaName(o.Schema), other, o)
}

func (c *session) RestoreFrom(ctx context.Context, dsn string, o BackupOptions) error {
	if err := c.inTransaction(); err != nil {
		return err
	}
	other, err := c.openOther(ctx, dsn)
	if err != nil {
		return err
	}
	return copyDatabase(ctx, c, schemaName(o.Schema), other, "main", other, o)
}

// openOther opens a connection that is used for one copy.
func (c *session) openOther(ctx context.Context, dsn string) (*session, error) {
	connector, err := NewConnector(dsn)
	if err != nil {
		return nil, err
	}
	defer connector.Close()
	other, err := connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return other.(*session), nil
}

// copyDatabase makes a whole copy and closes other, one of the two sessions.
func copyDatabase(ctx context.Context, dst *session, schema string, src *session, srcSchema string, other *session, o BackupOptions) (err error) {
	defer func() { err = cmp.Or(err, other.Close()) }()
	b, err := conn.NewBackup(ctx, dst.Conn, schema, src.Conn, srcSchema)
	if err != nil {
		return src.fail(err, "", 0)
	}
	defer func() { err = cmp.Or(err, src.fail(b.Close(), "", 0)) }()
	stopped := false
	err = b.Run(ctx, srcSchema, o.pages(), func(remaining, total int) error {
		if o.Progress == nil {
			return nil
		}
		err := o.Progress(remaining, total)
		stopped = err != nil
		return err
	})
	if stopped {
		return err
	}
	return src.fail(err, "", 0)
}

func (c *session) NewBackup(ctx context.Context, schema string, src Conn, srcSchema string) (Backup, error) {
	if err := c.inTransaction(); err != nil {
		return nil, err
	}
	from, ok := src.(*session)
	if !ok {
		return nil, fmt.Errorf("driver: the source of a backup is a %T, not a connection of this package", src)
	}
	b, err := conn.NewBackup(ctx, c.Conn, schemaName(schema), from.Conn, schemaName(srcSchema))
	if err != nil {
		return nil, from.fail(err, "", 0)
	}
	return &backup{b, from}, nil
}

func (b *backup) Step(ctx context.Context, pages int) (done bool, err error) {
	done, err = b.Backup.Step(ctx, pages)
	return done, b.c.fail(err, "", 0)
}

func (b *backup) Close() error { return b.c.fail(b.Backup.Close(), "", 0) }

func (c *session) Serialize(ctx context.Context, schema string) ([]byte, error) {
	content, err := c.Conn.Serialize(ctx, schemaName(schema))
	return content, c.fail(err, "", 0)
}

func (c *session) Deserialize(ctx context.Context, schema string, content []byte) error {
	if err := c.inTransaction(); err != nil {
		return err
	}
	if len(content) == 0 {
		return errors.New("driver: Deserialize of no content, which is the file of no database")
	}
	return c.fail(c.Conn.Deserialize(ctx, schemaName(schema), content), "", 0)
}
