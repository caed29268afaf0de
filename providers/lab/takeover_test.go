package lab

import (
	"net/http"
	"path/filepath"
	"reflect"
	"testing"
	"time"
)

// TestWhoIsAttachedServesTheLabThatIsLeft shows that two terminals keep one world
// also when the one that serves it is closed first.
func TestWhoIsAttachedServesTheLabThatIsLeft(t *testing.T) {
	o := Options{StateDir: t.TempDir(), Estate: "one"}
	first, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	second, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if second.Embedded() {
		t.Fatal("two processes serve one world")
	}
	at := first.Endpoints()
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	inherits(t, second)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, at.Management, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close() // nothing of it is read

	// A third one finds it there, and it is as it was.
	third, err := Open(t.Context(), Options{StateDir: o.StateDir})
	if err != nil {
		t.Fatal(err)
	}
	if got := third.Endpoints(); !reflect.DeepEqual(got, at) {
		t.Errorf("the lab moved from %+v to %+v", at, got)
	}
	for _, l := range []*Lab{second, third} {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}
	if l, err := take(filepath.Join(o.StateDir, "lab", "one")); l == nil || err != nil {
		t.Errorf("the lab is not free after everybody left: %v", err)
	} else if err := l.Unlock(); err != nil {
		t.Error(err)
	}
}

// Clients know a lab's addresses and its authority: who takes it over keeps both,
// whatever that process asked for itself.
func TestWhoInheritsALabSpeaksTLSToo(t *testing.T) {
	o := Options{StateDir: t.TempDir(), Estate: "one", TLS: true}
	first, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	at := first.Endpoints()
	o.TLS = false
	second, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	inherits(t, second)
	if got := second.heir.inherited().notice.Endpoints; !reflect.DeepEqual(got, at) || got.CA == nil {
		t.Errorf("the lab moved from %+v to %+v", at, got)
	}
	if err := second.Close(); err != nil {
		t.Error(err)
	}
}

// inherits waits until the lab is served by this process.
func inherits(t *testing.T, l *Lab) {
	t.Helper()
	tick := time.NewTicker(heirEvery / 4)
	defer tick.Stop()
	for deadline := time.Now().Add(10 * time.Second); !l.Embedded(); <-tick.C {
		if time.Now().After(deadline) {
			t.Fatal("nobody serves the lab that was left")
		}
	}
}
