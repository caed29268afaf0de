package storage

import (
	"context"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/pageblob"

	"failback/engine/transfer"
)

// ListPages lists page ranges most at a time.
func ListPages(ctx context.Context, url string, o *pageblob.ClientOptions, most int32) ([]transfer.Extent, error) {
	r, err := Open(ctx, url, "", o, nil)
	if err != nil {
		return nil, err
	}
	var out []transfer.Extent
	pager := r.client.NewGetPageRangesPager(&pageblob.GetPageRangesOptions{MaxResults: &most})
	for pager.More() {
		answer, err := pager.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		if out, err = appendRanges(out, answer.PageRange); err != nil {
			return nil, err
		}
	}
	return out, nil
}
