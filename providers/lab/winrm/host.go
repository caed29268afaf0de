package winrm

import (
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"
)

// host is one Hyper-V host: it signs connections in and hands what they say to
// its shells.
type host struct {
	name   string
	server *Server
	shells *shells
	// maxTimeout bounds how long a request is held.
	maxTimeout time.Duration
	troubles   *troubles
}

// ServeHTTP serves one request of a connection. Requests of one connection are
// taken one after the other, as HTTP/1.1 sends them.
func (h *host) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !h.server.options.Reachable(h.name) {
		panic(http.ErrAbortHandler)
	}
	conn, ok := r.Context().Value(connectionKey{}).(*connection)
	if !ok {
		http.Error(w, "the lab cannot tell connections apart: set ConnContext", http.StatusInternalServerError)
		return
	}
	if r.Method != http.MethodPost || r.URL.Path != "/wsman" {
		http.NotFound(w, r)
		return
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxEnvelope+1))
	if err != nil || len(body) > maxEnvelope {
		http.Error(w, "request too large", http.StatusRequestEntityTooLarge)
		return
	}
	conn.mu.Lock()
	defer conn.mu.Unlock()
	token, given := negotiateToken(r.Header.Get("Authorization"))
	switch {
	case h.server.byCertificate(r), given && messageType(token) == 0 && h.server.byTicket(r, token):
		h.serve(w, r, conn, body)
	case given:
		h.signIn(w, r, conn, token)
	case conn.session == nil:
		unauthorized(w)
	default:
		h.serve(w, r, conn, body)
	}
}

// signIn takes the next message of the handshake. Only empty bodies come with
// it, so there is nothing else to answer.
func (h *host) signIn(w http.ResponseWriter, r *http.Request, conn *connection, token []byte) {
	switch messageType(token) {
	case typeNegotiate:
		conn.session = nil
		conn.handshake = newHandshake(token, h.name)
		h.challenge(w, r, conn)
	case typeAuthentic:
		if conn.handshake == nil {
			unauthorized(w)
			return
		}
		t := h.troubles.at(StepAuthenticate)
		started := conn.handshake
		conn.handshake = nil
		account := newAccount(h.server.options.User, h.server.options.Password)
		if r.TLS != nil {
			account.boundTo = boundTo(h.server.certificate())
		}
		key, err := started.verify(token, account)
		if t.What == AnyPassword {
			key, err = make([]byte, 16), nil
		}
		if err != nil {
			unauthorized(w)
			return
		}
		conn.session = newSession(key)
		t.deliver(w, r, conn, letter{status: http.StatusOK})
	default:
		unauthorized(w)
	}
}

// challenge answers the first message of a sign-in.
func (h *host) challenge(w http.ResponseWriter, r *http.Request, conn *connection) {
	t := h.troubles.at(StepNegotiate)
	if t.What == BasicOnly {
		w.Header().Set("WWW-Authenticate", `Basic realm="WSMAN"`)
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	w.Header().Set("WWW-Authenticate", "Negotiate "+base64.StdEncoding.EncodeToString(t.challenge(conn.handshake.challenge)))
	t.deliver(w, r, conn, letter{status: http.StatusUnauthorized})
}

func negotiateToken(header string) ([]byte, bool) {
	text, ok := strings.CutPrefix(header, "Negotiate ")
	if !ok {
		return nil, false
	}
	token, err := base64.StdEncoding.DecodeString(text)
	return token, err == nil
}

func unauthorized(w http.ResponseWriter) {
	w.Header().Set("WWW-Authenticate", "Negotiate")
	w.WriteHeader(http.StatusUnauthorized)
}

// serve answers a message of a signed-in connection. Under TLS messages travel
// as they are; everywhere else they must be sealed, in both directions.
func (h *host) serve(w http.ResponseWriter, r *http.Request, conn *connection, body []byte) {
	sealed := r.TLS == nil
	if sealed {
		plain, err := conn.session.openBody(r.Header.Get("Content-Type"), body)
		if err != nil {
			conn.session = nil // the cipher streams are out of step
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		body = plain
	}
	m, err := parseMessage(body)
	t := h.troubles.at(steps[m.Action()])
	status, reply := h.answer(r, m, err, t)
	if r.Context().Err() != nil {
		return // nobody listens any more
	}
	if t.ownWords() {
		reply = t.misspeak(reply)
	}
	contentType := soapType
	if sealed && t.What != Plaintext {
		reply, contentType = conn.session.sealBody(reply), sealedType
	}
	t.deliver(w, r, conn, letter{status, contentType, reply})
}

// answer does what a message asks; err is what was wrong with it.
func (h *host) answer(r *http.Request, m *message, err error, t Trouble) (status int, reply []byte) {
	if err == nil && t.What == Refusal {
		err = t.refusal()
	}
	if err == nil {
		var content string
		if content, err = h.act(r.Context(), m); err == nil {
			return http.StatusOK, envelope(m, m.Action()+"Response", content)
		}
	}
	var f *fault
	if !errors.As(err, &f) {
		f = &fault{code: codeInvalidXML, subcode: "w:InternalError", reason: err.Error()}
	}
	return http.StatusInternalServerError, envelope(m, actionFault, f.content())
}
