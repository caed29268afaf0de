package connect_test

import (
	"bytes"
	"context"
	"fmt"
	"hash/fnv"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"failback/engine"
	"failback/engine/racetest"
	"failback/providers/lab"
)

// fault is what may become of one request.
type fault string

const (
	throttled     fault = "429"
	failsBefore   fault = "500 before acceptance"
	failsAfter    fault = "500 after acceptance"
	resetBefore   fault = "reset before acceptance"
	resetAfter    fault = "reset after acceptance"
	garbage       fault = "garbage body"
	slowBody      fault = "slow body"
	emptyAnswer   fault = "empty 204"
	expiredToken  fault = "expired token"
	stuckBody     fault = "body that stands still"
	throttledLong fault = "429 for minutes"
)

var faults = []fault{
	throttled, failsBefore, failsAfter, resetBefore, resetAfter, garbage, slowBody, emptyAnswer, expiredToken, stuckBody, throttledLong,
}

// saboteur stands between the providers and the lab's management server. What it does
// to the n-th request of a kind depends on the seed alone.
type saboteur struct {
	next http.RoundTripper
	seed uint64

	mu    sync.Mutex
	seen  map[string]int // by kind of request
	left  int            // faults that are still to come: a run must be able to end
	done  []string       // what was done, for the failure of a test
	count map[string]int // by kind and fault
}

func newSaboteur(seed uint64, next http.RoundTripper) *saboteur {
	return &saboteur{next: next, seed: seed, seen: map[string]int{}, count: map[string]int{}}
}

func (s *saboteur) begin() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.left = 4 + int(s.seed%17)
}

// names are the parts of a path that differ from resource to resource.
var names = regexp.MustCompile(`(?i)/(subscriptions|resourceGroups|vaults|replicationFabrics|replicationProtectionContainers|replicationProtectedItems|replicationProtectableItems|replicationJobs|replicationRecoveryPlans|virtualMachines)/[^/]+`)

func kindOf(r *http.Request) string {
	return r.Method + " " + names.ReplaceAllString(r.URL.Path, "/$1/*")
}

// choose picks what happens to the request; "" is nothing.
func (s *saboteur) choose(r *http.Request) (fault, *rand.Rand) {
	kind := kindOf(r)
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.seen[kind]
	s.seen[kind]++
	h := fnv.New64a()
	_, _ = h.Write([]byte(kind)) // never fails
	dice := rand.New(rand.NewPCG(s.seed, h.Sum64()+uint64(n)))
	likely := 0.02 + 0.10*float64(s.seed%5) // quiet seeds and bad nights
	if r.Method == http.MethodPost {
		likely = 0.5
	}
	if s.left == 0 || dice.Float64() >= likely {
		return "", dice
	}
	s.left--
	f := faults[dice.IntN(len(faults))]
	s.done = append(s.done, fmt.Sprintf("%s #%d: %s", kind, n+1, f))
	s.count[r.Method+" "+string(f)]++
	return f, dice
}

// RoundTrip implements http.RoundTripper.
func (s *saboteur) RoundTrip(r *http.Request) (*http.Response, error) {
	if !strings.HasPrefix(r.URL.Host, "management.") {
		return s.next.RoundTrip(r) // the disks' bytes have faults of their own
	}
	f, dice := s.choose(r)
	switch f {
	case throttled:
		return said(r, 429, "TooManyRequests", "Retry-After", strconv.Itoa(1+dice.IntN(30))), nil
	case throttledLong:
		return said(r, 429, "TooManyRequests", "Retry-After", strconv.Itoa(61+dice.IntN(200))), nil
	case failsBefore:
		return said(r, 500, "InternalServerError"), nil
	case expiredToken:
		return said(r, 401, "ExpiredAuthenticationToken", "WWW-Authenticate", `Bearer error="invalid_token"`), nil
	case resetBefore:
		return nil, brokenOff()
	case failsAfter, resetAfter, garbage, slowBody, stuckBody, emptyAnswer:
	}
	answer, err := s.next.RoundTrip(r)
	if err != nil || f == "" {
		return answer, err
	}
	switch f {
	case failsAfter:
		return said(r, 500, "InternalServerError"), answer.Body.Close()
	case resetAfter:
		_ = answer.Body.Close()
		return nil, brokenOff()
	case garbage:
		_ = answer.Body.Close()
		return &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {"text/html"}}, Body: io.NopCloser(strings.NewReader("<html>welcome")), Request: r}, nil
	case emptyAnswer:
		_ = answer.Body.Close()
		return &http.Response{StatusCode: 204, Header: http.Header{}, Body: http.NoBody, Request: r}, nil
	case slowBody:
		answer.Body = &lateBody{answer.Body, r.Context(), time.Duration(1+dice.IntN(40)) * time.Second}
	case stuckBody:
		answer.Body = &lateBody{answer.Body, r.Context(), time.Hour}
	case throttled, throttledLong, failsBefore, expiredToken, resetBefore:
	}
	return answer, nil
}

func brokenOff() error { return &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET} }

// said is an error in the service's shape.
func said(r *http.Request, status int, code string, header ...string) *http.Response {
	h := http.Header{"Content-Type": {"application/json"}}
	for i := 0; i+1 < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	body := fmt.Sprintf(`{"error":{"code":%q,"message":"made for a test"}}`, code)
	return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(bytes.NewReader([]byte(body))), Request: r}
}

// lateBody gives its first byte after a while, or the end of its request.
type lateBody struct {
	io.ReadCloser
	ctx  context.Context
	wait time.Duration
}

func (b *lateBody) Read(p []byte) (int, error) {
	if b.wait > 0 {
		t := time.NewTimer(b.wait)
		defer t.Stop()
		select {
		case <-t.C:
			b.wait = 0
		case <-b.ctx.Done():
			return 0, b.ctx.Err()
		}
	}
	return b.ReadCloser.Read(p)
}

// The runs of the matrix: a few by default, every one with FAILBACK_FAULTS=1000, and
// a single one with FAILBACK_FAULT_SEED=n.
func seeds(t *testing.T) (first, last uint64) {
	t.Helper()
	number := func(name string, otherwise uint64) uint64 {
		text := os.Getenv(name)
		if text == "" {
			return otherwise
		}
		n, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		return n
	}
	if one := number("FAILBACK_FAULT_SEED", 0); one != 0 {
		return one, one
	}
	if racetest.Detector() {
		return 1, number("FAILBACK_FAULTS", 4)
	}
	return 1, number("FAILBACK_FAULTS", 8)
}

// S40, S41: whatever becomes of any request, in whatever mixture, a run ends well or
// stops where a resume goes on, and every operation was accepted exactly once.
func TestS40FaultMatrix(t *testing.T) {
	t.Parallel()
	first, last := seeds(t)
	var mu sync.Mutex
	all := map[string]int{}
	t.Run("seed", func(t *testing.T) {
		for seed := first; seed <= last; seed++ {
			t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
				t.Parallel()
				count := faultyRun(t, seed)
				mu.Lock()
				defer mu.Unlock()
				for k, n := range count {
					all[k] += n
				}
			})
		}
	})
	if last-first < 200 {
		return
	}
	for _, f := range faults {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			if all[method+" "+string(f)] == 0 {
				t.Errorf("no %s met %q", method, f)
			}
		}
	}
	t.Logf("faults met: %v", all)
}

func faultyRun(t *testing.T, seed uint64) map[string]int {
	t.Helper()
	var s *saboteur
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		b := openBedOver(t, dir, smallest, func(m *lab.Memory) http.RoundTripper {
			s = newSaboteur(seed, m.Transport())
			return s
		}, nil)
		defer b.close()
		b.conn.Poll = 15 * time.Second // as in earnest; and fewer looks cost less computing
		option := engine.SyncDelta
		if seed%3 == 0 {
			option = engine.SyncFull
		}
		plan := b.plan(option, "app01")
		s.begin() // what comes before a run is planned is no part of it
		b.survive(t, s, plan)
	})
	return s.count
}

// survive runs the plan, resumes it where it stopped, and looks at what became of it.
func (b *bed) survive(t *testing.T, s *saboteur, plan engine.Plan) {
	t.Helper()
	explain := func(st engine.State, format string, a ...any) {
		t.Helper()
		for _, d := range s.done {
			t.Log(d)
		}
		b.dump(st)
		t.Fatalf("seed %d: "+format, append([]any{s.seed}, a...)...)
	}
	h := b.start(plan)
	st := b.finish(h)
	for tries := 0; st.Outcome != engine.OutcomeSucceeded; tries++ {
		f := st.Leg("app01").Failure
		if f == nil || f.What == "" || f.Where == "" || f.Why == "" || f.Remedy == "" {
			explain(st, "stopped as %s with a failure that is not whole: %+v", st.Outcome, f)
		}
		if !st.Resumable() || tries > 20 {
			explain(st, "stopped for good: %v", f)
		}
		st = b.finish(b.resume(h.ID()))
	}
	for verb, n := range b.posts() {
		if n != 1 && verb != "deallocate" {
			explain(st, "%s was accepted %d times", verb, n)
		}
	}
	for _, verb := range []string{"plannedFailover", "failoverCommit", "reProtect"} {
		if b.posts()[verb] != 1 {
			explain(st, "%s was accepted %d times", verb, b.posts()[verb])
		}
	}
	if home := b.home("app01"); !home.Booted || b.azureVM("app01") != nil {
		explain(st, "on-premises booted %v, Azure copy %v", home.Booted, b.azureVM("app01"))
	}
}

// smallest is the least that can be failed back: what is tried here are requests.
const smallest = `
name: smallest
speed: 1
guest_every: 1m
fabrics: [{name: site, kind: hyperv-site}]
hosts: [{name: hv01, fabric: site, switches: [{name: LAN, type: External}]}]
items: [{name: app01, host: hv01, state: failed-over, in_azure: 3d, disks: [{size: 16MiB, content: 64KiB}]}]
`
