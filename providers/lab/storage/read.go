package storage

import (
	"crypto/md5" //nolint:gosec // the protocol's transactional checksum, not a secret
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/minio/crc64nvme"

	"failback/engine/transfer"
	"failback/providers/lab/blob"
)

// maxChecked is the longest range that can be read with a checksum, and the
// longest page write.
const maxChecked = 4 << 20

// snapshotTime is how the service writes a snapshot's time.
const snapshotTime = "2006-01-02T15:04:05.0000000Z"

// content is a blob or a snapshot of one.
type content interface {
	io.ReaderAt
	Size() int64
	ExtentsIn(off, n int64) []transfer.Extent
}

// view is what a request addresses.
type view struct {
	content
	blob     *blob.Blob
	etag     string
	modified time.Time
}

// open finds the blob, or its snapshot, and checks the request's conditions.
func (c *call) open() (view, error) {
	b, err := c.store.Get(c.name)
	if err != nil {
		return view{}, err
	}
	v := view{content: b, blob: b}
	if id := c.query.Get("snapshot"); id != "" {
		s, err := b.OpenSnapshot(id)
		if err != nil {
			return view{}, err
		}
		v.content = s
		v.etag = snapshotTag(c.name, id)
		if v.modified, err = time.Parse(snapshotTime, id); err != nil {
			return view{}, fmt.Errorf("the time of snapshot %s: %w", id, err)
		}
	} else {
		v.etag = fmt.Sprintf(`"0x%016X"`, b.Revision())
		if v.modified, err = b.Modified(); err != nil {
			return view{}, err
		}
	}
	if c.export {
		v.content = image{v.content}
	}
	return v, conditions(c.r, v.etag)
}

// snapshotTag is the entity tag of something that never changes.
func snapshotTag(name, id string) string {
	sum := fnv.New64a()
	_, _ = io.WriteString(sum, name+"\x00"+id) // a hash never fails
	return fmt.Sprintf(`"0x%016X"`, sum.Sum64())
}

func conditions(r *http.Request, etag string) error {
	if want := r.Header.Get("If-Match"); want != "" && want != "*" && want != etag {
		return conditionNotMet
	}
	if not := r.Header.Get("If-None-Match"); not != "" && (not == "*" || not == etag) {
		if r.Method == http.MethodGet || r.Method == http.MethodHead {
			return problem{status: http.StatusNotModified, code: "ConditionNotMet"}
		}
		return conditionNotMet
	}
	return nil
}

// describe sets the headers of a blob's state.
func (v view) describe(h http.Header) {
	h.Set("ETag", v.etag)
	h.Set("Last-Modified", v.modified.UTC().Format(http.TimeFormat))
	h.Set("x-ms-blob-sequence-number", "0")
}

// get answers GET and HEAD: properties, and the bytes where asked for.
func (c *call) get() error {
	v, err := c.open()
	if err != nil {
		return err
	}
	h := c.w.Header()
	v.describe(h)
	h.Set("Content-Type", "application/octet-stream")
	h.Set("Accept-Ranges", "bytes")
	h.Set("x-ms-blob-type", "PageBlob")
	h.Set("x-ms-lease-status", "unlocked")
	h.Set("x-ms-lease-state", "available")
	h.Set("x-ms-server-encrypted", "true")
	status, e := http.StatusOK, transfer.Extent{Len: v.Size()}
	var held []byte // the range, where it was read to be summed
	// Properties have no range: a HEAD always tells the whole length.
	if text := rangeHeader(c.r.Header); text != "" && c.r.Method == http.MethodGet {
		if e, err = parseRange(text, v.Size()); err != nil {
			return err
		}
		e, status = c.halved(e), http.StatusPartialContent
		h.Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", e.Off, e.End()-1, v.Size()))
		room, done := roomFor(e.Len)
		defer done()
		if held, err = c.rangeSum(v.content, e, room); err != nil {
			return err
		}
	}
	h.Set("Content-Length", strconv.FormatInt(e.Len, 10))
	c.w.WriteHeader(status)
	switch {
	case c.r.Method != http.MethodGet:
	case held != nil:
		c.sendHeld(held)
	default:
		c.send(v, e)
	}
	return nil
}

// sentAtOnce is how much of an answer is written at once.
const sentAtOnce = 256 << 10

// Most ranges are short; a short buffer is soon had again.
var (
	buffers = sync.Pool{New: func() any { return new([sentAtOnce]byte) }}
	ranges  = sync.Pool{New: func() any { return new([maxChecked]byte) }} // of answers that carry a sum
)

// roomFor is a buffer for n bytes, or the longest there is, until done.
func roomFor(n int64) (room []byte, done func()) {
	if n <= sentAtOnce {
		small := buffers.Get().(*[sentAtOnce]byte)
		return small[:], func() { buffers.Put(small) }
	}
	whole := ranges.Get().(*[maxChecked]byte)
	return whole[:], func() { ranges.Put(whole) }
}

// send streams the bytes. The header is out: what fails now can only break the
// answer off.
func (c *call) send(v view, e transfer.Extent) {
	buf := buffers.Get().(*[sentAtOnce]byte)
	defer buffers.Put(buf)
	for off := e.Off; off < e.End(); {
		p := buf[:min(int64(len(buf)), e.End()-off)]
		if n, err := v.ReadAt(p, off); n < len(p) && err != nil {
			panic(http.ErrAbortHandler)
		}
		c.pass(p)
		off += int64(len(p))
	}
}

// sendHeld sends bytes that are there, in pieces as send does.
func (c *call) sendHeld(p []byte) {
	for len(p) > 0 {
		n := min(len(p), sentAtOnce)
		c.pass(p[:n])
		p = p[n:]
	}
}

// pass sends a piece within the limits.
func (c *call) pass(p []byte) {
	if c.throttle.pass(c.r.Context(), len(p)) != nil {
		panic(http.ErrAbortHandler)
	}
	if _, err := c.w.Write(p); err != nil {
		panic(http.ErrAbortHandler)
	}
}

func md5Text(p []byte) string {
	sum := md5.Sum(p) //nolint:gosec // as above
	return base64.StdEncoding.EncodeToString(sum[:])
}

// crc64Text is the service's CRC-64, the one NVMe uses.
func crc64Text(p []byte) string {
	return base64.StdEncoding.EncodeToString(binary.LittleEndian.AppendUint64(nil, crc64nvme.Checksum(p)))
}

// rangeSum sets the checksum header of a range, where one is asked for. The range
// is read once, into buf, and returned: the sum is of the bytes that are sent.
func (c *call) rangeSum(v content, e transfer.Extent, buf []byte) ([]byte, error) {
	wantMD5 := asked(c.r, "x-ms-range-get-content-md5")
	wantCRC := asked(c.r, "x-ms-range-get-content-crc64")
	if !wantMD5 && !wantCRC {
		return nil, nil
	}
	if e.Len > maxChecked || wantMD5 && wantCRC {
		return nil, invalidHeader("x-ms-range-get-content-md5")
	}
	p := buf[:e.Len]
	if n, err := v.ReadAt(p, e.Off); n < len(p) {
		return nil, errors.Join(io.ErrUnexpectedEOF, err)
	}
	if wantMD5 {
		c.w.Header().Set("Content-MD5", md5Text(p))
	} else {
		c.w.Header().Set("x-ms-content-crc64", crc64Text(p))
	}
	return p, nil
}

func asked(r *http.Request, header string) bool {
	return strings.EqualFold(r.Header.Get(header), "true")
}
