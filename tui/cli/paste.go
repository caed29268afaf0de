package cli

import (
	"path/filepath"
	"strconv"
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

// reaching is [app.command] for a command that connects: it names the same lab or
// vault.
func (a *app) reaching(words ...string) string {
	f := a.flags
	switch {
	case f.lab && f.estate == "" && f.seed == 0:
		words = append(words, "--lab")
	case f.lab && f.estate != "":
		words = append(words, "--estate", shellWord(f.estate))
	}
	if f.seed != 0 {
		words = append(words, "--seed", strconv.FormatInt(f.seed, 10))
	}
	if f.profile != "" {
		words = append(words, "--profile", shellWord(f.profile))
	}
	if f.vault != "" {
		words = append(words, "--vault", shellWord(f.vault))
	}
	return a.command(words...)
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
