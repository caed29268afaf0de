package pageblob

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"

	"failback/engine/transfer"
)

// ErrChanged says that the blob was written to, or resized, since it was opened.
var ErrChanged = errors.New("the disk was changed while it was read")

// ErrSum says that bytes came damaged, again and again.
var ErrSum = errors.New("the bytes are not those that the service summed")

// failure sorts what went wrong with a request into what the engine knows.
func (b *Blob) failure(err error) error {
	if err == nil || errors.Is(err, context.Canceled) {
		return err
	}
	var answer *azcore.ResponseError
	if !errors.As(err, &answer) {
		return b.explain(unsigned(err))
	}
	switch status := answer.StatusCode; {
	case status == http.StatusPreconditionFailed:
		return fmt.Errorf("%w: %w", ErrChanged, b.explain(err))
	case busy(answer):
		return &transfer.Throttled{RetryAfter: retryAfter(answer.RawResponse), Err: b.explain(err)}
	case status == http.StatusUnauthorized, status == http.StatusForbidden && (answer.ErrorCode == "AuthenticationFailed" || b.ended()):
		// Inferred: that a revoked export is refused with the same code.
		return &transfer.Expired{Err: b.explain(err)}
	}
	return b.explain(err)
}

// busy reports whether the service could not answer now and may later.
func busy(answer *azcore.ResponseError) bool {
	switch answer.StatusCode {
	case http.StatusTooManyRequests, http.StatusServiceUnavailable, http.StatusInternalServerError,
		http.StatusBadGateway, http.StatusGatewayTimeout, http.StatusRequestTimeout:
		return true
	}
	return false
}

// timedOut reports whether the request was too much for the service.
func timedOut(err error) bool {
	var answer *azcore.ResponseError
	return errors.As(err, &answer) && answer.StatusCode == http.StatusInternalServerError && answer.ErrorCode == "OperationTimedOut"
}

// lost is a request whose answer did not come, or broke off: the engine asks
// again. Whoever cancelled it hears only that.
func (b *Blob) lost(ctx context.Context, err error, off, want, got int64) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return fmt.Errorf("%w: %w", &transfer.Short{Off: off, Want: want, Got: got}, b.explain(unsigned(err)))
}

// network reports whether err is a connection that failed: not a refusal of this
// program to connect, nor a sign-in that failed.
func network(err error) bool {
	var permanent interface{ NonRetriable() }
	var at *url.Error
	return errors.As(err, &at) && !errors.As(err, &permanent)
}

func (b *Blob) explain(err error) error {
	if b.options.Explain == nil {
		return err
	}
	return b.options.Explain(err)
}

// unsigned takes the address off an error of the network: it holds the signature.
func unsigned(err error) error {
	var at *url.Error
	if errors.As(err, &at) {
		return at.Err
	}
	return err
}

// retryAfter reads how long the service asks to be left alone.
func retryAfter(r *http.Response) time.Duration {
	if r == nil {
		return 0
	}
	text := r.Header.Get("Retry-After")
	if s, err := strconv.Atoi(text); err == nil {
		return time.Duration(max(0, s)) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(0, time.Until(at))
	}
	return 0
}
