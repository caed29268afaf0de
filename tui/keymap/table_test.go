package keymap_test

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	tea "github.com/charmbracelet/bubbletea"

	"failback/tui/keymap"
)

var update = flag.Bool("update", false, "write docs/keys.md anew")

// No two actions of a scope share a key, every key can be pressed, and an action
// is the same everywhere.
func TestNoScopeHasAKeyTwice(t *testing.T) {
	of := map[keymap.Action]string{}
	for _, table := range keymap.Scopes() {
		owner := map[string]keymap.Action{}
		for _, b := range keymap.In(table.Scope) {
			for _, name := range b.Keys() {
				if other, taken := owner[name]; taken && table.Scope != keymap.ScopeTyping {
					t.Errorf("%s: %q is %s and %s", table.Scope, name, other, b.Action)
				}
				owner[name] = b.Action
			}
			if msg := b.Press(); !b.Is(msg) {
				t.Errorf("%s can't be pressed: %q", b.Action, msg)
			}
			keys := strings.Join(b.Keys(), " ")
			if had, ok := of[b.Action]; ok && had != keys {
				t.Errorf("%s is %q and %q", b.Action, had, keys)
			}
			of[b.Action] = keys
		}
	}
}

// A binding that stands in no scope would be missing in the help of remapped
// keys, the palette and the page.
func TestEveryBindingHasAScope(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "keymap.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var known []string
	for _, table := range keymap.Scopes() {
		for _, b := range table.Bindings {
			known = append(known, string(b.Action))
		}
	}
	n := 0
	ast.Inspect(file, func(node ast.Node) bool {
		call, ok := node.(*ast.CallExpr)
		if !ok {
			return true
		}
		if f, ok := call.Fun.(*ast.Ident); !ok || f.Name != "bind" {
			return true
		}
		n++
		if len(call.Args) < 4 {
			t.Errorf("a binding names action, label, what it does and keys: %v has %d of them", call.Args, len(call.Args))
			return true
		}
		if action := strings.Trim(call.Args[0].(*ast.BasicLit).Value, `"`); !slices.Contains(known, action) {
			t.Errorf("the action %s stands in no scope", action)
		}
		return true
	})
	if n < 30 {
		t.Errorf("%d bindings found", n)
	}
}

func TestKeysPage(t *testing.T) {
	path := filepath.Join("..", "..", "docs", "keys.md")
	got := page()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil || strings.ReplaceAll(string(want), "\r\n", "\n") != got {
		t.Errorf("docs/keys.md is not what the table says: go test ./tui/keymap -run TestKeysPage -update")
	}
}

func page() string {
	var b strings.Builder
	b.WriteString(`# Keys

This page is made from the table that the program itself uses (` + "`go test ./tui/keymap -run TestKeysPage -update`" + `). On every
screen ` + "`?`" + ` lists the keys that work there, with the reason for those that do nothing now, and ` + "`:`" + ` finds them by what they do.

The keys of one screen work beside those of *Everywhere* and *Lists*. Every action may be put on other keys in the
[configuration](config.md#keys), but for those that are marked as fixed: they are the way out, or work while something is typed.
`)
	for _, table := range keymap.Scopes() {
		fmt.Fprintf(&b, "\n## %s\n| key | does | action |\n|---|---|---|\n", table.Title)
		for _, x := range table.Bindings {
			action := "`" + string(x.Action) + "`"
			if keymap.Fixed(x.Action) {
				action = "fixed"
			}
			var keys []string
			for _, name := range x.Keys() {
				if name == " " {
					name = "space"
				}
				keys = append(keys, "`"+name+"`")
			}
			fmt.Fprintf(&b, "| %s | %s | %s |\n", strings.Join(keys, " "), x.Does(), action)
		}
	}
	return b.String()
}

func remap(t *testing.T, choices ...keymap.Choice) keymap.Keys {
	t.Helper()
	k, err := keymap.Remap(choices)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func choice(action string, keys ...string) keymap.Choice {
	return keymap.Choice{Action: keymap.Action(action), Keys: keys}
}

func rune1(r rune) tea.KeyMsg { return tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune{r}} }

func TestRemappedKeysMeanTheirAction(t *testing.T) {
	// Two keys change places, one goes to a function key, one gets two.
	k := remap(t, choice("decide", "c"), choice("cancel", "d"), choice("log", "f5"), choice("page-down", "ctrl+f", "pgdn"), choice("help", "H"))
	for _, c := range []struct {
		msg    tea.KeyMsg
		typing bool
		want   string // "" for a key that does nothing
	}{
		{rune1('c'), false, "d"},
		{rune1('d'), false, "c"},
		{tea.KeyMsg{Type: tea.KeyF5}, false, "l"},
		{rune1('l'), false, ""},
		{rune1('?'), false, ""},
		{rune1('H'), false, "?"},
		{tea.KeyMsg{Type: tea.KeyF1}, false, "f1"},
		{tea.KeyMsg{Type: tea.KeyCtrlF}, false, "pgdown"},
		{tea.KeyMsg{Type: tea.KeyPgDown}, false, "pgdown"},
		{tea.KeyMsg{Type: tea.KeyEsc}, false, "esc"},
		{rune1('z'), false, "z"},
		// Letters that are typed are letters, and no key is lost there.
		{rune1('c'), true, "c"},
		{tea.KeyMsg{Type: tea.KeyCtrlF}, true, "pgdown"},
		{tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune("cd")}, false, "cd"},
	} {
		got, ok := k.Means(c.msg, keymap.ScopeRun, c.typing)
		if ok != (c.want != "") || ok && got.String() != c.want {
			t.Errorf("%s (typing %v): %s, %v, want %q", c.msg, c.typing, got, ok, c.want)
		}
	}
	for b, want := range map[*keymap.Binding]string{&keymap.Decide: "c", &keymap.Log: "f5", &keymap.PageDown: "ctrl+f/pgdn", &keymap.Tasks: "t"} {
		if got := k.Label(*b); got != want {
			t.Errorf("%s is shown as %q, want %q", b.Action, got, want)
		}
	}
}

func TestRemapIsStrict(t *testing.T) {
	for want, choices := range map[string][]keymap.Choice{
		"there is no such action":              {choice("explode", "x")},
		"keeps its key":                        {choice("leave", "x")},
		"name a key":                           {choice("decide")},
		`"hyper+x" is no key`:                  {choice("decide", "hyper+x")},
		`"ctrl+m" is no key`:                   {choice("decide", "ctrl+m")},
		`"" is no key`:                         {choice("decide", "")},
		"given twice":                          {choice("decide", "x", "x")},
		`the key "enter" is kept for "choose"`: {choice("decide", "enter")},
		`the key "ctrl+u" is kept for`:         {choice("decide", "ctrl+u")},
		"the key \"l\" is also that of log (log), and both":     {choice("decide", "l")},
		"the key \"q\" is also that of quit (quit), and both":   {choice("decide", "q")},
		"the key \"r\" is also that of again (check again)":     {choice("quit", "r")},
		"the key \"x\" is also that of decide (decide)":         {choice("cancel", "x"), choice("decide", "x")},
		"the key \"space\" is also that of mark (mark), and bo": {choice("filter", "space")},
	} {
		_, err := keymap.Remap(choices)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v, want %s", choices, err, want)
		}
	}
	// In different places one key may mean two things.
	remap(t, choice("report", "x"), choice("decide", "x"))
}

func FuzzNamed(f *testing.F) {
	for _, s := range []string{"a", "ctrl+r", "alt+x", "pgdn", "é", "", "\x00", "ctrl+", "alt+"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, name string) {
		msg, ok := keymap.Named(name)
		if again, same := keymap.Named(msg.String()); ok && (!same && msg.String() != " " || again.String() != msg.String()) {
			t.Errorf("%q is %q, which is no key or another", name, msg)
		}
	})
}
