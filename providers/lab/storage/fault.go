package storage

import (
	"net/http"
	"strconv"
	"time"

	"failback/engine/transfer"
)

// Fault is what goes wrong with one request, instead of or while it is served.
type Fault struct {
	Status     int    // answered instead of serving, where not 0
	Code       string // the service's error code
	Message    string
	RetryAfter time.Duration // sent with Status where not 0
	Reset      bool          // the connection breaks before an answer
	CutAfter   int64         // where not 0 the answer breaks off after so many bytes of body

	Short bool // half of the range is answered, as if that were all of it
	Flip  bool // one bit of the body is another one than was summed

	Repeat bool // a list's page comes once more instead of the next one
	Drop   bool // a list's page misses its last range
	Full   bool // a difference is all that the blob has, as if there were no older snapshot
}

// strike does what the fault says before a request is served. Where it has not
// answered the request, the returned writer carries the rest of it out.
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
	if f.Flip {
		return &flipper{ResponseWriter: w}, false
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

// flipper changes one bit of the first bytes that are sent.
type flipper struct {
	http.ResponseWriter
	done bool
}

// Write implements io.Writer.
func (f *flipper) Write(p []byte) (int, error) {
	if !f.done && len(p) > 0 {
		f.done = true
		p = append([]byte(nil), p...)
		p[len(p)/2] ^= 0x10
	}
	return f.ResponseWriter.Write(p)
}

// halved is the range that a short answer has.
func (c *call) halved(e transfer.Extent) transfer.Extent {
	if c.fault != nil && c.fault.Short && e.Len > 1 {
		e.Len /= 2
	}
	return e
}

// mangled is a page of a list after the fault; next is its marker.
func (c *call) mangled(page []pageRange, next, marker string) ([]pageRange, string) {
	if c.fault == nil {
		return page, next
	}
	if c.fault.Drop && len(page) > 0 {
		page = page[:len(page)-1]
	}
	if c.fault.Repeat && len(page) > 0 {
		if marker == "" {
			marker = writeMarker(page[0].Off)
		}
		return page, marker
	}
	return page, next
}
