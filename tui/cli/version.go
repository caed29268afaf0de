package cli

import (
	"fmt"
	"runtime"

	"github.com/spf13/cobra"
)

// versionInfo is what `version --output json` gives.
type versionInfo struct {
	Version string `json:"version"`
	Commit  string `json:"commit"`
	Date    string `json:"date"`
	Go      string `json:"go"`
	System  string `json:"system"`
}

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Say which failback this is",
		Args:  takes(0),
		RunE: func(*cobra.Command, []string) error {
			b := a.deps.Build
			v := versionInfo{b.Version, b.Commit, b.Date, runtime.Version(), runtime.GOOS + "/" + runtime.GOARCH}
			if a.flags.output != outputText {
				return writeJSON(a.deps.Streams.Out, v)
			}
			_, err := fmt.Fprintf(a.deps.Streams.Out, "failback %s (commit %s, built %s, %s, %s)\n", v.Version, v.Commit, v.Date, v.Go, v.System)
			return err
		},
	}
}
