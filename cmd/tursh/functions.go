package main

import (
	_ "crypto/sha1" // for package hash
	_ "crypto/sha3"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/ext/fileio"
	"github.com/ncruces/go-sqlite3/ext/hash"

	"github.com/turso-coop/turso-coop/driver"
)

// addFunctions adds the SQL functions that shells have and SQLite has not:
// readfile, writefile, lsmode, fsdir, sha1, sha3 and edit. Functions of files may
// be used in statements, but not in a schema, so that no database that somebody
// sends can call them.
func (sh *shell) addFunctions(c driver.Conn) error {
	return errors.Join(
		fileio.Register(c.Raw()),
		hash.Register(c.Raw()),
		c.CreateFunction("edit", 1, sqlite3.DIRECTONLY, sh.edit),
		c.CreateFunction("edit", 2, sqlite3.DIRECTONLY, sh.edit),
	)
}

// edit is the SQL function of that name: it lets the user edit a value in a file
// and returns what the file then is.
func (sh *shell) edit(ctx sqlite3.Context, arg ...sqlite3.Value) {
	editor := os.Getenv("VISUAL")
	if len(arg) > 1 {
		editor = arg[1].Text()
	}
	if editor == "" {
		ctx.ResultError(errors.New("no editor for edit()"))
		return
	}
	text := arg[0].Type() != sqlite3.BLOB
	edited, err := sh.editContent(arg[0].Blob(nil), editor, ".txt")
	switch {
	case err != nil:
		ctx.ResultError(err)
	case text:
		ctx.ResultText(string(edited))
	default:
		ctx.ResultBlob(edited)
	}
}

// editContent lets the user edit content in a file, whose name ends in extension.
func (sh *shell) editContent(content []byte, editor, extension string) (edited []byte, err error) {
	f, err := os.CreateTemp("", "tursh*"+extension)
	if err != nil {
		return nil, fmt.Errorf("edit(): %w", err)
	}
	defer os.Remove(f.Name())
	_, err = f.Write(content)
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, fmt.Errorf("edit(): %w", err)
	}
	cmd := editorCommand(editor, f.Name())
	cmd.Stdin, cmd.Stdout, cmd.Stderr = sh.stdin, sh.stdout, sh.stderr
	if err := sh.lend(cmd.Run); err != nil {
		return nil, fmt.Errorf("EDITOR returned non-zero: %w", err)
	}
	return os.ReadFile(f.Name())
}

// editorCommand returns what opens a file in an editor, which may be given with
// arguments of its own.
func editorCommand(editor, file string) *exec.Cmd {
	if runtime.GOOS == "windows" {
		return systemCommand(editor + ` "` + file + `"`)
	}
	return exec.Command("sh", "-c", editor+` "$1"`, "sh", file)
}
