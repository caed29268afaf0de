package config

import (
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// RulesFile are rules of the preflight that an operator wrote.
type RulesFile struct {
	Path  string `yaml:"-"`
	Rules []Rule `yaml:"rules"`

	doc document
}

// Rule is one of them, as it stands in the file. When, OK and Observed are expressions.
type Rule struct {
	ID       string   `yaml:"id"`
	Title    string   `yaml:"title"`
	Severity string   `yaml:"severity"` // warn or block
	When     string   `yaml:"when"`
	OK       string   `yaml:"ok"`
	Observed string   `yaml:"observed"`
	Remedy   string   `yaml:"remedy"`
	Source   string   `yaml:"source"`
	Dated    string   `yaml:"dated"`
	Override string   `yaml:"override"` // nobody or a reason
	Recheck  []string `yaml:"recheck"`  // complete, commit, reprotect
}

// LoadRules reads a file of rules. Unknown keys and wrong types are errors that name
// file, line and key; what the words mean is not looked at here.
func LoadRules(path string) (RulesFile, error) {
	raw, err := readFile(path, "name the file of rules with --rules, or with rules: in the profile")
	if err != nil {
		return RulesFile{}, err
	}
	return ParseRules(path, raw)
}

// ParseRules is LoadRules for a text; path names it in errors.
func ParseRules(path string, raw []byte) (RulesFile, error) {
	f := RulesFile{Path: path}
	doc, err := decode(path, raw, &f)
	if err != nil {
		return RulesFile{}, asRules(err)
	}
	f.doc = doc
	return f, nil
}

// asRules sends the reader to the page about rules.
func asRules(err error) error {
	if e, ok := err.(*Error); ok && e.Remedy == correct { //nolint:errorlint // decode returns it unwrapped
		c := *e
		c.Remedy = correctRules
		return &c
	}
	return err
}

const correctRules = "correct the file and try again; docs/rules.md describes it"

// Bad is an error at a key of the i-th rule, from 0.
func (f RulesFile) Bad(i int, key, why string) *Error {
	name := fmt.Sprintf("rules[%d]", i)
	if id := strings.TrimSpace(f.Rules[i].ID); id != "" {
		name += " (" + id + ")"
	}
	return &Error{File: f.Path, Line: f.doc.lineIn("rules", i, key), Key: strings.TrimSuffix(name+"."+key, "."), Why: why, Remedy: correctRules}
}

// lineIn is the line of a key in the i-th element of a list; that of the element where
// it has no such key.
func (d document) lineIn(list string, i int, key string) int {
	at := child(d.root, list)
	if at == nil {
		return 0
	}
	elements := sequence(at.Value)
	if i >= len(elements) {
		return line(at.Key)
	}
	if v := child(elements[i], key); v != nil {
		return line(v.Key)
	}
	lines := []int{line(elements[i])}
	for _, v := range values(elements[i]) {
		lines = append(lines, line(v.Key))
	}
	return slices.Min(slices.DeleteFunc(lines, func(n int) bool { return n == 0 }))
}

func sequence(node ast.Node) []ast.Node {
	if n, ok := node.(*ast.SequenceNode); ok {
		return n.Values
	}
	return nil
}
