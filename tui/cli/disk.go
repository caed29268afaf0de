package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"failback/engine"
	"failback/engine/move"
	"failback/tui/text"
)

// Disks carries out what is asked for single disks. report may be nil; it is
// called from one goroutine at a time.
type Disks interface {
	Copy(ctx context.Context, o move.Order, report func(move.Progress)) (move.Copied, error)
	Cancel(target string) (move.TakenBack, error)
	// DeleteSnapshot deletes the snapshot that was taken for a copy onto the target.
	DeleteSnapshot(ctx context.Context, id, target string) error
	// Limit changes what a copy that has begun reads with: a rate, or off.
	Limit(target, limit string) (move.Limited, error)
	Standing(target string) (move.Standing, error)
	Hash(ctx context.Context, o move.HashOrder, report func(move.Progress)) (move.Hashed, error)
	Check(path string) (move.Checked, error)
	// Verify holds a disk, or a manifest, against a manifest; that beside the disk
	// where manifest is empty.
	Verify(ctx context.Context, path, manifest string, report func(move.Progress)) (move.Compared, error)
	// IsManifest and HasManifest say what a file is, and what lies beside it.
	IsManifest(path string) bool
	HasManifest(path string) bool
}

// disks are told of the profile only when one has to be signed in with.
func (a *app) disks() Disks {
	return a.deps.Disks(func() (Target, error) {
		t, err := a.target()
		t.Person = a.person()
		return t, err
	})
}

func (a *app) diskCommand() *cobra.Command {
	disk := &cobra.Command{
		Use:   "disk",
		Short: "Copy, hash and check single disks",
		Args:  subcommand,
		RunE: func(*cobra.Command, []string) error {
			return engine.Usagef("write failback disk copy, limit, cancel, status, hash or check", "what should be done with a disk?")
		},
	}
	disk.AddCommand(a.diskCopyCommand(), a.diskLimitCommand(), a.diskCancelCommand(), a.diskStatusCommand(), a.diskHashCommand(), a.diskCheckCommand())
	return disk
}

func (a *app) diskStatusCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "status TARGET",
		Short: "Say whether a disk is untouched, being written, or consistent, as far as this program touched it",
		Args:  takes(1),
		RunE: func(_ *cobra.Command, args []string) error {
			s, err := a.disks().Standing(args[0])
			if err != nil {
				return err
			}
			words := s.State
			switch {
			case s.Source != "":
				words += " from " + s.Source
			case s.Snapshot != "":
				words += " with " + s.Snapshot
			}
			if s.Since != nil {
				words += ", since " + a.when(*s.Since)
			}
			return a.one(s, "%s: %s\n", text.Clean(s.Target), text.Clean(words))
		},
	}
}

func (a *app) diskHashCommand() *cobra.Command {
	var o move.HashOrder
	var limit string
	var sas sasFlags
	cmd := &cobra.Command{
		Use:   "hash SOURCE",
		Short: "Make the manifest of a disk: the sums of all its blocks, in a file beside it",
		Long: `Make the manifest of a disk: SHA-256 of every block of 1 MiB, and one root over
all. SOURCE is an image's file, the address of a page blob, or the id of a managed
disk or snapshot; it is read once.

Run beside the data it saves egress: with --manifest, failback disk copy lets only
travel what differs. --against TARGET.manifest adds the sums of 4 KiB cells in
blocks that differ from what the target has, --cells those of all blocks.`,
		Args: takes(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Source = args[0]
			var err error
			if o.Limit, err = readLimit(limit); err != nil {
				return err
			}
			o.Secret = a.signature(sas)
			p := a.diskProgress()
			h, err := a.disks().Hash(cmd.Context(), o, p.report)
			if p.end(); err != nil {
				return err
			}
			return a.one(h, "%s: %s, root %s\n", text.Clean(h.Manifest), engine.SizeWords(h.Size), h.Root)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.To, "to", "", "the manifest's `FILE` (default SOURCE.manifest)")
	f.BoolVar(&o.Cells, "cells", false, "keep the sums of all cells of 4 KiB: 8 KiB for each MiB of data")
	f.StringVar(&o.Against, "against", "", "keep the sums of cells in blocks that are not as in this manifest's `FILE`")
	f.StringVar(&o.Snapshot, "snapshot", "", "the `TIME` of the blob's snapshot to read")
	registerLimit(f, &limit)
	sas.register(f)
	return cmd
}

func (a *app) diskCheckCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "check FILE",
		Short: "Look for damage in a disk image: checksums, bounds, alignment, blocks on top of each other",
		Long: `Look for damage in a disk image without changing it. Exit status 1 where something
is damaged; notes are harmless.`,
		Args: takes(1),
		RunE: func(_ *cobra.Command, args []string) error {
			c, err := a.disks().Check(args[0])
			if err != nil {
				return err
			}
			if err := a.showCheck(c); err != nil || c.Clean {
				return err
			}
			return &engine.Failure{Kind: engine.FailureOther, What: "check the image", Where: args[0], Why: "it is damaged",
				Remedy: "use another copy of the disk, or repair this one with the program that wrote it"}
		},
	}
}

func (a *app) showCheck(c move.Checked) error {
	words := "sound"
	if !c.Clean {
		words = "damaged"
	}
	lines := fmt.Sprintf("%s: %s, %s: %s\n", text.Clean(c.Path), c.Format, engine.SizeWords(c.Size), words)
	for _, f := range c.Findings {
		lines += text.Clean(f.Severity+": "+f.Where+": "+f.What) + "\n"
	}
	if c.More > 0 {
		lines += fmt.Sprintf("and %d more\n", c.More)
	}
	return a.one(c, "%s", lines)
}

// one writes one value: as JSON, on one line for ndjson, or as the text.
func (a *app) one(v any, format string, args ...any) error {
	switch a.flags.output {
	case outputJSON:
		return writeJSON(a.deps.Streams.Out, v)
	case outputNDJSON:
		return show(a, []any{v}, nil)
	}
	_, err := fmt.Fprintf(a.deps.Streams.Out, format, args...)
	return err
}
