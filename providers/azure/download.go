package azure

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"

	"failback/engine"
)

// Download copies a file to w whose address carries a signature. The address
// must lie in the storage of this cloud; it is sent without any credential, is
// not logged, and does not show in an error.
func (s *Session) Download(ctx context.Context, call Call, address string, w io.Writer) error {
	u, err := url.Parse(address)
	if err != nil || !s.mayRead(u) {
		return engine.Refuse(call.What, call.Where, "the file's address does not lie in the storage of this cloud", "check the profile's cloud and storage suffix")
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return engine.Refuse(call.What, call.Where, "the file's address can't be asked for", "export again")
	}
	answer, err := s.transport.Do(r)
	if err != nil {
		return call.Failure(unsigned(err))
	}
	if answer.StatusCode != http.StatusOK {
		defer answer.Body.Close() //nolint:errcheck // the status is what counts
		answer.Request = nil      // its address is not for an error
		return call.Failure(&azcore.ResponseError{StatusCode: answer.StatusCode, ErrorCode: answer.Header.Get("x-ms-error-code"), RawResponse: answer})
	}
	_, err = io.Copy(w, answer.Body)
	return call.Failure(errors.Join(unsigned(err), answer.Body.Close()))
}

// unsigned takes the address off an error of the network.
func unsigned(err error) error {
	var at *url.Error
	if errors.As(err, &at) {
		return at.Err
	}
	return err
}
