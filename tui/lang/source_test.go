package lang

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"
)

// literal is a text that stands in the source: a literal, a format, or what is
// joined with +, with %s for what is filled in.
type literal struct {
	text string
	at   token.Position
}

// literalsOf reads the texts of a file that may meet a person: not those that are
// compared, looked up, imported or tags.
func literalsOf(t *testing.T, path string) []literal {
	t.Helper()
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, path, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var out []literal
	emit := func(n ast.Node, s string) { out = append(out, literal{s, fset.Position(n.Pos())}) }
	var visit func(ast.Node) bool
	inside := func(e ast.Expr) {} // set below: they call each other
	joined := func(n ast.Node, e ast.Expr, before string) bool {
		s, ok := template(e)
		if ok {
			emit(n, before+s)
			inside(e)
		}
		return !ok
	}
	inside = func(e ast.Expr) {
		switch x := e.(type) {
		case *ast.BinaryExpr:
			inside(x.X)
			inside(x.Y)
		case *ast.ParenExpr:
			inside(x.X)
		case *ast.BasicLit:
		default:
			ast.Inspect(e, visit)
		}
	}
	visit = func(n ast.Node) bool {
		switch x := n.(type) {
		case *ast.ImportSpec, *ast.Field:
			return false
		case *ast.FuncDecl:
			if x.Body != nil {
				ast.Inspect(x.Body, visit)
			}
			return false
		case *ast.CaseClause:
			for _, s := range x.Body {
				ast.Inspect(s, visit)
			}
			return false
		case *ast.IndexExpr:
			ast.Inspect(x.X, visit)
			return false
		case *ast.KeyValueExpr:
			if key, ok := x.Key.(*ast.Ident); ok && key.Name == "Long" {
				return false // the manual of a command
			}
			ast.Inspect(x.Value, visit)
			return false
		case *ast.CallExpr:
			if technical(x) {
				return false
			}
			if f, ok := x.Fun.(*ast.Ident); ok && f.Name == "bind" && len(x.Args) > 2 {
				return joined(x, x.Args[2], "") // what the keys do; the rest are names
			}
			if f, ok := x.Fun.(*ast.SelectorExpr); ok && f.Sel.Name == "SayAs" && len(x.Args) == 2 {
				what, _ := template(x.Args[0])
				if s, ok := template(x.Args[1]); ok {
					emit(x, what+"|"+s)
				}
				return false
			}
			if one, many, ok := plural(x); ok {
				emit(x, "1 "+one+" ") // more may follow
				emit(x, "%d "+many+" ")
				return false
			}
		case *ast.AssignStmt:
			if x.Tok == token.ADD_ASSIGN && len(x.Rhs) == 1 {
				return joined(x, x.Rhs[0], "%s")
			}
		case *ast.BinaryExpr:
			switch x.Op {
			case token.EQL, token.NEQ:
				return false
			case token.ADD:
				return joined(x, x, "")
			}
		case *ast.BasicLit:
			joined(x, x, "")
		}
		return true
	}
	ast.Inspect(file, visit)
	return out
}

// technical reports calls whose texts nobody reads: they cut, look for, or format
// times.
func technical(c *ast.CallExpr) bool {
	f, ok := c.Fun.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	if x, ok := f.X.(*ast.Ident); ok && x.Name == "strings" && f.Sel.Name != "ToLower" && f.Sel.Name != "TrimSuffix" && f.Sel.Name != "Join" && f.Sel.Name != "ReplaceAll" {
		return true
	}
	return slices.Contains([]string{"Format", "Getenv", "WriteByte", "command"}, f.Sel.Name)
}

// plural reports the two nouns of a count.
func plural(c *ast.CallExpr) (one, many string, ok bool) {
	f, is := c.Fun.(*ast.SelectorExpr)
	if !is || f.Sel.Name != "Plural" || len(c.Args) != 3 {
		return "", "", false
	}
	one, first := template(c.Args[1])
	many, second := template(c.Args[2])
	return one, many, first && second
}

func template(e ast.Expr) (string, bool) {
	switch x := e.(type) {
	case *ast.BasicLit:
		if x.Kind != token.STRING {
			return "", false
		}
		s, err := strconv.Unquote(x.Value)
		return s, err == nil
	case *ast.ParenExpr:
		return template(x.X)
	case *ast.BinaryExpr:
		if x.Op != token.ADD {
			return "", false
		}
		a, one := template(x.X)
		b, two := template(x.Y)
		if !one && !two {
			return "", false
		}
		if !one {
			a = "%s"
		}
		if !two {
			b = "%s"
		}
		return a + b, true
	}
	return "", false
}

// filled is a text with something filled in that any language has: what stands
// there is not what is tested.
func filled(s string) string {
	return verb.ReplaceAllStringFunc(s, func(v string) string {
		switch v[len(v)-1] {
		case '%':
			return "%"
		case 'q':
			return `"7"`
		}
		return "7"
	})
}

// said reports whether a text has a word to say: one that is not only signs, verbs
// and what is filled in.
func said(s string) bool {
	n := 0
	for _, r := range verb.ReplaceAllString(s, "") {
		if unicode.IsLetter(r) {
			n++
		}
	}
	return n > 1
}

// sources are the files of a folder, without tests.
func sources(t *testing.T, pattern string) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("..", "..", pattern))
	if err != nil {
		t.Fatal(err)
	}
	out := slices.DeleteFunc(paths, func(p string) bool { return strings.HasSuffix(p, "_test.go") })
	if len(out) == 0 {
		t.Fatalf("%s matches no file", pattern)
	}
	return out
}

// everyLiteral is every text of a file.
func everyLiteral(t *testing.T, path string) []string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	ast.Inspect(file, func(n ast.Node) bool {
		if b, ok := n.(*ast.BasicLit); ok && b.Kind == token.STRING {
			if s, err := strconv.Unquote(b.Value); err == nil {
				out = append(out, s)
			}
		}
		return true
	})
	return out
}
