package cli

import (
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"failback/engine"
	"failback/tui/text"
)

// checkRow is one finding, as `check --output json` gives it.
type checkRow struct {
	Item string `json:"item"`
	engine.Finding
}

func (a *app) checkCommand() *cobra.Command {
	var o planOptions
	cmd := &cobra.Command{
		Use:   "check --item NAME",
		Short: "Run the preflight rules and change nothing; exit 3 if one blocks",
		Args:  takes(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			// What is checked hardly depends on the option, so a check does
			// not insist on the choice that a start does.
			if err := o.checkDirect(cmd.Flags().Changed); err != nil {
				return err
			}
			if o.sync == "" {
				o.sync = string(engine.SyncDelta)
			}
			if err := o.check(); err != nil {
				return err
			}
			return a.check(cmd.Context(), &o)
		},
	}
	o.register(cmd)
	return cmd
}

func (a *app) check(ctx context.Context, o *planOptions) error {
	s, err := a.connect(ctx)
	if err != nil {
		return err
	}
	defer s.close(a)
	p, err := o.plan(ctx, s)
	if err != nil {
		return err
	}
	rows, stopped, err := checkAll(ctx, s, p)
	if err != nil {
		return err
	}
	o.sayNotices(a)
	if p.Direct != nil {
		a.say("the machines come home %s", p.Direct.Words())
		for _, line := range directForecast(ctx, s, p) {
			a.say("  %s", line)
		}
	}
	rows = append(rows, membersRows(p, stopped)...)
	if err := show(a, rows, findings(rows)); err != nil {
		return err
	}
	if len(stopped) > 0 {
		return &blocked{stopped}
	}
	return nil
}

// checkAll checks every item of the plan side by side and lists the blocked ones. The
// findings stand by item, in the plan's order.
func checkAll(ctx context.Context, s *session, p engine.Plan) (rows []checkRow, stopped []string, err error) {
	ports, err := s.conn.PortsFor(p)
	if err != nil {
		return nil, nil, err
	}
	err = s.rules.All(ctx, ports, p, func(item string, f engine.Finding) {
		rows = append(rows, checkRow{item, f})
	})
	place := map[string]int{}
	for i, it := range p.Items {
		place[it.Name] = i
	}
	slices.SortStableFunc(rows, func(a, b checkRow) int { return place[a.Item] - place[b.Item] })
	for _, r := range rows {
		if r.Verdict == engine.VerdictBlock && !slices.Contains(stopped, r.Item) {
			stopped = append(stopped, r.Item)
		}
	}
	return rows, stopped, err
}

// findings are a check's answers for people: a line each, the remedy below, and
// where it comes from under what is not fine.
type findings []checkRow

func (f findings) write(w io.Writer, _ int) error {
	item := ""
	for _, r := range f {
		lines := []string{fmt.Sprintf("  %-8s %s: %s", r.Verdict, r.Title, r.Observed)}
		if r.Item != item {
			item = r.Item
			lines = []string{item, lines[0]}
		}
		if r.Remedy != "" {
			lines = append(lines, "           "+r.Remedy)
		}
		if r.Verdict != engine.VerdictOK {
			lines = append(lines, "           ["+r.Basis()+"]")
		}
		for _, l := range lines {
			if _, err := fmt.Fprintln(w, text.Clean(l)); err != nil {
				return err
			}
		}
	}
	return nil
}
