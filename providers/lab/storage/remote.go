package storage

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/pageblob"

	"failback/engine/transfer"
)

// scope is what a token for the Blob service is asked for.
const scope = "https://storage.azure.com/.default"

// Remote is a page blob, or a snapshot of one, that is read over HTTP through
// Microsoft's client. It is a transfer.Source.
type Remote struct {
	client   *pageblob.Client
	snapshot string
	size     int64
}

// Open reads the properties of the blob at url, as it was at snapshot or, where
// that is empty, as it is. A nil cred means that the URL carries a signature or
// needs none. A token goes over plain HTTP too: the lab's account listens on
// the loopback interface only.
func Open(ctx context.Context, url, snapshot string, o *pageblob.ClientOptions, cred azcore.TokenCredential) (*Remote, error) {
	options := pageblob.ClientOptions{}
	if o != nil {
		options = *o
	}
	if cred != nil {
		auth := runtime.NewBearerTokenPolicy(cred, []string{scope}, &policy.BearerTokenOptions{InsecureAllowCredentialWithHTTP: true})
		options.PerRetryPolicies = append(slices.Clone(options.PerRetryPolicies), auth)
	}
	client, err := pageblob.NewClientWithNoCredential(url, &options)
	if err != nil {
		return nil, fmt.Errorf("open the page blob: %w", err)
	}
	if snapshot != "" {
		if client, err = client.WithSnapshot(snapshot); err != nil {
			return nil, fmt.Errorf("open the page blob: %w", err)
		}
	}
	properties, err := client.GetProperties(ctx, nil)
	if err != nil {
		return nil, fmt.Errorf("read the properties of the page blob: %w", err)
	}
	if properties.ContentLength == nil || *properties.ContentLength < 0 {
		return nil, errors.New("read the properties of the page blob: the answer has no length")
	}
	return &Remote{client: client, snapshot: snapshot, size: *properties.ContentLength}, nil
}

// Size implements transfer.Source.
func (r *Remote) Size() int64 { return r.size }

// Snapshot is the snapshot being read, empty for the blob itself.
func (r *Remote) Snapshot() string { return r.snapshot }

// Extents implements transfer.Source: the page ranges, all pages of the list.
func (r *Remote) Extents(ctx context.Context) ([]transfer.Extent, error) {
	var out []transfer.Extent
	pager := r.client.NewGetPageRangesPager(nil)
	for pager.More() {
		answer, err := pager.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("list the page ranges: %w", err)
		}
		if out, err = appendRanges(out, answer.PageRange); err != nil {
			return nil, fmt.Errorf("list the page ranges: %w", err)
		}
	}
	return transfer.Normalize(out), nil
}

// Changes are what changed since prev, an earlier snapshot of the same blob. It
// refuses a list that does not fit the disk.
func (r *Remote) Changes(ctx context.Context, prev string) (transfer.Changes, error) {
	var c transfer.Changes
	pager := r.client.NewGetPageRangesDiffPager(&pageblob.GetPageRangesDiffOptions{PrevSnapshot: &prev})
	for pager.More() {
		answer, err := pager.NextPage(ctx)
		if err != nil {
			return transfer.Changes{}, fmt.Errorf("list the changes since %s: %w", prev, err)
		}
		if c.Updated, err = appendRanges(c.Updated, answer.PageRange); err != nil {
			return transfer.Changes{}, fmt.Errorf("list the changes since %s: %w", prev, err)
		}
		for _, cleared := range answer.ClearRange {
			e, err := extent(cleared.Start, cleared.End)
			if err != nil {
				return transfer.Changes{}, fmt.Errorf("list the changes since %s: %w", prev, err)
			}
			c.Cleared = append(c.Cleared, e)
		}
	}
	if err := c.Validate(r.size); err != nil {
		return transfer.Changes{}, fmt.Errorf("list the changes since %s: %w", prev, err)
	}
	return c, nil
}

func appendRanges(to []transfer.Extent, ranges []*pageblob.PageRange) ([]transfer.Extent, error) {
	for _, r := range ranges {
		e, err := extent(r.Start, r.End)
		if err != nil {
			return nil, err
		}
		to = append(to, e)
	}
	return to, nil
}

func extent(start, end *int64) (transfer.Extent, error) {
	if start == nil || end == nil || *end < *start || *start < 0 {
		return transfer.Extent{}, errors.New("the answer has a range without a start or an end")
	}
	return transfer.Extent{Off: *start, Len: *end - *start + 1}, nil
}

// ReadAt implements transfer.Source with one ranged request, or a few where the
// connection breaks. The answer has to be for the range that was asked for.
func (r *Remote) ReadAt(ctx context.Context, p []byte, off int64) error {
	if len(p) == 0 {
		return nil
	}
	want := blob.HTTPRange{Offset: off, Count: int64(len(p))}
	answer, err := r.client.DownloadStream(ctx, &blob.DownloadStreamOptions{Range: want})
	if err != nil {
		return err
	}
	body := answer.NewRetryReader(ctx, &blob.RetryReaderOptions{MaxRetries: 3})
	defer func() {
		// Everything wanted was read, or the read has failed already.
		_ = body.Close()
	}()
	told := ""
	if answer.ContentRange != nil {
		told = *answer.ContentRange
	}
	if !strings.HasPrefix(told, fmt.Sprintf("bytes %d-%d/", off, off+want.Count-1)) {
		return fmt.Errorf("asked for %d bytes at %d, the answer is for %q", want.Count, off, told)
	}
	if _, err := io.ReadFull(body, p); err != nil {
		return fmt.Errorf("read %d bytes at %d: %w", len(p), off, err)
	}
	return nil
}
