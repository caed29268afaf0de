package azure

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"failback/engine"
)

// signInError is a sign-in that failed. It keeps the SDK's error for questions of
// kind, and never shows its text where a service had a hand in it: that text may
// repeat what was sent, or a token.
type signInError struct {
	auth, tenant string
	err          error
	last         heard
	ended        error  // why nobody waits any more
	hide         string // what must not be shown, should a service repeat it
}

func (e *signInError) Error() string { return "sign-in failed" }

// NonRetriable tells the SDK that another attempt is pointless: azidentity made
// its own.
func (e *signInError) NonRetriable() {}

// where names the sign-in, for a person.
func (e *signInError) where() string {
	where := "auth: " + cmp.Or(e.auth, AuthDefault)
	if e.tenant != "" {
		where += ", tenant " + e.tenant
	}
	return where
}

// explain says why, and what to do now.
func (e *signInError) explain(f *engine.Failure) {
	f.Err = e
	f.Where = strings.TrimPrefix(f.Where+", "+e.where(), ", ")
	f.Kind = engine.FailurePermission
	var known *engine.Failure
	var again *azidentity.AuthenticationRequiredError
	switch {
	case e.ended != nil && errors.Is(e.ended, context.Canceled):
		f.Kind, f.Why = engine.FailureCancelled, "the sign-in was given up"
	case errors.As(e.err, &known):
		f.Kind, f.Why, f.Remedy = known.Kind, known.Why, known.Remedy
	case errors.As(e.err, &again):
		f.Why = "the sign-in has ended and can't be renewed without a person"
		f.Remedy = "sign in again: run the command again, and failback resume for a run that stopped"
	case e.here():
		e.local(f)
	case e.last.err != nil:
		e.unheard(f)
	default:
		e.refused(f)
	}
	if e.hide != "" {
		f.Why = strings.NewReplacer(e.hide, "***", url.QueryEscape(e.hide), "***").Replace(f.Why)
	}
}

// here reports whether it failed on this machine: a tool, a file, the
// environment. A chain asks around before it gives up, so the last it heard says
// something only where one of it was refused for good.
func (e *signInError) here() bool {
	if e.auth == "" || e.auth == AuthDefault {
		return !errors.As(e.err, new(*azidentity.AuthenticationFailedError))
	}
	return e.last.err == nil && e.last.json && e.last.status < http.StatusBadRequest || e.last == heard{}
}

// unheard explains a sign-in service that did not answer.
func (e *signInError) unheard(f *engine.Failure) {
	why, remedy, lasting := unreachable(e.last.err)
	f.Why, f.Remedy = e.last.host+": "+why, remedy
	if !lasting {
		f.Kind = engine.FailureRetryable
	}
}

// unreachable says why there was no answer, and whether trying again is pointless.
func unreachable(err error) (why, remedy string, lasting bool) {
	var unknown x509.UnknownAuthorityError
	var invalid x509.CertificateInvalidError
	var cert *tls.CertificateVerificationError
	switch {
	case errors.As(err, &unknown):
		return "its certificate is from an authority that this machine does not know",
			"name the authority's certificate with ca in the profile, or find out who intercepts TLS here", true
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "its certificate is not valid at this machine's time", "set this machine's clock; if it is right, tell who runs the service", true
	case errors.As(err, &cert):
		return err.Error(), "check the clock and the certificates of this machine, and who intercepts TLS here", true
	case strings.Contains(err.Error(), http.StatusText(http.StatusProxyAuthRequired)):
		return "the proxy asks for a sign-in of its own", "use a proxy that lets this machine through", true
	}
	return err.Error(), "check the network and the proxy, then try again", false
}

// skew is how far a clock may be off before it is blamed. Azure allows five minutes.
const skew = 2 * time.Minute

// refused explains an answer that is no token.
func (e *signInError) refused(f *engine.Failure) {
	h := e.last
	if h.said.Error == "" && !h.json {
		f.Why = fmt.Sprintf("%s did not answer as a sign-in service does (HTTP %d): something stands between", h.host, h.status)
		f.Remedy = betweenUs
		if h.status == http.StatusProxyAuthRequired {
			f.Remedy = "use a proxy that lets this machine through"
		}
		return
	}
	f.Code, f.Why = h.said.Error, firstSentence(h.said.Description)
	if m := aadsts.FindString(h.said.Description); m != "" {
		f.Code, f.Why = m, strings.TrimPrefix(f.Why, m+": ")
	}
	if f.Request == "" {
		f.Request = h.said.TraceID
	}
	f.Why = cmp.Or(f.Why, fmt.Sprintf("%s answered with HTTP %d and nothing that can be read", h.host, h.status))
	f.Remedy = cmp.Or(refusals[f.Code], "correct the sign-in in the profile; docs/config.md describes it")
	if h.status >= http.StatusInternalServerError || h.status == http.StatusTooManyRequests {
		f.Kind, f.Remedy = engine.FailureRetryable, "try again in a minute"
	}
	if off := clockOff(h.behind); off != "" {
		f.Why += "; " + off
		f.Remedy = "set this machine's clock, then sign in again"
	}
}

// clockOff says how wrong this machine's clock is; empty where it is right.
func clockOff(behind time.Duration) string {
	switch {
	case behind > skew:
		return fmt.Sprintf("this machine's clock is %s behind Azure's", behind)
	case behind < -skew:
		return fmt.Sprintf("this machine's clock is %s ahead of Azure's", -behind)
	}
	return ""
}

var aadsts = regexp.MustCompile(`^AADSTS\d+`)

// firstSentence is a description without the ids that Entra writes behind it.
func firstSentence(s string) string {
	if i := strings.Index(s, "Trace ID:"); i >= 0 {
		s = s[:i]
	}
	return strings.Join(strings.Fields(s), " ")
}

// refusals is what to do about the refusals that operators meet. Codes: Microsoft
// Entra's list of authentication error codes.
var refusals = map[string]string{
	"AADSTS90002":           "check tenant in the profile: there is no such directory in this cloud",
	"AADSTS700016":          "check tenant and client_id in the profile: this directory does not know the application",
	"AADSTS700021":          "check client_id and the federated credential of the application",
	"AADSTS700213":          "check the federated credential of the application: issuer, subject and audience must be those of the token",
	"AADSTS7000215":         "put the secret's value, not its id, into the keyring: failback secret set --profile NAME",
	"AADSTS7000222":         "the secret has expired: make a new one for the application, then failback secret set --profile NAME",
	"AADSTS700027":          "register this certificate with the application, or name the one that is registered",
	"AADSTS700024":          "set this machine's clock: the proof it made is not valid at the service's time",
	"AADSTS7000218":         "allow public client flows for the application, or name another way to sign in",
	"AADSTS50076":           "sign in with auth: device-code or browser: this account needs a second factor",
	"AADSTS50079":           "sign in with auth: device-code or browser: this account needs a second factor",
	"AADSTS53003":           "a Conditional Access policy forbids this sign-in: ask who runs the directory, or sign in from a machine it allows",
	"AADSTS65001":           "ask who runs the directory to consent to the application",
	"expired_token":         "the code was not entered in time: sign in again",
	"code_expired":          "the code was not entered in time: sign in again",
	"authorization_pending": "the code was not entered in time: sign in again",
	"access_denied":         "the sign-in was refused on the other device: sign in again",
}

// local explains what failed on this machine: a tool, a file, the environment.
func (e *signInError) local(f *engine.Failure) {
	text := e.err.Error()
	f.Why = attempts(text)
	f.Remedy = "name another way to sign in with auth in the profile"
	switch {
	case errors.Is(e.err, context.DeadlineExceeded) || strings.Contains(text, context.DeadlineExceeded.Error()):
		f.Why, f.Remedy = "it took too long", "sign in again"
	case e.auth == AuthCLI && strings.Contains(text, "not found on path"):
		f.Why, f.Remedy = "the Azure CLI is not installed, or not in the PATH", "install it, or name another way to sign in with auth in the profile"
	case e.auth == AuthCLI:
		f.Remedy = strings.TrimSpace("sign the Azure CLI in: az login " + e.tenantFlag())
	case e.auth == "" || e.auth == AuthDefault:
		f.Remedy = "sign the Azure CLI in with az login, or name one way to sign in with auth in the profile"
	}
}

func (e *signInError) tenantFlag() string {
	if e.tenant == "" {
		return ""
	}
	return "--tenant " + e.tenant
}

// attempts is the SDK's text with one line for every credential of a chain: what
// stands below a line may repeat an answer.
func attempts(text string) string {
	for _, body := range []string{"raw message was:", "json message bytes were:"} {
		text, _, _ = strings.Cut(text, body)
	}
	var out []string
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "\t\t") {
			continue
		}
		if line = strings.TrimSpace(line); line != "" {
			out = append(out, line)
		}
	}
	if len(out) > 2 && strings.HasPrefix(out[1], "Attempted credentials") {
		return strings.Join(out[2:], "; ")
	}
	return strings.Join(out, " ")
}
