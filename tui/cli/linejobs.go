package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"failback/engine"
	"failback/engine/runs"
	"failback/tui/ask"
)

// latestJobs is how many jobs are put to choice, newest first; failback jobs lists all.
const latestJobs = 20

// lineJobs shows jobs and does what one offers.
func (a *app) lineJobs(ctx context.Context, t *ask.Talk, s *session) error {
	for {
		jobs, err := a.findJobs(ctx, s, engine.JobFilter{})
		if err != nil {
			return err
		}
		if len(jobs) == 0 {
			t.Say("The vault has no jobs.")
			return ask.ErrBack
		}
		jobs = jobs[:min(len(jobs), latestJobs)]
		choices := make([]ask.Choice, len(jobs))
		for i, j := range jobs {
			choices[i] = ask.Choice{Label: fmt.Sprintf("%s of %s: %s, %s", j.Title(), j.TargetName, stateWords(j), a.when(j.Started))}
		}
		n, err := t.One(ctx, ask.Question{Ask: "Which job?", Choices: choices})
		if err != nil {
			return err
		}
		if err := a.lineJob(ctx, t, s, jobs[n].Name); err != nil {
			return err
		}
	}
}

// lineJob shows one job whole and asks what to do with it.
func (a *app) lineJob(ctx context.Context, t *ask.Talk, s *session, name string) error {
	j, err := s.conn.Jobs.Job(ctx, name)
	if err != nil {
		return err
	}
	owners, err := s.store.JobOwners()
	if err != nil {
		return err
	}
	v := jobView{jobRow: newJobRow(j, owners), Waits: j.Waits(), Offers: j.Offers()}
	if err := (jobPage{a, v}).write(a.deps.Streams.Out, 0); err != nil {
		return err
	}
	choices := []ask.Choice{{Label: "Back to the jobs"}}
	for _, o := range v.Offers {
		c := ask.Choice{Label: o.Title + " [" + o.Portal + "]"}
		if v.Run != nil && v.Run.Open {
			c.Off = "it belongs to run " + string(v.Run.Run) + ": " + a.throughRun(o.Verb, *v.Run)
		}
		choices = append(choices, c)
	}
	n, err := t.One(ctx, ask.Question{Ask: "What shall be done with it?", Choices: choices})
	if err != nil || n == 0 {
		return ignoreBack(err)
	}
	return ignoreBack(a.lineAct(ctx, t, s, j, v.Offers[n-1]))
}

// lineAct says what would happen and has the subject's name typed whole.
func (a *app) lineAct(ctx context.Context, t *ask.Talk, s *session, j engine.Job, o engine.JobOffer) error {
	for _, c := range o.Consequences {
		t.Say("%s", c)
	}
	comment := ""
	if o.Comment {
		var err error
		if comment, err = t.Text(ctx, "A comment, which the service keeps with the job:", false); err != nil {
			return err
		}
	}
	if err := t.Word(ctx, strings.ToLower(o.Title), o.Subject); err != nil {
		return err
	}
	if err := s.conn.Act(ctx, j.Name, o, comment, runs.NewRequestID()); err != nil {
		a.complain(err)
		return nil
	}
	t.Say("%s: accepted.", o.Title)
	return nil
}

// ignoreBack makes going back the end of a question that leads back anyway.
func ignoreBack(err error) error {
	if errors.Is(err, ask.ErrBack) {
		return nil
	}
	return err
}
