package conn

import (
	"fmt"
	"net/url"
	"strings"
)

// maxFilename is the length in bytes of the longest name that SQLite opens: https://sqlite.org/c3ref/vfs.html
const maxFilename = 1023

// Check returns an error if Filename can name nothing.
func (o Options) Check() error {
	path, isURI := strings.CutPrefix(o.Filename, "file:")
	path, _, _ = strings.Cut(path, "?")
	if i := strings.IndexByte(o.Filename, 0); i >= 0 {
		return fmt.Errorf("the file name contains a NUL byte at offset %d", i)
	}
	if len(path) > maxFilename {
		return fmt.Errorf("the file name has %d bytes, more than %d", len(path), maxFilename)
	}
	if host, ok := strings.CutPrefix(path, "//"); ok && isURI {
		if host, _, _ = strings.Cut(host, "/"); host != "" && host != "localhost" {
			return fmt.Errorf("invalid uri authority: %s", host)
		}
	}
	return nil
}

// uri returns the name to give to SQLite. The binding takes the VFS from a URI only, so that a plain path becomes one:
// https://sqlite.org/uri.html
func (o Options) uri() string {
	if o.VFS == "" {
		return o.Filename
	}
	path, isURI := strings.CutPrefix(o.Filename, "file:")
	if !isURI {
		path = pathEscaper.Replace(path)
		if strings.HasPrefix(path, "//") {
			path = "//" + path // an empty authority, or the first element of the path would be taken for one
		}
	}
	path, _, _ = strings.Cut(path, "#")
	separator := "?"
	if strings.Contains(path, "?") {
		separator = "&"
	}
	return "file:" + path + separator + "vfs=" + url.QueryEscape(o.VFS)
}

// pathEscaper escapes what has a meaning in a URI.
var pathEscaper = strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23")
