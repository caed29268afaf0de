// Package wire calls an http.Handler in the same process as if it were on a
// network: through an http.RoundTripper, with streamed bodies, and without a
// socket, so that client and server can live in one testing/synctest bubble.
package wire

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync"
)

// Transport sends every request to h. Like net/http's own it returns when the
// response header is there, streams the body, and lets go when the request's
// context ends or the body is closed. A request has one goroutine, which ends
// with the handler; a handler that panics breaks the response off, as it does
// in a server.
func Transport(h http.Handler) http.RoundTripper { return transport{h} }

type transport struct{ handler http.Handler }

// RoundTrip implements http.RoundTripper.
func (t transport) RoundTrip(req *http.Request) (*http.Response, error) {
	outer := req.Context()
	if err := outer.Err(); err != nil {
		closeBody(req)
		return nil, err
	}
	ctx, cancel := context.WithCancel(outer)
	pr, pw := io.Pipe()
	w := &writer{header: http.Header{}, body: pw, head: make(chan struct{}), bare: req.Method == http.MethodHead, left: -1}
	// Whoever waits in the pipe has to learn of the end too.
	stop := context.AfterFunc(outer, func() { pw.CloseWithError(context.Cause(outer)) })
	go func() {
		defer cancel()
		defer closeBody(req)
		err := serve(t.handler, w, serverRequest(ctx, req))
		stop()
		if err == nil {
			// A handler that gave up because the client did has not answered.
			err = context.Cause(outer)
		}
		w.finish(err)
	}()
	select {
	case <-w.head:
	case <-outer.Done():
		cancel()
		return nil, context.Cause(outer)
	}
	if w.broken != nil {
		return nil, w.broken
	}
	return w.response(req, &body{PipeReader: pr, cancel: cancel}), nil
}

func closeBody(req *http.Request) {
	if req.Body != nil {
		// The transport owns the body; nobody is left to be told.
		_ = req.Body.Close()
	}
}

// serverRequest is the request as a server would have parsed it.
func serverRequest(ctx context.Context, req *http.Request) *http.Request {
	r := req.Clone(ctx)
	r.Header = canonical(req.Header)
	r.RequestURI = req.URL.RequestURI()
	r.RemoteAddr = "wire"
	r.Proto, r.ProtoMajor, r.ProtoMinor = "HTTP/1.1", 1, 1
	if r.Host == "" {
		r.Host = req.URL.Host
	}
	if r.Body == nil {
		r.Body = http.NoBody
	}
	if r.ContentLength > 0 {
		r.Header.Set("Content-Length", strconv.FormatInt(r.ContentLength, 10))
	}
	return r
}

// canonical copies a header as it comes out of a parser: clients and handlers may
// write field names in any case.
func canonical(h http.Header) http.Header {
	out := make(http.Header, len(h)+1)
	for name, values := range h {
		name = http.CanonicalHeaderKey(name)
		out[name] = append(out[name], values...)
	}
	return out
}

// serve runs the handler and turns a panic into the error of a broken connection.
func serve(h http.Handler, w *writer, r *http.Request) (err error) {
	defer func() {
		p := recover()
		if p == nil {
			return
		}
		err = io.ErrUnexpectedEOF
		if abort, ok := p.(error); !ok || !errors.Is(abort, http.ErrAbortHandler) {
			err = fmt.Errorf("the handler of %s %s panicked: %v", r.Method, r.URL.Path, p)
		}
	}()
	h.ServeHTTP(w, r)
	return nil
}

// writer is the server's side of a response.
type writer struct {
	header http.Header
	body   *io.PipeWriter
	bare   bool // no body, whatever the handler writes

	once   sync.Once
	head   chan struct{} // closed when sent or broken
	status int
	sent   http.Header
	left   int64 // of the declared length, -1 where there is none
	broken error
}

func (w *writer) Header() http.Header { return w.header }

func (w *writer) WriteHeader(status int) {
	if status < http.StatusOK {
		return // informational: nothing that a client here waits for
	}
	w.once.Do(func() {
		w.status, w.sent = status, canonical(w.header)
		w.bare = w.bare || status == http.StatusNoContent || status == http.StatusNotModified
		if n, err := strconv.ParseInt(w.sent.Get("Content-Length"), 10, 64); err == nil && n >= 0 {
			w.left = n
		}
		close(w.head)
	})
}

func (w *writer) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	if w.bare {
		return len(p), nil
	}
	if w.left >= 0 {
		if int64(len(p)) > w.left {
			return 0, http.ErrContentLength
		}
		w.left -= int64(len(p))
	}
	return w.body.Write(p)
}

// Flush sends the header; bytes never wait here.
func (w *writer) Flush() { w.WriteHeader(http.StatusOK) }

// finish ends the response as its connection would end.
func (w *writer) finish(err error) {
	if err == nil {
		w.WriteHeader(http.StatusOK)
		if !w.bare && w.left > 0 {
			err = io.ErrUnexpectedEOF // shorter than declared
		}
	}
	w.once.Do(func() {
		w.broken = err
		close(w.head)
	})
	w.body.CloseWithError(err)
}

func (w *writer) response(req *http.Request, b *body) *http.Response {
	length := int64(-1)
	if n, err := strconv.ParseInt(w.sent.Get("Content-Length"), 10, 64); err == nil {
		length = n
	}
	res := &http.Response{
		Status: strconv.Itoa(w.status) + " " + http.StatusText(w.status), StatusCode: w.status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: w.sent, Body: b, ContentLength: length, Request: req,
	}
	if w.bare {
		// The handler may still run; let go of it as a closed body would.
		res.Body = http.NoBody
	}
	return res
}

// body is the client's side of a response's bytes.
type body struct {
	*io.PipeReader
	cancel context.CancelFunc
}

// Close lets go of the rest: the handler's writes fail and its context ends.
func (b *body) Close() error {
	b.cancel()
	return b.PipeReader.Close()
}
