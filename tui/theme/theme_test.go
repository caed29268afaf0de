package theme

import (
	"bytes"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/charmbracelet/lipgloss"
	"github.com/lucasb-eyer/go-colorful"
	"github.com/muesli/termenv"
)

// contrast is the ratio of the Web Content Accessibility Guidelines.
func contrast(a, b colorful.Color) float64 {
	lum := func(c colorful.Color) float64 {
		r, g, b := c.LinearRgb()
		return 0.2126*r + 0.7152*g + 0.0722*b
	}
	x, y := lum(a), lum(b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

// The sixteen colours of consoles, as they are delivered.
var consoles = map[string][]string{
	"the classic Windows console": {"#000000", "#800000", "#008000", "#808000", "#000080", "#800080", "#008080", "#c0c0c0",
		"#808080", "#ff0000", "#00ff00", "#ffff00", "#0000ff", "#ff00ff", "#00ffff", "#ffffff"},
	"Windows Terminal": {"#0c0c0c", "#c50f1f", "#13a10e", "#c19c00", "#0037da", "#881798", "#3a96dd", "#cccccc",
		"#767676", "#e74856", "#16c60c", "#f9f1a5", "#3b78ff", "#b4009e", "#61d6d6", "#f2f2f2"},
	"xterm": {"#000000", "#cd0000", "#00cd00", "#cdcd00", "#0000ee", "#cd00cd", "#00cdcd", "#e5e5e5",
		"#7f7f7f", "#ff0000", "#00ff00", "#ffff00", "#5c5cff", "#ff00ff", "#00ffff", "#ffffff"},
}

func colour(t *testing.T, c lipgloss.TerminalColor, console []string) (colorful.Color, bool) {
	t.Helper()
	if c == (lipgloss.NoColor{}) {
		return colorful.Color{}, false // the terminal's own
	}
	name := string(c.(lipgloss.Color))
	var n int
	if _, err := fmt.Sscanf(name, "%d", &n); err == nil {
		name = console[n]
	}
	hex, err := colorful.Hex(name)
	if err != nil {
		t.Fatal(err)
	}
	return hex, true
}

// readable checks every colour of a palette on a background: words at 4.5, lines
// and frames at 3, and the filled alarm by itself. No colour of the palette is
// left out.
func readable(t *testing.T, what string, p palette, console []string, on string, words float64) {
	t.Helper()
	back, err := colorful.Hex(on)
	if err != nil {
		t.Fatal(err)
	}
	pairs := map[string]struct {
		fg    lipgloss.TerminalColor
		least float64
	}{
		"text": {p.text, words}, "muted": {p.muted, words}, "accent": {p.accent, words}, "ok": {p.ok, words}, "warn": {p.warn, words},
		"bad": {p.bad, words}, "downtime": {p.downtime, words}, "frame": {p.frame, 3},
	}
	if want := reflect.TypeFor[palette]().NumField() - 2; len(pairs) != want {
		t.Fatalf("%d of %d colours are checked", len(pairs), want)
	}
	for name, c := range pairs {
		if fg, ok := colour(t, c.fg, console); ok {
			if r := contrast(fg, back); r < c.least {
				t.Errorf("%s: %s on %s has a contrast of %.2f, want %.1f", what, name, on, r, c.least)
			}
		}
	}
	fg, _ := colour(t, p.alarmFG, console)
	bg, _ := colour(t, p.alarmBG, console)
	if r := contrast(fg, bg); r < 4.5 {
		t.Errorf("%s: the alarm has a contrast of %.2f", what, r)
	}
}

func TestContrastIsReadable(t *testing.T) {
	for _, c := range []struct {
		what string
		p    palette
		on   []string
	}{
		{"dark", dark, []string{"#000000", "#0c0c0c", "#1e1e1e", "#282c34", "#002b36"}},
		{"colour-blind on dark", blindOnDark, []string{"#000000", "#0c0c0c", "#1e1e1e", "#282c34", "#002b36"}},
		{"light", light, []string{"#ffffff", "#fafafa", "#fdf6e3"}},
		{"colour-blind on light", blindOnLight, []string{"#ffffff", "#fafafa", "#fdf6e3"}},
	} {
		for _, on := range c.on {
			readable(t, c.what, c.p, nil, on, 4.5)
		}
	}
}

// The sixteen colours mean other ones in every console; they are held against
// those that are delivered most.
func TestContrastOfSixteenIsReadable(t *testing.T) {
	for name, console := range consoles {
		readable(t, "16 in "+name, sixteenOnDark, console, console[0], 4.5)
		readable(t, "16 in "+name+", light", sixteenOnLight, console, "#ffffff", 4.5)
	}
	// Windows PowerShell's own window is blue. What is bad is bold there and may
	// have the contrast of large letters.
	readable(t, "16 in Windows PowerShell", sixteenOnDark, consoles["the classic Windows console"], "#012456", 3.5)
}

// blindness are the matrices of Machado, Oliveira and Fernandes (2009) for eyes
// that lack one of the three kinds of cones.
var blindness = map[string][3][3]float64{
	"protanopia":   {{0.152286, 1.052583, -0.204868}, {0.114503, 0.786281, 0.099216}, {-0.003882, -0.048116, 1.051998}},
	"deuteranopia": {{0.367322, 0.860646, -0.227968}, {0.280085, 0.672501, 0.047413}, {-0.011820, 0.042940, 0.968881}},
	"tritanopia":   {{1.255528, -0.076749, -0.178779}, {-0.078411, 0.930809, 0.147602}, {0.004733, 0.691367, 0.303900}},
}

func seen(c colorful.Color, m [3][3]float64) colorful.Color {
	r, g, b := c.LinearRgb()
	row := func(v [3]float64) float64 { return math.Max(0, math.Min(1, v[0]*r+v[1]*g+v[2]*b)) }
	return colorful.LinearRgb(row(m[0]), row(m[1]), row(m[2]))
}

// Good, warning and bad are told apart by every kind of colour-blind eye, by more
// than what one needs to see a difference at a glance.
func TestColourBlindThemeKeepsStatesApart(t *testing.T) {
	const least = 0.2 // of CIE 1976, where 0.023 is just noticeable
	for what, p := range map[string]palette{"on dark": blindOnDark, "on light": blindOnLight} {
		states := map[string]lipgloss.TerminalColor{"ok": p.ok, "warn": p.warn, "bad": p.bad}
		for kind, m := range blindness {
			for a, x := range states {
				for b, y := range states {
					if a >= b {
						continue
					}
					one, _ := colour(t, x, nil)
					two, _ := colour(t, y, nil)
					if d := seen(one, m).DistanceLab(seen(two, m)); d < least {
						t.Errorf("%s, %s: %s and %s differ by %.2f, want %.2f", what, kind, a, b, d, least)
					}
				}
			}
		}
	}
}

func TestNoneWritesNoEscapes(t *testing.T) {
	th := New(None, &bytes.Buffer{})
	for _, s := range []Style{th.Text, th.Strong, th.Accent, th.Alarm, th.Bad, th.Downtime} {
		if got := s.Render("x"); strings.Contains(got, "\x1b") {
			t.Errorf("%q holds an escape", got)
		}
	}
}

func TestSixteenNeverAsksForMore(t *testing.T) {
	r := lipgloss.NewRenderer(&bytes.Buffer{}, termenv.WithProfile(termenv.TrueColor))
	limit(r, termenv.ANSI)
	for _, p := range []palette{sixteenOnDark, sixteenOnLight} {
		if got := build(r, p).Bad.Render("x"); strings.Contains(got, "38;") {
			t.Errorf("%q uses more than sixteen colours", got)
		}
	}
}

var update = flag.Bool("update", false, "write the table of colours into docs/style.md anew")

// The style page lists the colours that are really used.
func TestStylePageListsTheColours(t *testing.T) {
	path := filepath.Join("..", "..", "docs", "style.md")
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	page := strings.ReplaceAll(string(raw), "\r\n", "\n")
	const begin, end = "<!-- colours -->\n", "<!-- /colours -->"
	head, rest, ok := strings.Cut(page, begin)
	_, tail, closed := strings.Cut(rest, end)
	if !ok || !closed {
		t.Fatal("docs/style.md has no place for the colours")
	}
	want := head + begin + table() + end + tail
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if page != want {
		t.Error("docs/style.md does not list the colours as they are: go test ./tui/theme -run StylePage -update")
	}
}

func table() string {
	palettes := []palette{dark, light, blindOnDark, blindOnLight, sixteenOnDark, sixteenOnLight}
	var b strings.Builder
	b.WriteString("| meaning | dark | light | colour-blind, dark | colour-blind, light | 16, dark | 16, light |\n|---|---|---|---|---|---|---|\n")
	for _, row := range []struct {
		means string
		of    func(palette) lipgloss.TerminalColor
	}{
		{"words", func(p palette) lipgloss.TerminalColor { return p.text }},
		{"what may be skipped", func(p palette) lipgloss.TerminalColor { return p.muted }},
		{"rules and frames", func(p palette) lipgloss.TerminalColor { return p.frame }},
		{"cursor, current step, keys", func(p palette) lipgloss.TerminalColor { return p.accent }},
		{"good", func(p palette) lipgloss.TerminalColor { return p.ok }},
		{"needs somebody", func(p palette) lipgloss.TerminalColor { return p.warn }},
		{"bad", func(p palette) lipgloss.TerminalColor { return p.bad }},
		{"downtime", func(p palette) lipgloss.TerminalColor { return p.downtime }},
		{"damage, words", func(p palette) lipgloss.TerminalColor { return p.alarmFG }},
		{"damage, behind them", func(p palette) lipgloss.TerminalColor { return p.alarmBG }},
	} {
		b.WriteString("| " + row.means + " |")
		for _, p := range palettes {
			c := row.of(p)
			if c == (lipgloss.NoColor{}) {
				b.WriteString(" the terminal's |")
				continue
			}
			fmt.Fprintf(&b, " `%s` |", c)
		}
		b.WriteString("\n")
	}
	return b.String()
}

// Colours have their meanings here and nowhere else: no screen names one.
func TestNoScreenNamesAColour(t *testing.T) {
	names := regexp.MustCompile(`lipgloss\.(Color|AdaptiveColor|ANSIColor|CompleteColor)\b|\)\.(Foreground|Background)\(|\\x1b\[`)
	files := 0
	err := filepath.WalkDir("..", func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || strings.HasPrefix(path, filepath.Join("..", "theme")) {
			return err
		}
		files++
		raw, err := os.ReadFile(path)
		if hit := names.Find(raw); hit != nil {
			t.Errorf("%s: %s", path, hit)
		}
		return err
	})
	if err != nil || files < 50 {
		t.Errorf("%d files, %v", files, err)
	}
}
