package azure

import (
	"bytes"
	"crypto/tls"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"
)

// exchange is the last thing that a sign-in heard over the network. The SDK's
// errors keep it as text only, and that text may hold what must not be shown.
type exchange struct {
	mu   sync.Mutex
	last heard
}

type exchangeKey struct{}

// heard is one answer, or that there was none.
type heard struct {
	host   string
	err    error // no answer
	status int   // of the answer
	json   bool  // the answer is what a sign-in service sends
	said   oauthError
	behind time.Duration // how far this machine's clock is behind the host's
}

// oauthError is how a sign-in service refuses.
type oauthError struct {
	Error       string `json:"error"`
	Description string `json:"error_description"`
	TraceID     string `json:"trace_id"`
}

func (e *exchange) note(h heard) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.last = h
}

func (e *exchange) get() heard {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.last
}

// listener notes what a sign-in hears. It passes everything on as it is.
type listener struct{ next http.RoundTripper }

// distrusted is a certificate that was refused. Asking again changes nothing.
type distrusted struct{ error }

// NonRetriable tells the SDK that another attempt is pointless.
func (d *distrusted) NonRetriable() {}

func (d *distrusted) Unwrap() error { return d.error }

// longestAnswer bounds what is looked at of an answer.
const longestAnswer = 256 << 10

func (l listener) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := l.next.RoundTrip(r)
	if errors.As(err, new(*tls.CertificateVerificationError)) {
		err = &distrusted{err}
	}
	seen, ok := r.Context().Value(exchangeKey{}).(*exchange)
	if !ok {
		return answer, err
	}
	h := heard{host: r.URL.Host, err: err}
	if err == nil {
		h.status, h.behind = answer.StatusCode, clockBehind(answer.Header)
		h.said, h.json = overhear(answer)
	}
	seen.note(h)
	return answer, err
}

// overhear reads why a sign-in was refused, and whether the answer is of the kind
// that such a service sends. It leaves the answer whole.
func overhear(answer *http.Response) (said oauthError, isJSON bool) {
	begin, err := io.ReadAll(io.LimitReader(answer.Body, longestAnswer))
	answer.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(begin), answer.Body), answer.Body}
	if err != nil || !json.Valid(begin) {
		return said, false
	}
	_ = json.Unmarshal(begin, &said) // what is no refusal of that form says nothing
	return said, true
}

// clockBehind is how far this machine's clock is behind the one that answered;
// negative where it is ahead.
func clockBehind(h http.Header) time.Duration {
	at, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		return 0
	}
	return time.Until(at).Round(time.Second)
}
