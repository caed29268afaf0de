package run_test

import (
	"io"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"failback/engine"
	"failback/tui/glyph"
	"failback/tui/lang"
	"failback/tui/look"
	"failback/tui/run"
	"failback/tui/theme"
	"failback/tui/tuitest"
)

var begun = time.Date(2026, 3, 14, 22, 15, 0, 0, time.UTC)

// fleets are the recordings made so far, by how many items they have.
var fleets = map[int][]engine.Event{}

// fleetAt is a run of n items, so long after it began.
func fleetAt(t testing.TB, n int, after time.Duration, l look.Look) (*run.Live, engine.State) {
	t.Helper()
	var s engine.State
	if fleets[n] == nil {
		fleets[n] = tuitest.RecordFleet(n, begun)
	}
	for _, e := range fleets[n] {
		if e.Time.After(begun.Add(after)) {
			break
		}
		next, err := s.Apply(e)
		if err != nil {
			t.Fatal(err)
		}
		s = next
	}
	r := run.New(l, "kim")
	r.Update(look.Tick{Now: begun.Add(after)})
	r.Show(s)
	return r, s
}

func plainLook(g glyph.Set) look.Look {
	return look.Look{T: theme.New(theme.None, io.Discard), G: g, Still: true}
}

func drawn(r *run.Live, w, h int) string { return strings.Join(r.View(w, h), "\n") }

func press(r *run.Live, keys ...string) {
	for _, k := range keys {
		r.Update(tuitest.Key(k))
	}
}

// Of many items the worst stand first, under headings with how many they are; the
// cursor stays on the worst until it is moved, and then on its item.
func TestManyItemsWorstFirst(t *testing.T) {
	r, _ := fleetAt(t, 90, 9*time.Minute, plainLook(glyph.Unicode()))
	if r.Modal() {
		t.Fatal("a question came up by itself")
	}
	view := drawn(r, 80, 20)
	last := -1
	for _, heading := range []string{"Damaged or in danger (2)", "Failed (", "Wait for a decision ("} {
		at := strings.Index(view, heading)
		if at <= last {
			t.Fatalf("%q is not where it belongs:\n%s", heading, view)
		}
		last = at
	}
	if !strings.Contains(view, "› × file007") {
		t.Errorf("the cursor is not on the worst:\n%s", view)
	}
	press(r, "down", "down")
	if view = drawn(r, 80, 20); !strings.Contains(view, "› × sql005") {
		t.Errorf("the cursor is not on the failed one:\n%s", view)
	}
	press(r, "o")
	if view = drawn(r, 80, 20); !strings.Contains(view, "Group 1 (30)") || !strings.Contains(view, "› × sql005") {
		t.Errorf("by group:\n%s", view)
	}
	press(r, "G")
	if view = drawn(r, 80, 20); !strings.Contains(view, "› · sql089") {
		t.Errorf("the last:\n%s", view)
	}
}

// The filter looks at names, hosts, phases and states; letters are letters
// meanwhile, esc takes it off.
func TestManyItemsAreFiltered(t *testing.T) {
	r, _ := fleetAt(t, 90, 9*time.Minute, plainLook(glyph.ASCII()))
	press(r, "/")
	if !r.Modal() {
		t.Fatal("letters would be commands")
	}
	press(r, "s", "q", "l", "0", "0")
	view := drawn(r, 80, 20)
	if !strings.Contains(view, "sql001") || !strings.Contains(view, "sql005") || strings.Contains(view, "web000") {
		t.Errorf("filtered by name:\n%s", view)
	}
	press(r, "enter")
	if r.Modal() {
		t.Error("still typing")
	}
	press(r, "enter")
	if view = drawn(r, 80, 20); !strings.Contains(view, "28031") {
		t.Errorf("the first of them is not open:\n%s", view)
	}
	press(r, "esc", "esc")
	if view = drawn(r, 80, 20); !strings.Contains(view, "Damaged") || strings.Contains(view, "Filter") {
		t.Errorf("without the filter:\n%s", view)
	}
	press(r, "/", "n", "o", "n", "e", "x")
	if view = drawn(r, 80, 20); !strings.Contains(view, "no item is called that") {
		t.Errorf("nothing found:\n%s", view)
	}
}

func TestManyItemsGoldens(t *testing.T) {
	for name, g := range map[string]glyph.Set{"": glyph.Unicode(), "-ascii": glyph.ASCII()} {
		r, _ := fleetAt(t, 150, 15*time.Minute, plainLook(g))
		tuitest.Golden(t, "fleet-80x24"+name, drawn(r, 78, 20))
		tuitest.Golden(t, "fleet-120x40"+name, drawn(r, 118, 35))
		tuitest.Golden(t, "fleet-200x60"+name, drawn(r, 198, 55))
		press(r, "T")
		tuitest.Golden(t, "fleet-times-80x24"+name, drawn(r, 78, 20))
		tuitest.Golden(t, "fleet-times-120x40"+name, drawn(r, 118, 35))
	}
}

// The time line of one item is a bar a phase with the downtime below; what was on
// at a moment has its cell there.
func TestTimeLineOfOneItem(t *testing.T) {
	var s engine.State
	for _, e := range tuitest.Record(tuitest.Plan(engine.SyncDelta, "web01"), begun) {
		s, _ = s.Apply(e)
	}
	for name, g := range map[string]glyph.Set{"": glyph.Unicode(), "-ascii": glyph.ASCII()} {
		r := run.New(plainLook(g), "kim")
		r.Update(look.Tick{Now: begun.Add(24 * time.Hour)})
		r.Show(s)
		press(r, "T")
		tuitest.Golden(t, "times-one"+name, drawn(r, 78, 20))
	}
}

// No size breaks it, and no line is wider than the screen.
func TestManyItemsFitEverySize(t *testing.T) {
	for _, after := range []time.Duration{0, 4 * time.Minute, 9 * time.Minute, 4 * time.Hour} {
		r, _ := fleetAt(t, 24, after, plainLook(glyph.Unicode()))
		for _, keys := range [][]string{nil, {"T"}, {"T", "/"}, {"x", "esc", "enter"}} {
			press(r, keys...)
			for w := 20; w <= 240; w += 31 {
				for h := 2; h <= 76; h += 7 {
					lines := r.View(w, h)
					for _, l := range lines {
						if ansi.StringWidth(l) > w && w >= 40 && h >= 8 {
							t.Fatalf("%v %dx%d: %d cells: %q", keys, w, h, ansi.StringWidth(l), l)
						}
					}
				}
			}
		}
	}
}

// A frame of a run of 500 items, at its middle, in colour.
func BenchmarkFrameOf500Items(b *testing.B) {
	b.Setenv("CLICOLOR_FORCE", "1")
	for name, size := range map[string][2]int{"80x24": {78, 20}, "120x40": {118, 35}, "200x60": {198, 55}} {
		r, s := fleetAt(b, 500, 35*time.Minute, look.Look{T: theme.New(theme.Dark, io.Discard), G: glyph.Unicode()})
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			now := begun.Add(35 * time.Minute)
			for b.Loop() {
				now = now.Add(time.Second / 15) // as it is drawn
				r.Update(look.Tick{Now: now})
				r.View(size[0], size[1])
				r.Status()
				r.Hints()
			}
		})
		if name == "200x60" {
			b.Run("news", func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					r.Show(s)
				}
			})
			r.Update(tuitest.Key("T"))
			b.Run("time-line", func(b *testing.B) {
				b.ReportAllocs()
				now := begun.Add(35 * time.Minute)
				for b.Loop() {
					now = now.Add(time.Second) // all of it is drawn anew
					r.Update(look.Tick{Now: now})
					r.View(size[0], size[1])
				}
			})
		}
	}
}

// The same in a language that is said where texts are drawn.
func BenchmarkFrameOf500ItemsInSwedish(b *testing.B) {
	b.Setenv("CLICOLOR_FORCE", "1")
	r, _ := fleetAt(b, 500, 35*time.Minute, look.Look{T: theme.New(theme.Dark, io.Discard), G: glyph.Unicode(), L: lang.Swedish()})
	now := begun.Add(35 * time.Minute)
	b.ReportAllocs()
	for b.Loop() {
		now = now.Add(time.Second / 15)
		r.Update(look.Tick{Now: now})
		r.View(198, 55)
		r.Status()
		r.Hints()
	}
}

// What a frame allocates does not grow with the run: only what is in sight is drawn.
func TestAFrameAllocatesForWhatIsInSight(t *testing.T) {
	if testing.Short() {
		t.Skip("records two runs")
	}
	frame := func(n int) float64 {
		r, _ := fleetAt(t, n, 10*time.Minute, plainLook(glyph.Unicode()))
		return testing.AllocsPerRun(5, func() { r.View(198, 55) })
	}
	few, many := frame(40), frame(150)
	if many > few*1.3+100 {
		t.Errorf("a frame of 150 items takes %v allocations, of 40 %v", many, few)
	}
}
