package winrm

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
)

// connection is what the service remembers of one connection: how far the
// sign-in has come and, after it, the keys.
type connection struct {
	mu        sync.Mutex // requests of a connection follow one another
	handshake *handshake // a challenge was sent
	session   *session   // signed in
	last      letter     // the reply before
}

type connectionKey struct{}

// ConnContext belongs into http.Server.ConnContext of every socket that serves
// a host.
func (s *Server) ConnContext(ctx context.Context, _ net.Conn) context.Context {
	return context.WithValue(ctx, connectionKey{}, &connection{})
}

// Connect returns a way to open connections to a host without sockets: each
// round tripper it makes is one connection.
func (s *Server) Connect(name string) func() http.RoundTripper {
	h := s.host(name)
	return func() http.RoundTripper { return &memory{handler: h, conn: &connection{}} }
}

// memory is a connection in memory.
type memory struct {
	handler http.Handler
	conn    *connection
}

var errCut = errors.New("connection cut by the host")

// RoundTrip serves the request on a goroutine of its own, so that the caller's
// deadline is kept however long the host thinks.
func (m *memory) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx := context.WithValue(r.Context(), connectionKey{}, m.conn)
	body, err := readBody(r)
	if err != nil {
		return nil, err
	}
	in := r.Clone(ctx)
	in.Body = io.NopCloser(bytes.NewReader(body))
	answer := make(chan *recorder, 1)
	go func() { answer <- m.serve(in) }()
	select {
	case w := <-answer:
		if w == nil {
			return nil, errCut
		}
		return w.response(r), nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func readBody(r *http.Request) ([]byte, error) {
	if r.Body == nil {
		return nil, nil
	}
	body, err := io.ReadAll(r.Body)
	return body, errors.Join(err, r.Body.Close())
}

// serve returns nil where the handler cut the connection.
func (m *memory) serve(r *http.Request) (w *recorder) {
	defer func() {
		if p := recover(); p != nil {
			if p != http.ErrAbortHandler { //nolint:errorlint // a panic value, compared as net/http does
				panic(p)
			}
			w = nil
		}
	}()
	w = &recorder{header: http.Header{}, status: http.StatusOK}
	m.handler.ServeHTTP(w, r)
	return w
}

// recorder keeps a reply.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (w *recorder) Header() http.Header         { return w.header }
func (w *recorder) WriteHeader(status int)      { w.status = status }
func (w *recorder) Write(b []byte) (int, error) { return w.body.Write(b) }

func (w *recorder) response(r *http.Request) *http.Response {
	return &http.Response{
		Request:       r,
		Status:        fmt.Sprintf("%d %s", w.status, http.StatusText(w.status)),
		StatusCode:    w.status,
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        w.header,
		Body:          io.NopCloser(&w.body),
		ContentLength: int64(w.body.Len()),
	}
}
