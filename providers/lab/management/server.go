package management

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"time"

	"failback/providers/lab/world"
)

// Options say how the server behaves.
type Options struct {
	// Storage is the URL of the storage server as callers reach it now. Disk
	// addresses are built from it at answer time, so they survive a new port.
	Storage func() string
	// Sign makes the query of a URL that reads a blob's snapshot until a time;
	// Revoke takes all such queries of a blob's snapshot back.
	Sign   func(blob, snapshot string, until time.Time) url.Values
	Revoke func(blob, snapshot string)
	// Keep hands a file over to the storage server, to be read under that name
	// with a signature; nil means that nothing can be exported.
	Keep func(name string, content []byte)
	// Log is called after every request; nil logs nothing.
	Log func(Request)
}

// Request is one line of the request log.
type Request struct {
	Time     time.Time `json:"time"`
	Method   string    `json:"method"`
	Path     string    `json:"path"`
	ClientID string    `json:"client_request_id"`
	// Status is what was answered; 0 where the connection was broken instead.
	Status int `json:"status"`
	// Accepted says that the request had its effect, whatever was answered.
	Accepted bool `json:"accepted"`
}

// New serves a world.
func New(w *world.World, o Options) http.Handler {
	return &server{world: w, options: o, left: map[string]int{}}
}

type server struct {
	world   *world.World
	options Options

	mu   sync.Mutex
	left map[string]int // what the throttling headers say
}

// call is one request being answered.
type call struct {
	*server
	w        http.ResponseWriter
	r        *http.Request
	path     segments
	query    url.Values
	client   string // client request id
	body     []byte
	status   int
	accepted bool
	quiet    bool // answered in secret, see routeUnseen
}

// maxBody bounds what a request may send.
const maxBody = 1 << 20

// ServeHTTP implements http.Handler.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := &call{server: s, w: w, r: r, query: r.URL.Query(), client: r.Header.Get("x-ms-client-request-id")}
	c.stamp()
	var body bytes.Buffer
	if _, err := body.ReadFrom(http.MaxBytesReader(w, r.Body, maxBody)); err != nil {
		c.fail(unreadable(err))
		return
	}
	c.body = body.Bytes()
	if refusal := c.admit(); refusal != nil {
		c.fail(refusal)
		return
	}
	if c.strikes() {
		return
	}
	c.route()
}

// log notes the request, before its answer leaves: whoever has an answer finds
// it in the log.
func (c *call) log() {
	if c.options.Log != nil && !c.quiet {
		c.options.Log(Request{
			Time: time.Now().UTC(), Method: c.r.Method, Path: c.r.URL.Path,
			ClientID: c.client, Status: c.status, Accepted: c.accepted,
		})
	}
}

// stamp sets the headers that every answer has.
func (c *call) stamp() {
	h := c.w.Header()
	id := newGUID()
	if c.client == "" {
		c.client = newGUID()
	}
	h.Set("x-ms-request-id", id)
	h.Set("x-ms-correlation-request-id", id)
	h.Set("x-ms-routing-request-id", "WESTEUROPE:"+time.Now().UTC().Format("20060102T150405Z")+":"+id)
	h.Set("x-ms-client-request-id", c.client)
	h.Set("Date", time.Now().UTC().Format(http.TimeFormat))
	h.Set("Cache-Control", "no-cache")
	kind, full := "reads", 11999
	if c.r.Method != http.MethodGet {
		kind, full = "writes", 1199
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.left[kind] == 0 {
		c.left[kind] = full
	}
	c.left[kind]--
	h.Set("x-ms-ratelimit-remaining-subscription-"+kind, itoa(c.left[kind]))
}

// admit refuses who has no token, and what ARM refuses before it looks at a
// resource.
func (c *call) admit() *world.Refusal {
	var token, subscription string
	c.world.Read(func(s *world.State) { token, subscription = s.Token, s.Subscription })
	given, ok := strings.CutPrefix(c.r.Header.Get("Authorization"), "Bearer ")
	if !ok || given != token {
		c.w.Header().Set("WWW-Authenticate",
			`Bearer authorization_uri="https://login.lab/`+subscription+`", error="invalid_token", error_description="The authentication failed because of missing or wrong 'Authorization' header."`)
		return &world.Refusal{Status: http.StatusUnauthorized, Code: "AuthenticationFailed", Message: "Authentication failed. The 'Authorization' header is missing or holds no valid token."}
	}
	switch version := c.query.Get("api-version"); {
	case version == "":
		return &world.Refusal{Status: http.StatusBadRequest, Code: "MissingApiVersionParameter", Message: "The api-version query parameter (?api-version=) is required for all requests."}
	case !apiVersion.MatchString(version):
		return &world.Refusal{Status: http.StatusBadRequest, Code: "InvalidApiVersionParameter", Message: "The api-version '" + version + "' is invalid. It is a date, as in 2025-01-01."}
	}
	c.path = split(c.r.URL.Path)
	return c.scope(subscription)
}

// apiVersion is how versions are written. The lab speaks one, whatever is asked
// for: clients of several years have been seen to understand it.
var apiVersion = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}(-[A-Za-z0-9.]+)?$`)

// scope refuses a path to another subscription, resource group or vault than the
// lab's.
func (c *call) scope(subscription string) *world.Refusal {
	var vault, group string
	c.world.Read(func(s *world.State) { vault, group = s.Vault, s.ResourceGroup })
	if sub := c.path.after("subscriptions"); sub != "" && !strings.EqualFold(sub, subscription) {
		return &world.Refusal{Status: http.StatusNotFound, Code: "SubscriptionNotFound", Message: "The subscription '" + sub + "' could not be found."}
	}
	if name := c.path.after("resourceGroups"); name != "" && !strings.EqualFold(name, group) {
		return &world.Refusal{Status: http.StatusNotFound, Code: "ResourceGroupNotFound", Message: "Resource group '" + name + "' could not be found."}
	}
	if name := c.path.after("vaults"); name != "" && !strings.EqualFold(name, vault) {
		return &world.Refusal{Status: http.StatusNotFound, Code: "ResourceNotFound", Message: "The Resource '" + vaultType + "/" + name + "' under resource group '" + c.path.after("resourceGroups") + "' was not found."}
	}
	return nil
}

// answer sends a document.
func (c *call) answer(status int, body any) {
	c.status = status
	c.log()
	if body == nil {
		c.w.WriteHeader(status)
		return
	}
	c.w.Header().Set("Content-Type", "application/json; charset=utf-8")
	c.w.WriteHeader(status)
	// The caller is gone if this fails.
	_ = json.NewEncoder(c.w).Encode(body)
}

// fail sends an error in the service's shape.
func (c *call) fail(err error) {
	r := &world.Refusal{}
	if !errors.As(err, &r) {
		r = &world.Refusal{Status: http.StatusInternalServerError, Code: "InternalServerError", Message: err.Error()}
	}
	inner := obj{"code": r.Code, "message": r.Message}
	if r.Detail != "" && r.Detail != r.Code {
		inner["details"] = []obj{{
			"code": r.Detail, "message": r.Message, "possibleCauses": r.Causes, "recommendedAction": r.Remedy,
			"clientRequestId": c.client, "activityId": c.w.Header().Get("x-ms-correlation-request-id"),
		}}
	}
	c.answer(r.Status, obj{"error": inner})
}

// unreadable is the answer to a body that did not come whole.
func unreadable(err error) *world.Refusal {
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return &world.Refusal{
			Status: http.StatusRequestEntityTooLarge, Code: "RequestEntityTooLarge",
			Message: "The request content is larger than " + itoa(maxBody) + " bytes.",
		}
	}
	return invalid("InvalidRequestContent", "The request content could not be read.", "Send the request again.")
}

// badContent is the answer to a body that says something else than it should.
func badContent(why string) *world.Refusal {
	return invalid("InvalidRequestContent", "The request content was invalid and could not be deserialized: "+why,
		"Send a JSON document in the shape that the interface describes.")
}

// obj is a JSON object as it goes over the wire.
type obj = map[string]any
