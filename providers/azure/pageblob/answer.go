package pageblob

import (
	"bytes"
	"context"
	"crypto/md5" //nolint:gosec // the service's checksum of an answer, not a secret
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"sync/atomic"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/minio/crc64nvme"

	"failback/engine/transfer"
)

// checkedAnswer is how much is asked for at once where the answer is checked: it
// is held in memory until its sum was right. The service sums up to 4 MiB.
const checkedAnswer = 1 << 20

// tries is how often damaged bytes are asked for.
const tries = 3

// The sums that an answer can carry, the preferred one first.
const (
	sumCRC64 int32 = iota
	sumMD5
	sumNone
)

// Tally counts the bytes that were read by how they were checked, and the answers
// whose bytes came damaged and were asked for again.
type Tally struct {
	CRC64, MD5, Unchecked int64
	Damaged               int64
}

type tally struct {
	by      [sumNone + 1]atomic.Int64
	damaged atomic.Int64
}

// Checked says how the answers so far were checked.
func (b *Blob) Checked() Tally {
	return Tally{
		CRC64: b.tally.by[sumCRC64].Load(), MD5: b.tally.by[sumMD5].Load(), Unchecked: b.tally.by[sumNone].Load(),
		Damaged: b.tally.damaged.Load(),
	}
}

// fetch fills p, at most 4 MiB, with one good answer, and does not touch it
// before. What comes damaged is asked for again.
func (b *Blob) fetch(ctx context.Context, p []byte, off int64) error {
	for i := 1; ; i++ {
		good, err := b.attempt(ctx, p, off)
		if err != nil || good {
			return err
		}
		b.tally.damaged.Add(1)
		if i == tries {
			return fmt.Errorf("%w: %d bytes at %d, %d times", ErrSum, len(p), off, tries)
		}
	}
}

// readPatiently reads where no engine asks again.
func (b *Blob) readPatiently(ctx context.Context, p []byte, off int64) error {
	for i := 0; ; i++ {
		err := b.fetch(ctx, p, off)
		var throttled *transfer.Throttled
		var short *transfer.Short
		wait := backoff(i)
		switch {
		case err == nil || i == listTries-1:
			return err
		case errors.As(err, &throttled):
			wait = max(wait, throttled.RetryAfter)
		case !errors.As(err, &short):
			return err
		}
		if err := pause(ctx, wait); err != nil {
			return err
		}
	}
}

func (b *Blob) attempt(ctx context.Context, p []byte, off int64) (good bool, err error) {
	answer, method, err := b.download(ctx, off, int64(len(p)))
	if err != nil {
		return false, err
	}
	defer answer.Body.Close() //nolint:errcheck // all was read, or the read has failed already
	n, err := io.ReadFull(answer.Body, p)
	if err != nil {
		return false, b.lost(ctx, err, off, int64(len(p)), int64(n))
	}
	switch method {
	case sumCRC64:
		good = bytes.Equal(answer.ContentCRC64, binary.LittleEndian.AppendUint64(nil, crc64nvme.Checksum(p)))
	case sumMD5:
		sum := md5.Sum(p) //nolint:gosec // as above
		good = bytes.Equal(answer.ContentMD5, sum[:])
	default:
		good = true
	}
	if good {
		b.tally.by[method].Add(int64(n))
	}
	return good, nil
}

// stream asks for a range without a sum.
func (b *Blob) stream(ctx context.Context, off, length int64) (io.ReadCloser, error) {
	answer, _, err := b.download(ctx, off, length)
	if err != nil {
		return nil, err
	}
	return &countedBody{ReadCloser: answer.Body, left: length, count: &b.tally.by[sumNone]}, nil
}

// download asks once for a range and makes sure that the answer is for it. The
// method is the sum that the answer carries. A service that does not know a sum
// is asked for the next one, now and from then on.
func (b *Blob) download(ctx context.Context, off, n int64) (blob.DownloadStreamResponse, int32, error) {
	for {
		method := b.method.Load()
		answer, err := b.ask(ctx, off, n, method)
		switch {
		case err != nil && method != sumNone && unknownSum(err):
			b.method.CompareAndSwap(method, method+1)
			continue
		case err != nil && network(err):
			return answer, method, b.lost(ctx, err, off, n, 0)
		case err != nil:
			return answer, method, b.failure(err)
		}
		if err := b.fits(answer, off, n); err != nil {
			return answer, method, errors.Join(err, answer.Body.Close())
		}
		if method == sumCRC64 && answer.ContentCRC64 == nil || method == sumMD5 && answer.ContentMD5 == nil {
			// The sum was passed over in silence. These bytes are good for nothing but
			// being unchecked: the next question is for another sum.
			b.method.CompareAndSwap(method, method+1)
			method = sumNone
		}
		return answer, method, nil
	}
}

func (b *Blob) ask(ctx context.Context, off, n int64, method int32) (blob.DownloadStreamResponse, error) {
	o := &blob.DownloadStreamOptions{Range: blob.HTTPRange{Offset: off, Count: n}, AccessConditions: b.pinned}
	ctx = policy.WithRetryOptions(ctx, once)
	switch method {
	case sumCRC64:
		ctx = context.WithValue(ctx, sumAsked{}, true)
	case sumMD5:
		o.RangeGetContentMD5 = to.Ptr(true)
	}
	return b.client.DownloadStream(ctx, o)
}

// sumAsked asks for the CRC-64 of a range, which the client has no option for. It
// does so before the request is signed, and is the key of what asks it to.
type sumAsked struct{}

// Do implements [policy.Policy].
func (sumAsked) Do(r *policy.Request) (*http.Response, error) {
	if r.Raw().Context().Value(sumAsked{}) != nil {
		r.Raw().Header.Set("x-ms-range-get-content-crc64", "true")
	}
	return r.Next()
}

// unknownSum reports whether a refusal may be for the sum that was asked for. To
// ask again without it tells.
func unknownSum(err error) bool {
	var answer *azcore.ResponseError
	if !errors.As(err, &answer) {
		return false
	}
	switch answer.ErrorCode {
	case "InvalidHeaderValue", "UnsupportedHeader":
		return answer.StatusCode == http.StatusBadRequest
	case "FeatureNotSupported": // as Azurite says it, with status 500
		return true
	}
	return answer.StatusCode == http.StatusNotImplemented
}

// fits reports whether an answer is for the range that was asked for, of the blob
// that was opened.
func (b *Blob) fits(answer blob.DownloadStreamResponse, off, n int64) error {
	told := ""
	if answer.ContentRange != nil {
		told = *answer.ContentRange
	}
	var first, last, length int64
	if got, err := fmt.Sscanf(told, "bytes %d-%d/%d", &first, &last, &length); err != nil || got != 3 || first != off || last >= off+n {
		return fmt.Errorf("asked for %d bytes at %d, the answer is for %q", n, off, told)
	}
	if length != b.length {
		return fmt.Errorf("%w: it had %d bytes and has %d", ErrChanged, b.length, length)
	}
	if last < off+n-1 || answer.ContentLength != nil && *answer.ContentLength < n {
		return &transfer.Short{Off: off, Want: n, Got: 0}
	}
	return nil
}

var buffers = sync.Pool{New: func() any { return new([checkedAnswer]byte) }}

// checkedBody gives out a range in answers that were checked first.
type checkedBody struct {
	ctx      context.Context // of the one request that this is the body of
	blob     *Blob
	buf      *[checkedAnswer]byte
	left     []byte
	off, end int64
}

// Read implements io.Reader.
func (c *checkedBody) Read(p []byte) (int, error) {
	next, err := c.View(len(p))
	return copy(p, next), err
}

// View implements transfer.Viewer.
func (c *checkedBody) View(n int) ([]byte, error) {
	if len(c.left) == 0 {
		if c.off == c.end {
			return nil, io.EOF
		}
		if c.buf == nil {
			c.buf = buffers.Get().(*[checkedAnswer]byte)
		}
		next := c.buf[:min(checkedAnswer, c.end-c.off)]
		if err := c.blob.fetch(c.ctx, next, c.off); err != nil {
			return nil, err
		}
		c.left, c.off = next, c.off+int64(len(next))
	}
	p := c.left[:min(n, len(c.left))]
	c.left = c.left[len(p):]
	return p, nil
}

// Close gives the memory back.
func (c *checkedBody) Close() error {
	if c.buf != nil {
		buffers.Put(c.buf)
		c.buf, c.left, c.off = nil, nil, c.end
	}
	return nil
}

// countedBody is an answer without a sum, as long as was asked for and no longer.
// One that breaks off ends with io.ErrUnexpectedEOF, which the engine asks again
// after.
type countedBody struct {
	io.ReadCloser
	left  int64
	count *atomic.Int64
}

// Read implements io.Reader.
func (c *countedBody) Read(p []byte) (int, error) {
	if c.left == 0 {
		return 0, io.EOF
	}
	n, err := c.ReadCloser.Read(p[:min(int64(len(p)), c.left)])
	c.left -= int64(n)
	c.count.Add(int64(n))
	switch {
	case c.left == 0:
		return n, io.EOF
	case err != nil && !errors.Is(err, context.Canceled):
		return n, io.ErrUnexpectedEOF
	}
	return n, err
}
