package vfs

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"syscall"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/util/vfsutil"
	sqlitevfs "github.com/ncruces/go-sqlite3/vfs"

	"github.com/turso-coop/turso-coop/ioengine"
	"github.com/turso-coop/turso-coop/vfs/internal/seam"
)

// Name is the VFS that chooses its engine itself: io_uring where that works,
// otherwise the pool, unless the environment variable TURSO_COOP_ENGINE names
// one. Name + "-uring" and Name + "-pool" force one.
const Name = "turso-coop"

// engineVariable is the environment variable that forces an engine.
const engineVariable = "TURSO_COOP_ENGINE"

func init() {
	Register(Name, Options{})
	Register(Name+"-uring", Options{Kind: ioengine.Uring})
	Register(Name+"-pool", Options{Kind: ioengine.Pool})
}

// Options says which engine the files of a VFS use.
type Options struct {
	// Kind is a mechanism; all VFSs of the process with the same one share an
	// engine. The zero value chooses as [Name] does.
	Kind ioengine.Kind
	// Engine, if not nil, is used instead, and stays the caller's to close.
	Engine ioengine.Engine
	// NetworkFileSystem names the network file system that a path is on, ""
	// for a local one; nil asks the operating system.
	NetworkFileSystem func(path string) string
}

// Register makes a VFS available under a name, for SQLite's vfs= parameter.
// The engine starts with the first file.
func Register(name string, o Options) {
	base := sqlitevfs.Find("").(sqlitevfs.VFSFilename) // the operating system's
	if o.NetworkFileSystem == nil {
		o.NetworkFileSystem = networkFileSystem
	}
	v := &fileSystem{VFS: base, base: base, options: o}
	registered.Lock()
	registered.calls = append(registered.calls, &v.calls)
	registered.Unlock()
	sqlitevfs.Register(name, v)
}

// NameFor is the name of the VFS for what a user asked for: "uring", "pool",
// or "" for the default. It fails if there is no such engine, or if it cannot
// be had on this machine, and says why.
func NameFor(engine string) (string, error) {
	kind, err := ioengine.ParseKind(engine)
	if err != nil {
		return "", err
	}
	if _, err := engineFor(kind); err != nil {
		return "", err
	}
	if kind == ioengine.Auto {
		return Name, nil
	}
	return Name + "-" + string(kind), nil
}

// fileSystem is a sqlitevfs.VFSFilename. It borrows Delete and FullPathname.
type fileSystem struct {
	sqlitevfs.VFS
	base    sqlitevfs.VFSFilename
	options Options
	calls   calls
}

// Access tells SQLite whether there is a journal or a WAL. An empty file is none,
// as SQLite's own VFSs say (unixAccess in its os_unix.c, winAccess in os_win.c):
// a WAL that somebody has emptied does not make a database one in WAL mode.
func (v *fileSystem) Access(name string, flags sqlitevfs.AccessFlag) (bool, error) {
	found, err := v.VFS.Access(name, flags)
	if found && flags == sqlitevfs.ACCESS_EXISTS {
		if info, err := os.Stat(name); err == nil && info.Mode().IsRegular() && info.Size() == 0 {
			return false, nil
		}
	}
	return found, err
}

func (v *fileSystem) engine() (ioengine.Engine, error) {
	if v.options.Engine != nil {
		return v.options.Engine, nil
	}
	return engineFor(v.options.Kind)
}

// Open implements [sqlitevfs.VFS]. SQLite calls OpenFilename instead.
func (v *fileSystem) Open(name string, flags sqlitevfs.OpenFlag) (sqlitevfs.File, sqlitevfs.OpenFlag, error) {
	if name == "" {
		return v.OpenFilename(nil, flags)
	}
	return nil, flags, errCannotOpen
}

// OpenFilename implements [sqlitevfs.VFSFilename]. A nil name is a temporary
// file.
func (v *fileSystem) OpenFilename(name *sqlitevfs.Filename, flags sqlitevfs.OpenFlag) (sqlitevfs.File, sqlitevfs.OpenFlag, error) {
	engine, err := v.engine()
	if err != nil {
		return nil, flags, openError(err)
	}
	if flags&sqlitevfs.OPEN_WAL != 0 {
		if main, ok := vfsutil.UnwrapFile[*file](name.DatabaseFile()); ok {
			if err := main.checkWAL(); err != nil {
				main.session.lastErr, main.session.lastCode = err, sqlite3.ExtendedErrorCode(sqlite3.CANTOPEN)
				return nil, flags, openError(err)
			}
		}
	}
	lent, flags, err := v.openLent(name, flags)
	if err != nil {
		return nil, flags, err
	}
	f, err := newFile(v, engine, lent, name, flags)
	if err != nil {
		lent.Close()
		return nil, flags, openError(err)
	}
	if seam.Wrap != nil {
		return seam.Wrap(f, lent.(interface{ Fd() uintptr }).Fd(), name, flags), flags, nil
	}
	return f, flags, nil
}

// openLent opens a file by the operating system's VFS. One that may not be
// written is opened for reading, as SQLite's own VFSs do (unixOpen in its
// os_unix.c), which SQLite sees from the flags.
func (v *fileSystem) openLent(name *sqlitevfs.Filename, flags sqlitevfs.OpenFlag) (sqlitevfs.File, sqlitevfs.OpenFlag, error) {
	lent, out, err := v.base.OpenFilename(name, flags)
	if err == nil || name == nil || flags&sqlitevfs.OPEN_READWRITE == 0 || !mayOnlyBeRead(err) {
		return lent, out, err
	}
	reading := flags&^(sqlitevfs.OPEN_READWRITE|sqlitevfs.OPEN_CREATE) | sqlitevfs.OPEN_READONLY
	if lent, out, again := v.base.OpenFilename(name, reading); again == nil {
		return lent, out, nil
	}
	return nil, out, err
}

// mayOnlyBeRead reports whether err, of opening a file for writing, can be that
// its permissions or its file system forbid that.
func mayOnlyBeRead(err error) bool {
	return errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS)
}

// engines are the engines that the process shares, by kind. They start when
// first asked for and live as long as the process; an idle engine has no
// goroutines.
var engines struct {
	sync.Mutex
	byKind map[ioengine.Kind]ioengine.Engine
}

func engineFor(kind ioengine.Kind) (ioengine.Engine, error) {
	engines.Lock()
	defer engines.Unlock()
	if kind != ioengine.Auto {
		return sharedEngine(kind)
	}
	forced, err := ioengine.ParseKind(os.Getenv(engineVariable))
	if err == nil && forced != ioengine.Auto {
		var e ioengine.Engine
		if e, err = sharedEngine(forced); err == nil {
			return e, nil
		}
	}
	if err != nil {
		return nil, fmt.Errorf("vfs: environment variable %s: %w", engineVariable, err)
	}
	if e, err := sharedEngine(ioengine.Uring); err == nil {
		return e, nil
	}
	return sharedEngine(ioengine.Auto) // the pool, which knows why
}

func sharedEngine(kind ioengine.Kind) (ioengine.Engine, error) {
	if e, ok := engines.byKind[kind]; ok {
		return e, nil
	}
	e, err := ioengine.Open(ioengine.Options{Kind: kind})
	if err != nil {
		return nil, err
	}
	if engines.byKind == nil {
		engines.byKind = map[ioengine.Kind]ioengine.Engine{}
	}
	engines.byKind[kind] = e
	return e, nil
}
