package cli

import (
	"os"
	"strings"

	"failback/config"
	"failback/engine"
	"failback/tui/lang"
)

// language is what people are spoken to in: --language, else the configuration's,
// else the environment's where somebody sits at a terminal. What a file or another
// program reads does not change with the environment of whoever begins it.
func (a *app) language() lang.Language {
	a.asked.Do(func() { a.spoken = a.find() })
	return a.spoken
}

func (a *app) find() lang.Language {
	name := a.flags.language
	if name == "" {
		// What is wrong in the file the command says that needs it.
		if file, err := config.Load(a.flags.config); err == nil {
			name = file.Language
		}
	}
	if l, ok := lang.Named(name); ok {
		return l
	}
	if s := a.deps.Streams; s.OutTerminal || s.InTerminal {
		return lang.OfEnvironment(os.Getenv)
	}
	return lang.English
}

// checkLanguage refuses a language that there is no book of.
func (s *shared) checkLanguage() error {
	if _, ok := lang.Named(s.language); !ok && s.language != "" {
		return engine.Usagef("write one of "+strings.Join(lang.Names, ", "), "--language %s is not known", s.language)
	}
	return nil
}
