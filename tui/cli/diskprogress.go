package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"failback/engine"
	"failback/engine/move"
	"failback/engine/transfer/pace"
	"failback/tui/glyph"
	"failback/tui/text"
)

// diskProgress tells how far a disk is: a line that is drawn over itself on a
// terminal, else a line now and then; JSON lines where they are asked for.
type diskProgress struct {
	mu    sync.Mutex
	out   io.Writer
	bar   bool
	json  bool
	width int
	glyph glyph.Set

	every time.Duration // between two lines
	told  time.Time
	stage move.Stage
	drawn int // cells of the line that stands there
}

// Lines are no more often than this.
const (
	lineEvery = 10 * time.Second
	drawEvery = 200 * time.Millisecond
	jsonEvery = time.Second
)

func (a *app) diskProgress() *diskProgress {
	s := a.deps.Streams
	p := &diskProgress{out: s.Err, every: lineEvery, width: s.Width, glyph: glyph.ASCII()}
	switch {
	case a.flags.output == outputNDJSON:
		p.out, p.json, p.every = s.Out, true, jsonEvery
	case a.flags.output == outputText && s.OutTerminal && s.InTerminal && s.LinesOnly == "" && !a.flags.plain:
		p.bar, p.every, p.glyph = true, drawEvery, glyph.Unicode()
	}
	return p
}

// progressLine is what ndjson has of a progress. Fields are added, never renamed.
type progressLine struct {
	V       int        `json:"v"`
	Type    string     `json:"type"`
	Stage   move.Stage `json:"stage"`
	Done    int64      `json:"done"`
	Total   int64      `json:"total"`
	Read    int64      `json:"read"`
	Written int64      `json:"written"`
	Equal   int64      `json:"equal"`
	Zero    int64      `json:"zero"`
	Rate    float64    `json:"bytes_per_second"`
	Soonest *float64   `json:"left_soonest_s,omitempty"`
	Latest  *float64   `json:"left_latest_s,omitempty"`
	Brake   string     `json:"held_back_by,omitempty"`
}

func (d *diskProgress) report(p move.Progress) {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := time.Now()
	if d.told.IsZero() && !d.bar && !d.json {
		d.told, d.stage = now, p.Stage // what takes no longer than that needs no line
	}
	if (p.Stage == d.stage || !d.bar && !d.json) && now.Sub(d.told) < d.every {
		return
	}
	d.told, d.stage = now, p.Stage
	switch {
	case d.json:
		d.line(p)
	case d.bar:
		d.draw(progressWords(p, d.glyph, min(max(d.width, 40), 100)))
	default:
		// A line that is lost is not worth stopping a copy.
		_, _ = fmt.Fprintln(d.out, progressWords(p, d.glyph, 0))
	}
}

func (d *diskProgress) line(p move.Progress) {
	l := progressLine{
		V: 1, Type: "disk.progress", Stage: p.Stage, Done: p.Bytes.Scanned, Total: p.Bytes.Total,
		Read: p.Bytes.Read, Written: p.Bytes.Written + p.Bytes.Zeroed, Equal: p.Bytes.Equal, Zero: p.Bytes.Zero, Rate: p.Rate,
	}
	if p.Known {
		soonest, latest := p.Soonest.Seconds(), p.Latest.Seconds()
		l.Soonest, l.Latest = &soonest, &latest
	}
	if p.Brake != pace.BrakeNone {
		l.Brake = p.Brake.String()
	}
	if raw, err := json.Marshal(l); err == nil {
		_, _ = d.out.Write(text.JSON(append(raw, '\n')))
	}
}

func (d *diskProgress) draw(line string) {
	cells := len([]rune(line))
	_, _ = fmt.Fprintf(d.out, "\r%s%s", line, strings.Repeat(" ", max(0, d.drawn-cells)))
	d.drawn = cells
}

// end leaves the drawn line standing.
func (d *diskProgress) end() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.drawn > 0 {
		_, _ = fmt.Fprintln(d.out)
		d.drawn = 0
	}
}

const barCells = 16

// progressWords is a progress on one line, at most width cells where that is not 0.
func progressWords(p move.Progress, g glyph.Set, width int) string {
	if p.Bytes.Total == 0 {
		return p.Stage.Words()
	}
	share := float64(p.Bytes.Scanned) / float64(p.Bytes.Total)
	parts := []string{p.Stage.Words()}
	if width > 0 {
		full := int(share * barCells)
		parts = append(parts, "["+strings.Repeat(g.Full, full)+strings.Repeat(g.Empty, barCells-full)+"]")
	}
	parts = append(parts, fmt.Sprintf("%d %%", int(share*100)), engine.SizeWords(p.Bytes.Scanned)+" of "+engine.SizeWords(p.Bytes.Total))
	if p.Rate > 0 {
		parts = append(parts, text.Rate(p.Rate))
	}
	if p.Known && p.Latest > 0 {
		parts = append(parts, text.Range(p.Soonest, p.Latest)+" left")
	}
	if p.Brake != pace.BrakeNone {
		parts = append(parts, "held back by "+p.Brake.String())
	}
	line := parts[0]
	for _, part := range parts[1:] {
		if width > 0 && len([]rune(line))+2+len([]rune(part)) >= width {
			break
		}
		line += "  " + part
	}
	return line
}
