package winrm

import (
	"bytes"
	"encoding/binary"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// steps are the actions of messages as steps.
var steps = map[string]Step{
	actionCreate: StepCreate, actionCommand: StepCommand, actionSend: StepSend,
	actionReceive: StepReceive, actionSignal: StepSignal, actionDelete: StepDelete,
}

// tooMuch is more than a client reads of a host that it asked for 150 KiB.
const tooMuch = 4 << 20

var (
	bodyOf   = regexp.MustCompile(`(?s)<s:Body>.*</s:Body>`)
	exitCode = regexp.MustCompile(`<rsp:ExitCode>[^<]*</rsp:ExitCode>`)
	related  = regexp.MustCompile(`<a:RelatesTo>[^<]*</a:RelatesTo>`)
)

// misspeak is what the host says instead of its reply.
func (t Trouble) misspeak(reply []byte) []byte {
	within := func(content string) []byte {
		return bodyOf.ReplaceAllLiteral(reply, []byte("<s:Body>"+content+"</s:Body>"))
	}
	switch t.What {
	case Empty:
		return nil
	case Garbage:
		return []byte("\x00\xff<not XML at all &&& \x1b[2J")
	case Huge:
		return within(strings.Repeat("x", tooMuch))
	case Crowded:
		return within(strings.Repeat("<y/>", 400_000))
	case Deep:
		return within(strings.Repeat("<y>", 5000) + strings.Repeat("</y>", 5000))
	case DocumentType:
		return append([]byte(`<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>`), reply...)
	case Stale:
		return related.ReplaceAll(reply, []byte("<a:RelatesTo>uuid:"+newID()+"</a:RelatesTo>"))
	case NoIDs:
		return within("")
	case NoExitCode:
		return exitCode.ReplaceAll(reply, nil)
	default:
		return reply
	}
}

// refusal is the fault that a Refusal answers with.
func (t Trouble) refusal() *fault {
	if t.Code == 0 {
		return &fault{code: codeInternal, subcode: "w:InternalError", reason: "The service cannot process the request."}
	}
	return &fault{code: t.Code, subcode: "w:InternalError", reason: "The operation failed with " + strconv.FormatUint(uint64(t.Code), 10) + "."}
}

// letter is a reply as it goes over the wire.
type letter struct {
	status int
	kind   string
	body   []byte
}

// deliver sends a reply over a connection, and does to it on the way what the
// trouble says.
func (t Trouble) deliver(w http.ResponseWriter, r *http.Request, conn *connection, l letter) {
	before := conn.last
	conn.last = l
	switch t.What {
	case WrongType:
		l.kind = "text/html; charset=utf-8"
	case Page:
		l = letter{http.StatusOK, "text/html", []byte("<html><body>Sign in to the proxy</body></html>")}
	case Unavailable:
		l = letter{http.StatusServiceUnavailable, "text/plain", []byte("later")}
	case Redirect:
		w.Header().Set("Location", "http://127.0.0.1:9/wsman")
		l = letter{http.StatusTemporaryRedirect, "text/html", nil}
	case NotSignedIn:
		conn.session = nil
		unauthorized(w)
		return
	case FlippedBit:
		if l.body = bytes.Clone(l.body); len(l.body) > 60 {
			l.body[len(l.body)-60] ^= 1
		}
	case CutFrame:
		l.body = l.body[:len(l.body)/2]
	case Duplicate:
		if before.status != 0 {
			l = before
		}
	default: // what is left happens while it is sent
	}
	if l.kind != "" {
		w.Header().Set("Content-Type", l.kind)
	}
	switch t.What {
	case BlackHole:
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
	case Reset:
		w.Header().Set("Content-Length", strconv.Itoa(len(l.body)+1))
		w.WriteHeader(l.status)
		_, _ = w.Write(l.body[:min(t.Bytes, len(l.body))])
		flush(w)
		panic(http.ErrAbortHandler)
	case Drip:
		w.WriteHeader(l.status)
		t.drip(w, r, l.body)
	default:
		w.WriteHeader(l.status)
		_, _ = w.Write(l.body) // a client that left needs no answer
	}
}

// drip writes a byte now and then, until the client has had enough.
func (t Trouble) drip(w http.ResponseWriter, r *http.Request, body []byte) {
	every := t.Every
	if every == 0 {
		every = time.Second
	}
	flush(w)
	for i := 0; ; i++ {
		select {
		case <-time.After(every):
		case <-r.Context().Done():
			panic(http.ErrAbortHandler)
		}
		next := []byte{' '} // a reply that never ends
		if i < len(body) {
			next = body[i : i+1]
		}
		if _, err := w.Write(next); err != nil {
			return
		}
		flush(w)
	}
}

func flush(w http.ResponseWriter) {
	if f, ok := w.(http.Flusher); ok {
		f.Flush()
	}
}

// challenge is what is sent instead of an honest challenge.
func (t Trouble) challenge(honest []byte) []byte {
	strip := func(flags uint32) []byte {
		b := bytes.Clone(honest)
		binary.LittleEndian.PutUint32(b[20:], binary.LittleEndian.Uint32(b[20:])&^flags)
		return b
	}
	switch t.What {
	case NoSealing:
		return strip(flagSeal | flagSign)
	case OldNTLM:
		return strip(flagSeal | flagSign | flagExtended | flag128 | flagKeyExchange | flagTargetInfo)
	case BadChallenge:
		return slices.Concat([]byte(signature), []byte{typeChallenge, 0, 0, 0}, bytes.Repeat([]byte{0xff}, 40))
	case CutChallenge:
		return honest[:len(honest)-12]
	default:
		return honest
	}
}
