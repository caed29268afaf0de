package azure

import (
	"context"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

// effectTimeout is how long the answer to an effectful request is waited for.
// The management API gives up on its own side after a minute.
const effectTimeout = 90 * time.Second

const requestIDHeader = "x-ms-client-request-id"

type sentKey struct{}

// Sent tells whether a request may have left this machine.
type Sent struct{ flag atomic.Bool }

// sendMarker stands behind sign-in in the pipeline: what passes it is on its way
// to the service, what failed before it never left.
type sendMarker struct{}

func (sendMarker) Do(r *policy.Request) (*http.Response, error) {
	if s, ok := r.Raw().Context().Value(sentKey{}).(*Sent); ok {
		s.flag.Store(true)
	}
	return r.Next()
}

// Effect prepares ctx for a request that changes something: it is sent exactly
// once, under the given client request id. Cancelling ctx afterwards does not
// cut the request off: its answer tells what happened, and is worth the wait,
// which is bounded. The returned mark belongs into the [Call].
func Effect(ctx context.Context, requestID string) (context.Context, *Sent) {
	sent := &Sent{}
	ctx = context.WithValue(context.WithoutCancel(ctx), sentKey{}, sent)
	ctx = policy.WithRetryOptions(ctx, policy.RetryOptions{MaxRetries: -1, TryTimeout: effectTimeout})
	if requestID != "" {
		ctx = policy.WithHTTPHeader(ctx, http.Header{requestIDHeader: []string{requestID}})
	}
	return ctx, sent
}
