package storage

import (
	"encoding/binary"
	"errors"
	"io"
	"net/http"
	"strings"

	"failback/engine/transfer"
)

// ExportPrefix begins the first part of an exported disk's path where the host
// cannot say it: "/md-container/name" is the export of "container/name". Hosts
// that begin with it are exports as well, as the service's are.
const ExportPrefix = "md-"

// exported finds the blob that a request is about, also behind an exported managed
// disk's address. Exports are read only, know no conditions, and show the disk as
// a fixed VHD.
func exported(r *http.Request, account string) (name string, yes bool) {
	name = Path(r, account)
	if after, ok := strings.CutPrefix(name, ExportPrefix); ok {
		return after, true
	}
	return name, strings.HasPrefix(strings.ToLower(r.Host), ExportPrefix)
}

// Named is the blob that a request is about, also where it is for an export of it.
func Named(r *http.Request, account string) string {
	name, _ := exported(r, account)
	return name
}

// Path is what a signature for a request has to be of. Clients that are given a
// number for a host put the account's name before the container's.
func Path(r *http.Request, account string) string {
	path := strings.TrimPrefix(r.URL.Path, "/")
	if account != "" {
		path = strings.TrimPrefix(path, account+"/")
	}
	return path
}

// conditional reports whether a request has a condition.
func conditional(r *http.Request) bool {
	for _, h := range []string{"If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since"} {
		if r.Header.Get(h) != "" {
			return true
		}
	}
	return false
}

// footerSize is the length of a VHD's footer.
const footerSize = 512

// image is a disk as a fixed VHD: its content, and a footer behind it.
type image struct{ content }

// Size is the content's and the footer's.
func (i image) Size() int64 { return i.content.Size() + footerSize }

// ExtentsIn has the footer as its last range.
func (i image) ExtentsIn(off, n int64) []transfer.Extent {
	size := i.content.Size()
	var out []transfer.Extent
	if off < size {
		out = i.content.ExtentsIn(off, min(n, size-off))
	}
	if off+n > size {
		out = append(out, transfer.Extent{Off: size, Len: footerSize})
	}
	return out
}

// ReadAt implements io.ReaderAt.
func (i image) ReadAt(p []byte, off int64) (n int, err error) {
	if size := i.content.Size(); off < size {
		if n, err = i.content.ReadAt(p[:min(int64(len(p)), size-off)], off); n == len(p) || err != nil && !errors.Is(err, io.EOF) {
			return n, err
		}
	}
	footer := vhdFooter(i.content.Size())
	at := off + int64(n) - i.content.Size()
	if at >= footerSize {
		return n, io.EOF
	}
	n += copy(p[n:], footer[at:])
	if n < len(p) {
		err = io.EOF
	} else {
		err = nil
	}
	return n, err
}

// vhdFooter is the footer of a fixed VHD, the same for every disk of a size.
func vhdFooter(size int64) []byte {
	p := make([]byte, footerSize)
	copy(p, "conectix")
	binary.BigEndian.PutUint32(p[8:], 2)
	binary.BigEndian.PutUint32(p[12:], 0x00010000)
	binary.BigEndian.PutUint64(p[16:], ^uint64(0))
	copy(p[28:], "win ")
	copy(p[36:], "Wi2k")
	binary.BigEndian.PutUint64(p[40:], uint64(size))
	binary.BigEndian.PutUint64(p[48:], uint64(size))
	binary.BigEndian.PutUint32(p[56:], 65535<<16|16<<8|255)
	binary.BigEndian.PutUint32(p[60:], 2)
	var sum uint32
	for _, b := range p {
		sum += uint32(b)
	}
	binary.BigEndian.PutUint32(p[64:], ^sum)
	return p
}
