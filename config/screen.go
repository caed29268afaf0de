package config

import (
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// Screen says how the terminal program looks. The zero value leaves everything
// to the terminal.
type Screen struct {
	// Theme names the colours, one of [Themes]; empty is auto.
	Theme string `yaml:"theme"`
	// Symbols is auto, unicode or ascii; empty is auto.
	Symbols string `yaml:"symbols"`
	// Motion is false where nothing shall turn or blink.
	Motion *bool `yaml:"motion"`
}

// Themes lists the themes that may be named.
var Themes = []string{"auto", "dark", "light", "16", "colour-blind", "none"}

// Symbols lists the sets of symbols that may be named.
var Symbols = []string{"auto", "unicode", "ascii"}

// Languages lists the languages that may be named.
var Languages = []string{"en", "sv"}

// KeyChoice puts one action of the terminal program on other keys. Which actions
// and keys there are the screens know; they get the line for their errors.
type KeyChoice struct {
	Action string
	Keys   []string
	Line   int
}

// Keys are the chosen keys in the order of the file.
type Keys []KeyChoice

// UnmarshalYAML reads actions, each with one key or a list of keys; a digit is a
// key, too.
func (k *Keys) UnmarshalYAML(n ast.Node) error {
	if n.Type() == ast.NullType {
		return nil
	}
	if _, ok := n.(ast.MapNode); !ok {
		return refuse(n, "is no list of keys; write one action and its key a line")
	}
	for _, v := range values(n) {
		c := KeyChoice{Action: v.Key.GetToken().Value, Line: line(v.Key)}
		named := []ast.Node{v.Value}
		if list, ok := v.Value.(*ast.SequenceNode); ok {
			named = list.Values
		}
		for _, name := range named {
			if !names(name) {
				return refuse(name, "is no key; write one key, or several in a list")
			}
			c.Keys = append(c.Keys, scalar(name))
		}
		*k = append(*k, c)
	}
	return nil
}

// names reports whether a value is the name of a key as it stands there.
func names(n ast.Node) bool {
	return slices.Contains([]ast.NodeType{ast.StringType, ast.IntegerType, ast.FloatType, ast.BoolType}, n.Type())
}

// checkScreen refuses names that nobody knows.
func (f *File) checkScreen(doc document) error {
	for _, c := range []struct {
		key, value string
		known      []string
	}{{"theme", f.Screen.Theme, Themes}, {"symbols", f.Screen.Symbols, Symbols}} {
		if c.value != "" && !slices.Contains(c.known, c.value) {
			return doc.bad("\""+c.value+"\" is not known; write "+strings.Join(c.known, ", "), "screen", c.key)
		}
	}
	if f.Language != "" && !slices.Contains(Languages, f.Language) {
		return doc.bad("\""+f.Language+"\" is not known; write "+strings.Join(Languages, ", "), "language")
	}
	return nil
}
