package conn

import (
	"fmt"
	"net/url"
	"strings"
)

// uri returns the name to open filename by, so that vfs serves it. SQLite's binding takes the VFS from a URI only, so
// that a plain path becomes one: https://sqlite.org/uri.html
func uri(filename, vfs string) (string, error) {
	if i := strings.IndexByte(filename, 0); i >= 0 {
		return "", fmt.Errorf("file name %q contains a NUL byte at offset %d", filename, i)
	}
	if vfs == "" {
		return filename, nil
	}
	path, ok := strings.CutPrefix(filename, "file:")
	if !ok {
		path = pathEscaper.Replace(filename)
		if strings.HasPrefix(path, "//") {
			path = "//" + path // an empty authority, or the path's first element would be taken for one
		}
	}
	path, _, _ = strings.Cut(path, "#")
	sep := "?"
	if strings.Contains(path, "?") {
		sep = "&"
	}
	return "file:" + path + sep + "vfs=" + url.QueryEscape(vfs), nil
}

// pathEscaper escapes what has a meaning in a URI.
var pathEscaper = strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23")
