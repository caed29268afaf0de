package cli

import (
	"path/filepath"
	"strings"
)

// command is a command line that a person may paste, here or in another
// terminal: where flags say what to look at, it says so, too.
func (a *app) command(words ...string) string {
	out := append([]string{"failback"}, words...)
	for _, f := range []struct{ flag, path string }{{"--config", a.flags.config}, {"--state-dir", a.flags.stateDir}} {
		if f.path == "" {
			continue
		}
		if whole, err := filepath.Abs(f.path); err == nil {
			f.path = whole
		}
		out = append(out, f.flag, shellWord(f.path))
	}
	return strings.Join(out, " ")
}

// shellWord quotes a name for the command that a person may paste.
func shellWord(s string) string {
	plain := strings.IndexFunc(s, func(r rune) bool {
		return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./", r)
	}) < 0
	if plain && s != "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", "'\\''") + "'"
}
