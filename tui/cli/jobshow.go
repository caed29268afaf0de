package cli

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/charmbracelet/x/ansi"
	"github.com/spf13/cobra"

	"failback/engine"
	"failback/engine/runs"
	"failback/tui/jobtree"
	"failback/tui/text"
)

// jobView is one job whole, as `jobs show --output json` gives it. Fields are
// added, never renamed.
type jobView struct {
	jobRow
	Waits    engine.JobWait    `json:"waits_for,omitempty"`
	Offers   []engine.JobOffer `json:"offers"`
	Children []engine.Job      `json:"child_jobs,omitempty"` // with --expand
}

func (a *app) jobShowCommand() *cobra.Command {
	var expand bool
	cmd := &cobra.Command{
		Use:   "show JOB",
		Short: "Show a job whole: its tasks, errors with advice, what it waits for and offers",
		Long: `Show a job whole. JOB is its name, or a unique beginning of it. The tasks of a
recovery plan name the jobs of its machines; --expand shows those below them.`,
		Args: takes(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			v, err := a.readJob(cmd.Context(), args[0], expand)
			if err != nil {
				return err
			}
			if a.flags.output == outputJSON {
				return writeJSON(a.deps.Streams.Out, v)
			}
			return show(a, []jobView{v}, jobPage{a, v})
		},
	}
	cmd.Flags().BoolVar(&expand, "expand", false, "show the jobs that the tasks name, too")
	return cmd
}

func (a *app) readJob(ctx context.Context, typed string, expand bool) (jobView, error) {
	s, err := a.connect(ctx)
	if err != nil {
		return jobView{}, err
	}
	defer s.close(a)
	j, err := findJob(ctx, s, typed)
	if err != nil {
		return jobView{}, err
	}
	owners, err := s.store.JobOwners()
	if err != nil {
		return jobView{}, err
	}
	v := jobView{jobRow: newJobRow(j, owners), Waits: j.Waits(), Offers: j.Offers()}
	if !expand {
		return v, nil
	}
	for _, name := range jobtree.Links(j) {
		child, err := s.conn.Jobs.Job(ctx, name)
		if err != nil {
			return jobView{}, err
		}
		v.Children = append(v.Children, child)
	}
	return v, nil
}

// jobPage is a job for people.
type jobPage struct {
	a *app
	v jobView
}

func (p jobPage) write(w io.Writer, width int) error {
	j := p.v.Job
	out := []string{p.title(), ""}
	row := func(label, value string) {
		if value != "" {
			out = append(out, fmt.Sprintf("%-9s %s", label, value))
		}
	}
	row("job", j.Name)
	row("state", strings.TrimSuffix(stateWords(j)+", "+jobtree.Waits(j), ", "))
	row("started", p.a.when(j.Started))
	if !j.Ended.IsZero() {
		row("ended", p.a.when(j.Ended)+", after "+engine.SpanWords(j.Ended.Sub(j.Started)))
	}
	row("request", j.ActivityID)
	if r := p.v.Run; r != nil {
		row("run", string(r.Run)+" ("+p.a.command("show", string(r.Run))+")")
	}
	for _, o := range p.v.Offers {
		row("offers", o.Title+" ["+o.Portal+"]: "+p.a.jobCommand(j, o, p.v.Run))
	}
	out = append(out, "", "tasks")
	for _, l := range jobtree.Of(j, byName(p.v.Children)) {
		out = append(out, jobLine(l, width)...)
	}
	if len(j.Tasks) == 0 {
		out = append(out, "  none are told")
	}
	for _, line := range out {
		if _, err := fmt.Fprintln(w, text.Clean(line)); err != nil {
			return err
		}
	}
	return nil
}

func (p jobPage) title() string {
	j := p.v.Job
	title := j.Title()
	if j.TargetName != "" {
		title += " of " + j.TargetName
	}
	if d := j.Direction(); d != engine.DirectionUnknown {
		title += ", " + d.Arrow()
	}
	return title
}

func byName(jobs []engine.Job) map[string]engine.Job {
	out := map[string]engine.Job{}
	for _, j := range jobs {
		out[j.Name] = j
	}
	return out
}

// jobCommand is how an offer is taken up. What belongs to a run that is not over
// goes through that run.
func (a *app) jobCommand(j engine.Job, o engine.JobOffer, r *runs.JobOwner) string {
	if r != nil && r.Open {
		return a.throughRun(o.Verb, *r)
	}
	switch o.Verb {
	case engine.VerbComplete, engine.VerbConfirm:
		return a.reaching("jobs", "resume", j.Name, "--comment", "TEXT")
	case engine.VerbCancel, engine.VerbRestart:
	}
	return a.reaching("jobs", string(o.Verb), j.Name)
}

// stateWidth holds the longest word of a state that is known.
const stateWidth = 11

// jobLine is a line of the tree, broken where it is wider than width.
func jobLine(l jobtree.Line, width int) []string {
	indent := strings.Repeat("  ", l.Depth+1)
	if l.Kind == jobtree.Task {
		s := indent + fmt.Sprintf("%-*s %s", stateWidth, jobtree.Word(l.State), l.Text)
		if l.Took > 0 {
			s += "  " + engine.SpanWords(l.Took)
		}
		if l.Job != "" {
			s += "  job " + l.Job
		}
		return []string{s}
	}
	head := indent + strings.Repeat(" ", stateWidth+1)
	mark := map[jobtree.Kind]string{jobtree.Fault: "error ", jobtree.Warning: "warning ", jobtree.Advice: "  "}[l.Kind]
	room := width - len(head) - len(mark)
	if width == 0 || room < 20 {
		return []string{head + mark + l.Text}
	}
	lines := strings.Split(ansi.Wrap(text.Clean(l.Text), room, " "), "\n")
	for i := range lines {
		lines[i] = head + mark + lines[i]
		mark = strings.Repeat(" ", len(mark))
	}
	return lines
}
