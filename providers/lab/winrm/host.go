package winrm

import (
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"strings"
)

// host is one Hyper-V host: it signs connections in and hands what they say to
// its shells.
type host struct {
	name   string
	server *Server
	shells *shells
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
	if token, ok := negotiateToken(r.Header.Get("Authorization")); ok {
		h.signIn(w, conn, token)
		return
	}
	if conn.session == nil {
		unauthorized(w, nil)
		return
	}
	h.serve(w, r, conn, body)
}

// signIn takes the next message of the handshake. Only empty bodies come with
// it, so there is nothing else to answer.
func (h *host) signIn(w http.ResponseWriter, conn *connection, token []byte) {
	switch messageType(token) {
	case typeNegotiate:
		conn.session = nil
		conn.handshake = newHandshake(token, h.name)
		unauthorized(w, conn.handshake.challenge)
	case typeAuthentic:
		if conn.handshake == nil {
			unauthorized(w, nil)
			return
		}
		started := conn.handshake
		conn.handshake = nil
		key, err := started.verify(token, newAccount(h.server.options.User, h.server.options.Password))
		if err != nil {
			unauthorized(w, nil)
			return
		}
		conn.session = newSession(key)
		w.WriteHeader(http.StatusOK)
	default:
		unauthorized(w, nil)
	}
}

func negotiateToken(header string) ([]byte, bool) {
	text, ok := strings.CutPrefix(header, "Negotiate ")
	if !ok {
		return nil, false
	}
	token, err := base64.StdEncoding.DecodeString(text)
	return token, err == nil
}

func unauthorized(w http.ResponseWriter, challenge []byte) {
	value := "Negotiate"
	if challenge != nil {
		value += " " + base64.StdEncoding.EncodeToString(challenge)
	}
	w.Header().Set("WWW-Authenticate", value)
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
	status, reply := h.answer(r, body)
	if r.Context().Err() != nil {
		return // nobody listens any more
	}
	contentType := soapType
	if sealed {
		reply, contentType = conn.session.sealBody(reply), sealedType
	}
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(status)
	_, _ = w.Write(reply) // a client that left needs no answer
}

func (h *host) answer(r *http.Request, body []byte) (status int, reply []byte) {
	m, err := parseMessage(body)
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
