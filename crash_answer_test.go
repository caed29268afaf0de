//go:build unix

package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"testing"
	"time"

	"failback/engine"
)

// between sits between drivers and the lab's management server, and holds one
// answer back: the request was taken, and nobody has heard of it.
type between struct {
	taken  chan struct{} // closed when the lab has answered
	holdAt string        // last word of the request's path; empty when it was held
}

// putBetween leaves the address of a go-between where drivers look for the lab.
func (c *crash) putBetween(word string) *between {
	c.t.Helper()
	b := &between{taken: make(chan struct{}), holdAt: word}
	file := filepath.Join(c.dir, "lab", "crash", "endpoint.json")
	var notice map[string]any
	if err := json.Unmarshal([]byte(read(c.t, file)), &notice); err != nil {
		c.t.Fatal(err)
	}
	at := notice["endpoints"].(map[string]any)
	lab, err := url.Parse(at["management"].(string))
	if err != nil {
		c.t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(lab)
	proxy.ModifyResponse = b.hold
	server := httptest.NewServer(proxy)
	c.t.Cleanup(server.Close)
	at["management"] = server.URL
	raw, err := json.Marshal(notice)
	if err == nil {
		err = os.WriteFile(file, raw, 0o600)
	}
	if err != nil {
		c.t.Fatal(err)
	}
	return b
}

// hold keeps the answer until nobody waits for it any more. It is called for one
// effectful request at a time: a leg sends no two at once.
func (b *between) hold(r *http.Response) error {
	if r.Request.Method == http.MethodPost && path.Base(r.Request.URL.Path) == b.holdAt {
		b.holdAt = ""
		close(b.taken)
		<-r.Request.Context().Done()
	}
	return nil
}

// asks is what is asked for in a phase: the last word of the request's path, and
// the operation as the journal names it.
var asks = map[engine.Phase]struct {
	word string
	op   engine.Op
}{
	engine.PhasePrepare:          {"plannedFailover", engine.OpStart},
	engine.PhaseStopAzure:        {"resume", engine.OpComplete},
	engine.PhaseCommit:           {"failoverCommit", engine.OpCommit},
	engine.PhaseReverseReplicate: {"reProtect", engine.OpReprotect},
}

// killUnanswered kills the driver when the service has taken a request and the
// driver has not heard of it. Only looking tells the next driver that it must not
// ask again.
func killUnanswered(t *testing.T, want ending, phase engine.Phase) {
	c := newCrash(t, "quick")
	c.serveLab()
	ask := asks[phase]
	b := c.putBetween(ask.word)
	driver := c.start(engine.SyncDelta)
	select {
	case <-b.taken:
	case <-time.After(crashPatience):
		t.Errorf("nobody asked for %s", ask.word)
	}
	driver.kill()
	c.isIn(phase)
	if op, ok := c.state().Legs[0].Ops[ask.op]; !ok || op.Accepted {
		t.Fatalf("the journal should know that %s was about to be asked for, and no more: %+v", ask.word, op)
	}
	c.resume().succeeds()
	c.endsLike(want, engine.SyncDelta)
}
