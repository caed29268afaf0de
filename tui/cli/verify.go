package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"failback/engine"
	"failback/engine/journal"
	"failback/tui/text"
)

// verifyResult is what `verify --output json` gives of a sound journal.
type verifyResult struct {
	Path    string         `json:"path"`
	Run     engine.RunID   `json:"run"`
	Events  int            `json:"events"`
	Outcome engine.Outcome `json:"outcome"`
}

func (a *app) verifyCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "verify PATH [MANIFEST]",
		Short: "Check a run's journal, or a disk against its manifest, offline",
		Long: `Check a run's journal offline: every line's checksum, and that its history is a
legal one. PATH is the journal or the run's folder.

Or check a disk: PATH is an image's file and MANIFEST that of its manifest, which is
PATH.manifest where it is left out. Where PATH is a manifest as well, the two are
compared, and no disk is read. Exit status 1 where they differ; the ranges are listed.`,
		Args: takesOneOrTwo,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 2 || a.disks().HasManifest(args[0]) {
				return a.verifyDisk(cmd.Context(), args[0], strings.Join(args[1:], ""))
			}
			if a.disks().IsManifest(args[0]) {
				return engine.Usagef("name the disk, or a second manifest: failback verify DISK "+shellWord(args[0]), "%s is a manifest, and nothing is named to hold against it", args[0])
			}
			v, err := verify(args[0])
			if err != nil {
				return err
			}
			if a.flags.output != outputText {
				return writeJSON(a.deps.Streams.Out, v)
			}
			stands := string(v.Outcome)
			if stands == "" {
				stands = "not ended"
			}
			_, err = fmt.Fprintf(a.deps.Streams.Out, "%s: %d events, chain unbroken, history legal; run %s: %s\n",
				text.Clean(v.Path), v.Events, text.Clean(string(v.Run)), text.Clean(stands))
			return err
		},
	}
}

func takesOneOrTwo(cmd *cobra.Command, args []string) error {
	if len(args) >= 2 {
		return takes(2)(cmd, args)
	}
	return takes(1)(cmd, args)
}

// verifyDisk holds a disk, or a manifest, against a manifest.
func (a *app) verifyDisk(ctx context.Context, path, manifest string) error {
	p := a.diskProgress()
	c, err := a.disks().Verify(ctx, path, manifest, p.report)
	if p.end(); err != nil {
		return err
	}
	words := fmt.Sprintf("%s: is the disk of %s: %s, root %s\n", text.Clean(c.Disk), text.Clean(c.Manifest), engine.SizeWords(c.Size), c.Root)
	if !c.Same() {
		words = fmt.Sprintf("%s: differs from %s in %s\n", text.Clean(c.Disk), text.Clean(c.Manifest), text.Plural(len(c.Differs)+c.More, "range", "ranges"))
		for _, r := range c.Differs {
			words += fmt.Sprintf("  %d bytes at %d\n", r.Length, r.Offset)
		}
		if c.More > 0 {
			words += fmt.Sprintf("  and %d more\n", c.More)
		}
	}
	if err := a.one(c, "%s", words); err != nil || c.Same() {
		return err
	}
	return &engine.Failure{Kind: engine.FailureOther, What: "verify", Where: c.Disk, Why: "it is not the disk of " + c.Manifest,
		Remedy: "copy it again with --mode delta, or take another copy"}
}

// verify reads a journal, or the one in a run's folder.
func verify(path string) (verifyResult, error) {
	if st, err := os.Stat(path); err == nil && st.IsDir() {
		path = filepath.Join(path, journal.FileName)
	}
	events, err := journal.Read(path)
	var unread *fs.PathError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return verifyResult{}, engine.Usagef("name a journal or a run's folder", "there is no journal at %s", path)
	case errors.As(err, &unread):
		return verifyResult{}, engine.Usagef("name a journal or a run's folder that can be read", "%s: %s", path, unread.Err)
	}
	if err != nil {
		return verifyResult{}, unsound(path, err)
	}
	st, err := engine.Fold(events)
	if err == nil && len(events) == 0 {
		err = errors.New("it holds no event")
	}
	if err != nil {
		return verifyResult{}, unsound(path, err)
	}
	return verifyResult{Path: path, Run: st.Run, Events: len(events), Outcome: st.Outcome}, nil
}

func unsound(path string, err error) error {
	return &engine.Failure{Kind: engine.FailureOther, What: "verify", Where: path, Why: strings.TrimPrefix(err.Error(), path+": "),
		Remedy: "take this journal for no evidence; compare it with a backup", Err: err}
}
