package theme

import (
	"bytes"
	"math"
	"strings"
	"testing"

	"github.com/charmbracelet/lipgloss"
	"github.com/muesli/termenv"
)

// contrast is the ratio of the Web Content Accessibility Guidelines.
func contrast(a, b lipgloss.TerminalColor) float64 {
	lum := func(c lipgloss.TerminalColor) float64 {
		rgb := termenv.ConvertToRGB(termenv.RGBColor(string(c.(lipgloss.Color))))
		lin := func(v float64) float64 {
			if v <= 0.04045 {
				return v / 12.92
			}
			return math.Pow((v+0.055)/1.055, 2.4)
		}
		return 0.2126*lin(rgb.R) + 0.7152*lin(rgb.G) + 0.0722*lin(rgb.B)
	}
	x, y := lum(a), lum(b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

func TestContrastIsReadable(t *testing.T) {
	for name, c := range map[string]struct {
		p  palette
		on lipgloss.Color
	}{"dark": {dark, "#1e1e1e"}, "light": {light, "#ffffff"}} {
		for what, fg := range map[string]lipgloss.TerminalColor{
			"text": c.p.text, "muted": c.p.muted, "accent": c.p.accent, "ok": c.p.ok,
			"warn": c.p.warn, "bad": c.p.bad, "downtime": c.p.downtime,
		} {
			if r := contrast(fg, c.on); r < 4.5 {
				t.Errorf("%s: %s has a contrast of %.1f, want 4.5", name, what, r)
			}
		}
		if r := contrast(c.p.alarmFG, c.p.alarmBG); r < 4.5 {
			t.Errorf("%s: the alarm has a contrast of %.1f", name, r)
		}
	}
}

func TestNoneWritesNoEscapes(t *testing.T) {
	th := New(None, &bytes.Buffer{})
	for _, s := range []lipgloss.Style{th.Text, th.Strong, th.Accent, th.Alarm, th.Bad, th.Downtime} {
		if got := s.Render("x"); strings.Contains(got, "\x1b") {
			t.Errorf("%q holds an escape", got)
		}
	}
}

func TestSixteenNeverAsksForMore(t *testing.T) {
	r := lipgloss.NewRenderer(&bytes.Buffer{}, termenv.WithProfile(termenv.TrueColor))
	limit(r, termenv.ANSI)
	if got := build(r, sixteen).Bad.Render("x"); strings.Contains(got, "38;") {
		t.Errorf("%q uses more than sixteen colours", got)
	}
}
