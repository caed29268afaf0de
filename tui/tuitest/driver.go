// Package tuitest drives screens in tests. A [Driver] runs a real Bubble Tea
// program inside a testing/synctest bubble: "idle" is exact, the clock is the
// bubble's, and hours of a run pass in milliseconds. A [World] is a scripted
// vault with runs that follow the engine's own state machine.
package tuitest

import (
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	_ "github.com/charmbracelet/x/exp/teatest" // registers -update

	"failback/tui/keymap"
)

// updating reports whether golden files are to be rewritten. The flag -update is
// teatest's: a second one of the same name is not allowed in one test program.
func updating() bool {
	f := flag.Lookup("update")
	return f != nil && f.Value.String() == "true"
}

// Driver types at a program and reads its screen. Use it inside a bubble.
type Driver struct {
	t     *testing.T
	p     *tea.Program
	seen  *watched
	ended chan struct{}
}

// watched passes everything to a model and keeps its latest view.
type watched struct {
	mu    *sync.Mutex
	model tea.Model
	last  *tea.Model
}

func (w watched) Init() tea.Cmd { return w.model.Init() }

func (w watched) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	w.mu.Lock()
	defer w.mu.Unlock()
	m, cmd := w.model.Update(msg)
	*w.last = m
	return watched{mu: w.mu, model: m, last: w.last}, cmd
}

func (w watched) View() string { return w.model.View() }

// Run runs f against a program with the model, in a bubble. The program is ended
// afterwards; whatever its commands wait for must end with done.
func Run(t *testing.T, m func() tea.Model, done func(), f func(d *Driver)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		d := start(t, m())
		defer func() { // also when the test fails on its way
			d.p.Quit()
			done()
			<-d.ended
			// Ticks that are under way end by themselves.
			time.Sleep(time.Minute)
			synctest.Wait()
		}()
		f(d)
	})
}

func start(t *testing.T, m tea.Model) *Driver {
	t.Helper()
	w := watched{mu: &sync.Mutex{}, model: m, last: &m}
	p := tea.NewProgram(w, tea.WithInput(nil), tea.WithOutput(io.Discard), tea.WithoutSignalHandler())
	d := &Driver{t: t, p: p, seen: &w, ended: make(chan struct{})}
	go func() {
		defer close(d.ended)
		if _, err := p.Run(); err != nil {
			t.Errorf("the program ended: %v", err)
		}
	}()
	return d.Size(80, 24)
}

// Size resizes the terminal.
func (d *Driver) Size(w, h int) *Driver {
	d.p.Send(tea.WindowSizeMsg{Width: w, Height: h})
	return d.Advance(50 * time.Millisecond)
}

// Advance lets time pass and everything settle.
func (d *Driver) Advance(by time.Duration) *Driver {
	// Whatever the test looked at lies before what the program does next: screens
	// are pointers, and sleeping alone orders nothing.
	d.Model()
	time.Sleep(by)
	synctest.Wait()
	return d
}

// Press presses keys by their names: "enter", "esc", "down", "ctrl+c", "a".
func (d *Driver) Press(keys ...string) *Driver {
	for _, k := range keys {
		d.p.Send(Key(k))
		synctest.Wait()
	}
	return d
}

// Type types a text, rune by rune.
func (d *Driver) Type(s string) *Driver {
	for _, r := range s {
		d.p.Send(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune{r}})
		synctest.Wait()
	}
	return d
}

// Paste puts a text in as a terminal's paste does.
func (d *Driver) Paste(s string) *Driver {
	d.p.Send(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(s), Paste: true})
	synctest.Wait()
	return d
}

// Model is the model as it is now.
func (d *Driver) Model() tea.Model {
	d.seen.mu.Lock()
	defer d.seen.mu.Unlock()
	return *d.seen.last
}

// View is the settled screen.
func (d *Driver) View() string {
	synctest.Wait()
	return d.Model().View()
}

// Expect fails the test unless the screen shows every text.
func (d *Driver) Expect(texts ...string) *Driver {
	d.t.Helper()
	view := d.View()
	for _, s := range texts {
		if !strings.Contains(view, s) {
			d.t.Fatalf("the screen does not show %q:\n%s", s, view)
		}
	}
	return d
}

// Refuse fails the test if the screen shows one of the texts.
func (d *Driver) Refuse(texts ...string) *Driver {
	d.t.Helper()
	view := d.View()
	for _, s := range texts {
		if strings.Contains(view, s) {
			d.t.Fatalf("the screen shows %q:\n%s", s, view)
		}
	}
	return d
}

// Golden compares the screen with testdata/name.golden.
func (d *Driver) Golden(name string) *Driver {
	d.t.Helper()
	Golden(d.t, name, d.View())
	return d
}

// Ended waits for the program to end by itself.
func (d *Driver) Ended() *Driver {
	<-d.ended
	return d
}

// Golden compares a view with testdata/name.golden, or rewrites the file with
// -update. Blanks at the ends of lines do not count.
func Golden(t *testing.T, name, view string) {
	t.Helper()
	lines := strings.Split(view, "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	got := strings.Join(lines, "\n") + "\n"
	path := filepath.Join("testdata", name+".golden")
	if updating() {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != strings.ReplaceAll(string(want), "\r\n", "\n") {
		t.Errorf("%s differs:\n--- want\n%s--- got\n%s", path, want, got)
	}
}

// Key makes the message of a key by its name; what names none is a text.
func Key(name string) tea.KeyMsg {
	if msg, ok := keymap.Named(name); ok {
		return msg
	}
	return tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(name)}
}
