package storage

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"time"

	"failback/providers/lab/blob"
)

// Authorizer says whether a request may be served; its error is for the lab's
// log, the caller only learns that it was refused: as not authenticated, or where
// it is [ErrForbidden], as not authorized.
type Authorizer func(*http.Request) error

// ErrForbidden is an [Authorizer]'s for who is known and may not.
var ErrForbidden = errors.New("not authorized")

// Options say how the account behaves. The zero value serves everybody.
type Options struct {
	// Authorize checks requests without a signature in their URL. Nil admits them.
	Authorize Authorizer
	// SAS checks requests with a signature in their URL. Nil refuses them.
	SAS Authorizer
	// Before is asked before anything else what is to go wrong with the
	// request; nil, or a nil answer, means nothing. It may wait.
	Before func(*http.Request) *Fault
	// Limits are what every blob gives a second. Nil, or a zero, is no limit.
	Limits func() Limits
	// Account may stand before the container in a path; empty for none.
	Account string
	// Now is the account's clock, which names snapshots. Nil is the wall clock.
	Now func() time.Time
}

// New serves the store. A blob that the store knows as "container/name" has the
// path /container/name; containers are not made or listed.
func New(store *blob.Store, o Options) http.Handler {
	if o.Now == nil {
		o.Now = time.Now
	}
	return &server{store: store, options: o, throttles: throttles{limits: o.Limits}}
}

type server struct {
	store     *blob.Store
	options   Options
	throttles throttles
}

const defaultVersion = "2025-11-05"

// ServeHTTP implements http.Handler.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.stamp(w.Header(), r)
	c := call{server: s, w: w, r: r, query: r.URL.Query()}
	c.name, c.export = exported(r, s.options.Account)
	if s.options.Before != nil {
		if c.fault = s.options.Before(r); c.fault != nil {
			cut, served := c.fault.strike(w, r)
			if served {
				return
			}
			c.w = cut
		}
	}
	if err := s.authorize(r); err != nil {
		refused := authenticationFailed
		if errors.Is(err, ErrForbidden) {
			refused = authorizationFailure
		}
		fail(c.w, r, refused)
		return
	}
	if c.throttle = s.throttles.of(c.name); !c.throttle.admit(r.Context()) {
		serverBusy.strike(c.w, r)
		return
	}
	if err := c.route(); err != nil {
		fail(c.w, r, problemOf(err))
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
func (c *call) route() error {
	switch container, name, _ := strings.Cut(c.name, "/"); {
	case container != "" && name == "" && c.query.Get("restype") == "container" && !c.export:
		return c.container(container)
	case container == "" || name == "":
		return invalidURI
	}
	if c.export {
		switch {
		case c.r.Method != http.MethodGet && c.r.Method != http.MethodHead:
			return exportReadOnly
		case conditional(c.r):
			return noConditions
		}
	}
	op := c.r.Method
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
	switch c.r.Method {
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

	export   bool // of a managed disk
	fault    *Fault
	throttle *throttle
}
