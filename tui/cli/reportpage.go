package cli

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"strings"
	"time"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"

	"failback/engine"
	"failback/engine/report"
	"failback/tui/text"
)

// page is the form of the evidence for a browser or a printer: one file that
// loads nothing and runs nothing.
//
//go:embed page.html
var page string

var pageTemplate = template.Must(template.New("page").Parse(page))

// pageMarkdown renders what [report.Report.WriteMarkdown] writes. Raw HTML stays
// out of it (goldmark's default), though that document escapes it already.
var pageMarkdown = goldmark.New(goldmark.WithExtensions(extension.Table))

// writePage writes the evidence as HTML. Its words are those of the Markdown
// form, so the two can't differ; it adds a chart of each item's phases.
func writePage(r report.Report, w io.Writer) error {
	var words, body bytes.Buffer
	if err := r.WriteMarkdown(&words); err != nil {
		return err
	}
	if err := pageMarkdown.Convert(words.Bytes(), &body); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	head, rest := body.String(), ""
	if at := strings.Index(head, "<h2"); at >= 0 {
		head, rest = head[:at], head[at:]
	}
	var charts []chart
	for _, it := range r.Items {
		if c, ok := chartOf(it, r.LastEvent); ok {
			charts = append(charts, c)
		}
	}
	err := pageTemplate.Execute(w, map[string]any{
		"Run":    text.Clean(string(r.Run)),
		"Head":   template.HTML(head), //nolint:gosec // goldmark's output, with raw HTML left out
		"Charts": charts,
		"Rest":   template.HTML(rest), //nolint:gosec // the same
	})
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	return nil
}

// The measures of a chart, in the units of its view box.
const (
	chartWidth = 960
	chartLeft  = 220
	chartRow   = 22
)

// chart shows when each phase of one item was on, and when the machine was down.
type chart struct {
	Width, Height, Left, Foot int
	From, To, Says            string
	Down                      *box
	Bars                      []bar
}

type box struct{ X, W, H float64 }

type bar struct {
	Title, Status string
	Left, Lane    int
	Y, Base       int
	X, W          float64
}

// chartOf charts the phases that began; a phase that goes on ends at the last event.
func chartOf(it report.Item, last time.Time) (chart, bool) {
	var begun []report.Phase
	for _, p := range it.Phases {
		if !p.Started.IsZero() {
			begun = append(begun, p)
		}
	}
	if len(begun) == 0 {
		return chart{}, false
	}
	first := begun[0].Started
	for _, p := range begun {
		if p.Started.Before(first) {
			first = p.Started
		}
	}
	whole := max(last.Sub(first), time.Second)
	at := func(t time.Time) float64 {
		return chartLeft + (chartWidth-chartLeft)*min(1, max(0, t.Sub(first).Seconds()/whole.Seconds()))
	}
	c := chart{
		Width: chartWidth, Left: chartLeft, Foot: len(begun)*chartRow + 14, Height: len(begun)*chartRow + 20,
		From: first.UTC().Format("15:04:05 UTC"), To: last.UTC().Format("15:04:05 UTC"),
		Says: fmt.Sprintf("%s: its phases from %s to %s", text.Clean(it.Item.Name), first.UTC().Format(time.DateTime), last.UTC().Format("15:04:05 UTC")),
	}
	for i, p := range begun {
		end := p.Ended
		if end.IsZero() {
			end = last
		}
		from := min(at(p.Started), chartWidth-2)
		c.Bars = append(c.Bars, bar{
			Title: text.Clean(p.Title), Status: string(p.Status), Left: chartLeft, Lane: chartWidth - chartLeft,
			Y: i*chartRow + 3, Base: i*chartRow + 14, X: from, W: max(2, at(end)-from), // what was short is still seen
		})
	}
	if d := it.Downtime; !d.From.IsZero() {
		to := d.To
		if d.GoesOn || to.IsZero() {
			to = last
		}
		c.Down = &box{X: at(d.From), W: max(2, at(to)-at(d.From)), H: float64(len(begun) * chartRow)}
		c.Says += "; the shaded time is downtime, " + engine.SpanWords(time.Duration(d.Seconds*float64(time.Second)))
	}
	return c, true
}
