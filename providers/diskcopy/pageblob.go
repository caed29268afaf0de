package diskcopy

import (
	"context"
	"net/http"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"failback/engine/transfer"
	"failback/providers/azure/pageblob"
)

// PageBlobs opens page blobs over client's transport, a signature in the address or
// none.
func PageBlobs(client policy.ClientOptions) Remote {
	return func(ctx context.Context, address, snapshot string) (Blob, error) {
		b, err := pageblob.Open(ctx, pageblob.Options{URL: address, Snapshot: snapshot, Client: client})
		if err != nil {
			return nil, err
		}
		return pageBlob{b}, nil
	}
}

// Transport is one for many ranges of one disk: as many connections as requests in
// flight, and nothing is unpacked.
func Transport() *http.Transport {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.MaxConnsPerHost, t.MaxIdleConnsPerHost = mostConnections, mostConnections
	t.DisableCompression = true
	t.ReadBufferSize = 64 << 10
	t.ResponseHeaderTimeout = time.Minute
	return t
}

// mostConnections are the requests that a transfer has in flight at most, and one
// for a list.
const mostConnections = 17

type pageBlob struct{ *pageblob.Blob }

// Version is when the content last changed; that of a snapshot is its time.
func (b pageBlob) Version() string {
	return b.Modified().Format("2006-01-02T15:04:05Z") + ", " + b.Place()
}

// Changes are what changed since a snapshot, by its time.
func (b pageBlob) Changes(ctx context.Context, older string) (transfer.Changes, error) {
	return b.Blob.Changes(ctx, pageblob.Older{Snapshot: older})
}

// Renewed is the same blob with a fresh signature.
func (b pageBlob) Renewed(ctx context.Context, address string) (Blob, error) {
	fresh, err := b.Blob.Renewed(ctx, address)
	if err != nil {
		return nil, err
	}
	return pageBlob{fresh}, nil
}

// Checksum is the one that every byte so far had.
func (b pageBlob) Checksum() string { return checksumOf(b.Checked()) }

func checksumOf(t pageblob.Tally) string {
	switch {
	case t.Unchecked > 0:
		return ""
	case t.MD5 == 0 && t.CRC64 > 0:
		return "CRC-64/NVME"
	case t.CRC64 == 0 && t.MD5 > 0:
		return "MD5"
	case t.MD5 > 0:
		return "CRC-64/NVME and MD5"
	}
	return ""
}
