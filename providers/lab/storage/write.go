package storage

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"

	"failback/providers/lab/blob"
)

// create answers Put Blob for page blobs: an empty one of the given size.
func (c *call) create() error {
	kind := c.r.Header.Get("x-ms-blob-type")
	switch kind {
	case "PageBlob":
	case "":
		return missingHeader("x-ms-blob-type")
	default:
		return invalidBlobType
	}
	size, err := strconv.ParseInt(c.r.Header.Get("x-ms-blob-content-length"), 10, 64)
	if err != nil || size < 0 || size > blob.MaxSize || size%blob.Page != 0 {
		return invalidHeader("x-ms-blob-content-length")
	}
	if old, err := c.store.Get(c.name); err == nil {
		if c.r.Header.Get("If-None-Match") == "*" {
			return blobExists
		}
		// Inferred: the service replaces a blob under its snapshots; here they
		// would be lost with it.
		if len(old.Snapshots()) > 0 {
			return snapshotsPresent
		}
		if err := c.store.Delete(c.name); err != nil {
			return err
		}
	}
	if _, err := c.store.Create(c.name, size); err != nil {
		return err
	}
	return c.done(http.StatusCreated)
}

// putPage answers Put Page: update or clear.
func (c *call) putPage() error {
	if c.query.Get("snapshot") != "" {
		return invalidQuery("snapshot")
	}
	v, err := c.open()
	if err != nil {
		return err
	}
	text := rangeHeader(c.r.Header)
	if text == "" {
		return missingHeader("x-ms-range")
	}
	pages, err := parsePages(text, v.Size())
	if err != nil {
		return err
	}
	switch c.r.Header.Get("x-ms-page-write") {
	case "clear":
		if c.r.ContentLength > 0 {
			return invalidHeader("Content-Length")
		}
		err = v.blob.ClearAt(pages.Off, pages.Len)
	case "update":
		err = c.update(v.blob, pages.Off, pages.Len)
	default:
		return invalidHeader("x-ms-page-write")
	}
	if err != nil {
		return err
	}
	return c.done(http.StatusCreated)
}

func (c *call) update(b *blob.Blob, off, n int64) error {
	switch {
	case c.r.ContentLength < 0:
		return lengthRequired
	case n > maxChecked || c.r.ContentLength > maxChecked:
		return bodyTooLarge
	case c.r.ContentLength != n:
		return invalidHeader("Content-Length")
	}
	p := make([]byte, n)
	if _, err := io.ReadFull(c.r.Body, p); err != nil {
		return problem{http.StatusBadRequest, "InvalidInput", "The request body ended early."}
	}
	if want := c.r.Header.Get("Content-MD5"); want != "" && want != md5Text(p) {
		return md5Mismatch
	}
	crc := crc64Text(p)
	if want := c.r.Header.Get("x-ms-content-crc64"); want != "" && want != crc {
		return crc64Mismatch
	}
	if _, err := b.WriteAt(p, off); err != nil {
		return err
	}
	c.w.Header().Set("x-ms-content-crc64", crc)
	return nil
}

// takeSnapshot answers Snapshot Blob.
func (c *call) takeSnapshot() error {
	v, err := c.open()
	if err != nil {
		return err
	}
	id, err := v.blob.Snapshot(c.options.Now())
	if err != nil {
		return err
	}
	c.w.Header().Set("x-ms-snapshot", id)
	return c.done(http.StatusCreated)
}

// remove answers Delete Blob, which accepts and is done.
func (c *call) remove() error {
	v, err := c.open()
	if err != nil {
		return err
	}
	h := c.r.Header.Get("x-ms-delete-snapshots")
	id := c.query.Get("snapshot")
	switch {
	case id != "" && h != "":
		return invalidHeader("x-ms-delete-snapshots")
	case id != "":
		err = v.blob.DeleteSnapshot(id)
	case h == "only":
		err = deleteSnapshots(v.blob)
	case h == "include":
		err = c.store.Delete(c.name)
	case h != "":
		return invalidHeader("x-ms-delete-snapshots")
	case len(v.blob.Snapshots()) > 0:
		return snapshotsPresent
	default:
		err = c.store.Delete(c.name)
	}
	if err != nil {
		return err
	}
	c.w.WriteHeader(http.StatusAccepted)
	return nil
}

func deleteSnapshots(b *blob.Blob) error {
	var errs []error
	for _, id := range b.Snapshots() {
		errs = append(errs, b.DeleteSnapshot(id))
	}
	return errors.Join(errs...)
}

// done answers a write with the state it left.
func (c *call) done(status int) error {
	b, err := c.store.Get(c.name)
	if err != nil {
		return err
	}
	modified, err := b.Modified()
	if err != nil {
		return err
	}
	h := c.w.Header()
	view{etag: fmt.Sprintf(`"0x%016X"`, b.Revision()), modified: modified}.describe(h)
	h.Set("x-ms-request-server-encrypted", "true")
	c.w.WriteHeader(status)
	return nil
}
