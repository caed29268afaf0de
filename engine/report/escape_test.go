package report

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"failback/engine"
)

func TestText(t *testing.T) {
	for in, want := range map[string]string{
		"plain name-01.x":          "plain name-01.x",
		"a|b":                      `a\|b`,
		"**bold** _it_ `x` <b> &":  "\\*\\*bold\\*\\* \\_it\\_ \\`x\\` \\<b\\> \\&",
		"[x](http://evil.example)": `\[x\](http\://evil.example)`,
		"www.evil.example":         `www\.evil.example`,
		"line\nbreak\ttab\u2028x":  "line break tab x",
		"\x1b[31mred":              "\uFFFD\\[31mred",
		"abc\u202Etxt.exe":         "abc\uFFFDtxt.exe",
		"zero\u200Bwidth":          "zero\uFFFDwidth",
		"bad\xffutf8":              "bad\uFFFDutf8",
		"C1 \u009b31m":             "C1 \uFFFD31m",
		"Zürich 東京":                "Zürich 東京",
		"# no heading":             `\# no heading`,
	} {
		if got := text(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

// hostile texts come from every place that a journal takes from outside.
func hostile(t *testing.T, evil string) []engine.Event {
	t.Helper()
	p := plan(engine.SyncDelta)
	p.Owner, p.Reason, p.Vault, p.Items[0].Name = evil, evil, evil, "w"+evil
	j := begin(t, p)
	j.phase(engine.PhasePreflight, 0, engine.PreflightChecked{Finding: engine.Finding{Rule: evil, Title: evil, Verdict: engine.Verdict(evil), Observed: evil, Remedy: evil, Source: evil, Dated: evil}})
	j.in(engine.PhasePrepare, engine.PhaseStarted{})
	j.in(engine.PhasePrepare, engine.IntentRecorded{Op: engine.Op(evil), Request: evil})
	j.in(engine.PhasePrepare, engine.OperationAccepted{Op: engine.Op(evil), Job: evil})
	j.in(engine.PhasePrepare, engine.BootChecked{Result: engine.BootResult(evil), State: evil, Heartbeat: evil, Addresses: []string{evil}})
	j.in(engine.PhasePrepare, engine.DiskProved{Disk: evil, Source: evil, Target: evil, Equal: true})
	j.in(engine.PhasePrepare, engine.DiskProved{Disk: "x", Missing: evil})
	j.in(engine.PhasePrepare, engine.PowerChanged{Side: engine.Location(evil), Power: engine.Power(evil)})
	j.in(engine.PhasePrepare, engine.DamageMarked{Reason: evil})
	j.in(engine.PhasePrepare, engine.Noted{Level: evil, Text: evil})
	j.in(engine.PhasePrepare, engine.PhaseFailed{Failure: &engine.Failure{Kind: engine.FailureKind(evil), What: evil, Where: evil, Why: evil, Remedy: evil}})
	j.in(engine.PhasePrepare, engine.CancelRequested{By: evil, Reason: evil})
	j.at(engine.LegFinished{Outcome: engine.OutcomeCancelled})
	j.all(engine.Noted{Level: evil, Text: evil})
	j.finish(engine.Outcome(evil))
	return j.events
}

func FuzzReport(f *testing.F) {
	for _, s := range []string{"|\n# x", "\x1b]0;title\x07", "\u202Eabc", "`<script>`", "\\|", "\xff", "\u009b", "a\U000E0001b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, evil string) {
		r := build(t, hostile(t, evil))
		doc := markdown(t, r)
		if !utf8.ValidString(doc) {
			t.Error("the document is no UTF-8")
		}
		for _, c := range doc {
			if c != '\n' && unsafe(c) {
				t.Fatalf("character %U stands in the document", c)
			}
		}
		tablesAreWhole(t, doc)
		var out bytes.Buffer
		if err := r.WriteJSON(&out); err != nil {
			t.Fatal(err)
		}
		var again Report
		if err := json.Unmarshal(out.Bytes(), &again); err != nil {
			t.Fatal(err)
		}
		if want := strings.ToValidUTF8(evil, "\uFFFD"); utf8.ValidString(evil) && again.Plan.Owner != want {
			t.Errorf("the owner %q became %q", want, again.Plan.Owner)
		}
		for _, c := range out.String() {
			if c != '\n' && unsafe(c) && c >= 0x7f {
				t.Fatalf("character %U stands in the JSON", c)
			}
		}
	})
}

// tablesAreWhole wants every row of a table to have as many cells as its head.
func tablesAreWhole(t *testing.T, doc string) {
	t.Helper()
	width := 0
	for line := range strings.SplitSeq(doc, "\n") {
		if !strings.HasPrefix(line, "| ") && !strings.HasPrefix(line, "|") {
			width = 0
			continue
		}
		n := cells(line)
		if width == 0 {
			width = n
		}
		if n != width {
			t.Errorf("a row of %d cells in a table of %d: %q", n, width, line)
		}
	}
}

// cells counts the bars that are not escaped.
func cells(line string) int {
	n, escaped := 0, false
	for _, c := range line {
		switch {
		case escaped:
			escaped = false
		case c == '\\':
			escaped = true
		case c == '|':
			n++
		}
	}
	return n
}
