package connect_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"failback/engine"
	"failback/engine/rules"
	"failback/engine/runs"
	"failback/providers/lab"
)

// sealed is an estate whose machine at home has the retired encryption.
const sealed = `
name: sealed
speed: 1
fabrics: [{name: vmm01, kind: vmm, key_thumbprint: AB12CD34, key_expires: "2021-09-20"}]
hosts: [{name: vmm01, fabric: vmm01, switches: [{name: LAN, type: External}]}]
items:
  - {name: hr01, host: vmm01, state: protected, encryption: true, disks: [{size: 16MiB, content: 256KiB}]}
  - {name: hr02, host: vmm01, state: protected, disks: [{size: 16MiB, content: 256KiB}]}
`

// tap records the bodies of planned failovers on their way to the lab.
type tap struct {
	to http.RoundTripper

	mu     sync.Mutex
	bodies []string
}

func (t *tap) RoundTrip(r *http.Request) (*http.Response, error) {
	if strings.HasSuffix(r.URL.Path, "/plannedFailover") && r.Body != nil {
		raw, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		r.Body = io.NopCloser(bytes.NewReader(raw))
		t.mu.Lock()
		t.bodies = append(t.bodies, string(raw))
		t.mu.Unlock()
	}
	return t.to.RoundTrip(r)
}

// details are the provider specific details of the one body that was sent.
func (t *tap) details(tb testing.TB) map[string]any {
	tb.Helper()
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.bodies) != 1 {
		tb.Fatalf("%d planned failovers were sent", len(t.bodies))
	}
	var body struct {
		Properties struct {
			Details map[string]any `json:"providerSpecificDetails"`
		} `json:"properties"`
	}
	if err := json.Unmarshal([]byte(t.bodies[0]), &body); err != nil {
		tb.Fatal(err)
	}
	return body.Properties.Details
}

// tapped is inBubble with the requests recorded.
func tapped(t *testing.T, estate string, f func(t *testing.T, b *bed, sent *tap)) {
	t.Helper()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		sent := &tap{}
		b := openBedOver(t, dir, estate, func(m *lab.Memory) http.RoundTripper {
			sent.to = m.Transport()
			return sent
		}, nil)
		defer b.close()
		f(t, b, sent)
	})
}

// away is a plan towards Azure, every gate answered by policy.
func (b *bed) away(name string) engine.Plan {
	b.t.Helper()
	p := b.plan("", name)
	p.Direction = engine.ToAzure
	return p
}

// with gives the manager a certificate to send.
func (b *bed) with(cert *engine.Certificate) {
	b.m = runs.NewManager(b.store, b.conn, runs.Settings{Program: "test", Driver: "anna@jump01", Preflight: rules.Check, Certificate: cert})
}

const pfxBytes = "the bytes of a PFX, which no file may hold"

// S39: the forward request carries the certificate's file, whole; neither journal
// nor plan nor the lab's log of requests does.
func TestS39ForwardRequestCarriesTheCertificate(t *testing.T) {
	t.Parallel()
	tapped(t, sealed, func(t *testing.T, b *bed, sent *tap) {
		b.with(engine.NewCertificate("AB12CD34", []byte(pfxBytes)))
		p := b.away("hr01")
		p.CertificateThumbprint = "AB12CD34"
		b.succeeded(b.run(p))
		d := sent.details(t)
		if d["primaryKekCertificatePfx"] != base64.StdEncoding.EncodeToString([]byte(pfxBytes)) || d["instanceType"] != "HyperVReplicaAzure" {
			t.Errorf("sent %v", d)
		}
		for _, field := range []string{"recoveryPointId", "osUpgradeVersion", "secondaryKekCertificatePfx"} {
			if _, there := d[field]; there {
				t.Errorf("%s was sent", field)
			}
		}
		b.nowhere(pfxBytes, base64.StdEncoding.EncodeToString([]byte(pfxBytes)))
	})
}

// nowhere wants none of the texts in any file of the state directory.
func (b *bed) nowhere(texts ...string) {
	b.t.Helper()
	files := 0
	err := filepath.WalkDir(b.dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.Contains(path, "blobs") || strings.HasSuffix(path, ".vhd") {
			return err
		}
		info, err := d.Info()
		if err != nil || info.Size() > 1<<22 {
			return err
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		files++
		for _, text := range texts {
			if bytes.Contains(raw, []byte(text)) {
				b.t.Errorf("%s holds %q", path, text)
			}
		}
		return nil
	})
	if err != nil || files < 3 {
		b.t.Errorf("%d files looked at, %v", files, err)
	}
}

// S39: only an encrypted machine's request has it, and a failback's never.
func TestS39OnlyTheEncryptedMachineSendsIt(t *testing.T) {
	t.Parallel()
	tapped(t, sealed, func(t *testing.T, b *bed, sent *tap) {
		b.with(engine.NewCertificate("AB12CD34", []byte(pfxBytes)))
		p := b.away("hr02")
		p.CertificateThumbprint = "AB12CD34"
		b.succeeded(b.run(p))
		if d := sent.details(t); d["primaryKekCertificatePfx"] != nil {
			t.Errorf("sent %v", d)
		}
	})
	tapped(t, estateWith(""), func(t *testing.T, b *bed, sent *tap) {
		b.with(engine.NewCertificate("AB12CD34", []byte(pfxBytes)))
		p := b.plan(engine.SyncFull, "app01")
		p.CertificateThumbprint = "AB12CD34"
		b.succeeded(b.run(p))
		for field := range sent.details(t) {
			if strings.Contains(strings.ToLower(field), "certificate") {
				t.Errorf("the failback sent %s", field)
			}
		}
	})
}

// S39: a certificate that the vault does not know blocks before anything stops.
func TestS39AnotherCertificateBlocks(t *testing.T) {
	t.Parallel()
	tapped(t, sealed, func(t *testing.T, b *bed, _ *tap) {
		b.with(engine.NewCertificate("FFFF", []byte(pfxBytes)))
		p := b.away("hr01")
		p.CertificateThumbprint = "FFFF"
		b.failed(b.run(p), "hr01", engine.FailureBlocked, "AB12CD34", "FFFF")
		if n := len(b.posts()); n != 0 {
			t.Errorf("%d requests were sent", n)
		}
	})
}

// S39: nothing keeps the certificate, so a resume asks for it again, and goes on
// with it.
func TestS39ResumeAsksForTheCertificateAgain(t *testing.T) {
	t.Parallel()
	tapped(t, sealed, func(t *testing.T, b *bed, sent *tap) {
		cert := engine.NewCertificate("AB12CD34", []byte(pfxBytes))
		b.with(cert)
		p := b.away("hr01")
		p.CertificateThumbprint, p.Approve = "AB12CD34", nil
		h := b.start(p)
		b.until(h, "at the gate", atGate("hr01", engine.GateComplete))
		h.Detach()
		<-h.Done()
		b.with(nil)
		if _, err := b.m.Resume(t.Context(), h.ID()); engine.KindOf(err) != engine.FailureUsage || !strings.Contains(err.Error(), "--certificate") {
			t.Fatalf("resume without it: %v", err)
		}
		b.with(engine.NewCertificate("0000", []byte("another")))
		if _, err := b.m.Resume(t.Context(), h.ID()); engine.KindOf(err) != engine.FailureUsage {
			t.Fatalf("resume with another: %v", err)
		}
		b.with(cert)
		again := b.resume(h.ID())
		b.until(again, "at the gate again", atGate("hr01", engine.GateComplete))
		if err := again.Decide("hr01", engine.Decision{Gate: engine.GateComplete, By: "anna"}); err != nil {
			t.Fatal(err)
		}
		b.until(again, "at the commit gate", atGate("hr01", engine.GateCommit))
		if sent.details(t)["primaryKekCertificatePfx"] == nil {
			t.Error("the resumed run sent no certificate")
		}
		again.Detach()
		<-again.Done()
		b.with(nil) // what is left to do sends none
		last := b.resume(h.ID())
		b.until(last, "at the commit gate", atGate("hr01", engine.GateCommit))
	})
}

// A recovery point of the plan is what the request names; the latest is named by
// nothing.
func TestForwardToARecoveryPoint(t *testing.T) {
	t.Parallel()
	tapped(t, many, func(t *testing.T, b *bed, sent *tap) {
		points, err := b.conn.Ports.Inventory.RecoveryPoints(t.Context(), b.item("home01").ID)
		if err != nil || len(points) < 2 || !points[0].Time.After(points[1].Time) || points[0].Kind != "ApplicationConsistent" {
			t.Fatalf("points = %+v, %v", points, err)
		}
		p := b.away("home01")
		p.Items[0].RecoveryPoint, p.Items[0].RecoveryPointTime = points[1].ID, points[1].Time
		s := b.run(p)
		b.succeeded(s)
		if got := sent.details(t)["recoveryPointId"]; got != points[1].ID {
			t.Errorf("sent %v, want %s", got, points[1].ID)
		}
		for _, f := range s.Leg("home01").Findings {
			if f.Rule == "recovery-point" && (f.Verdict != engine.VerdictWarn || !strings.Contains(f.Observed, "will not be in Azure")) {
				t.Errorf("%+v", f)
			}
		}
		if points, err = b.conn.Ports.Inventory.RecoveryPoints(t.Context(), b.item("home01").ID); err != nil || len(points) != 0 {
			t.Errorf("after the commit there are %d points, %v", len(points), err)
		}
	})
	inBubble(t, many, func(t *testing.T, b *bed) {
		p := b.away("home01")
		p.Items[0].RecoveryPoint = b.item("home01").ID + "/recoveryPoints/gone"
		b.failed(b.run(p), "home01", engine.FailureBlocked, "not among")
	})
}

// S10: a failback that Site Recovery refuses for its disks says so in the service's
// words, with what to do; nothing was stopped.
func TestS10RefusedForManagedDisks(t *testing.T) {
	t.Parallel()
	inBubble(t, strings.Replace(estateWith("", "{when: start, what: managed-refused, item: app01}"), "in_azure: 3d", "in_azure: 3d\n    managed: true", 1), func(t *testing.T, b *bed) {
		s := b.run(b.plan(engine.SyncDelta, "app01"))
		b.failed(s, "app01", engine.FailureRefused, "Expected 'Blob', Actual 'ManagedDisk'", "nothing was stopped", "without Site Recovery")
		if got := b.azureVM("app01"); got == nil || got.Power != "running" || len(b.posts()) != 0 {
			t.Errorf("Azure VM %+v, sent %v", got, b.posts())
		}
	})
}

// S40: two starts at the same moment come to one job; the other is refused.
func TestS40TwoStartsAtOnceAreOneJob(t *testing.T) {
	t.Parallel()
	inBubble(t, estateWith(""), func(t *testing.T, b *bed) {
		first, second := b.start(b.plan(engine.SyncDelta, "app01")), b.start(b.plan(engine.SyncDelta, "app01"))
		good := 0
		for _, h := range []runs.Handle{first, second} {
			s := b.finish(h)
			if s.Outcome == engine.OutcomeSucceeded {
				good++
				continue
			}
			if f := s.Leg("app01").Failure; f == nil || f.Kind != engine.FailureRefused && f.Kind != engine.FailureBlocked {
				b.dump(s)
				t.Errorf("the other run: %v", f)
			}
		}
		if got := b.posts(); good != 1 || got["plannedFailover"] != 1 || got["failoverCommit"] != 1 {
			t.Errorf("%d runs went well, accepted %v", good, got)
		}
	})
}
