package azure

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"

	"failback/engine"
)

// Call says what a request was for. It becomes the what and where of a failure.
type Call struct {
	// Action is the right that the request needs.
	Action      Action
	What, Where string
	Job         string // the job a request was about
	Request     string // client request id, for support
	// Sent is set for a request that changes something (see [Effect]): its lost
	// answer means an unknown outcome. Nil means a request that only reads.
	Sent *Sent
}

// Failure turns err into an [engine.Failure]: the service's own code, words and
// advice, and the kind that says what may be done next. It returns nil for nil.
func (c Call) Failure(err error) error {
	if err == nil {
		return nil
	}
	var known *engine.Failure
	if errors.As(err, &known) {
		return err
	}
	f := &engine.Failure{What: c.What, Where: c.Where, Job: c.Job, Request: c.Request, Err: err}
	var answer *azcore.ResponseError
	if errors.As(err, &answer) {
		c.answered(f, answer)
	} else {
		c.unanswered(f, err)
	}
	return f
}

// answered explains an answer that is not the one hoped for.
func (c Call) answered(f *engine.Failure, answer *azcore.ResponseError) {
	said := read(answer)
	f.Code, f.Why, f.Causes, f.Remedy = said.Code, said.Message, said.PossibleCauses, said.RecommendedAction
	if f.Request == "" {
		f.Request = said.request
	}
	switch status := answer.StatusCode; {
	case status == http.StatusUnauthorized && expired(said.Code):
		// Not accepted, whatever it was; the next request signs in afresh.
		f.Kind = engine.FailureRetryable
		f.Remedy = "sign in again if this goes on" + clockWords(answer.RawResponse)
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		f.Kind = engine.FailurePermission
		f.Remedy = also(f.Remedy, c.allow(status, f.Why)) + clockWords(answer.RawResponse)
	case status == http.StatusNotFound:
		f.Kind = engine.FailureNotFound
		remedy(f, "check the names of subscription, resource group and vault, and that the thing was not removed")
	case status == http.StatusTooManyRequests:
		f.Kind = engine.FailureRetryable
		f.Wait = retryAfter(answer.RawResponse)
		f.Remedy = "nothing was started; " + waitFor(answer.RawResponse)
	case status >= 400 && status < 500 && status != http.StatusRequestTimeout:
		f.Kind = engine.FailureRefused
	case c.Sent != nil:
		c.unknown(f)
	case status >= 500 || status == http.StatusRequestTimeout:
		f.Kind = engine.FailureRetryable
		f.Wait = retryAfter(answer.RawResponse)
		remedy(f, waitFor(answer.RawResponse))
	case status >= 200 && status < 300:
		// An empty answer to a read. Asking again costs nothing.
		f.Kind = engine.FailureRetryable
		f.Why = cmp.Or(f.Why, "the answer has no content (HTTP "+strconv.Itoa(status)+")")
		remedy(f, misunderstood)
	default:
		f.Kind = engine.FailureOther
	}
	if r := answer.RawResponse; stranger(r) {
		f.Why = fmt.Sprintf("%s did not answer as Azure does (HTTP %d): something stands between", r.Request.URL.Host, r.StatusCode)
		f.Remedy = betweenUs
	}
}

// betweenUs is what to do about somebody who answers in Azure's place.
const betweenUs = "check proxy in the profile and HTTPS_PROXY: a proxy, a gateway or a sign-in page of the network answers in Azure's place"

// unanswered explains a request without a usable answer.
func (c Call) unanswered(f *engine.Failure, err error) {
	f.Why = err.Error()
	var off *outside
	var cert *tls.CertificateVerificationError
	var account *signInError
	var permanent interface{ NonRetriable() }
	switch {
	case errors.As(err, &account):
		account.explain(f)
	case errors.As(err, &off):
		f.Kind = engine.FailureRefused
	case errors.As(err, &cert):
		f.Kind = engine.FailureRefused
		f.Why, f.Remedy, _ = unreachable(err)
	case c.Sent != nil && c.Sent.flag.Load() && !neverConnected(err):
		c.unknown(f)
	case errors.Is(err, context.Canceled):
		f.Kind = engine.FailureCancelled
	case errors.As(err, &permanent):
		f.Kind = engine.FailurePermission
		f.Remedy = "sign in again, such as with az login, or name another way with auth in the profile"
	case network(err):
		f.Kind = engine.FailureRetryable
		f.Remedy = "check the network to Azure, then try again"
	default: // a read may be asked again, whatever came
		f.Kind = engine.FailureRetryable
		f.Remedy = misunderstood
	}
}

const misunderstood = "the answer can't be understood: check whether a proxy answers in Azure's place"

// expired reports whether a token was refused for its age alone.
func expired(code string) bool { return code == "ExpiredAuthenticationToken" }

// clockWords say how wrong this machine's clock is, where the answer shows it: a token
// is then refused as expired, or as not valid yet.
func clockWords(r *http.Response) string {
	if r == nil {
		return ""
	}
	off := clockOff(clockBehind(r.Header))
	if off == "" {
		return ""
	}
	return "; " + off + ": set it right"
}

// network reports whether err is a connection that failed or broke off.
func network(err error) bool {
	var n net.Error
	return errors.As(err, &n) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, context.DeadlineExceeded)
}

func (c Call) unknown(f *engine.Failure) {
	f.Kind = engine.FailureUnknown
	f.Remedy = "do not repeat it: look at the item and its jobs first, it may have been accepted"
}

// remedy sets what to do unless the service itself said it.
func remedy(f *engine.Failure, text string) {
	if f.Remedy == "" {
		f.Remedy = text
	}
}

// also adds our advice to the service's.
func also(first, second string) string {
	if first = strings.TrimRight(first, ". "); first == "" {
		return second
	}
	return first + "; " + second
}

// neverConnected reports whether err is a connection that never came to be.
func neverConnected(err error) bool {
	var dial *net.OpError
	return errors.As(err, &dial) && dial.Op == "dial"
}

var deniedAction = regexp.MustCompile(`action '([A-Za-z0-9./*_-]+)'`)

// allow names the missing right: the one that the service's text names, else the
// one that the request is known to need.
func (c Call) allow(status int, why string) string {
	if status == http.StatusUnauthorized {
		return "sign in again: the token was not accepted"
	}
	if m := deniedAction.FindStringSubmatch(why); m != nil {
		return Action(m[1]).ask()
	}
	return c.Action.ask()
}

// stranger reports whether a page stands where Azure's services send JSON or XML:
// it is not Azure that answers.
func stranger(r *http.Response) bool {
	return r != nil && r.Request != nil && r.StatusCode < http.StatusInternalServerError && strings.Contains(strings.ToLower(r.Header.Get("Content-Type")), "text/html")
}

func waitFor(r *http.Response) string {
	if d := retryAfter(r); d > 0 {
		return "wait " + d.String() + ", then try again"
	}
	return "try again in a minute"
}

// retryAfter reads how long the service asks to be left alone.
func retryAfter(r *http.Response) time.Duration {
	if r == nil {
		return 0
	}
	text := r.Header.Get("Retry-After")
	if s, err := strconv.Atoi(text); err == nil {
		return time.Duration(s) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(0, time.Until(at).Round(time.Second))
	}
	return 0
}
