package theme

import (
	"strings"

	"github.com/charmbracelet/lipgloss"
)

// Style is how one line of text is written: its colours and its weight. The
// sequences that do it are worked out once, with the theme; a frame has hundreds of
// words. Its zero value writes text as it is.
type Style struct {
	now, bold, light ends
}

// ends are what stands before and after a text.
type ends struct{ open, shut string }

func endsOf(s lipgloss.Style) ends {
	const letter = "x"
	open, shut, _ := strings.Cut(s.Render(letter), letter)
	return ends{open, shut}
}

func styleOf(s lipgloss.Style) Style {
	return Style{now: endsOf(s), bold: endsOf(s.Bold(true)), light: endsOf(s.UnsetBold())}
}

// Render writes a text of one line in the style; nothing for no text.
func (s Style) Render(text string) string {
	if text == "" || s.now.open == "" {
		return text
	}
	return s.now.open + text + s.now.shut
}

// Bold is the style in bold.
func (s Style) Bold() Style {
	s.now = s.bold
	return s
}

// UnsetBold is the style in the usual weight.
func (s Style) UnsetBold() Style {
	s.now = s.light
	return s
}
