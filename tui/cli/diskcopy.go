package cli

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"failback/engine"
	"failback/engine/move"
	"failback/engine/transfer/pace"
	"failback/tui/text"
)

type diskCopyOptions struct {
	order move.Order
	mode  string
	limit string
	sas   sasFlags
}

func (a *app) diskCopyCommand() *cobra.Command {
	var o diskCopyOptions
	cmd := &cobra.Command{
		Use:   "copy SOURCE TARGET",
		Short: "Copy one disk: a file, a page blob or a managed disk into a raw, VHD or VHDX file",
		Long: `Copy one disk. SOURCE is the file of an image, or the address of a page blob
without its signature: that is asked for, or comes from --sas-file or FAILBACK_SAS.
Or it is the id of a managed disk or of an incremental snapshot (/subscriptions/…),
which the profile signs in for; of a disk a snapshot is taken, and deleted at the
end. TARGET is a file; what a new one becomes, its name says, or --format.

  --mode full    everything allocated travels. A new target needs no --mode
  --mode delta   the target is an old copy and is changed in place:
                   with --manifest, only cells that differ travel;
                   with --base SNAPSHOT, only what changed since then;
                   with neither, everything is read and only what differs is
                   written: no egress is saved

A copy that was broken off, by Ctrl-C or by a crash, goes on when the same command
is given again. failback disk cancel TARGET takes it back, bit for bit, until it is
done. What was written is read from the disk again before the copy counts as done.`,
		Args: takes(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.order.Source, o.order.Target = args[0], args[1]
			return a.diskCopy(cmd.Context(), o)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.mode, "mode", "", "full or delta")
	f.StringVar(&o.order.Base, "base", "", "what the target has: the time or id of a `SNAPSHOT`, or with --manifest a manifest's file")
	f.StringVar(&o.order.Manifest, "manifest", "", "the `FILE` of the source's manifest, made beside it with failback disk hash")
	f.StringVar(&o.order.Snapshot, "snapshot", "", "the `TIME` of the blob's snapshot to read")
	f.StringVar(&o.order.Format, "format", "", "raw, vhd, vhdx or vhdx-fixed (default by the target's name)")
	f.BoolVar(&o.order.Unread, "no-reread", false, "do not read what was written from the disk again")
	registerLimit(f, &o.limit)
	o.sas.register(f)
	return cmd
}

func registerLimit(f *pflag.FlagSet, limit *string) {
	f.StringVar(limit, "limit", "", "`RATE` to read with, such as 20MiB/s, or by hours: 08:00-18:00=5MB/s,50MB/s")
}

func readLimit(flag string) (pace.Schedule, error) {
	if flag == "" {
		return pace.Schedule{}, nil
	}
	s, err := pace.ParseSchedule(flag)
	if err != nil {
		return s, engine.Usagef("write a rate such as 20MiB/s, or hours before it: 08:00-18:00=5MB/s,50MB/s", "--limit: %s", err)
	}
	return s, nil
}

func (a *app) diskCopy(ctx context.Context, o diskCopyOptions) error {
	var err error
	switch o.order.Mode = move.Mode(o.mode); o.order.Mode {
	case "", move.Full, move.Delta:
	default:
		return engine.Usagef("write --mode full or --mode delta", "--mode %q is not known", o.mode)
	}
	if o.order.Limit, err = readLimit(o.limit); err != nil {
		return err
	}
	o.order.Secret = a.signature(o.sas)
	// A copy keeps little and throws much away: it runs beside what a host is for.
	debug.SetGCPercent(25)
	p := a.diskProgress()
	c, err := a.disks().Copy(ctx, o.order, p.report)
	p.end()
	if errors.Is(err, context.Canceled) {
		a.say("stopped; %s is marked as half-written. The same command goes on; %s takes it back",
			o.order.Target, a.command("disk", "cancel", shellWord(o.order.Target)))
		return err
	}
	if err != nil {
		return err
	}
	return a.one(c, "%s", copiedWords(c))
}

// copiedWords is the end of a copy for a person.
func copiedWords(c move.Copied) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s, %s, in %.1f s\n", text.Clean(c.Target), c.Format, engine.SizeWords(c.Size), c.Seconds)
	fmt.Fprintf(&b, "  %s\n", c.Way.Words())
	counts := []string{"read " + engine.SizeWords(c.Read), "wrote " + engine.SizeWords(c.Written)}
	for _, n := range []struct {
		bytes int64
		words string
	}{
		{c.Zeroed, "overwrote %s with zeros"}, {c.Equal, "%s were the same already"}, {c.Zero, "%s were zeros"},
		{c.Bridged, "%s read along to ask less often"}, {c.Proven, "%s had come before"},
	} {
		if n.bytes > 0 {
			counts = append(counts, fmt.Sprintf(n.words, engine.SizeWords(n.bytes)))
		}
	}
	fmt.Fprintf(&b, "  %s\n", strings.Join(counts, ", "))
	if c.Throttled > 0 {
		fmt.Fprintf(&b, "  the source asked %s to slow down\n", text.Plural(int(c.Throttled), "time", "times"))
	}
	fmt.Fprintf(&b, "  verified: %s: %s", c.Level, c.Level.Sentence())
	if c.Checksum != "" {
		fmt.Fprintf(&b, "; each answer had its %s", c.Checksum)
	}
	if c.Sampled > 0 {
		fmt.Fprintf(&b, "; %s outside the list of changes were compared", engine.SizeWords(c.Sampled))
	}
	fmt.Fprintf(&b, "\n  manifest: %s, root %s\n", text.Clean(c.Manifest), c.Root)
	return b.String()
}
