package config

import (
	"errors"
	"reflect"
	"strings"
	"testing"
)

func TestScreenAndKeys(t *testing.T) {
	f, err := Parse("c.yaml", []byte("screen: {theme: light, symbols: ascii, motion: false}\nlanguage: sv\nkeys:\n  decide: [x, 1]\n  help: \"?\"\n  page-down: pgdown\n"))
	if err != nil {
		t.Fatal(err)
	}
	if s := f.Screen; s.Theme != "light" || s.Symbols != "ascii" || s.Motion == nil || *s.Motion {
		t.Errorf("screen %+v", s)
	}
	if f.Language != "sv" {
		t.Errorf("the language is %q", f.Language)
	}
	if sixteen, err := Parse("c.yaml", []byte("screen: {theme: 16}")); err != nil || sixteen.Screen.Theme != "16" {
		t.Errorf("the theme 16 is %q, %v", sixteen.Screen.Theme, err)
	}
	want := Keys{{"decide", []string{"x", "1"}, 4}, {"help", []string{"?"}, 5}, {"page-down", []string{"pgdown"}, 6}}
	if !reflect.DeepEqual(f.Keys, want) {
		t.Errorf("keys %+v", f.Keys)
	}
}

func TestScreenAndKeysAreStrict(t *testing.T) {
	for text, want := range map[string]string{
		"screen: {theme: pink}":                      `c.yaml:1: screen.theme: "pink" is not known; write auto, dark, light`,
		"screen:\n  symbols: braille":                `c.yaml:2: screen.symbols: "braille" is not known`,
		"screen: {colour: red}":                      `unknown field "colour"`,
		"profiles: {}\nlanguage: klingon":            `c.yaml:2: language: "klingon" is not known; write en, sv`,
		"keys: x":                                    "is no list of keys",
		"keys:\n  decide: {a: b}":                    "c.yaml:2: keys.decide",
		"keys:\n  decide: &a x\n  log: *a":           "is no key",
		"keys:\n  decide:":                           "is no key",
		"keys:\n  decide: [[x]]":                     "is no key",
		"keys:\n  decide: x\n  quit: Q\n  decide: y": "c.yaml:4",
	} {
		_, err := Parse("c.yaml", []byte(text))
		var e *Error
		if !errors.As(err, &e) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}
