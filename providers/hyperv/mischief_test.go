package hyperv_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf16"

	"failback/engine"
	"failback/providers/hyperv"
	"failback/providers/hyperv/scripts"
	"failback/providers/lab/authority"
	"failback/providers/lab/winrm"
)

// calls runs each script once.
var calls = map[string]func(context.Context, *hyperv.Access) error{
	scripts.HostFacts: func(ctx context.Context, a *hyperv.Access) error { _, err := a.Facts(ctx, "HV01"); return err },
	scripts.ReadVM:    func(ctx context.Context, a *hyperv.Access) error { _, err := a.VM(ctx, "HV01", vmID); return err },
	scripts.ListVMs:   func(ctx context.Context, a *hyperv.Access) error { _, err := a.VMs(ctx, "HV01"); return err },
	scripts.StartVM:   func(ctx context.Context, a *hyperv.Access) error { return a.Start(ctx, "HV01", vmID) },
	scripts.Guard:     func(ctx context.Context, a *hyperv.Access) error { return a.Guard(ctx, "HV01", vmID, "mark") },
	scripts.Activity:  func(ctx context.Context, a *hyperv.Access) error { _, err := a.Activity(ctx, "HV01"); return err },
	scripts.DiskSums:  func(ctx context.Context, a *hyperv.Access) error { _, err := a.DiskSums(ctx, "HV01", vmID); return err },

	scripts.ReadThreads: func(ctx context.Context, a *hyperv.Access) error { _, err := a.Threads(ctx, "HV01"); return err },
	scripts.SetThreads: func(ctx context.Context, a *hyperv.Access) error {
		return a.SetThreads(ctx, "HV01", engine.ThreadChange{Want: engine.ThreadsOf(16)})
	},
	scripts.ReadManagers: func(ctx context.Context, a *hyperv.Access) error {
		_, err := a.Managers(ctx, "HV01", vmID)
		return err
	},
	scripts.Reach: func(ctx context.Context, a *hyperv.Access) error {
		_, err := a.Reach(ctx, "HV01", nil)
		return err
	},
	scripts.ReadEvents: func(ctx context.Context, a *hyperv.Access) error {
		_, err := a.Events(ctx, "HV01", time.Unix(0, 0))
		return err
	},
	scripts.ReadNetwork: func(ctx context.Context, a *hyperv.Access) error { _, err := a.Network(ctx, "HV01"); return err },
	scripts.CreateVM: func(ctx context.Context, a *hyperv.Access) error {
		_, err := a.CreateVM(ctx, "HV01", newVM())
		return err
	},
	scripts.SwapDisks: func(ctx context.Context, a *hyperv.Access) error {
		_, err := a.SwapDisks(ctx, "HV01", vmID, swap())
		return err
	},
	scripts.NewSwitch: func(ctx context.Context, a *hyperv.Access) error {
		_, err := a.CreateSwitch(ctx, "HV01", engine.NewSwitch{Name: "LAN", Type: engine.SwitchPrivate})
		return err
	},
}

// callsOf are the scripts that the i-th mischief is shown to: a third of them, each
// third with reading and acting ones. FAILBACK_LONG has all.
func callsOf(i int) map[string]func(context.Context, *hyperv.Access) error {
	const thirds = 3
	some := map[string]func(context.Context, *hyperv.Access) error{}
	for j, name := range slices.Sorted(maps.Keys(calls)) {
		if j%thirds == i%thirds || os.Getenv("FAILBACK_LONG") != "" {
			some[name] = calls[name]
		}
	}
	return some
}

// TestEveryScriptIsTried also counts the script that is run after another one by
// the same call: TestS11HostileHostsAfterTheFirstScript has it.
func TestEveryScriptIsTried(t *testing.T) {
	got := slices.Sorted(maps.Keys(calls))
	if got = append(got, scripts.HostAgent); !slices.Equal(slices.Sorted(slices.Values(got)), scripts.Names()) {
		t.Errorf("the hostile hosts are shown %q, and there is %q", got, scripts.Names())
	}
}

// TestS11HostileHostsAfterTheFirstScript lets the first script of a look at a host
// succeed: what the second could not read is said to be unread, and never made up.
func TestS11HostileHostsAfterTheFirstScript(t *testing.T) {
	for _, trouble := range troublesOf() {
		if trouble.What == winrm.NoIDs && trouble.At == winrm.StepSend {
			continue // nothing is missing in it
		}
		trouble.From = 2
		t.Run(fmt.Sprintf("%s/%s", trouble.At, trouble.What), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := winrm.New(newSite(), winrm.Options{User: user, Password: canary, Troubles: []winrm.Trouble{trouble}})
				a := access(t, hyperv.Endpoint{URL: "http://hv01", User: user, Password: secret(canary), Connect: server.Connect("HV01")})
				ctx, cancel := context.WithTimeout(t.Context(), realDeadline)
				defer cancel()
				began := time.Now()
				f, err := a.Facts(ctx, "HV01")
				if took := time.Since(began); took > realDeadline+time.Second {
					t.Errorf("it took %v", took)
				}
				if err != nil || f.Build != "17763" {
					t.Errorf("%+v, %v", f, err)
				}
				for _, part := range engine.HostParts {
					if why := f.HostAgent.Unread[part]; why == "" || strings.Contains(why, canary) {
						t.Errorf("%s is unread: %q", part, why)
					}
				}
			})
		})
	}
}

// canary is a password that is looked for wherever it must not be.
const canary = "c4nary-Pässwort-9f27"

// spills are the forms in which the canary could be seen.
var spills = func() [][]byte {
	wide := func(s string) []byte {
		var b []byte
		for _, u := range utf16.Encode([]rune(s)) {
			b = append(b, byte(u), byte(u>>8))
		}
		return b
	}
	return [][]byte{
		[]byte(canary), wide(canary),
		[]byte(base64.StdEncoding.EncodeToString([]byte(canary))),
		[]byte(base64.StdEncoding.EncodeToString([]byte(user + ":" + canary))),
		[]byte("Basic "), []byte("Envelope"), []byte("powershell"), wide("powershell"),
	}
}()

// wire keeps what a client sent, and checks it.
type wire struct {
	mu   sync.Mutex
	sent bytes.Buffer
}

func (w *wire) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.sent.Write(b)
}

func (w *wire) clean(t *testing.T) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.sent.Len() == 0 {
		t.Error("nothing was recorded")
	}
	for _, spill := range spills {
		if bytes.Contains(w.sent.Bytes(), spill) {
			t.Errorf("%q went over the wire", spill)
		}
	}
}

// over records the requests of a connection in memory, sealed ones.
func (w *wire) over(e hyperv.Endpoint) hyperv.Endpoint {
	connect := e.Connect
	e.Connect = func() http.RoundTripper {
		inner := connect()
		return roundTripper(func(r *http.Request) (*http.Response, error) {
			body, err := io.ReadAll(r.Body)
			if err != nil {
				return nil, err
			}
			_, _ = fmt.Fprintf(w, "%s %s\n%v\n", r.Method, r.URL, r.Header)
			if token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Negotiate "); ok {
				raw, err := base64.StdEncoding.DecodeString(token)
				if err != nil {
					return nil, err
				}
				_, _ = w.Write(raw)
			}
			_, _ = w.Write(body)
			r.Body = io.NopCloser(bytes.NewReader(body))
			return inner.RoundTrip(r)
		})
	}
	return e
}

// quiet makes sure that a failure does not tell the password, in no form.
func quiet(t *testing.T, err error) {
	t.Helper()
	var f *engine.Failure
	if !errors.As(err, &f) {
		t.Errorf("no failure: %v", err)
		return
	}
	raw, marshalled := json.Marshal(f)
	if marshalled != nil {
		t.Error(marshalled)
	}
	text := fmt.Sprintf("%v %+v %s %s", err, f, raw, f.Err)
	if strings.Contains(text, canary) {
		t.Errorf("the failure tells the password: %s", text)
	}
	if f.What == "" || f.Where == "" || f.Why == "" || f.Remedy == "" {
		t.Errorf("the failure says too little: %+v", f)
	}
}

// realDeadline is one that nothing comes near to that does not wait for it.
const realDeadline time.Duration = 10 * time.Second

// judge decides whether a call against a hostile host ended as it should.
func judge(t *testing.T, script string, trouble winrm.Trouble, runs int, err error, took, deadline time.Duration) {
	t.Helper()
	if took > deadline+time.Second {
		t.Errorf("it took %v, with a deadline of %v", took, deadline)
	}
	if err == nil {
		// A reply to Send says nothing that could be missed. The script did run, and
		// what it answered came.
		want := 1
		if script == scripts.HostFacts {
			want = 2 // the agent's facts come after it
		}
		if trouble.What != winrm.NoIDs || trouble.At != winrm.StepSend || runs != want {
			t.Errorf("a false ok; the script ran %d times", runs)
		}
		return
	}
	quiet(t, err)
	kind := engine.KindOf(err)
	if runs == 0 && errors.Is(err, context.DeadlineExceeded) && deadline < realDeadline {
		return // a machine so slow that the trouble was not even reached
	}
	sent := trouble.At == winrm.StepSend || trouble.At == winrm.StepReceive
	if unknown := kind == engine.FailureUnknown; unknown != (sent && scripts.Mutating(script)) {
		t.Errorf("kind %s: %v", kind, err)
	}
	if runs > 1 || !sent && runs > 0 {
		t.Errorf("the script ran %d times", runs)
	}
}

// troublesOf are all mischiefs at all steps that lead to an answer.
func troublesOf() []winrm.Trouble {
	var all []winrm.Trouble
	for _, step := range []winrm.Step{winrm.StepCreate, winrm.StepCommand, winrm.StepSend, winrm.StepReceive} {
		for _, what := range winrm.Anywhere() {
			all = append(all, winrm.Trouble{At: step, What: what, Bytes: 100})
		}
	}
	return append(all, winrm.Trouble{At: winrm.StepReceive, What: winrm.NoExitCode})
}

func (s *site) withSums() *site {
	s.sums = []scripts.DiskSum{{Disk: "os", Bytes: 5, SHA256: "ab"}}
	return s
}

// TestS11HostileHostsSealed shows every script to every mischief, sealed and in a
// bubble: nothing panics, nothing is believed, no deadline is missed, nothing
// readable is sent, and no shell stays that anybody could know of. (F7)
func TestS11HostileHostsSealed(t *testing.T) {
	const deadline = realDeadline
	for i, trouble := range troublesOf() {
		t.Run(fmt.Sprintf("%s/%s", trouble.At, trouble.What), func(t *testing.T) {
			t.Parallel()
			for script, call := range callsOf(i) {
				synctest.Test(t, func(t *testing.T) {
					s := newSite().withSums()
					server := winrm.New(s, winrm.Options{User: user, Password: canary, Troubles: []winrm.Trouble{trouble}})
					var w wire
					a := access(t, w.over(hyperv.Endpoint{URL: "http://hv01", User: user, Password: secret(canary), Connect: server.Connect("HV01")}))
					ctx, cancel := context.WithTimeout(t.Context(), deadline)
					defer cancel()
					began := time.Now()
					err := call(ctx, a)
					runs, _, _ := s.counts()
					judge(t, script, trouble, runs, err, time.Since(began), deadline)
					if err := a.Close(); err != nil {
						t.Error(err)
					}
					if n := server.Shells("HV01"); n != 0 && trouble.At != winrm.StepCreate {
						t.Errorf("%s: %d shells are left", script, n)
					}
					w.clean(t)
				})
			}
		})
	}
}

// TestS11HostileHostsOverTLS does the same over sockets, with a certificate of the
// lab's authority.
func TestS11HostileHostsOverTLS(t *testing.T) {
	config, roots := labAuthority(t)
	for i, trouble := range troublesOf() {
		if trouble.What == winrm.Plaintext || trouble.What == winrm.FlippedBit {
			continue // under TLS messages are sent so, and TLS itself finds another bit
		}
		t.Run(fmt.Sprintf("%s/%s", trouble.At, trouble.What), func(t *testing.T) {
			t.Parallel()
			deadline := realDeadline
			if trouble.What == winrm.BlackHole || trouble.What == winrm.Drip || trouble.What == winrm.NoIDs && trouble.At == winrm.StepReceive {
				deadline = time.Second // all of it is waited for
			}
			var all sync.WaitGroup
			for script, call := range callsOf(i) {
				s := newSite().withSums()
				server := winrm.New(s, winrm.Options{User: user, Password: canary, Troubles: []winrm.Trouble{trouble}})
				var w wire
				e := hyperv.Endpoint{URL: serveTLS(t, server, config, &w), User: user, Password: secret(canary), Roots: roots}
				a := access(t, e)
				all.Go(func() {
					ctx, cancel := context.WithTimeout(t.Context(), deadline)
					defer cancel()
					began := time.Now()
					err := call(ctx, a)
					took := time.Since(began)
					runs, _, _ := s.counts()
					judge(t, script, trouble, runs, err, took, deadline)
					w.clean(t)
				})
			}
			all.Wait()
		})
	}
}

// TestS11HostileSignIns shows that nobody is signed in at by a host that offers too
// little, nor anything sent to one that does not know the password.
func TestS11HostileSignIns(t *testing.T) {
	const deadline = 10 * time.Second
	for what, at := range winrm.InSignIn() {
		t.Run(string(what), func(t *testing.T) {
			for _, script := range []string{scripts.HostFacts, scripts.StartVM} {
				synctest.Test(t, func(t *testing.T) {
					s := newSite()
					server := winrm.New(s, winrm.Options{User: user, Password: "another one", Troubles: []winrm.Trouble{{At: at, What: what}}})
					if what != winrm.AnyPassword {
						server = winrm.New(s, winrm.Options{User: user, Password: canary, Troubles: []winrm.Trouble{{At: at, What: what}}})
					}
					var w wire
					a := access(t, w.over(hyperv.Endpoint{URL: "http://hv01", User: user, Password: secret(canary), Connect: server.Connect("HV01")}))
					ctx, cancel := context.WithTimeout(t.Context(), deadline)
					defer cancel()
					began := time.Now()
					err := calls[script](ctx, a)
					if took := time.Since(began); took > deadline+time.Second {
						t.Errorf("it took %v", took)
					}
					if err == nil || engine.KindOf(err) == engine.FailureUnknown {
						t.Fatalf("%v", err)
					}
					quiet(t, err)
					if runs, _, _ := s.counts(); runs != 0 {
						t.Error("a script ran")
					}
					w.clean(t)
				})
			}
		})
	}
}

// TestMischiefAtTheEnd spoils the removal of a shell: the answer counts all the
// same, and nobody waits for longer than the deadline.
func TestMischiefAtTheEnd(t *testing.T) {
	const deadline = 2 * time.Second
	for _, what := range winrm.Anywhere() {
		t.Run(string(what), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newSite()
				server := winrm.New(s, winrm.Options{User: user, Password: canary, Troubles: []winrm.Trouble{{At: winrm.StepDelete, What: what}}})
				a := access(t, hyperv.Endpoint{URL: "http://hv01", User: user, Password: secret(canary), Connect: server.Connect("HV01")})
				ctx, cancel := context.WithTimeout(t.Context(), deadline)
				defer cancel()
				began := time.Now()
				if err := a.Start(ctx, "HV01", vmID); err != nil {
					t.Error(err)
				}
				if took := time.Since(began); took > deadline {
					t.Errorf("it took %v", took)
				}
				if err := a.Close(); err != nil {
					t.Error(err)
				}
				time.Sleep(5 * time.Minute) // what is left, the host removes: that was asked for
				if n := server.Shells("HV01"); n != 0 {
					t.Errorf("%d shells are left", n)
				}
			})
		})
	}
}

// TestInputOfABusyHost has the k-th Send fail: it is offered again a few times, and
// the script runs once.
func TestInputOfABusyHost(t *testing.T) {
	const busy = 170
	for times, want := range map[int]engine.FailureKind{1: "", 2: "", 3: engine.FailureUnknown} {
		synctest.Test(t, func(t *testing.T) {
			s := newSite()
			server := winrm.New(s, winrm.Options{User: user, Password: canary, Troubles: []winrm.Trouble{{At: winrm.StepSend, What: winrm.Refusal, Code: busy, Times: times}}})
			a := access(t, hyperv.Endpoint{URL: "http://hv01", User: user, Password: secret(canary), Connect: server.Connect("HV01")})
			err := a.Start(t.Context(), "HV01", vmID)
			if got := engine.KindOf(err); err != nil && got != want || err == nil && want != "" {
				t.Errorf("busy %d times: %v", times, err)
			}
			if runs, _, _ := s.counts(); (want == "") != (runs == 1) {
				t.Errorf("busy %d times: %d runs", times, runs)
			}
		})
	}
}

// TestFaultsAreExplained gives each documented fault code its meaning.
func TestFaultsAreExplained(t *testing.T) {
	for code, want := range map[uint32]struct {
		kind   engine.FailureKind
		code   string
		remedy string
	}{
		5:          {engine.FailurePermission, "0x00000005", "access to WinRM"},
		170:        {engine.FailureRetryable, "0x000000AA", "busy"},
		87:         {engine.FailureOther, "0x00000057", "event log"},
		2150858793: {engine.FailureRetryable, "0x80338029", "in time"},
		2150858843: {engine.FailureRetryable, "0x8033805B", "closed the shell"},
		2150859173: {engine.FailureRetryable, "0x803381A5", "account of its own"},
		2150859174: {engine.FailureRetryable, "0x803381A6", "account of its own"},
		2147942606: {engine.FailureOther, "0x800700CE", "command line"},
		2147943418: {engine.FailureRetryable, "0x800703FA", "profile"},
	} {
		for _, step := range []winrm.Step{winrm.StepCreate, winrm.StepCommand} {
			synctest.Test(t, func(t *testing.T) {
				server := winrm.New(newSite(), winrm.Options{User: user, Password: canary, Troubles: []winrm.Trouble{{At: step, What: winrm.Refusal, Code: code}}})
				a := access(t, hyperv.Endpoint{URL: "http://hv01", User: user, Password: secret(canary), Connect: server.Connect("HV01")})
				err := a.Start(t.Context(), "HV01", vmID)
				var f *engine.Failure
				if !errors.As(err, &f) || f.Kind != want.kind || f.Code != want.code || !strings.Contains(f.Remedy, want.remedy) {
					t.Errorf("%d at %s: %+v", code, step, f)
				}
			})
		}
	}
}

// TestShellThatIsGone loses the shell while a script runs: what a reading one said
// is lost, and what a changing one did is not known.
func TestShellThatIsGone(t *testing.T) {
	for script, want := range map[string]engine.FailureKind{scripts.HostFacts: engine.FailureRetryable, scripts.StartVM: engine.FailureUnknown} {
		synctest.Test(t, func(t *testing.T) {
			s := newSite()
			server := winrm.New(s, winrm.Options{User: user, Password: canary, Troubles: []winrm.Trouble{{At: winrm.StepReceive, What: winrm.Refusal, Code: 2150858843}}})
			a := access(t, hyperv.Endpoint{URL: "http://hv01", User: user, Password: secret(canary), Connect: server.Connect("HV01")})
			wantKind(t, calls[script](t.Context(), a), want)
		})
	}
}

// TestAHostThatOnlySaysNotYet does not make the program run in circles.
func TestAHostThatOnlySaysNotYet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite()
		server := winrm.New(s, winrm.Options{User: user, Password: canary, Troubles: []winrm.Trouble{{At: winrm.StepReceive, What: winrm.Refusal, Code: 2150858793}}})
		var requests atomic.Int32
		e := hyperv.Endpoint{URL: "http://hv01", User: user, Password: secret(canary)}
		e.Connect = func() http.RoundTripper {
			inner := server.Connect("HV01")()
			return roundTripper(func(r *http.Request) (*http.Response, error) { requests.Add(1); return inner.RoundTrip(r) })
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		wantKind(t, calls[scripts.HostFacts](ctx, access(t, e)), engine.FailureRetryable)
		if n := requests.Load(); n > 60 {
			t.Errorf("%d requests in ten seconds", n)
		}
	})
}

// labAuthority is what a lab serves with, and whom to trust for it.
func labAuthority(t *testing.T) (*tls.Config, *x509.CertPool) {
	t.Helper()
	a, err := authority.Open(t.TempDir(), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	s, err := authority.NewServer(a, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	return s.Config(), poolOf(t, a.Path())
}

func poolOf(t *testing.T, path string) *x509.CertPool {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(text) {
		t.Fatalf("no certificate in %s", path)
	}
	return roots
}

var silent = log.New(io.Discard, "", 0)

// serveTLS serves a host over TLS and records what comes in below it.
func serveTLS(t *testing.T, server *winrm.Server, config *tls.Config, w io.Writer) (url string) {
	t.Helper()
	return serveRecorded(t, server, "HV01", config, w)
}

func serveHost(t *testing.T, server *winrm.Server, name string, config *tls.Config) (url string) {
	t.Helper()
	return serveRecorded(t, server, name, config, nil)
}

func serveRecorded(t *testing.T, server *winrm.Server, name string, config *tls.Config, w io.Writer) (url string) {
	t.Helper()
	s := httptest.NewUnstartedServer(server.Host(name))
	s.Config.ConnContext = server.ConnContext
	if w != nil {
		s.Listener = recording{s.Listener, w}
	}
	// Not StartTLS: that shows a certificate of its own.
	s.Listener = tls.NewListener(s.Listener, config)
	s.Config.ErrorLog = silent
	s.Start()
	t.Cleanup(func() { s.CloseClientConnections(); s.Close() })
	return "https://" + s.Listener.Addr().String()
}

type recording struct {
	net.Listener
	to io.Writer
}

func (l recording) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return recorded{c, l.to}, nil
}

type recorded struct {
	net.Conn
	to io.Writer
}

func (c recorded) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	_, _ = c.to.Write(b[:n])
	return n, err
}
