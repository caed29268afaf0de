package config

import (
	"os"
	"path/filepath"
	"runtime"

	"github.com/adrg/xdg"
)

// DefaultFile is where the user's own configuration is looked for:
// $XDG_CONFIG_HOME/failback/config.yaml, on Windows %AppData%\failback\config.yaml.
func DefaultFile() string {
	home := xdg.ConfigHome
	if runtime.GOOS == "windows" {
		// The library's configuration home is the local AppData; settings that
		// should follow a user to the next jump box belong in the roaming one.
		if roaming := os.Getenv("AppData"); roaming != "" {
			home = roaming
		}
	}
	return filepath.Join(home, "failback", "config.yaml")
}

const elsewhere = "name a folder that can be written with --state-dir or FAILBACK_STATE_DIR"

// StateDir is the folder that holds runs and the lab's world: flag, else
// FAILBACK_STATE_DIR, else $XDG_STATE_HOME/failback, on Windows
// %LocalAppData%\failback. It is made, readable by the user alone, and must be
// writable: a run that can't be written down must not begin.
func StateDir(flag string) (string, error) {
	dir := flag
	if dir == "" {
		dir = os.Getenv("FAILBACK_STATE_DIR")
	}
	if dir == "" {
		dir = filepath.Join(xdg.StateHome, "failback")
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", &Error{File: dir, Why: "no path for a state directory: " + err.Error(), Remedy: elsewhere, Err: err}
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", &Error{File: dir, Why: "the state directory can't be made: " + reason(err), Remedy: elsewhere, Err: err}
	}
	probe, err := os.CreateTemp(dir, ".writable-*")
	if err != nil {
		return "", &Error{File: dir, Why: "the state directory can't be written: " + reason(err), Remedy: elsewhere, Err: err}
	}
	_ = probe.Close() // nothing was written to it
	if err := os.Remove(probe.Name()); err != nil {
		return "", &Error{File: dir, Why: "the state directory can't be written: " + reason(err), Remedy: elsewhere, Err: err}
	}
	return dir, nil
}
