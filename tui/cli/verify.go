package cli

import (
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
		Use:   "verify PATH",
		Short: "Check a run's journal offline: every line's checksum, and that its history is a legal one",
		Args:  takes(1),
		RunE: func(_ *cobra.Command, args []string) error {
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
