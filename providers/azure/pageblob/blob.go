package pageblob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/pageblob"

	"failback/engine/transfer"
)

// Options say which blob is read, as whom, and how carefully.
type Options struct {
	// URL is the address of the blob. Its query holds the signature, and the
	// snapshot, where it has them.
	URL string
	// Snapshot is read instead of the blob, where the URL names none.
	Snapshot string
	// Token is a credential to sign in with, beside a signature where the URL has
	// one. Audience is what its tokens are for; empty means the Blob service.
	Token    azcore.TokenCredential
	Audience string
	// Key is the account's key in base64; Account is needed where the URL's host
	// does not begin with its name.
	Account, Key string
	// Exported says that the blob is a managed disk's: conditions are not sent,
	// and an older snapshot is named by its URL. It is known of hosts whose name
	// begins with "md-".
	Exported bool
	// Whole gives the blob as it is. Otherwise the footer of a fixed VHD is not
	// part of the disk, and another kind of VHD is refused.
	Whole bool
	// Unchecked asks for no checksums. Lengths and ranges are checked all the same.
	Unchecked bool
	// Client is how requests travel.
	Client policy.ClientOptions
	// Explain puts an error into the caller's words, nil for none. It gets no error
	// of [transfer] and none of a cancelled context.
	Explain func(error) error
}

// Blob is a disk in a page blob, or in a snapshot of one. It is a
// transfer.Source and a transfer.Ranger, pinned to what it was when it was
// opened: a blob that is written to, or changes its size, is refused from then
// on. It is safe for concurrent use.
type Blob struct {
	options Options
	client  *pageblob.Client
	pinned  *blob.AccessConditions // nil where conditions can't be sent
	length  int64                  // of the blob
	size    int64                  // of the disk in it
	changed time.Time
	method  *atomic.Int32 // the sum that is asked for now
	tally   *tally
}

var (
	_ transfer.Source = (*Blob)(nil)
	_ transfer.Ranger = (*Blob)(nil)
)

// Open reads the properties of a blob and, unless it is wanted whole, its last
// 512 bytes. It sends nothing else.
func Open(ctx context.Context, o Options) (*Blob, error) {
	b, err := prepare(o)
	if err != nil {
		return nil, err
	}
	b.method, b.tally = &atomic.Int32{}, &tally{}
	if o.Unchecked {
		b.method.Store(sumNone)
	}
	if err := b.describe(ctx); err != nil {
		return nil, err
	}
	b.size = b.length
	if o.Whole {
		return b, nil
	}
	if b.size, err = b.diskSize(ctx); err != nil {
		return nil, err
	}
	return b, nil
}

// Renewed is the same blob, or snapshot, with a fresh signature, for
// transfer.Options.Renew. An address of another blob is refused, and so is one
// where another disk lies by now. An exported disk's address may be another one
// each time: of those only the length is compared. What was counted goes on being
// counted.
func (b *Blob) Renewed(ctx context.Context, url string) (*Blob, error) {
	o := b.options
	o.URL = url
	fresh, err := prepare(o)
	if err != nil {
		return nil, err
	}
	if before, now := place(b.options), place(o); before != now && !b.options.Exported {
		return nil, fmt.Errorf("the fresh address is of %s, the disk is %s", now, before)
	}
	fresh.method, fresh.tally, fresh.pinned = b.method, b.tally, b.pinned
	if err := fresh.describe(ctx); err != nil {
		return nil, err
	}
	if fresh.length != b.length {
		return nil, fmt.Errorf("the blob has %d bytes now and had %d: it is another one", fresh.length, b.length)
	}
	fresh.size = b.size
	return fresh, nil
}

// describe reads the properties, and pins what they say unless it is pinned.
func (b *Blob) describe(ctx context.Context) error {
	answer, err := b.client.GetProperties(ctx, &blob.GetPropertiesOptions{AccessConditions: b.pinned})
	if err != nil {
		return b.failure(err)
	}
	switch {
	case answer.BlobType != nil && *answer.BlobType != blob.BlobTypePageBlob:
		return fmt.Errorf("it is a %s and no page blob", *answer.BlobType)
	case answer.ContentLength == nil || *answer.ContentLength < 0:
		return errors.New("the properties of the blob have no length")
	}
	b.length = *answer.ContentLength
	if answer.LastModified != nil {
		b.changed = answer.LastModified.UTC()
	}
	if b.pinned == nil && answer.ETag != nil && !b.options.Exported {
		b.pinned = &blob.AccessConditions{ModifiedAccessConditions: &blob.ModifiedAccessConditions{IfMatch: answer.ETag}}
	}
	return nil
}

// Size implements transfer.Source: the disk, without the footer of a fixed VHD.
func (b *Blob) Size() int64 { return b.size }

// Length is how long the blob is.
func (b *Blob) Length() int64 { return b.length }

// Modified is when the content last changed, in UTC; zero where it was not told.
func (b *Blob) Modified() time.Time { return b.changed }

// ReadAt implements transfer.Source. It reads in pieces of at most 1 MiB and asks
// again by itself for what comes damaged, breaks off, or is throttled: whoever
// has an engine to do that uses ReadRange.
func (b *Blob) ReadAt(ctx context.Context, p []byte, off int64) error {
	if err := b.inside(off, int64(len(p))); err != nil {
		return err
	}
	for len(p) > 0 {
		n := min(len(p), checkedAnswer)
		if err := b.readPatiently(ctx, p[:n], off); err != nil {
			return err
		}
		p, off = p[n:], off+int64(n)
	}
	return nil
}

// ReadRange implements transfer.Ranger. Where answers are checked, nothing of one
// is given out before its sum was right.
func (b *Blob) ReadRange(ctx context.Context, off, length int64) (io.ReadCloser, error) {
	if err := b.inside(off, length); err != nil {
		return nil, err
	}
	if b.method.Load() == sumNone {
		return b.stream(ctx, off, length)
	}
	return &checkedBody{ctx: ctx, blob: b, off: off, end: off + length}, nil
}

func (b *Blob) inside(off, n int64) error {
	if off < 0 || n < 0 || off > b.size || n > b.size-off {
		return fmt.Errorf("%d bytes at %d are not within a disk of %d bytes", n, off, b.size)
	}
	return nil
}
