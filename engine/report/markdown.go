package report

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"time"

	"failback/engine"
)

// WriteMarkdown writes the report as a document for people. Every text from
// outside is cleaned of control characters and shown letter by letter.
func (r Report) WriteMarkdown(w io.Writer) error {
	d := &document{}
	r.head(d)
	r.forecast(d)
	for _, it := range r.Items {
		it.write(d)
	}
	if len(r.Notes) > 0 {
		d.title(2, "Notes on the run")
		d.notes(r.Notes)
	}
	d.para("Made from the %d events of the run's journal and from nothing else. What is not written here was not seen.", r.Events)
	if _, err := w.Write(d.Bytes()); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	return nil
}

// document is Markdown in the making. What it is given must be escaped already.
type document struct{ bytes.Buffer }

func (d *document) title(level int, s string) {
	if d.Len() > 0 {
		d.WriteByte('\n')
	}
	d.WriteString(strings.Repeat("#", level) + " " + s + "\n")
}

func (d *document) para(format string, a ...any) {
	d.WriteString("\n" + fmt.Sprintf(format, a...) + "\n")
}

// table writes nothing where there are no rows.
func (d *document) table(head []string, rows [][]string) {
	if len(rows) == 0 {
		return
	}
	d.WriteByte('\n')
	d.row(head)
	d.WriteString("|" + strings.Repeat(" --- |", len(head)) + "\n")
	for _, r := range rows {
		d.row(r)
	}
}

func (d *document) row(cells []string) {
	for _, c := range cells {
		d.WriteString("| " + orDash(c) + " ")
	}
	d.WriteString("|\n")
}

func (d *document) notes(ns []Note) {
	var rows [][]string
	for _, n := range ns {
		rows = append(rows, []string{moment(n.At), text(n.Phase.Info().Title), text(n.Level), text(n.Text)})
	}
	d.table([]string{"When", "Phase", "Level", "Note"}, rows)
}

func orDash(s string) string {
	if s == "" {
		return "–"
	}
	return s
}

func moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02 15:04:05 UTC")
}

func span(seconds float64) string {
	return engine.SpanWords(time.Duration(seconds * float64(time.Second)))
}

func yes(b bool, word string) string {
	if b {
		return word
	}
	return ""
}

func (r Report) head(d *document) {
	d.title(1, "Evidence of run "+text(string(r.Run)))
	d.para("%s", r.verdict())
	if r.Plan.Rehearsal {
		d.para("**This was a rehearsal** against the embedded lab: no real machine was touched.")
	}
	d.table([]string{"Plan and run", "Value"}, r.facts())
}

// verdict is the first sentence of the document.
func (r Report) verdict() string {
	stood := fmt.Sprintf("The journal ends at %s with event %d.", moment(r.LastEvent), r.Events)
	switch r.Outcome {
	case engine.OutcomeNone:
		return "**This run has not finished.** " + stood
	case engine.OutcomeDetached:
		return "**This run has not finished: its driver left it.** Jobs in Azure may have gone on. " + stood
	case engine.OutcomeSucceeded, engine.OutcomeFailed, engine.OutcomeCancelled, engine.OutcomeBlocked, engine.OutcomeUnknown:
	}
	return fmt.Sprintf("**Outcome: %s.** Finished at %s.", text(string(r.Outcome)), moment(r.Finished))
}

func (r Report) facts() [][]string {
	p := r.Plan
	rows := [][]string{
		{"Vault", text(p.Vault)}, {"Profile", text(p.Profile)}, {"Owner", text(p.Owner)}, {"Reason", text(p.Reason)},
		{"Direction", text(p.Direction.Arrow())}, wayRow(p), {"Target", text(p.Target.Label())},
		{"Recovery plan", text(p.RecoveryPlan)}, {"Gates that policy may answer", gates(p.Approve)},
	}
	if p.RecoveryPlan != "" {
		how := "each item by a job of its own: the recovery plan's scripts and manual actions were not run"
		if p.Joint() {
			how = "the recovery plan's own job, with its scripts and manual actions"
		}
		rows = append(rows, []string{"Carried out as", how})
	}
	for _, x := range p.Skipped {
		rows = append(rows, []string{"Stayed behind", text(x.Name) + ": " + text(x.Reason)})
	}
	if p.CertificateThumbprint != "" {
		rows = append(rows, []string{"Certificate", text(p.CertificateThumbprint)})
	}
	for _, it := range p.Items {
		if it.CommitFailover {
			rows = append(rows, []string{"Committed first", text(it.Name) + ": its earlier failover to Azure"})
		}
		if it.RecoveryPoint != "" {
			rows = append(rows, []string{"Recovery point", text(it.Name) + ": " + moment(it.RecoveryPointTime)})
		}
	}
	if !p.Boot.IsZero() {
		rows = append(rows, []string{"Boot proven by", text(p.Boot.Words()) + ", beside state, heartbeat, uptime and addresses"})
	}
	if p.Window.Set() {
		rows = append(rows, []string{"Window", fmt.Sprintf("%s to %s", orDash(moment(p.Window.Start)), orDash(moment(p.Window.End)))})
	}
	for _, h := range r.Threads {
		rows = append(rows, []string{"Download threads", text(h.Host) + ": " + text(h.Words())})
	}
	for _, dr := range r.Drivers {
		how := "Started by"
		if dr.Resumed {
			how = "Taken over by"
		}
		rows = append(rows, []string{how, text(dr.Name) + ", " + moment(dr.From)})
	}
	rows = append(rows, []string{"Longest downtime", r.downtime()})
	return append(rows,
		[]string{"Created", moment(r.Created)}, []string{"Finished", moment(r.Finished)},
		[]string{"Program", text(r.Program)}, []string{"Journal schema", fmt.Sprint(r.JournalSchema)})
}

// downtime compares with the budget only where every downtime has ended.
func (r Report) downtime() string {
	began, on := false, false
	for _, it := range r.Items {
		began = began || !it.Downtime.From.IsZero()
		on = on || it.Downtime.GoesOn
	}
	switch {
	case !began:
		return "none was seen"
	case on:
		return span(r.Downtime) + " so far: it had not ended at the last event"
	case r.Plan.Budget == 0:
		return span(r.Downtime)
	case r.Downtime <= r.Plan.Budget.Seconds():
		return fmt.Sprintf("%s, within the budget of %s", span(r.Downtime), engine.SpanWords(r.Plan.Budget))
	}
	return fmt.Sprintf("%s, over the budget of %s", span(r.Downtime), engine.SpanWords(r.Plan.Budget))
}

// wayRow says how the data came home.
func wayRow(p engine.Plan) []string {
	if p.Direct != nil {
		return []string{"Way home", text(p.Direct.Words())}
	}
	return []string{"Synchronisation", text(syncWords(p))}
}

func syncWords(p engine.Plan) string {
	switch p.Sync {
	case engine.SyncDelta:
		return "delta (synchronise before failover)"
	case engine.SyncFull:
		return "full (during failover only)"
	case engine.SyncUnknown:
	}
	return ""
}

func gates(gs []engine.Gate) string {
	if len(gs) == 0 {
		return "none"
	}
	var out []string
	for _, g := range gs {
		out = append(out, text(string(g)))
	}
	return strings.Join(out, ", ")
}
