package hyperv

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"

	"github.com/bodgit/ntlmssp"
	"github.com/masterzen/winrm/soap"
)

// maxReply bounds one reply of a host, which is asked for envelopes of 150 KiB.
const maxReply = 2 << 20

// session is one signed-in connection. It is used by one goroutine. After an
// error below SOAP it is broken: the ciphers of both sides are out of step.
type session struct {
	at        checked
	client    *http.Client
	closeIdle func()
	seal      *ntlmssp.SecuritySession // nil where TLS protects the messages
	// authorize makes the header that says who sends a message; nil where the
	// connection itself is signed in.
	authorize func(ctx context.Context) (string, error)
	broken    bool
	taker     *taker // of a recording, nil where there is none
}

// answer is a reply of the host below SOAP.
type answer struct {
	status      int
	header      http.Header
	body        []byte
	certificate *x509.Certificate // nil without TLS
}

// post sends one message and returns the reply. A fault is a *[Fault] and leaves
// the session usable; any other error breaks it.
func (s *session) post(ctx context.Context, message *soap.SoapMessage) (reply, error) {
	if s.broken {
		return reply{}, errors.New("the connection was given up")
	}
	plain := message.String()
	text, err := s.exchange(ctx, []byte(plain))
	s.taker.take(plain, string(text))
	if err != nil {
		s.broken = true
		return reply{}, err
	}
	r, err := parseReply(string(text))
	var f *Fault
	if err != nil && !errors.As(err, &f) {
		s.broken = true // whatever this is, it does not speak the protocol
	}
	if err == nil && !r.answers(plain) {
		s.broken = true
		return reply{}, fmt.Errorf("%w: it answers another message", errReply)
	}
	return r, err
}

func (s *session) exchange(ctx context.Context, plain []byte) ([]byte, error) {
	body, kind := plain, plainType
	if s.seal != nil {
		sealed, signature, err := s.seal.Wrap(plain)
		if err != nil {
			return nil, fmt.Errorf("sealing a message: %w", err)
		}
		body, kind = frame(signature, sealed), sealedType
	}
	authorization := ""
	if s.authorize != nil {
		var err error
		if authorization, err = s.authorize(ctx); err != nil {
			return nil, err
		}
	}
	a, err := s.send(ctx, authorization, kind, body)
	if err != nil {
		return nil, err
	}
	switch {
	case a.status == http.StatusUnauthorized && s.authorize != nil:
		return nil, errDenied
	case a.status == http.StatusUnauthorized:
		return nil, fmt.Errorf("%w: the connection is no longer signed in", errReply)
	case s.seal == nil:
		return a.body, notSOAP(a)
	}
	signature, sealed, err := unframe(a.header.Get("Content-Type"), a.body)
	if err != nil {
		return nil, fmt.Errorf("HTTP status %d: %w", a.status, err)
	}
	opened, err := s.seal.Unwrap(sealed, signature)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errUnsealed, err)
	}
	return opened, wrongStatus(a)
}

// notSOAP accepts what says that it is SOAP, over TLS.
func notSOAP(a answer) error {
	if err := wrongStatus(a); err != nil {
		return err
	}
	given := a.header.Get("Content-Type")
	if kind, _, err := mime.ParseMediaType(given); err != nil || kind != "application/soap+xml" {
		return fmt.Errorf("%w: its content type is %q", errReply, given)
	}
	return nil
}

// wrongStatus accepts what carries SOAP: replies, and faults with 500.
func wrongStatus(a answer) error {
	if a.status == http.StatusOK || a.status == http.StatusInternalServerError {
		return nil
	}
	return fmt.Errorf("%w: HTTP status %d", errReply, a.status)
}

// send makes one HTTP request. It never follows a redirect and never repeats.
func (s *session) send(ctx context.Context, authorization, kind string, body []byte) (answer, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, requestTimeout, errSilent)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.at.url.String(), bytes.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	// The transport must not send a body again over another connection.
	request.GetBody = nil
	request.Header.Set("Content-Type", kind)
	request.Header.Set("User-Agent", "failback")
	if authorization != "" {
		request.Header.Set("Authorization", authorization)
	}
	response, err := s.client.Do(request)
	if err != nil {
		return answer{}, because(ctx, err)
	}
	defer func() { _ = response.Body.Close() }() // what was read is what counts
	content, err := io.ReadAll(io.LimitReader(response.Body, maxReply+1))
	if err != nil {
		return answer{}, because(ctx, err)
	}
	if len(content) > maxReply {
		return answer{}, fmt.Errorf("%w: more than %d bytes", errReply, maxReply)
	}
	a := answer{status: response.StatusCode, header: response.Header, body: content}
	if response.TLS != nil && len(response.TLS.PeerCertificates) > 0 {
		a.certificate = response.TLS.PeerCertificates[0]
	}
	return a, nil
}

// errSilent is why a request ended whose host did not answer in time.
var errSilent = errors.New("the host did not answer within 30 seconds")

// because puts the end of a context, and its reason, in place of the error that
// it led to.
func because(ctx context.Context, err error) error {
	ended, cause := ctx.Err(), context.Cause(ctx)
	switch {
	case ended == nil:
		return err
	case errors.Is(cause, ended):
		return cause
	}
	return fmt.Errorf("%w: %w", ended, cause)
}

func (s *session) close() {
	s.taker.end()
	s.closeIdle()
}
