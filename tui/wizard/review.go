package wizard

import (
	"fmt"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"failback/engine"
	"failback/engine/estimate"
	"failback/tui/dialog"
	"failback/tui/field"
	"failback/tui/keymap"
	"failback/tui/text"
)

// reviewStep shows the whole plan and asks for it to be confirmed by typing.
type reviewStep struct {
	form dialog.Form
	way  straightForecast
}

func (s *reviewStep) name() string       { return "Review" }
func (s *reviewStep) applies(Draft) bool { return true }
func (s *reviewStep) typing() bool       { return true }

func (s *reviewStep) hints(*Wizard) []keymap.Binding {
	return []keymap.Binding{keymap.Choose.But("start"), keymap.Next, keymap.Previous}
}

func (s *reviewStep) enter(w *Wizard) tea.Cmd {
	d := w.draft
	s.way = straightForecast{}
	s.form = dialog.Form{
		Title: "Review", Subject: w.look.Say(d.Direction.Arrow()), Submit: "start the run", Aside: "back, nothing is started", Bare: true,
		Fields: []*field.Field{
			field.Confirm(fmt.Sprintf("Type %s to start:", d.phrase()), d.phrase()),
			field.New("Reason (optional):", "for the journal and the report").Set(d.Reason),
			field.New("Downtime budget (optional):", "like 30m").Set(d.Budget),
		},
	}
	if d.failback() && !d.straight() {
		hint := fmt.Sprintf("1 to %d for this run, then put back", engine.MostThreads)
		s.form.Fields = append(s.form.Fields, field.New("Download threads (optional):", hint).Set(d.Threads))
	}
	cmd := s.askForecast(w)
	s.form.Lines = s.lines(w)
	return cmd
}

func (s *reviewStep) update(w *Wizard, msg tea.Msg) tea.Cmd {
	if m, ok := msg.(straightMsg); ok {
		s.forecastCame(w, m)
		return nil
	}
	answer, cmd := s.form.Update(msg)
	w.draft.Reason, w.draft.Budget = s.form.Fields[1].Value(), s.form.Fields[2].Value()
	if len(s.form.Fields) > threadsField {
		w.draft.Threads = s.form.Fields[threadsField].Value()
	}
	switch answer {
	case dialog.Aside:
		return w.back()
	case dialog.Submitted:
		p, err := w.draft.Plan(w.conn, w.services.Owner)
		if err != nil {
			s.form.Refuse(s.wrongField(w.draft), w.look.Failure(err))
			return nil
		}
		return w.start(p)
	case dialog.Unanswered:
	}
	return cmd
}

// threadsField is the last field of a failback's form; towards Azure there is none.
const threadsField = 3

// wrongField is where what the plan was refused for was typed.
func (s *reviewStep) wrongField(d Draft) int {
	if _, err := d.budget(); err != nil {
		return 2
	}
	if _, err := d.threads(); err != nil {
		return threadsField
	}
	return 0
}

func (s *reviewStep) view(w *Wizard, width, height int) []string {
	return s.form.View(w.look, min(width, 100), height)
}

// lines is the plan in words: what comes from where and goes where, what was
// chosen, and what will happen.
func (s *reviewStep) lines(w *Wizard) []dialog.Line {
	d := w.draft
	say := func(label, value string) dialog.Line {
		return dialog.Line{Label: label, Text: value}
	}
	out := []dialog.Line{say("Items", itemsWords(d)), say("Source", s.source(w)), say("Target", s.target(d))}
	if d.RecoveryPlan != "" {
		out = append(out, say("Job", jobWords(w)))
	}
	for _, x := range d.Skipped {
		out = append(out, dialog.Line{Tone: dialog.Caution, Text: x.Name + " stays behind: " + x.Reason})
	}
	for _, it := range d.Items {
		if it.Damaged != nil {
			out = append(out, dialog.Line{Tone: dialog.Caution, Text: it.Name + " is damaged on-premises: this run repairs it."})
		}
	}
	switch {
	case d.straight():
		out = append(append(out, say("Way", d.Direct.Words())), s.way.lines()...)
	case d.failback():
		out = append(out, say("Sync", title(d.Sync)+" "+portalWords[d.Sync]))
		if f, made := s.forecast(w); made {
			out = append(out, say("Takes", text.Range(f.Total.P50, f.Total.P90)+", download "+engine.SizeWords(f.Bytes)), say("Downtime", text.Range(f.Downtime.P50, f.Downtime.P90)))
		}
	}
	if !d.failback() && len(d.Items) == 1 {
		out = append(out, say("Point", pointWords(d.Point)))
	}
	if d.Thumbprint != "" {
		out = append(out, say("Certificate", d.Thumbprint))
	}
	if p, err := d.Plan(w.conn, w.services.Owner); err == nil && !p.Boot.IsZero() {
		out = append(out, say("Proof", p.Boot.Words()))
	}
	if pre, ok := w.steps[w.at-1].(*preflightStep); ok {
		out = append(out, say("Preflight", pre.verdictWords()))
	}
	for _, o := range d.Overrides {
		out = append(out, dialog.Line{Tone: dialog.Caution, Text: "The rule " + o.Rule + " is overridden: " + o.Reason})
	}
	out = append(append(out, dialog.Line{}), consequences(d)...)
	return append(out, s.way.grounds()...)
}

// itemsWords names the items, in the order of a recovery plan's groups, and how
// much they are in all.
func itemsWords(d Draft) string {
	var b strings.Builder
	var disks int
	var bytes int64
	for i, it := range d.Items {
		disks, bytes = disks+len(it.Disks), bytes+it.Bytes()
		switch {
		case i == 0:
		case d.Groups[it.ID] != d.Groups[d.Items[i-1].ID]:
			b.WriteString(", then ")
		default:
			b.WriteString(", ")
		}
		b.WriteString(it.Name)
	}
	fmt.Fprintf(&b, ": %s, %s", text.Plural(disks, "disk", "disks"), engine.SizeWords(bytes))
	if d.RecoveryPlan != "" {
		b.WriteString("; recovery plan " + d.RecoveryPlan)
	}
	return b.String()
}

// jobWords says how the recovery plan goes, and what becomes of its actions.
func jobWords(w *Wizard) string {
	words := "each VM by itself"
	if w.draft.Joint {
		words = "the recovery plan's own"
	}
	p, _ := planNamed(w.world.plans, w.draft.RecoveryPlan)
	scripts, manual := p.Count(w.draft.Direction)
	switch {
	case scripts+manual == 0:
		return words
	case w.draft.Joint:
		return fmt.Sprintf("%s, with %s and %s", words, text.Plural(scripts, "script", "scripts"), text.Plural(manual, "manual action", "manual actions"))
	}
	return fmt.Sprintf("%s; %s and %s are NOT run", words, text.Plural(scripts, "script", "scripts"), text.Plural(manual, "manual action", "manual actions"))
}

func pointWords(p engine.RecoveryPoint) string {
	if p.ID == "" {
		return "latest, made after the shutdown"
	}
	return strings.TrimPrefix(p.Kind+", "+engine.MomentWords(p.Time), ", ")
}

func (s *reviewStep) source(w *Wizard) string {
	d := w.draft
	if !d.failback() {
		return hostsOf(d.Items)
	}
	if d.outsideVault() {
		vm := d.Items[0].AzureVM
		if len(d.Items) > 1 {
			return fmt.Sprintf("%d Azure VMs%s, named by their resource ids", len(d.Items), groupsOf(d.Items))
		}
		return fmt.Sprintf("Azure VM %s in %s, named by its resource id", vm.Name, vm.ResourceGroup)
	}
	if len(d.Items) > 1 {
		return fmt.Sprintf("%d Azure VMs%s, vault %s", len(d.Items), groupsOf(d.Items), w.conn.Vault)
	}
	vm := d.Items[0].AzureVM
	return fmt.Sprintf("Azure VM %s in %s, vault %s", vm.Name, vm.ResourceGroup, w.conn.Vault)
}

func (s *reviewStep) target(d Draft) string {
	switch {
	case !d.failback():
		return "Azure"
	case d.Target.Alternate:
		return d.Target.Label()
	case d.Target.CreateVM:
		return d.Target.Label() + ", " + hostsOf(d.Items)
	}
	return "original location, " + hostsOf(d.Items)
}

// groupsOf names the resource group of the Azure VMs, where they share one.
func groupsOf(items []engine.Item) string {
	group := items[0].AzureVM.ResourceGroup
	for _, it := range items {
		if !strings.EqualFold(it.AzureVM.ResourceGroup, group) {
			return ""
		}
	}
	return " in " + group
}

func hostsOf(items []engine.Item) string {
	var hosts []string
	seen := map[string]bool{}
	for _, it := range items {
		if !seen[it.HostName] {
			seen[it.HostName] = true
			hosts = append(hosts, it.HostName)
		}
	}
	return "host " + strings.Join(hosts, ", ")
}

// forecast is what was forecast for the option that was chosen.
func (s *reviewStep) forecast(w *Wizard) (f estimate.Forecast, made bool) {
	for _, x := range w.steps {
		if sync, ok := x.(*syncStep); ok && sync.forecasts != nil {
			return w.draft.forecastOf(*sync.forecasts), true
		}
	}
	return f, false
}

func consequences(d Draft) []dialog.Line {
	if !d.failback() {
		out := []dialog.Line{
			{Tone: dialog.Bullet, Text: "After you approve, the on-premises VM is shut down: downtime begins. Then the Azure VM is started."},
			{Tone: dialog.Bullet, Text: "Commit deletes the recovery points, no machine."},
		}
		if d.Point.ID != "" {
			out = append(out, dialog.Line{Tone: dialog.Caution, Text: "What was written after the chosen recovery point will not be in Azure."})
		}
		return out
	}
	if d.straight() {
		return consequencesStraight(d)
	}
	var out []dialog.Line
	if first := d.commitsFirst(); len(first) > 0 {
		out = append(out, dialog.Line{Tone: dialog.Caution, Text: "First, once you approve it: the earlier failover of " + strings.Join(first, ", ") + " is committed; its recovery points go away."})
	}
	out = append(out, dialog.Line{Tone: dialog.Bullet, Text: "On-premises disks are written in place: don't start that VM meanwhile."})
	if d.Sync == engine.SyncFull {
		out = append(out, dialog.Line{Tone: dialog.Caution, Text: "Full: once approved, the Azure VM stands still for the whole download."})
	} else {
		out = append(out, dialog.Line{Tone: dialog.Bullet, Text: "The Azure VM runs on until you approve: Stop Azure and switch."})
	}
	return append(out, dialog.Line{Tone: dialog.Bullet, Text: "The Azure VM and its disks stay until: Accept and delete the Azure copy."})
}
