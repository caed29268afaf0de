package field_test

import (
	"io"
	"strings"
	"testing"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"

	"failback/tui/field"
	"failback/tui/glyph"
	"failback/tui/look"
	"failback/tui/theme"
	"failback/tui/tuitest"
)

var plain = look.Look{T: theme.New(theme.None, io.Discard), G: glyph.ASCII()}

func typed(f *field.Field, s string) *field.Field {
	f.Key(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(s), Paste: true})
	return f
}

func TestConfirmTakesTheExactTextAlone(t *testing.T) {
	if !typed(field.Confirm("Type it:", "web01"), "web01").Met() {
		t.Error("the exact text is not met")
	}
	for _, in := range []string{"Web01", "web01 ", "", "web0"} {
		if typed(field.Confirm("Type it:", "web01"), in).Met() {
			t.Errorf("%q is met", in)
		}
	}
}

func TestRequiredWantsMoreThanBlanks(t *testing.T) {
	f := field.New("Why:", "")
	f.Required = true
	if typed(f, "  ").Met() || !typed(f, "x").Met() {
		t.Error("blanks count as a reason")
	}
}

func TestSecretIsNeverDrawn(t *testing.T) {
	f := typed(field.Secret("Password", ""), "sesame")
	for _, focused := range []bool{true, false} {
		if v := f.View(plain, 60, focused); strings.Contains(v, "sesame") || !strings.Contains(v, "******") {
			t.Errorf("drawn as %q", v)
		}
	}
}

func TestPasteIsCleaned(t *testing.T) {
	if got := typed(field.New("Name", ""), "a\x1b[2Jb\u202ec").Value(); got != "a[2Jbc" {
		t.Errorf("the value is %q", got)
	}
}

func TestCaretStaysInSight(t *testing.T) {
	f := typed(field.New("Path", ""), strings.Repeat("long/", 30)+"end")
	v := f.View(plain, 40, true)
	if ansi.StringWidth(v) > 40 || !strings.Contains(v, "end_") {
		t.Errorf("drawn as %q", v)
	}
	f.Key(tuitest.Key("home"))
	if v := f.View(plain, 40, true); !strings.Contains(v, "_long") {
		t.Errorf("at the begin drawn as %q", v)
	}
}
