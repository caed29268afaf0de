package azure

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/pageblob"

	"failback/engine"
)

// footerSize is the size of the footer behind the content of a fixed VHD.
const footerSize = 512

// pageDisk is one page blob, pinned to the version that was first seen: were it
// to change while it is read, every later request would be refused.
type pageDisk struct {
	client   *pageblob.Client
	call     Call
	pinned   *blob.AccessConditions
	size     int64     // of the blob
	modified time.Time // when the content last changed
}

// extent is a run of bytes that hold data; the end is not part of it.
type extent struct{ start, end int64 }

func (a *Access) openDisk(ctx context.Context, d engine.Disk, call Call) (*pageDisk, error) {
	c, err := a.blobClient(d, call)
	if err != nil {
		return nil, err
	}
	props, err := c.GetProperties(ctx, nil)
	if err != nil {
		return nil, call.Failure(err)
	}
	disk := &pageDisk{client: c, call: call}
	if props.ContentLength != nil {
		disk.size = *props.ContentLength
	}
	if props.LastModified != nil {
		disk.modified = props.LastModified.UTC()
	}
	if props.ETag != nil {
		disk.pinned = &blob.AccessConditions{ModifiedAccessConditions: &blob.ModifiedAccessConditions{IfMatch: props.ETag}}
	}
	return disk, nil
}

// blobClient refuses disks that are not page blobs, and addresses that the
// credential must not be shown to: a blob's address comes from an answer.
func (a *Access) blobClient(d engine.Disk, call Call) (*pageblob.Client, error) {
	if d.Managed {
		return nil, engine.Refuse(call.What, call.Where, "it is a managed disk, which has no page blob to read",
			"a managed disk can be read only through an export; this check does without it")
	}
	if d.BlobURL == "" {
		return nil, &engine.Failure{Kind: engine.FailureNotFound, What: call.What, Where: call.Where,
			Why: "Site Recovery names no page blob for this disk", Remedy: "read the item again while it is in Azure"}
	}
	u, err := url.Parse(d.BlobURL)
	if err != nil || !a.session.mayRead(u) {
		return nil, engine.Refuse(call.What, call.Where, "the disk's address does not lie in the storage of this cloud",
			"check the profile's cloud and storage suffix")
	}
	c, err := pageblob.NewClient(u.String(), a.session.credential, &pageblob.ClientOptions{ClientOptions: a.session.pipeline()})
	return c, call.Failure(err)
}

// mayRead reports whether an address that came in an answer lies where files of
// this cloud do.
func (s *Session) mayRead(u *url.URL) bool {
	if s.fence != nil {
		return s.fence.admits(u)
	}
	suffix := s.place.storage
	return u.Scheme == "https" && suffix != "" && strings.HasSuffix(strings.ToLower(u.Hostname()), "."+suffix)
}

// extents lists where the blob holds data, in order.
func (p *pageDisk) extents(ctx context.Context) ([]extent, error) {
	var out []extent
	pages := p.client.NewGetPageRangesPager(&pageblob.GetPageRangesOptions{AccessConditions: p.pinned})
	for pages.More() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, p.call.Failure(err)
		}
		for _, r := range page.PageRange {
			if r == nil || r.Start == nil || r.End == nil {
				continue
			}
			e := extent{*r.Start, *r.End + 1}
			if e.start < 0 || e.end <= e.start || e.end > p.size || len(out) > 0 && e.start < out[len(out)-1].end {
				return nil, engine.Refuse(p.call.What, p.call.Where, "the storage service listed page ranges that overlap or lie outside the disk", "")
			}
			out = append(out, e)
		}
	}
	return out, nil
}

// virtualSize is the size of the disk that a guest sees: a fixed VHD's without
// its footer, otherwise all of the blob.
func (p *pageDisk) virtualSize(ctx context.Context) (int64, error) {
	if p.size < footerSize {
		return p.size, nil
	}
	footer := make([]byte, footerSize)
	if err := p.read(ctx, p.size-footerSize, footer); err != nil {
		return 0, err
	}
	const typeFixed = 2
	content := p.size - footerSize
	if string(footer[:8]) == "conectix" && binary.BigEndian.Uint32(footer[60:64]) == typeFixed &&
		binary.BigEndian.Uint64(footer[48:56]) == uint64(content) {
		return content, nil
	}
	return p.size, nil
}

// read fills buf from offset. A stream that breaks off is taken up again by the
// SDK where it stopped.
func (p *pageDisk) read(ctx context.Context, offset int64, buf []byte) error {
	answer, err := p.client.DownloadStream(ctx, &blob.DownloadStreamOptions{
		Range: blob.HTTPRange{Offset: offset, Count: int64(len(buf))}, AccessConditions: p.pinned,
	})
	if err != nil {
		return p.changed(err)
	}
	body := answer.NewRetryReader(ctx, &blob.RetryReaderOptions{MaxRetries: 3})
	_, err = io.ReadFull(body, buf)
	return p.call.Failure(errors.Join(err, body.Close()))
}

// changed says in words what a failed precondition means here.
func (p *pageDisk) changed(err error) error {
	var answer *azcore.ResponseError
	if errors.As(err, &answer) && answer.StatusCode == http.StatusPreconditionFailed {
		return &engine.Failure{Kind: engine.FailureRefused, What: p.call.What, Where: p.call.Where, Code: answer.ErrorCode,
			Why: "the disk was written to while it was read", Remedy: "read it again once the Azure VM is stopped", Err: err}
	}
	return p.call.Failure(err)
}
