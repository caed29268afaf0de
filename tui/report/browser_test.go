package report_test

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"failback/engine"
	evidence "failback/engine/report"
	"failback/tui/glyph"
	"failback/tui/look"
	"failback/tui/report"
	"failback/tui/theme"
	"failback/tui/tuitest"
)

func markdown(t testing.TB, events []engine.Event) []byte {
	t.Helper()
	r, err := evidence.Build(events)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := r.WriteMarkdown(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func browser(doc []byte, g glyph.Set) *report.Browser {
	return report.Read(look.Look{T: theme.New(theme.None, io.Discard), G: g, Still: true}, "20260314-221500-lab01", doc)
}

func seen(b *report.Browser, w, h int) string { return strings.Join(b.View(w, h), "\n") }

func recorded(names ...string) []engine.Event {
	return tuitest.Record(tuitest.Plan(engine.SyncDelta, names...), time.Date(2026, 3, 14, 22, 15, 0, 0, time.UTC))
}

func TestEvidenceIsReadByLineSectionAndSearch(t *testing.T) {
	b := browser(markdown(t, recorded("web01", "db01")), glyph.Unicode())
	press := func(keys ...string) {
		for _, k := range keys {
			b.Update(tuitest.Key(k))
		}
	}
	if v := seen(b, 78, 20); !strings.Contains(v, "Evidence of run") || !strings.Contains(v, "Outcome: succeeded.") {
		t.Fatalf("the beginning:\n%s", v)
	}
	tuitest.Golden(t, "evidence-80x24", seen(b, 78, 20))
	press("right", "right")
	if v := seen(b, 78, 20); strings.Contains(v, "Evidence of run") || !strings.Contains(v, "Phases") {
		t.Errorf("the second section on:\n%s", v)
	}
	tuitest.Golden(t, "evidence-phases-80x24", seen(b, 78, 20))
	tuitest.Golden(t, "evidence-120x40", seen(b, 118, 35))
	press("left", "left", "left", "left")
	if v := seen(b, 78, 20); !strings.Contains(v, "Evidence of run") {
		t.Errorf("back at the beginning:\n%s", v)
	}
	press("/")
	if !b.Modal() {
		t.Fatal("letters would be commands")
	}
	press("s", "h", "a", "-", "2", "5", "6", "enter")
	v := seen(b, 78, 20)
	if !strings.Contains(v, "1 of 2 lines") || !strings.Contains(v, "› ") {
		t.Errorf("found:\n%s", v)
	}
	press("n")
	if v = seen(b, 78, 20); !strings.Contains(v, "2 of 2 lines") {
		t.Errorf("the next:\n%s", v)
	}
	press("n")
	if v = seen(b, 78, 20); !strings.Contains(v, "1 of 2 lines") {
		t.Errorf("past the end:\n%s", v)
	}
	press("N")
	if v = seen(b, 78, 20); !strings.Contains(v, "2 of 2 lines") {
		t.Errorf("the one before:\n%s", v)
	}
	press("/", "z", "z", "z", "z")
	if v = seen(b, 78, 20); !strings.Contains(v, "nothing like that") {
		t.Errorf("nothing found:\n%s", v)
	}
	press("esc")
	if cmd := b.Update(tuitest.Key("esc")); cmd == nil || cmd() != (report.ClosedMsg{Run: "20260314-221500-lab01"}) {
		t.Error("esc does not close it")
	}
}

// Every word of the filed evidence is on the screen, whatever the width; names from
// outside are shown letter by letter.
func TestEveryWordOfTheEvidenceIsShown(t *testing.T) {
	p := tuitest.Plan(engine.SyncDelta, "web01")
	p.Items[0].Name, p.Reason = "we|b*0_1`", `<b>odd</b> \ & [link](http://x)`
	doc := markdown(t, tuitest.Record(p, time.Date(2026, 3, 14, 22, 15, 0, 0, time.UTC)))
	for _, w := range []int{30, 60, 90, 140} {
		b := browser(doc, glyph.Unicode())
		whole := strings.Join(strings.Fields(seen(b, w, 2000)), "")
		for _, want := range []string{"we|b*0_1`", `<b>odd</b>\&[link](http://x)`, "Proofofthedisks", "5c1f0ad2e7b1", "Madefromthe"} {
			if !strings.Contains(whole, want) {
				t.Errorf("%d cells: without %q:\n%s", w, want, seen(browser(doc, glyph.Unicode()), w, 2000))
			}
		}
	}
}

func TestEvidenceFitsEverySize(t *testing.T) {
	doc := markdown(t, recorded("web01"))
	for _, g := range []glyph.Set{glyph.Unicode(), glyph.ASCII()} {
		b := browser(doc, g)
		for w := 20; w <= 240; w += 11 {
			for h := 1; h <= 78; h += 7 {
				for _, k := range []string{"pgdown", "right", "G", "left", "g"} {
					b.Update(tuitest.Key(k))
					lines := b.View(w, h)
					if len(lines) > h {
						t.Fatalf("%dx%d: %d lines", w, h, len(lines))
					}
					for _, l := range lines {
						if ansi.StringWidth(l) > w {
							t.Fatalf("%dx%d: %q", w, h, l)
						}
					}
				}
			}
		}
	}
}

// Bytes that are no evidence of ours break nothing.
func FuzzEvidence(f *testing.F) {
	f.Add([]byte("# a\n\n| b | c |\n|---|---|\n| d |\n"), 40)
	f.Add([]byte("- x\n  1. y\n\n```\nz\n```\n> q\n"), 9)
	f.Fuzz(func(t *testing.T, doc []byte, w int) {
		w = 20 + (w%200+200)%200
		b := browser(doc, glyph.Unicode())
		for _, k := range []string{"G", "/", "a", "enter", "n", "N", "right", "left"} {
			b.Update(tuitest.Key(k))
			for _, l := range b.View(w, 20) {
				if ansi.StringWidth(l) > w || strings.ContainsAny(l, "\x1b\n") {
					t.Fatalf("%d cells: %q", w, l)
				}
			}
		}
	})
}
