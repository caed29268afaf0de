package look

// Scroll is how far a text that is longer than its place has been moved. Drawing
// notes how far it can be, so that keys past the end count for nothing and the
// first one back moves. Use it through a pointer, on the update loop alone.
type Scroll struct {
	by  int // lines
	end int // the most that by may be, as last drawn
}

// Move moves by lines, at most to either end.
func (s *Scroll) Move(lines int) { s.by = max(0, min(min(s.by, s.end)+lines, s.end)) }

// Reset goes back to where the text begins.
func (s *Scroll) Reset() { *s = Scroll{} }

// Moves reports whether there was more than fitted, as last drawn.
func (s *Scroll) Moves() bool { return s.end > 0 }

// In notes that so many lines stand in a place of h, and says how far they are
// moved there.
func (s *Scroll) In(lines, h int) int {
	s.end = max(0, lines-h)
	return min(s.by, s.end)
}

// Read is [Look.Scrolled] from where s stands.
func (l Look) Read(lines []string, s *Scroll, h int) []string {
	return l.Scrolled(lines, s.In(len(lines), h), h)
}
