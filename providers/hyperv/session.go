package hyperv

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/bodgit/ntlmssp"
	"github.com/masterzen/winrm/soap"
)

// maxReply bounds one reply of a host.
const maxReply = 8 << 20

// session is one signed-in connection. It is used by one goroutine. After an
// error below SOAP it is broken: the ciphers of both sides are out of step.
type session struct {
	at        checked
	client    *http.Client
	closeIdle func()
	seal      *ntlmssp.SecuritySession // nil where TLS protects the messages
	broken    bool
}

// openSession connects and signs in. Bodies of the handshake are empty: nothing
// of a message is sent before it can be protected.
func openSession(ctx context.Context, at checked) (*session, error) {
	password, err := at.Password(ctx)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errPassword, err)
	}
	client, err := newClient(at.User, password)
	if err != nil {
		return nil, fmt.Errorf("preparing the sign-in: %w", err)
	}
	s := &session{at: at}
	s.client, s.closeIdle = at.connection()
	if err := s.signIn(ctx, client); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// answer is a reply of the host below SOAP.
type answer struct {
	status      int
	header      http.Header
	body        []byte
	certificate *ntlmssp.ChannelBindings // nil without TLS
}

func (s *session) signIn(ctx context.Context, client *ntlmssp.Client) error {
	first, err := client.Authenticate(nil, nil)
	if err != nil {
		return fmt.Errorf("preparing the sign-in: %w", err)
	}
	a, err := s.send(ctx, first, plainType, nil)
	if err != nil {
		return fmt.Errorf("signing in: %w", err)
	}
	if a.status != http.StatusUnauthorized {
		return fmt.Errorf("signing in: %w: HTTP status %d instead of a challenge", errReply, a.status)
	}
	challenge, err := token(a.header)
	if err == nil {
		err = checkChallenge(challenge, s.at.sealed)
	}
	if err != nil {
		return fmt.Errorf("signing in: %w", err)
	}
	last, err := client.Authenticate(challenge, a.certificate)
	if err != nil {
		return fmt.Errorf("signing in: %w: %w", errChallenge, err)
	}
	return s.finish(ctx, client, last)
}

// finish sends the last message of the handshake and takes the keys.
func (s *session) finish(ctx context.Context, client *ntlmssp.Client, last []byte) error {
	a, err := s.send(ctx, last, plainType, nil)
	if err != nil {
		return fmt.Errorf("signing in: %w", err)
	}
	if a.status == http.StatusUnauthorized {
		return fmt.Errorf("signing in: %w", errDenied)
	}
	// Inferred: hosts answer the empty message that completes a sign-in with 200.
	if a.status != http.StatusOK {
		return fmt.Errorf("signing in: %w: HTTP status %d", errReply, a.status)
	}
	if !s.at.sealed {
		return nil
	}
	if s.seal = client.SecuritySession(); s.seal == nil {
		return fmt.Errorf("signing in: %w: no keys", errChallenge)
	}
	return nil
}

// post sends one message and returns the reply. A fault is a *[Fault] and leaves
// the session usable; any other error breaks it.
func (s *session) post(ctx context.Context, message *soap.SoapMessage) (reply, error) {
	if s.broken {
		return reply{}, errors.New("the connection was given up")
	}
	text, err := s.exchange(ctx, []byte(message.String()))
	if err != nil {
		s.broken = true
		return reply{}, err
	}
	return parseReply(string(text))
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
	a, err := s.send(ctx, nil, kind, body)
	if err != nil {
		return nil, err
	}
	if a.status == http.StatusUnauthorized {
		return nil, fmt.Errorf("%w: the connection is no longer signed in", errReply)
	}
	if s.seal == nil {
		return a.body, wrongStatus(a)
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

// wrongStatus accepts what carries SOAP: replies, and faults with 500.
func wrongStatus(a answer) error {
	if a.status == http.StatusOK || a.status == http.StatusInternalServerError {
		return nil
	}
	return fmt.Errorf("%w: HTTP status %d", errReply, a.status)
}

// send makes one HTTP request. It never follows a redirect and never repeats.
func (s *session) send(ctx context.Context, negotiate []byte, kind string, body []byte) (answer, error) {
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
	if negotiate != nil {
		request.Header.Set("Authorization", "Negotiate "+base64.StdEncoding.EncodeToString(negotiate))
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
		a.certificate = bindings(response.TLS.PeerCertificates[0])
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

func (s *session) close() { s.closeIdle() }
