package hyperv

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"

	"github.com/bodgit/ntlmssp"
)

// openSession connects and signs in. Bodies of the handshake are empty: nothing
// of a message is sent before it can be protected.
func openSession(ctx context.Context, at checked) (_ *session, err error) {
	s := &session{at: at, taker: at.tape.begin(at.url.Hostname())}
	if s.client, s.closeIdle, err = at.connection(ctx); err != nil {
		return nil, err
	}
	switch at.auth {
	case AuthNTLM:
		err = s.signInNTLM(ctx)
	case AuthKerberos:
		err = s.signInKerberos(ctx)
	case AuthCertificate:
		s.authorize = func(context.Context) (string, error) { return mutualTLS, nil }
	case AuthWindows:
		err = s.signInWindows(ctx)
	}
	if err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// mutualTLS says that the certificate of the connection is the sign-in.
const mutualTLS = "http://schemas.dmtf.org/wbem/wsman/1/wsman/secprofile/https/mutual"

func negotiateHeader(token []byte) string {
	return "Negotiate " + base64.StdEncoding.EncodeToString(token)
}

func (s *session) signInNTLM(ctx context.Context) error {
	password, err := s.at.Password(ctx)
	if err != nil {
		return fmt.Errorf("%w: %w", errPassword, err)
	}
	end, err := s.at.trial.begin(ctx, password)
	if err != nil {
		return fmt.Errorf("signing in: %w", err)
	}
	err = s.handshake(ctx, password)
	end(err)
	return err
}

// handshake exchanges the three messages of NTLM.
func (s *session) handshake(ctx context.Context, password string) error {
	client, err := newClient(s.at.User, password)
	if err != nil {
		return fmt.Errorf("preparing the sign-in: %w", err)
	}
	first, err := client.Authenticate(nil, nil)
	if err != nil {
		return fmt.Errorf("preparing the sign-in: %w", err)
	}
	a, err := s.send(ctx, negotiateHeader(first), plainType, nil)
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
	var bound *ntlmssp.ChannelBindings
	if data := endPoint(a.certificate); data != nil {
		bound = &ntlmssp.ChannelBindings{ApplicationData: data}
	}
	last, err := client.Authenticate(challenge, bound)
	if err != nil {
		return fmt.Errorf("signing in: %w: %w", errChallenge, err)
	}
	return s.finish(ctx, client, last)
}

// finish sends the last message of the handshake and takes the keys.
func (s *session) finish(ctx context.Context, client *ntlmssp.Client, last []byte) error {
	a, err := s.send(ctx, negotiateHeader(last), plainType, nil)
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

// probe asks for nothing, to see the host's certificate before a token is made that
// is bound to it.
func (s *session) probe(ctx context.Context) (endPointData []byte, err error) {
	a, err := s.send(ctx, "", plainType, nil)
	if err != nil {
		return nil, fmt.Errorf("signing in: %w", err)
	}
	if a.status != http.StatusUnauthorized {
		return nil, fmt.Errorf("signing in: %w: HTTP status %d instead of a sign-in", errReply, a.status)
	}
	if _, err := token(a.header); err != nil {
		return nil, fmt.Errorf("signing in: %w", err)
	}
	return endPoint(a.certificate), nil
}

// signInKerberos has every message carry a token of its own, all of one ticket: it
// needs no memory of the host's and no answer.
func (s *session) signInKerberos(ctx context.Context) error {
	bound, err := s.probe(ctx)
	if err != nil {
		return err
	}
	s.authorize = func(ctx context.Context) (string, error) {
		token, err := s.at.login.token(ctx, bound)
		if err != nil {
			return "", fmt.Errorf("signing in: %w", err)
		}
		return negotiateHeader(token), nil
	}
	return nil
}

// maxRounds bounds a Windows sign-in: NTLM takes two, Kerberos one or two.
const maxRounds = 6

// signInWindows lets Windows sign in with the logon of whoever runs the program.
func (s *session) signInWindows(ctx context.Context) error {
	bound, err := s.probe(ctx)
	if err != nil {
		return err
	}
	logon, err := newLogon("HTTP/"+s.at.url.Hostname(), bound)
	if err != nil {
		return fmt.Errorf("signing in: %w", err)
	}
	defer logon.release()
	var got []byte
	for range maxRounds {
		next, err := logon.next(got)
		if err != nil {
			return fmt.Errorf("signing in: %w", err)
		}
		a, err := s.send(ctx, negotiateHeader(next), plainType, nil)
		if err != nil {
			return fmt.Errorf("signing in: %w", err)
		}
		got, err = token(a.header)
		switch {
		case a.status == http.StatusOK && err == nil && len(got) > 0:
			return logon.confirm(got)
		case a.status == http.StatusOK:
			return nil // NTLM: the host has nothing to prove beyond TLS
		case a.status != http.StatusUnauthorized:
			return fmt.Errorf("signing in: %w: HTTP status %d", errReply, a.status)
		case err != nil || len(got) == 0:
			return fmt.Errorf("signing in: %w", errDenied)
		}
	}
	return fmt.Errorf("signing in: %w: it never ends", errChallenge)
}

// errRounds is a logon that wants to go on although the host is done.
var errRounds = errors.New("the host ended the sign-in too early")
