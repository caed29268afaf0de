package lab_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"failback/providers/lab"
)

func open(t *testing.T, o lab.Options) *lab.Lab {
	t.Helper()
	l, err := lab.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

func TestTwoOpensMeetInOneWorld(t *testing.T) {
	o := lab.Options{StateDir: t.TempDir(), Estate: "one"}
	first := open(t, o)
	second := open(t, o)
	third := open(t, lab.Options{StateDir: o.StateDir})
	if !first.Embedded() || second.Embedded() || third.Embedded() {
		t.Errorf("embedded: %v %v %v", first.Embedded(), second.Embedded(), third.Embedded())
	}
	if second.Endpoints().Management != first.Endpoints().Management || third.Estate() != "one" {
		t.Errorf("they are not in one world: %+v %+v", first.Endpoints(), second.Endpoints())
	}
	if err := lab.Reset(t.Context(), o); err == nil {
		t.Error("a served lab was reset")
	}
	err := lab.Serve(t.Context(), o, func(lab.Endpoints) error { return nil })
	if err == nil || !strings.Contains(err.Error(), "process") {
		t.Errorf("a second server: %v", err)
	}
}

func TestOpeningIsQuick(t *testing.T) {
	o := lab.Options{StateDir: t.TempDir()}
	start := time.Now()
	l, err := lab.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	fresh := time.Since(start)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	start = time.Now()
	l, err = lab.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	again := time.Since(start)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	t.Logf("fresh %v, again %v", fresh, again)
	if _, err := os.Stat(filepath.Join(o.StateDir, "lab", "small", "state.json")); err != nil {
		t.Error(err)
	}
	if err := lab.Reset(t.Context(), o); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(o.StateDir, "lab", "small", "state.json")); err == nil {
		t.Error("the reset left the world")
	}
}

func TestServeUntilTold(t *testing.T) {
	o := lab.Options{StateDir: t.TempDir(), Estate: "one"}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	told := make(chan lab.Endpoints, 1)
	go func() {
		done <- lab.Serve(ctx, o, func(e lab.Endpoints) error { told <- e; return nil })
	}()
	if e := <-told; e.Management == "" || e.Storage == "" || len(e.Hosts) != 2 || e.Token == "" || e.CA != nil {
		t.Errorf("%+v", e)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
