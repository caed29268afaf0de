package cli

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"strings"

	"failback/config"
	"failback/engine"
	"failback/tui"
	"failback/tui/keymap"
	"failback/tui/theme"
)

// themeVariable is the environment's word on the theme.
const themeVariable = "FAILBACK_THEME"

// configuration reads the configuration file, and finds what is wrong in it for any
// command, the keys of the screens included.
func (a *app) configuration() (config.File, error) {
	file, err := config.Load(a.flags.config)
	if err != nil {
		return file, err
	}
	_, err = keysOf(file)
	return file, err
}

// appearance joins what flags, environment and configuration say of the screens,
// in this order.
func (a *app) appearance(file config.File) (tui.Options, error) {
	o := tui.Options{
		Language: a.language(),
		Theme:    theme.Name(cmp.Or(a.flags.theme, os.Getenv(themeVariable), file.Screen.Theme)),
		ASCII:    a.flags.ascii || file.Screen.Symbols == "ascii",
		Unicode:  !a.flags.ascii && file.Screen.Symbols == "unicode",
		NoMotion: a.flags.noMotion || file.Screen.Motion != nil && !*file.Screen.Motion,
	}
	if a.flags.noColor {
		o.Theme = theme.None
	}
	var err error
	o.Keys, err = keysOf(file)
	return o, err
}

// checkTheme refuses a theme that nobody knows, wherever it was named.
func (s *shared) checkTheme() error {
	for _, c := range []struct{ from, name string }{{"--theme", s.theme}, {themeVariable, os.Getenv(themeVariable)}} {
		if c.name != "" && !theme.Known(theme.Name(c.name)) {
			return engine.Usagef("write one of "+strings.Join(config.Themes, ", "), "%s %q is not known", c.from, c.name)
		}
	}
	if s.noColor && s.theme != "" && s.theme != string(theme.None) {
		return engine.Usagef("give one of them", "--no-color and --theme %s contradict each other", s.theme)
	}
	return nil
}

// keysOf are the keys that a configuration chooses. An error names its line.
func keysOf(file config.File) (keymap.Keys, error) {
	choices := make([]keymap.Choice, len(file.Keys))
	for i, c := range file.Keys {
		choices[i] = keymap.Choice{Action: keymap.Action(c.Action), Keys: c.Keys, Line: c.Line}
	}
	keys, err := keymap.Remap(choices)
	var wrong *keymap.ChoiceError
	if errors.As(err, &wrong) {
		c := wrong.Choice
		return keys, &config.Error{
			File: file.Path, Line: c.Line, Key: fmt.Sprintf("keys.%s", c.Action), Why: wrong.Why,
			Remedy: "correct the file and try again; docs/keys.md lists actions and keys", Err: err,
		}
	}
	return keys, err
}
