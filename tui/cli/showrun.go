package cli

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"failback/engine"
	"failback/tui/plain"
)

// runView is what `show --output json` gives.
type runView struct {
	ID       engine.RunID   `json:"id"`
	Outcome  engine.Outcome `json:"outcome"`
	Started  time.Time      `json:"started"`
	Updated  time.Time      `json:"updated"`
	Driver   string         `json:"driver"`
	Live     bool           `json:"live"`
	Downtime float64        `json:"downtime_s"`
	Plan     engine.Plan    `json:"plan"`
	Legs     []legView      `json:"legs"`
	// Threads is what the run did to the download threads of hosts.
	Threads []engine.HostThreads `json:"threads,omitempty"`
	// Forecast is what was forecast when the run began, Outturn how it came out.
	Forecast *engine.ForecastMade `json:"forecast,omitempty"`
	Outturn  *engine.Outturn      `json:"outturn,omitempty"`
}

type legView struct {
	Item     string                               `json:"item"`
	Phase    engine.Phase                         `json:"phase"`
	Gate     engine.Gate                          `json:"gate,omitempty"`
	Outcome  engine.Outcome                       `json:"outcome"`
	Damaged  bool                                 `json:"damaged"`
	Downtime float64                              `json:"downtime_s"`
	Job      string                               `json:"job,omitempty"`
	Phases   map[engine.Phase]phaseView           `json:"phases"`
	Failure  *engine.Failure                      `json:"failure,omitempty"`
	Sync     map[engine.Phase]engine.SyncProgress `json:"sync,omitempty"` // estimates of what was moved
	Left     *leftView                            `json:"left,omitempty"`
	Boot     *engine.BootChecked                  `json:"boot,omitempty"`
	Guard    *engine.GuardChanged                 `json:"guard,omitempty"` // what was last done about the start guard
	// Disks is what the on-premises disks hold; nil on the way to Azure.
	Disks *engine.Consistency `json:"disks,omitempty"`
	// StartedByOthers says that the on-premises VM was seen running and must not.
	StartedByOthers bool       `json:"started_by_others,omitempty"`
	Looks           []lookView `json:"looks,omitempty"`
	Console         string     `json:"console,omitempty"` // opens the on-premises VM's console
}

// lookView is what a person saw of the on-premises VM.
type lookView struct {
	At      time.Time `json:"at"`
	By      string    `json:"by"`
	Saw     string    `json:"saw,omitempty"`
	Decided bool      `json:"decided,omitempty"`
}

type phaseView struct {
	Status  engine.PhaseStatus `json:"status"`
	Started time.Time          `json:"started,omitzero"`
	Ended   time.Time          `json:"ended,omitzero"`
	Tries   int                `json:"tries"`
}

func (a *app) showCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "show RUN",
		Short: "Show how a run stands; with --output ndjson its events",
		Args:  takes(1),
		RunE: func(_ *cobra.Command, args []string) error {
			store, id, err := a.findRun(args[0])
			if err != nil {
				return err
			}
			events, err := store.Events(id)
			if err != nil {
				return err
			}
			return a.showRun(events, store.Live(id), time.Now())
		},
	}
}

func (a *app) showRun(events []engine.Event, live bool, now time.Time) error {
	out := a.deps.Streams.Out
	if a.flags.output == outputNDJSON {
		p := plain.NewJSON(out)
		for _, e := range events {
			if err := p.Event(e); err != nil {
				return err
			}
		}
		return nil
	}
	st, err := engine.Fold(events)
	if err != nil {
		return err
	}
	v := newRunView(st, live, now)
	if a.flags.output == outputJSON {
		return writeJSON(out, v)
	}
	return a.writeRun(out, v, st)
}

func newRunView(st engine.State, live bool, now time.Time) runView {
	v := runView{
		ID: st.Run, Outcome: st.Outcome, Started: st.Created, Updated: st.Updated, Driver: st.Driver,
		Live: live, Downtime: st.Downtime(now).Seconds(), Plan: st.Plan,
		Threads: st.Threads, Forecast: st.Forecast, Outturn: st.Outturn(),
	}
	for _, l := range st.Legs {
		lv := legView{
			Item: l.Item.Name, Phase: l.Phase(), Outcome: l.Outcome, Damaged: l.Damage != nil,
			Downtime: l.Downtime(now).Seconds(), Job: l.Job, Failure: l.Failure, Phases: map[engine.Phase]phaseView{},
		}
		if l.Gate != nil {
			lv.Gate = l.Gate.Gate
		}
		lv.Sync = l.Sync
		if c := l.Consistency(); c.Words != "" {
			lv.Disks = &c
		}
		lv.Boot, lv.Guard, lv.StartedByOthers = l.Boot, l.Guard, l.StartedByOthers()
		lv.Left = leftOf(st, l.Item.Name, live, now)
		for _, k := range l.Looks {
			lv.Looks = append(lv.Looks, lookView(k))
		}
		if l.Boot != nil {
			lv.Console = st.Plan.ConsoleCommand(l.Item)
		}
		for p, r := range l.Phases {
			lv.Phases[p] = phaseView{r.Status, r.Started, r.Ended, r.Tries}
		}
		v.Legs = append(v.Legs, lv)
	}
	return v
}

func (a *app) writeRun(out io.Writer, v runView, st engine.State) error {
	stands := string(v.Outcome)
	switch {
	case v.Live:
		stands = "running"
	case stands == "":
		stands = "left behind; " + a.command("resume", string(v.ID))
	}
	lines := []string{
		"run       " + string(v.ID) + " (" + stands + ")",
		"plan      " + v.Plan.Direction.Arrow() + ", " + v.Plan.Way() + ", " + v.Plan.Target.Label(),
		directLine(v.Plan.Direct),
		"vault     " + v.Plan.Vault + " (" + v.Plan.Profile + ")",
		"started   " + a.when(v.Started) + " by " + v.Plan.Owner,
		"updated   " + a.when(v.Updated),
		"downtime  " + engine.SpanWords(time.Duration(v.Downtime*float64(time.Second))),
	}
	for _, h := range st.Threads {
		lines = append(lines, "threads   "+h.Host+": "+h.Words())
	}
	lines = append(lines, forecastLines(st)...)
	for _, l := range lines {
		if l != "" {
			a.tell(out, "%s", l)
		}
	}
	for i, l := range st.Legs {
		a.writeLeg(out, v.ID, l)
		a.writeLeft(out, v.Legs[i].Left)
		a.writeBoot(out, st.Plan, l)
	}
	return nil
}

// writeBoot says what the boot's proof showed, line by line, and what people saw.
func (a *app) writeBoot(out io.Writer, p engine.Plan, l *engine.Leg) {
	if b := l.Boot; b != nil {
		a.tell(out, "  boot %s", strings.ReplaceAll(string(b.Result), "-", " "))
		for _, x := range b.Lines {
			a.tell(out, "    %-9s %-12s %s", x.Result.Word(), x.What, x.Saw)
		}
		if !l.Passed(engine.PhaseCommit) {
			a.tell(out, "    console   %s", p.ConsoleCommand(l.Item))
		}
	}
	for _, k := range l.Looks {
		a.tell(out, "  %s %s", a.when(k.At), k.Words())
	}
}

func (a *app) writeLeg(out io.Writer, id engine.RunID, l *engine.Leg) {
	a.tell(out, "")
	a.tell(out, "%s", strings.TrimSpace(l.Item.Name+"  "+string(l.Outcome)))
	for _, s := range l.Steps {
		if s.IsGate() {
			continue
		}
		r := l.Phases[s.Phase]
		status := r.Status
		if status == "" {
			status = engine.StatusPending
		}
		took := ""
		if !r.Started.IsZero() && !r.Ended.IsZero() {
			took = engine.SpanWords(r.Ended.Sub(r.Started))
		}
		a.tell(out, "  %s", strings.TrimRight(fmt.Sprintf("%-22s %-10s %s%s", s.Phase.Info().Title, status, took, l.Sync[s.Phase].Words()), " "))
	}
	switch {
	case l.Gate != nil:
		a.tell(out, "  waits: %s; %s", l.Gate.Title(),
			a.command("decide", string(id), string(l.Gate.Gate), "--item", shellWord(l.Item.Name)))
	case l.Failure != nil:
		a.tell(out, "  %s", l.Failure.Error())
	}
	if l.Damage != nil {
		a.tell(out, "  DAMAGED since %s: %s", a.when(l.DamagedAt), l.Damage.Reason)
	}
	if c := l.Consistency(); c.Words != "" {
		a.tell(out, "  on-premises disks: %s", c.Words)
	}
	if g := l.Guard; g != nil && g.Set {
		a.tell(out, "  start guard set on %s: automatic start is %s, was %s", g.Host, g.After, g.Before)
	}
	if l.StartedByOthers() {
		a.tell(out, "  RUNNING on-premises when it was last seen, and it must not: shut it down at once")
	}
}
