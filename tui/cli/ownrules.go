package cli

import (
	"errors"

	"failback/config"
	"failback/engine"
	"failback/engine/rules"
)

// ownRules are the built-in rules and those of the file that --rules or the profile
// names. They are compiled before anything is connected to.
func (a *app) ownRules(t Target) (rules.Set, error) {
	path := a.flags.rules
	if path == "" && t.Profile != nil {
		path = t.Profile.Rules
	}
	if path == "" {
		return rules.Set{}, nil
	}
	set, err := readRules(path)
	var bad *config.Error
	if errors.As(err, &bad) {
		f := engine.Usagef(bad.Remedy, "%s", bad)
		f.Err = err
		return set, f
	}
	return set, err
}

func readRules(path string) (rules.Set, error) {
	file, err := config.LoadRules(path)
	if err != nil {
		return rules.Set{}, err
	}
	definitions := make([]rules.Definition, len(file.Rules))
	for i, r := range file.Rules {
		definitions[i] = rules.Definition(r)
	}
	set, err := rules.NewSet(definitions)
	var bad *rules.DefinitionError
	if errors.As(err, &bad) {
		return set, file.Bad(bad.Index, bad.Key, bad.Why)
	}
	return set, err
}
