package config

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestReadPlanKeepsWhatWasWritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "plan.yaml")
	text := `items: [web01, sql01]
direction: to-onprem
sync: delta
to: hv02.example
create_vm: true
approve: [complete]
window: {start: 2026-11-23T22:00:00+01:00, end: 2026-11-24T04:00:00+01:00}
downtime_budget: 20m
reason: site is back
prove:
  addresses: [web01=10.0.0.5]
  ports: [443, "sql01=1433"]
  script: look.sh
  script_timeout: 90s
`
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := ReadPlan(path)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(p.Items, []string{"web01", "sql01"}) || p.To != "hv02.example" || !p.CreateVM || p.Path != path {
		t.Errorf("plan %+v", p)
	}
	if want := time.Date(2026, 11, 23, 21, 0, 0, 0, time.UTC); !p.Window.Start.Equal(want) {
		t.Errorf("window starts %v, want %v", p.Window.Start, want)
	}
	if w := p.Prove; !slices.Equal(w.Addresses, []string{"web01=10.0.0.5"}) || !slices.Equal(w.Ports, []string{"443", "sql01=1433"}) ||
		w.Script != filepath.Join(filepath.Dir(path), "look.sh") || w.ScriptTimeout.Std() != 90*time.Second {
		t.Errorf("prove %+v", w)
	}
	if p.DowntimeBudget.Std() != 20*time.Minute {
		t.Errorf("budget %v", p.DowntimeBudget.Std())
	}
}

func TestReadPlanNamesFileLineAndKey(t *testing.T) {
	for name, c := range map[string]struct {
		yaml string
		line int
		key  string
	}{
		"empty":            {"", 0, "items"},
		"unknown key":      {"items: [a]\nsynch: delta\n", 2, "synch"},
		"unknown sync":     {"items: [a]\nsync: quick\n", 2, "sync"},
		"unknown way":      {"items: [a]\ndirection: home\n", 2, "direction"},
		"unknown gate":     {"items: [a]\napprove:\n  - finish\n", 2, "approve.0"},
		"nameless":         {"items:\n  - \"\"\n", 1, "items.0"},
		"time of nothing":  {"items: [a]\nprove:\n  script_timeout: 1m\n", 3, "prove.script_timeout"},
		"both":             {"items: [a]\nrecovery_plan: rp\n", 2, "recovery_plan"},
		"lab and profile":  {"items: [a]\nlab: true\nprofile: p\n", 3, "profile"},
		"estate alone":     {"items: [a]\nestate: small\n", 2, "estate"},
		"window backwards": {"items: [a]\nwindow:\n  start: 2026-01-02T00:00:00Z\n  end: 2026-01-01T00:00:00Z\n", 4, "window.end"},
		"time is no time":  {"items: [a]\nwindow:\n  start: tonight\n", 3, "window.start"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ParsePlan("plan.yaml", []byte(c.yaml))
			var e *Error
			if !errors.As(err, &e) {
				t.Fatalf("no error of ours: %v", err)
			}
			if e.Line != c.line || e.Key != c.key || strings.TrimSpace(e.Why) == "" {
				t.Errorf("got line %d key %q (%s), want line %d key %q", e.Line, e.Key, e.Why, c.line, c.key)
			}
		})
	}
}

func FuzzPlan(f *testing.F) {
	f.Add([]byte("items: [a]\nsync: delta\n"))
	f.Add([]byte("items: &a [b]\napprove: *a\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		p, err := ParsePlan("plan.yaml", raw)
		var e *Error
		switch {
		case err != nil && !errors.As(err, &e):
			t.Fatalf("an error that names no file: %v", err)
		case err == nil && len(p.Items) == 0 && p.RecoveryPlan == "":
			t.Fatal("a plan for nothing was accepted")
		}
	})
}

func FuzzConfig(f *testing.F) {
	f.Add([]byte(whole))
	f.Add([]byte("profiles: {a: {auth: loopback, token: t}}"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		c, err := Parse("config.yaml", raw)
		var e *Error
		if err != nil && !errors.As(err, &e) {
			t.Fatalf("an error that names no file: %v", err)
		}
		for name, p := range c.Profiles {
			if p.Token != "" && (p.Auth != AuthLoopback || !loopback(p.Cloud.ResourceManager)) {
				t.Fatalf("profile %q keeps a token for another machine", name)
			}
		}
	})
}
