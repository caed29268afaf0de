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
	answers(t, at.Management)
	if !second.Embedded() {
		t.Error("somebody else answers")
	}

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

// answers waits until somebody listens at an address.
func answers(t *testing.T, url string) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err == nil {
			_ = resp.Body.Close() // nothing of it is read
			return
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
}
