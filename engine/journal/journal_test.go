package journal

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"failback/engine"
)

var at = time.Date(2026, 11, 23, 2, 0, 0, 0, time.UTC)

func note(seq uint64, text string) engine.Event {
	return engine.Event{V: 1, Seq: seq, Time: at, Run: "20261123-020000-abcd", Body: engine.Noted{Level: "info", Text: text}}
}

func opened() engine.Event {
	return engine.Event{V: 1, Seq: 1, Time: at, Run: "20261123-020000-abcd", Body: engine.StreamOpened{Schema: 1, Program: "test"}}
}

// written makes a journal of n events and returns its path and bytes.
func written(t *testing.T, n int) (string, []byte) {
	t.Helper()
	path := filepath.Join(t.TempDir(), FileName)
	w, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := 1; i <= n; i++ {
		e := note(uint64(i), strings.Repeat("x", i))
		if i == 1 {
			e = opened()
		}
		if err := w.Append(e); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return path, raw
}

func TestJournalRoundTrip(t *testing.T) {
	path, _ := written(t, 5)
	w, events, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if len(events) != 5 || events[4].Body.(engine.Noted).Text != "xxxxx" {
		t.Fatalf("read back %+v", events)
	}
	if err := w.Append(note(6, "more")); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if events, err = Read(path); err != nil || len(events) != 6 {
		t.Fatalf("after appending: %d events, %v", len(events), err)
	}
}

// Every cut of the file must read as the whole lines before the cut, and an
// appending process must be able to go on from there.
func TestJournalTornTailIsCutAtEveryByte(t *testing.T) {
	_, raw := written(t, 4)
	for cut := range len(raw) + 1 {
		path := filepath.Join(t.TempDir(), FileName)
		if err := os.WriteFile(path, raw[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		want := bytes.Count(raw[:cut], []byte("\n"))
		w, events, err := Open(path)
		if err != nil || len(events) != want {
			t.Fatalf("cut at %d: %d events, want %d, %v", cut, len(events), want, err)
		}
		if err := errors.Join(w.Append(note(uint64(want+1), "on")), w.Close()); err != nil {
			t.Fatal(err)
		}
		if events, err = Read(path); err != nil || len(events) != want+1 {
			t.Fatalf("cut at %d, appended: %d events, %v", cut, len(events), err)
		}
	}
}

// Any changed byte of a whole line is refused, the last line's included.
func TestJournalDamageIsRefusedAtEveryByte(t *testing.T) {
	path, raw := written(t, 3)
	for i, b := range raw {
		if b == '\n' {
			continue
		}
		bad := bytes.Clone(raw)
		bad[i] = b ^ 0x20
		if bad[i] == '\n' || bad[i] == 0 {
			bad[i] = b ^ 0x01
		}
		events, err := Decode(path, bytes.NewReader(bad))
		var d *Damaged
		if !errors.As(err, &d) || d.Line == 0 {
			t.Fatalf("byte %d (%q→%q): %d events, err %v", i, b, bad[i], len(events), err)
		}
	}
}

func TestJournalLostLineIsRefused(t *testing.T) {
	path, raw := written(t, 3)
	lines := bytes.SplitAfter(raw, []byte("\n"))
	_, err := Decode(path, bytes.NewReader(append(bytes.Clone(lines[0]), lines[2]...)))
	var d *Damaged
	if !errors.As(err, &d) || d.Line != 2 {
		t.Fatalf("a lost line gave %v", err)
	}
}

func TestJournalNewerSchemaIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), FileName)
	w, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	e := opened()
	e.Body = engine.StreamOpened{Schema: engine.SchemaVersion + 1, Program: "future"}
	if err := errors.Join(w.Append(e), w.Close()); err != nil {
		t.Fatal(err)
	}
	_, err = Read(path)
	var n *Newer
	if !errors.As(err, &n) || n.Schema != engine.SchemaVersion+1 {
		t.Fatalf("a newer journal gave %v", err)
	}
}

func TestLockIsExclusiveAndNamesItsOwner(t *testing.T) {
	dir := t.TempDir()
	if o, live := Live(dir); live {
		t.Fatalf("nobody holds it, but %v", o)
	}
	l, err := Acquire(dir, "anna@jump01", at)
	if err != nil {
		t.Fatal(err)
	}
	_, err = Acquire(dir, "bert@jump02", at)
	var held *Held
	if !errors.As(err, &held) || held.Owner.Driver != "anna@jump01" || held.Owner.PID != os.Getpid() {
		t.Fatalf("a second lock gave %v", err)
	}
	if o, live := Live(dir); !live || o.Driver != "anna@jump01" {
		t.Fatalf("live %v by %v", live, o)
	}
	if err := l.Release(); err != nil {
		t.Fatal(err)
	}
	if l, err = Acquire(dir, "bert@jump02", at); err != nil {
		t.Fatal(err)
	}
	if err := l.Release(); err != nil {
		t.Fatal(err)
	}
}

func FuzzJournalDecode(f *testing.F) {
	f.Add([]byte("{\"sum\":\"00\",\"event\":{}}\n"))
	f.Add([]byte("{\"sum\":\"\",\"event\":null}\nx"))
	f.Add([]byte{0, '\n'})
	f.Fuzz(func(t *testing.T, raw []byte) {
		events, err := Decode("fuzz", bytes.NewReader(raw))
		if err == nil && len(events) > bytes.Count(raw, []byte("\n")) {
			t.Fatalf("%d events from %d lines", len(events), bytes.Count(raw, []byte("\n")))
		}
	})
}

// Whatever stands in a line whose checksum is right is read or refused, and what is
// read can be folded or is refused there: a chain of hashes proves no sense.
func FuzzChainedEvent(f *testing.F) {
	plan := `{"v":1,"seq":1,"type":"run.planned","plan":{"direction":"to-onprem","sync":"delta","items":[{"id":"i","name":"web01"}]}}`
	for _, second := range []string{
		`{"v":1,"seq":2,"type":"phase.started","item":"web01","phase":"preflight"}`,
		`{"v":1,"seq":2,"type":"phase.failed","item":"web01","phase":"preflight","failure":null}`,
		`{"v":1,"seq":2,"type":"gate.opened","item":"web01","gate":"complete"}`,
		`{"v":1,"seq":2,"type":"run.planned","plan":{}}`, `{"v":1,"seq":9,"type":"noted"}`, `{"v":2,"seq":2,"type":"noted"}`, `[]`, `null`,
	} {
		f.Add([]byte(plan), []byte(second))
	}
	f.Fuzz(func(t *testing.T, first, second []byte) {
		one := chain(firstSum, first)
		raw := append(frame(one, first), frame(chain(one, second), second)...)
		events, err := Decode("fuzz", bytes.NewReader(raw))
		if err != nil {
			var (
				d *Damaged
				n *Newer
			)
			if !errors.As(err, &d) && !errors.As(err, &n) {
				t.Fatalf("refused with %T: %v", err, err)
			}
			return
		}
		s, err := engine.Fold(events)
		for _, l := range s.Legs {
			_, _ = l.CanCancel()
			_ = l.Phase()
		}
		if err == nil {
			_ = s.Downtime(at)
		}
	})
}
