package azure

import (
	"net/http"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
)

// renewed asks a read again, once, where its token was not accepted: the pipeline
// drops such a token and signs in afresh for the next request. A token may end
// before its time, where an account was changed or this machine's clock is wrong.
// Requests that change something are never repeated here.
type renewed struct{}

// Do implements [policy.Policy].
func (renewed) Do(r *policy.Request) (*http.Response, error) {
	if effectful(r) {
		return r.Next()
	}
	again := r.Clone(r.Raw().Context())
	answer, err := r.Next()
	if err != nil || answer.StatusCode != http.StatusUnauthorized {
		return answer, err
	}
	runtime.Drain(answer)
	return again.Next()
}
