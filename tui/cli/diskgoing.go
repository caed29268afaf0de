package cli

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"failback/engine"
	"failback/engine/move"
	"failback/tui/text"
)

// What is said of a copy that has begun: how fast it may read, and that it is taken
// back.

func (a *app) diskLimitCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "limit TARGET RATE",
		Short: "Change what a copy reads with while it runs: a rate, rates by hours, or off",
		Long: `Change what a copy onto TARGET reads with, from any terminal on the same machine.
RATE is written as for failback disk copy --limit: 20MiB/s, or by hours
08:00-18:00=5MB/s,50MB/s; off takes the limit away. A copy that runs takes it up
within a second. It holds until the copy is done or taken back, also when it is
broken off and goes on, unless that is given a --limit of its own.`,
		Args: takes(2),
		RunE: func(_ *cobra.Command, args []string) error {
			l, err := a.disks().Limit(args[0], args[1])
			if err != nil {
				return err
			}
			words := "the limit is " + l.Limit
			if strings.EqualFold(l.Limit, "off") {
				words = "there is no limit"
			}
			if l.Running {
				words += " within a second"
			} else {
				words += " when the copy goes on; none runs now"
			}
			return a.one(l, "%s: %s\n", text.Clean(l.Target), text.Clean(words))
		},
	}
}

func (a *app) diskCancelCommand() *cobra.Command {
	var deletes bool
	cmd := &cobra.Command{
		Use:   "cancel TARGET",
		Short: "Take a copy back that was broken off: the target becomes what it was before, bit for bit",
		Long: `Take a copy back that was broken off. A target that was there before gets its old
content again, bit for bit; a new one is removed. Interrupted, it is done again.

Of a managed disk a snapshot was taken for the copy, which stays in Azure:
--delete-snapshot signs in with the profile and deletes it, and no other.`,
		Args: takes(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			back, err := a.disks().Cancel(args[0])
			if err != nil {
				return err
			}
			if back.Snapshot != "" && deletes {
				if err := a.deleteSnapshot(cmd.Context(), &back); err != nil {
					return err
				}
			}
			return a.one(back, "%s: %s\n", text.Clean(back.Target), text.Clean(takenBackWords(back)))
		},
	}
	cmd.Flags().BoolVar(&deletes, "delete-snapshot", false, "also delete the snapshot in Azure that was taken for the copy")
	return cmd
}

// deleteSnapshot deletes what a copy that is taken back has left in Azure.
func (a *app) deleteSnapshot(ctx context.Context, back *move.TakenBack) error {
	if err := a.disks().DeleteSnapshot(ctx, back.Snapshot, back.Target); err != nil {
		f := *engine.AsFailure(err, "delete the snapshot that was taken for the copy", back.Snapshot)
		remedy := "the copy is taken back and the snapshot is still there: " + byHand(back.Snapshot)
		if f.Remedy != "" {
			remedy = f.Remedy + "; " + remedy
		}
		f.Remedy = remedy
		return &f
	}
	back.Deleted = true
	return nil
}

func takenBackWords(back move.TakenBack) string {
	words := "its old content is back"
	switch {
	case back.Nothing:
		words = "nothing was begun that could be taken back"
	case back.Removed:
		words = "the new disk is removed"
	}
	switch {
	case back.Deleted:
		words += "; the snapshot that was taken for the copy is deleted"
	case back.Snapshot != "":
		words += "; the snapshot that was taken for the copy is still in Azure, and costs what it holds: " + byHand(back.Snapshot)
	}
	return words
}

// byHand is how a snapshot is deleted without this program.
func byHand(snapshot string) string {
	id := shellWord(snapshot)
	return "az snapshot revoke-access --ids " + id + " && az snapshot delete --ids " + id
}
