package cli

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"failback/config"
	"failback/engine"
	"failback/tui/lang"
)

// shared are the flags that every command takes.
type shared struct {
	config   string
	profile  string
	vault    string
	lab      bool
	estate   string
	seed     int64
	stateDir string
	output   string
	plain    bool
	noColor  bool
	theme    string
	ascii    bool
	noMotion bool
	language string
	logFile  string
	rules    string
	record   string
}

// The output formats.
const (
	outputText   = "text"
	outputJSON   = "json"
	outputNDJSON = "ndjson"
)

var outputs = []string{outputText, outputJSON, outputNDJSON}

func (s *shared) register(root *cobra.Command) {
	f := root.PersistentFlags()
	f.StringVar(&s.config, "config", "", "configuration `FILE` (default $FAILBACK_CONFIG, then the user's own)")
	f.StringVar(&s.profile, "profile", "", "`NAME` of the profile to use")
	f.StringVar(&s.vault, "vault", "", "`NAME` or resource id of the vault, where the profile leaves it open or another is meant")
	f.BoolVar(&s.lab, "lab", false, "use the embedded lab instead of a profile")
	f.StringVar(&s.estate, "estate", "", "the lab's estate: a built-in `NAME` or a file")
	f.Int64Var(&s.seed, "seed", 0, "the lab's seed, for its disks and chances")
	f.StringVar(&s.stateDir, "state-dir", "", "`DIR` for runs and the lab (default $FAILBACK_STATE_DIR, then the user's own)")
	f.StringVar(&s.output, "output", outputText, "text, json or ndjson")
	f.BoolVar(&s.plain, "plain", false, "linear text instead of the terminal program")
	f.BoolVar(&s.noColor, "no-color", false, "no colours (NO_COLOR works, too)")
	f.StringVar(&s.theme, "theme", "", "`NAME` of the screens' colours: "+strings.Join(config.Themes, ", ")+" (default $FAILBACK_THEME, then the configuration's)")
	f.BoolVar(&s.ascii, "ascii", false, "symbols in ASCII alone on the screens")
	f.StringVar(&s.language, "language", "", "language of the screens and of the questions in lines: "+strings.Join(lang.Names, ", ")+" (default the configuration's, then the terminal's)")
	f.BoolVar(&s.noMotion, "no-motion", false, "nothing turns or blinks on the screens")
	f.StringVar(&s.record, "record", "", "record what is asked of Azure and answered, names taken out, in the new `FILE`, and what is said with hosts beside it (….winrm.yml)")
	f.StringVar(&s.rules, "rules", "", "`FILE` of this site's own preflight rules, beside the built-in ones")
	f.StringVar(&s.logFile, "log-file", "", "append a log in JSON lines to `FILE`")
}

// check refuses flags that contradict each other.
func (s *shared) check() error {
	switch {
	case !slices.Contains(outputs, s.output):
		return engine.Usagef("write --output text, json or ndjson", "--output %q is not known", s.output)
	case s.lab && s.profile != "":
		return engine.Usagef("give one of them", "--lab and --profile contradict each other")
	case s.vault != "" && (s.lab || s.estate != "" || s.seed != 0):
		return engine.Usagef("leave --vault out", "the lab has one vault only")
	case s.estate != "" && s.profile != "":
		return engine.Usagef("leave --profile out to use the lab", "--estate is the lab's, and --profile says not to use it")
	}
	if s.estate != "" || s.seed != 0 {
		s.lab = s.profile == ""
	}
	if err := s.checkLanguage(); err != nil {
		return err
	}
	return s.checkTheme()
}

// prepare runs before every command.
func (a *app) prepare() error {
	if err := a.flags.check(); err != nil {
		return err
	}
	if err := a.openLog(); err != nil {
		return err
	}
	return a.openRecording()
}

// stateDir is the folder that holds runs and the lab's world.
func (a *app) stateDir() (string, error) { return config.StateDir(a.flags.stateDir) }

// target says what the shared flags connect to.
func (a *app) target() (Target, error) {
	dir, err := a.stateDir()
	if err != nil {
		return Target{}, err
	}
	if a.flags.lab {
		return Target{Lab: a.labAt(dir)}, nil
	}
	return a.profileTarget(a.flags.profile)
}

func (a *app) labAt(dir string) Lab {
	return Lab{
		StateDir: dir, Estate: a.flags.estate, Seed: a.flags.seed,
		Notice: func(text string) { a.say("%s", text) },
	}
}

func (a *app) profileTarget(name string) (Target, error) {
	file, err := a.configuration()
	if err != nil {
		return Target{}, err
	}
	p, err := file.Profile(name)
	if err != nil {
		f := engine.Usagef("write a profile (docs/config.md), or try everything with --lab", "%s", err)
		f.Err = err
		return Target{}, f
	}
	return Target{Profile: &p}, nil
}
