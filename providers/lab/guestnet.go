package lab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"failback/providers/lab/world"
)

// guests answers for the network that the lab's guests would be on: GET
// /ADDRESS/PORT says whether a guest answers there. 204 is yes; else the body says
// what a connection would meet.
func (s *servers) guests() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := s.authorize(r); err != nil {
			http.Error(w, err.Error(), http.StatusUnauthorized)
			return
		}
		address, text, ok := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
		port, err := strconv.Atoi(text)
		if r.Method != http.MethodGet || !ok || err != nil {
			http.Error(w, "GET /ADDRESS/PORT", http.StatusBadRequest)
			return
		}
		switch answer := s.world.Reach(address, port); answer {
		case world.Answers:
			w.WriteHeader(http.StatusNoContent)
		case world.Refused:
			http.Error(w, string(answer), http.StatusBadGateway)
		case world.Silence:
			http.Error(w, string(answer), http.StatusGatewayTimeout)
		}
	})
}

// Reach tries a TCP port of a guest of the lab at these endpoints; t reaches them.
// nil means that it answers.
func (e Endpoints) Reach(ctx context.Context, t http.RoundTripper, address string, port int) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, e.Guests+"/"+url.PathEscape(address)+"/"+strconv.Itoa(port), http.NoBody)
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+e.Token)
	answer, err := t.RoundTrip(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close() //nolint:errcheck // it was read, or says nothing more
	if answer.StatusCode == http.StatusNoContent {
		return nil
	}
	const most = 200
	said, err := io.ReadAll(io.LimitReader(answer.Body, most))
	if err != nil {
		return fmt.Errorf("the lab's answer: %w", err)
	}
	return errors.New(strings.TrimSpace(string(said)))
}
