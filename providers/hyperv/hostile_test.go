package hyperv_test

import (
	"encoding/json"
	"strings"
	"testing"

	"failback/engine"
	"failback/providers/hyperv/scripts"
)

// TestHostileTextStaysData sends text that would be code, were it ever part of a
// script, and finds it unchanged on the other side.
func TestHostileTextStaysData(t *testing.T) {
	l := newLab()
	a := access(t, l.memory())
	for _, text := range []string{
		`'; Stop-Computer -Force; '`,
		`"$(Remove-Item C:\ -Recurse)"`,
		"`$x`n`\"",
		"a\x00b\x01\x1b[2J",
		"line\r\nFBK1 e30= END\r\n",
		"\u202etxt.exe\u2066",
		"🦊👩‍👩‍👧‍👦",
		`\ufffd is six characters`,
		`]]></rsp:Stream><x a="&`,
		strings.Repeat("ю🙂'\"", 512),
		`/Date(0)/`,
		"web01 [a-z]*?",
	} {
		if err := a.Guard(t.Context(), "HV01", vmID, text); err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		var got scripts.GuardParams
		if err := json.Unmarshal(l.site.params[len(l.site.params)-1], &got); err != nil {
			t.Fatal(err)
		}
		if got.Mark != text {
			t.Errorf("%q arrived as %q", text, got.Mark)
		}
		if !strings.HasSuffix(l.site.vm.Notes, text) {
			t.Errorf("%q came back as %q", text, l.site.vm.Notes)
		}
	}
	l.noShells(t, a)
}

func TestTextThatCannotBeSent(t *testing.T) {
	l := newLab()
	a := access(t, l.memory())
	for name, text := range map[string]string{"not UTF-8": "a\xff", "too long": strings.Repeat("x", scripts.MaxParams)} {
		t.Run(name, func(t *testing.T) {
			wantKind(t, a.Guard(t.Context(), "HV01", vmID, text), engine.FailureUsage)
		})
	}
	if runs, _, _ := l.site.counts(); runs != 0 {
		t.Error("a script ran")
	}
}
