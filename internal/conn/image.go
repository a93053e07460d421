package conn

import (
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/util/vfsutil"
	sqlitevfs "github.com/ncruces/go-sqlite3/vfs"
)

// image is a database file in memory, which one backup at a time writes or reads. The connections of the binding do not
// share their memory, so that what is to get from one into a private database of another must lie somewhere between.
type image struct {
	vfsutil.SliceFile
	id string
}

// The two bytes of a database's header that say whether it has a WAL: https://sqlite.org/fileformat.html
const (
	versionOffset = 18
	versionWAL    = 2
	versionLegacy = 1
)

// ReadAt reads the file of a database in WAL mode as that of one without: an image has no WAL, and no way to have one.
func (f *image) ReadAt(p []byte, off int64) (int, error) {
	n, err := f.SliceFile.ReadAt(p, off)
	for at := int64(versionOffset); at < versionOffset+2; at++ {
		if i := at - off; 0 <= i && i < int64(n) && p[i] == versionWAL {
			p[i] = versionLegacy
		}
	}
	return n, err
}

// images are the images that can be opened, by their names.
var (
	images      sync.Map
	lastImageID atomic.Uint64
)

const imageVFS = "turso-coop image"

func init() { sqlitevfs.Register(imageVFS, imageSystem{}) }

// newImage makes content a file that SQLite can open, until its remove is called.
func newImage(content []byte) *image {
	f := &image{SliceFile: content, id: strconv.FormatUint(lastImageID.Add(1), 10)}
	images.Store(f.id, f)
	return f
}

func (f *image) remove() { images.Delete(f.id) }

// uri names the image for writing, or for reading.
func (f *image) uri(write bool) string {
	access := "immutable=1"
	if write {
		access = "nolock=1"
	}
	return fmt.Sprintf("file:%s?%s&vfs=turso-coop%%20image", f.id, access)
}

// imageSystem is the VFS of images.
type imageSystem struct{}

func (imageSystem) Open(name string, flags sqlitevfs.OpenFlag) (sqlitevfs.File, sqlitevfs.OpenFlag, error) {
	found, _ := images.Load(name)
	f, ok := found.(*image)
	if !ok || flags&sqlitevfs.OPEN_MAIN_DB == 0 {
		return nil, flags, sqlite3.CANTOPEN
	}
	return f, flags | sqlitevfs.OPEN_MEMORY, nil // so that its journal is in memory too
}

func (imageSystem) Delete(string, bool) error { return sqlite3.IOERR_DELETE_NOENT }

func (imageSystem) Access(name string, _ sqlitevfs.AccessFlag) (bool, error) {
	_, ok := images.Load(name)
	return ok, nil
}

func (imageSystem) FullPathname(name string) (string, error) { return name, nil }
