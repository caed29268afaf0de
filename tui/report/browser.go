package report

import (
	"fmt"
	"strings"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"

	"failback/engine"
	"failback/tui/field"
	"failback/tui/keymap"
	"failback/tui/look"
	"failback/tui/text"
)

// ClosedMsg says that the operator has read enough.
type ClosedMsg struct{ Run engine.RunID }

// Browser is the screen that reads a run's evidence. Use it through a pointer, on
// the update loop alone.
type Browser struct {
	look  look.Look
	run   engine.RunID
	doc   document
	lines []written // as they were laid out last, for wide cells
	wide  int
	room  int // lines in sight, as drawn last
	top   int // the first of them

	search *field.Field
	typing bool
	hit    int // the line that was found; -1 for none
}

// Read makes the screen of a run's evidence, as Markdown.
func Read(l look.Look, run engine.RunID, markdown []byte) *Browser {
	return &Browser{look: l, run: run, doc: read(markdown), hit: -1}
}

// Run is the run that is read about.
func (b *Browser) Run() engine.RunID { return b.run }

// Title names the screen.
func (b *Browser) Title() string { return "Evidence of run " + string(b.run) }

// Scope names the keys of the screen.
func (b *Browser) Scope() keymap.Scope { return keymap.ScopeReport }

// Modal reports whether letters are typed.
func (b *Browser) Modal() bool { return b.typing }

// Update takes in a key.
func (b *Browser) Update(msg tea.Msg) tea.Cmd {
	k, ok := msg.(tea.KeyMsg)
	switch {
	case !ok:
	case b.typing:
		b.keySearch(k)
	case keymap.Back.Is(k) && b.search != nil:
		b.search, b.hit = nil, -1
	case keymap.Back.Is(k):
		return say(ClosedMsg{b.run})
	case keymap.Filter.Is(k):
		b.typing, b.hit, b.search = true, -1, field.New("Search", "words of the report")
	case keymap.NextHit.Is(k):
		b.find(b.hit+1, 1)
	case keymap.HitBefore.Is(k):
		b.find(b.hit-1, -1)
	default:
		b.move(k)
	}
	return nil
}

func (b *Browser) move(k tea.KeyMsg) {
	switch {
	case keymap.Down.Is(k):
		b.to(b.top + 1)
	case keymap.Up.Is(k):
		b.to(b.top - 1)
	case keymap.PageDown.Is(k):
		b.to(b.top + max(1, b.room-2))
	case keymap.PageUp.Is(k):
		b.to(b.top - max(1, b.room-2))
	case keymap.Top.Is(k):
		b.to(0)
	case keymap.Bottom.Is(k):
		b.to(len(b.lines))
	case keymap.Right.Is(k):
		b.section(1)
	case keymap.Left.Is(k):
		b.section(-1)
	}
}

// to puts a line at the top, as far as there are lines below it.
func (b *Browser) to(line int) { b.top = max(0, min(line, len(b.lines)-b.room)) }

// section goes to the heading after the one at the top, or to the one before.
func (b *Browser) section(by int) {
	at := b.at()
	starts := b.starts()
	next := at + by
	if by < 0 && at >= 0 && starts[at] < b.top {
		next = at // first to the beginning of this one
	}
	if next >= 0 && next < len(starts) {
		b.to(starts[next])
	}
}

// starts are the lines of the headings.
func (b *Browser) starts() []int {
	var out []int
	for i, l := range b.lines {
		if l.section == len(out) {
			out = append(out, i)
		}
	}
	return out
}

// at is the section at the top of the screen. The last ones, which can't get
// there, count as soon as they are in sight and nothing is below.
func (b *Browser) at() int {
	if b.top >= len(b.lines) {
		return -1
	}
	if line := b.lines[b.top]; line.plain == "" && b.top+1 < len(b.lines) {
		return b.lines[b.top+1].section
	}
	return b.lines[b.top].section
}

func (b *Browser) keySearch(k tea.KeyMsg) {
	switch {
	case keymap.Choose.Is(k):
		b.typing = false
		if b.search.Value() == "" {
			b.search = nil
		}
	case keymap.Back.Is(k):
		b.typing, b.search, b.hit = false, nil, -1
	default:
		b.search.Key(k)
		b.hit = -1
		b.find(b.top, 1)
	}
}

// holds reports whether a line holds what is searched for.
func (b *Browser) holds(i int) bool {
	want := strings.ToLower(strings.TrimSpace(b.search.Value()))
	return want != "" && strings.Contains(strings.ToLower(b.lines[i].plain), want)
}

// find goes to the next line from one on that holds what is searched for, and past
// the end on from the beginning.
func (b *Browser) find(from, step int) {
	if b.search == nil || len(b.lines) == 0 {
		return
	}
	n := len(b.lines)
	for tried := range n {
		i := ((from+tried*step)%n + n) % n
		if !b.holds(i) {
			continue
		}
		b.hit = i
		if i < b.top || i >= b.top+b.room {
			b.to(i - b.room/3)
		}
		return
	}
}

// hits counts the lines that hold what is searched for, and which of them is shown.
func (b *Browser) hits() (at, of int) {
	for i := range b.lines {
		if b.holds(i) {
			of++
			if i == b.hit {
				at = of
			}
		}
	}
	return at, of
}

// Hints are the keys of the screen.
func (b *Browser) Hints() []keymap.Binding {
	if b.typing {
		return []keymap.Binding{keymap.Choose.But("look at what was found"), keymap.Back.But("no search"), keymap.Clear}
	}
	off := ""
	if b.search == nil {
		off = "nothing is searched for"
	}
	return []keymap.Binding{
		keymap.Back, keymap.Down, keymap.Right.But("next section"), keymap.Filter.But("search"),
		keymap.NextHit.Unless(off), keymap.HitBefore.Unless(off), keymap.Quit,
	}
}

// Keys are the keys of the screen for the help.
func (b *Browser) Keys() []keymap.Group {
	if b.typing {
		return []keymap.Group{{Title: "Search", Bindings: b.Hints()}}
	}
	return []keymap.Group{{Title: "Evidence", Bindings: append([]keymap.Binding{
		keymap.Up, keymap.PageUp, keymap.PageDown, keymap.Top, keymap.Bottom, keymap.Left.But("section before"),
	}, b.Hints()...)}}
}

// Status is the state line.
func (b *Browser) Status() look.Status {
	s := "Evidence of run " + string(b.run)
	if n := len(b.lines); n > 0 {
		s += fmt.Sprintf(", lines %d to %d of %d", b.top+1, min(n, b.top+b.room), n)
	}
	return look.Status{Text: s}
}

// From which width the sections stand beside the text, how wide they are, and how
// wide the text is at most: longer lines are hard to follow.
const (
	widthSections = 100
	sectionsWide  = 30
	textWide      = 120
)

// View draws the part of the evidence that is in sight.
func (b *Browser) View(w, h int) []string {
	lw := 0
	if w >= widthSections {
		lw = sectionsWide
	}
	b.layOut(min(w-lw-4, textWide))
	foot := b.foot(w)
	b.room = max(1, h-len(foot))
	b.to(b.top)
	body := make([]string, 0, b.room)
	for i := b.top; i < min(b.top+b.room, len(b.lines)); i++ {
		body = append(body, b.mark(i)+b.lines[i].drawn)
	}
	if lw > 0 {
		body = b.look.Beside(b.sections(sectionsWide-2, b.room), body, sectionsWide, " ")
	}
	for len(body) < b.room {
		body = append(body, "")
	}
	return b.look.Clamp(append(body, foot...), w, h)
}

// layOut writes the lines anew where the width has changed. What was at the top
// stays about there.
func (b *Browser) layOut(w int) {
	if w == b.wide && b.lines != nil {
		return
	}
	had := len(b.lines)
	b.lines, b.wide = b.doc.lay(b.look, max(8, w)), w
	b.hit = -1
	if had > 0 {
		b.top = b.top * len(b.lines) / had
	}
}

// mark is the gutter of a line: what was found, and the one that is looked at.
func (b *Browser) mark(i int) string {
	l := b.look
	switch {
	case b.search == nil || !b.holds(i):
		return "  "
	case i == b.hit:
		return l.T.Accent.Render(l.G.Cursor) + " "
	}
	return l.T.Warn.Render(l.G.Dot) + " "
}

// sections lists the headings, with the one at the top marked.
func (b *Browser) sections(w, h int) []string {
	l, at := b.look, b.at()
	var out []string
	n := -1
	for _, x := range b.doc.blocks {
		if x.level == 0 {
			continue
		}
		n++
		cursor, style := "  ", l.T.Muted
		if n == at {
			cursor, style = l.T.Accent.Render(l.G.Cursor)+" ", l.T.Accent
		}
		out = append(out, l.Cut(cursor+style.Render(strings.Repeat(" ", max(0, x.level-2)*2)+l.Words(x.words)), w))
	}
	first := max(0, min(at-h/2, len(out)-h))
	return out[first:min(len(out), first+h)]
}

func (b *Browser) foot(w int) []string {
	if b.search == nil {
		return nil
	}
	l := b.look
	found := "nothing like that"
	if at, of := b.hits(); of > 0 {
		found = fmt.Sprintf("%d of %s", at, text.Plural(of, "line", "lines"))
	}
	if b.search.Value() == "" {
		found = ""
	}
	right := l.T.Muted.Render(l.Say(found))
	return []string{"", l.Split(b.search.View(l, max(10, w-ansi.StringWidth(right)-2), b.typing), right, w)}
}
