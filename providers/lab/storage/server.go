package storage

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"failback/providers/lab/blob"
)

// Authorizer says whether a request may be served; its error is for the lab's
// log, the caller only learns that it was refused.
type Authorizer func(*http.Request) error

// Fault is what goes wrong with one request, instead of or while it is served.
type Fault struct {
	Status     int    // answered instead of serving, where not 0
	Code       string // the service's error code
	Message    string
	RetryAfter time.Duration // sent with Status where not 0
	Reset      bool          // the connection breaks before an answer
	CutAfter   int64         // where not 0 the answer breaks off after so many bytes of body
}

// Options say how the account behaves. The zero value serves everybody.
type Options struct {
	// Authorize checks requests without a signature in their URL. Nil admits them.
	Authorize Authorizer
	// SAS checks requests with a signature in their URL. Nil refuses them.
	SAS Authorizer
	// Before is asked before anything else what is to go wrong with the
	// request; nil, or a nil answer, means nothing. It may wait.
	Before func(*http.Request) *Fault
	// Now is the account's clock, which names snapshots. Nil is the wall clock.
	Now func() time.Time
}

// New serves the store. A blob that the store knows as "container/name" has the
// path /container/name; containers are not made or listed.
func New(store *blob.Store, o Options) http.Handler {
	if o.Now == nil {
		o.Now = time.Now
	}
	return &server{store: store, options: o}
}

type server struct {
	store   *blob.Store
	options Options
}

const defaultVersion = "2025-11-05"

// ServeHTTP implements http.Handler.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.stamp(w.Header(), r)
	if s.options.Before != nil {
		if f := s.options.Before(r); f != nil {
			cut, served := f.strike(w, r)
			if served {
				return
			}
			w = cut
		}
	}
	if err := s.authorize(r); err != nil {
		fail(w, r, authenticationFailed)
		return
	}
	if err := s.route(w, r); err != nil {
		fail(w, r, problemOf(err))
	}
}

// stamp sets what every answer has.
func (s *server) stamp(h http.Header, r *http.Request) {
	h.Set("Server", "Windows-Azure-Blob/1.0 Microsoft-HTTPAPI/2.0")
	h.Set("x-ms-request-id", fmt.Sprintf("%016x-%016x", rand.Uint64(), rand.Uint64()))
	h.Set("Date", s.options.Now().UTC().Format(http.TimeFormat))
	version := r.Header.Get("x-ms-version")
	if version == "" {
		version = defaultVersion
	}
	h.Set("x-ms-version", version)
	if id := r.Header.Get("x-ms-client-request-id"); id != "" {
		h.Set("x-ms-client-request-id", id)
	}
}

func (s *server) authorize(r *http.Request) error {
	if r.URL.Query().Has("sig") {
		if s.options.SAS == nil {
			return errors.New("signatures are not accepted")
		}
		return s.options.SAS(r)
	}
	if s.options.Authorize == nil {
		return nil
	}
	return s.options.Authorize(r)
}

// route finds the operation.
func (s *server) route(w http.ResponseWriter, r *http.Request) error {
	c := call{server: s, w: w, r: r, query: r.URL.Query(), name: strings.TrimPrefix(r.URL.Path, "/")}
	if container, name, _ := strings.Cut(c.name, "/"); container == "" || name == "" {
		return invalidURI
	}
	op := r.Method
	if comp := c.query.Get("comp"); comp != "" {
		op += " " + comp
	}
	switch op {
	case "GET", "HEAD":
		return c.get()
	case "GET pagelist":
		return c.pageList()
	case "PUT":
		return c.create()
	case "PUT page":
		return c.putPage()
	case "PUT snapshot":
		return c.takeSnapshot()
	case "DELETE":
		return c.remove()
	}
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPut, http.MethodDelete:
		return invalidQuery("comp")
	}
	return unsupportedVerb
}

// call is one request on its way.
type call struct {
	*server
	w     http.ResponseWriter
	r     *http.Request
	query url.Values
	name  string
}

// strike does what the fault says. Where it has not answered the request, the
// returned writer carries the rest of it out.
func (f *Fault) strike(w http.ResponseWriter, r *http.Request) (http.ResponseWriter, bool) {
	if f.Reset {
		panic(http.ErrAbortHandler)
	}
	if f.Status != 0 {
		if f.RetryAfter > 0 {
			// The header has whole seconds; round up, never down to "at once".
			seconds := (f.RetryAfter + time.Second - 1) / time.Second
			w.Header().Set("Retry-After", strconv.FormatInt(int64(seconds), 10))
		}
		fail(w, r, problem{status: f.Status, code: f.Code, message: f.Message})
		return nil, true
	}
	if f.CutAfter > 0 {
		return &cutter{ResponseWriter: w, left: f.CutAfter}, false
	}
	return w, false
}

// cutter breaks an answer off.
type cutter struct {
	http.ResponseWriter
	left int64
}

// Write implements io.Writer until the cut.
func (c *cutter) Write(p []byte) (int, error) {
	if int64(len(p)) < c.left {
		c.left -= int64(len(p))
		return c.ResponseWriter.Write(p)
	}
	// Whether these arrive does not matter: the answer is broken either way.
	_, _ = c.ResponseWriter.Write(p[:c.left])
	if flusher, ok := c.ResponseWriter.(http.Flusher); ok {
		flusher.Flush()
	}
	panic(http.ErrAbortHandler)
}
