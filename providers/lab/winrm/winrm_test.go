package winrm

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"failback/providers/hyperv/scripts"
)

// echo answers every script with its name, after a while.
type echo struct{ delay time.Duration }

func (e echo) Run(ctx context.Context, host, script string, _ json.RawMessage) (any, error) {
	select {
	case <-time.After(e.delay):
		return host + " " + script, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func request(action, shell string) *message {
	m := &message{}
	m.Header.Action, m.Header.Resource, m.Header.Timeout = action, resourceCmd, "PT20S"
	m.Header.Selectors = []named{{"ShellId", shell}}
	return m
}

// open makes a shell and a command of the program's own in it.
func open(t *testing.T, h *host) (shellID, commandID string) {
	t.Helper()
	m := request(actionCreate, "")
	m.Body.Shell = &shellBody{IdleTimeout: "PT300S"}
	if _, err := h.act(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	for shellID = range h.shells.open {
	}
	m = request(actionCommand, shellID)
	m.Body.CommandLine = &commandLine{scripts.Executable, scripts.Arguments()}
	if _, err := h.act(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	for commandID = range h.shells.open[shellID].commands {
	}
	return shellID, commandID
}

func sending(shell, command string, input []byte, end string) *message {
	m := request(actionSend, shell)
	m.Body.Send = []stream{{Command: command, End: end, Text: base64.StdEncoding.EncodeToString(input)}}
	return m
}

func receiving(shell, command string) *message {
	m := request(actionReceive, shell)
	m.Body.Receive = []stream{{Command: command}}
	return m
}

// run sends input in two parts and returns what the command wrote and its exit
// code, read in pieces.
func run(t *testing.T, h *host, input []byte) (stdout string, exit int) {
	t.Helper()
	shellID, commandID := open(t, h)
	half := len(input) / 2
	for _, m := range []*message{sending(shellID, commandID, input[:half], ""), sending(shellID, commandID, input[half:], "true")} {
		if _, err := h.act(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	c := h.shells.open[shellID].commands[commandID]
	var all bytes.Buffer
	for {
		out, err := c.receive(t.Context(), time.Minute, 7)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(out.stdout)
		if out.done {
			break
		}
	}
	if _, err := h.act(t.Context(), request(actionDelete, shellID)); err != nil {
		t.Fatal(err)
	}
	return all.String(), c.exit
}

func code(t *testing.T, err error) uint32 {
	t.Helper()
	var f *fault
	if !errors.As(err, &f) {
		t.Fatalf("no fault: %v", err)
	}
	return f.code
}

func TestScriptsAreKnownByTheirText(t *testing.T) {
	h := New(echo{}, Options{}).host("HV01")
	line, err := scripts.EncodePayload(scripts.ReadVM, scripts.VMParams{VMID: "x"})
	if err != nil {
		t.Fatal(err)
	}
	stdout, exit := run(t, h, line)
	raw, err := scripts.DecodeAnswer([]byte(stdout))
	if err != nil || exit != scripts.ExitOK || string(raw) != `"HV01 vm"` {
		t.Errorf("%s, %v, exit code %d", raw, err, exit)
	}
	for id, input := range map[string][]byte{
		scripts.IDPayload:  line[:len(line)-20],
		"FbkUnknownScript": foreign(t),
	} {
		stdout, exit = run(t, h, input)
		_, err = scripts.DecodeAnswer([]byte(stdout))
		var e *scripts.Error
		if !errors.As(err, &e) || e.ID != id || exit != scripts.ExitError {
			t.Errorf("%s: %v, exit code %d", id, err, exit)
		}
	}
}

// foreign is a sound payload with a script that is not the program's.
func foreign(t *testing.T) []byte {
	t.Helper()
	line, err := scripts.Payload{Script: "param($p)\nStop-Computer\n", Params: json.RawMessage("{}")}.Line()
	if err != nil {
		t.Fatal(err)
	}
	return line
}

func TestOtherCommandsDoNothing(t *testing.T) {
	h := New(echo{}, Options{}).host("HV01")
	shellID, _ := open(t, h)
	c := h.shells.open[shellID].start("HV01", commandLine{"cmd.exe", []string{"/c", "dir"}})
	if err := c.send(echo{}, stream{End: "true"}); err != nil {
		t.Fatal(err)
	}
	for {
		out, err := c.receive(t.Context(), time.Minute, 1000)
		if err != nil {
			t.Fatal(err)
		}
		if len(out.stdout) != 0 {
			t.Errorf("it wrote %q", out.stdout)
		}
		if out.done {
			break
		}
	}
	if c.exit == 0 {
		t.Error("it succeeded")
	}
}

func TestFaults(t *testing.T) {
	h := New(echo{}, Options{MaxShells: 1}).host("HV01")
	shellID, commandID := open(t, h)
	create := request(actionCreate, "")
	create.Body.Shell = &shellBody{}
	other := request(actionCreate, "")
	other.Header.Resource = "http://schemas.microsoft.com/wbem/wsman/1/wmi/root"
	badTimeout := receiving(shellID, commandID)
	badTimeout.Header.Timeout = "60"
	noBase64 := sending(shellID, commandID, nil, "")
	noBase64.Body.Send[0].Text = "*"
	for name, test := range map[string]struct {
		m    *message
		code uint32
	}{
		"too many shells":  {create, codeTooManyShells},
		"no such shell":    {request(actionDelete, "X"), codeUnknownShell},
		"shell is gone":    {receiving("X", commandID), codeUnknownShell},
		"no such command":  {receiving(shellID, "X"), codeInvalidParameter},
		"no such action":   {request("Enumerate", shellID), codeUnknownAction},
		"another resource": {other, codeUnknownAction},
		"not base64":       {noBase64, codeInvalidParameter},
		"no duration":      {badTimeout, codeInvalidParameter},
	} {
		_, err := h.act(t.Context(), test.m)
		if got := code(t, err); got != test.code {
			t.Errorf("%s: %d, want %d", name, got, test.code)
		}
	}
}

// TestTimes shows the operation timeout and the idle timeout of a shell.
func TestTimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(echo{delay: time.Hour}, Options{})
		h := s.host("HV01")
		shellID, commandID := open(t, h)
		if _, err := h.act(t.Context(), sending(shellID, commandID, activity(t), "true")); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		_, err := h.act(t.Context(), receiving(shellID, commandID))
		if got := code(t, err); got != codeOperationTimeout || time.Since(began) != 20*time.Second {
			t.Errorf("code %d after %v", got, time.Since(began))
		}
		time.Sleep(time.Until(began.Add(299 * time.Second)))
		before := s.Shells("HV01")
		time.Sleep(time.Second)
		if after := s.Shells("HV01"); before != 1 || after != 0 {
			t.Errorf("%d shells before their idle time is over, %d after it", before, after)
		}
		synctest.Wait() // the script ended with its shell, or the bubble would not
	})
}

func activity(t *testing.T) []byte {
	t.Helper()
	line, err := scripts.EncodePayload(scripts.Activity, scripts.NoParams{})
	if err != nil {
		t.Fatal(err)
	}
	return line
}

func TestSignalEndsTheScript(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := New(echo{delay: time.Hour}, Options{}).host("HV01")
		shellID, commandID := open(t, h)
		if _, err := h.act(t.Context(), sending(shellID, commandID, activity(t), "true")); err != nil {
			t.Fatal(err)
		}
		m := request(actionSignal, shellID)
		m.Body.Signal = &signal{Command: commandID}
		if _, err := h.act(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if c := h.shells.open[shellID].commands[commandID]; !c.done || c.exit == 0 {
			t.Errorf("the command runs on: %+v", c.done)
		}
	})
}

// TestDoor shows who is not let in, over a connection in memory.
func TestDoor(t *testing.T) {
	s := New(echo{}, Options{User: "u", Password: "p"})
	post := func(conn http.RoundTripper, authorization, kind, body string) *http.Response {
		r := httptest.NewRequest(http.MethodPost, "http://hv01/wsman", strings.NewReader(body))
		r.Header.Set("Authorization", authorization)
		r.Header.Set("Content-Type", kind)
		response, err := conn.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, response.Body); err != nil {
			t.Fatal(err)
		}
		if err := response.Body.Close(); err != nil {
			t.Fatal(err)
		}
		return response
	}
	for name, authorization := range map[string]string{
		"nothing": "", "basic": "Basic dTpw", "no token": "Negotiate ", "garbage": "Negotiate Z2FyYmFnZQ==",
		"third message first": "Negotiate " + base64.StdEncoding.EncodeToString([]byte("NTLMSSP\x00\x03\x00\x00\x00")),
	} {
		if r := post(s.Connect("HV01")(), authorization, soapType, "<x/>"); r.StatusCode != http.StatusUnauthorized {
			t.Errorf("%s: %s", name, r.Status)
		}
	}
	// Signed in, but not sealed.
	conn := &memory{handler: s.Host("HV01"), conn: &connection{session: newSession(make([]byte, 16))}}
	if r := post(conn, "", soapType, "<x/>"); r.StatusCode != http.StatusBadRequest || conn.conn.session != nil {
		t.Errorf("plain text: %s", r.Status)
	}
	// A handler without ConnContext says so.
	w := httptest.NewRecorder()
	s.Host("HV01").ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/wsman", nil))
	if w.Code != http.StatusInternalServerError {
		t.Errorf("without a connection: %d", w.Code)
	}
}

// FuzzMessage lets a host answer anything: the answer is always XML, and a shell
// is only ever made by Create.
func FuzzMessage(f *testing.F) {
	f.Add([]byte(`<s:Envelope xmlns:s="x"><s:Header><Action>` + actionCreate + `</Action><ResourceURI>` + resourceCmd + `</ResourceURI></s:Header><s:Body><Shell/></s:Body></s:Envelope>`))
	f.Add([]byte(`<Envelope><Header><Action>&lt;&#x1;</Action><MessageID>]]&gt;</MessageID></Header></Envelope>`))
	f.Add([]byte(""))
	f.Fuzz(func(t *testing.T, text []byte) {
		h := New(echo{}, Options{}).host("HV01")
		m, err := parseMessage(text)
		_, reply := h.answer(httptest.NewRequest(http.MethodPost, "/wsman", nil), m, err, Trouble{})
		if err := xml.Unmarshal(reply, new(message)); err != nil {
			t.Errorf("%v in %s", err, reply)
		}
		if h.shells.count() > 0 && !bytes.Contains(text, []byte("Create")) && !bytes.Contains(text, []byte("&#")) {
			t.Error("a shell out of nothing")
		}
	})
}

func FuzzOpenBody(f *testing.F) {
	client := &session{out: newDirection(make([]byte, 16), clientSignMagic, clientSealMagic)}
	f.Add(sealedType, client.sealBody([]byte("<x/>")))
	f.Add(soapType, []byte("<x/>"))
	f.Fuzz(func(t *testing.T, kind string, text []byte) {
		if _, err := newSession(bytes.Repeat([]byte{9}, 16)).openBody(kind, text); !errors.Is(err, errSeal) {
			t.Errorf("opened what was not sealed with this key: %v", err)
		}
	})
}

// One host's quotas are its own; what it does not say is that of all.
func TestQuotasOfSingleHosts(t *testing.T) {
	s := New(echo{}, Options{MaxShells: 7, Quotas: map[string]Quota{"HV01": {MaxShells: 2, MaxTimeout: time.Second}, "HV02": {}}})
	if h := s.host("HV01"); h.shells.limit != 2 || h.maxTimeout != time.Second {
		t.Errorf("%d shells, %v", h.shells.limit, h.maxTimeout)
	}
	for _, name := range []string{"HV02", "HV03"} {
		if h := s.host(name); h.shells.limit != 7 || h.maxTimeout != time.Minute {
			t.Errorf("%s: %d shells, %v", name, h.shells.limit, h.maxTimeout)
		}
	}
}
