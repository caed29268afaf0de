package azure

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"failback/engine"
)

// Every request is made through a Call that names the right it needs.
func TestEveryCallNamesItsAction(t *testing.T) {
	calls := 0
	for _, dir := range []string{".", filepath.Join("..", "siterecovery")} {
		files, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			if !strings.HasSuffix(f.Name(), ".go") || strings.HasSuffix(f.Name(), "_test.go") {
				continue
			}
			fset := token.NewFileSet()
			tree, err := parser.ParseFile(fset, filepath.Join(dir, f.Name()), nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(tree, func(n ast.Node) bool {
				lit, ok := n.(*ast.CompositeLit)
				if !ok || !isCall(lit.Type) {
					return true
				}
				if calls++; !names(lit, "Action") {
					t.Errorf("%s: a Call without its Action", fset.Position(lit.Pos()))
				}
				return true
			})
		}
	}
	if calls < 5 {
		t.Errorf("%d calls found: the test looks in the wrong place", calls)
	}
}

func isCall(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name == "Call"
	case *ast.SelectorExpr:
		return e.Sel.Name == "Call"
	}
	return false
}

func names(lit *ast.CompositeLit, key string) bool {
	for _, e := range lit.Elts {
		if kv, ok := e.(*ast.KeyValueExpr); ok {
			if id, ok := kv.Key.(*ast.Ident); ok && id.Name == key {
				return true
			}
		}
	}
	return false
}

func TestPermissionsAreWholeAndNamedOnce(t *testing.T) {
	seen := map[Action]bool{}
	for _, p := range Permissions() {
		if p.For == "" || len(p.Roles) == 0 || !strings.HasPrefix(string(p.Action), "Microsoft.") || seen[p.Action] {
			t.Errorf("%+v", p)
		}
		seen[p.Action] = true
	}
}

// A missing right is named with the role that has it: from the service's text
// where that names one, else from what the request is known to need.
func TestMissingRightIsNamed(t *testing.T) {
	const silent = `{"error":{"code":"AuthorizationFailed","message":"you may not"}}`
	const telling = `{"error":{"code":"AuthorizationFailed","message":"The client does not have authorization to perform action 'Microsoft.RecoveryServices/Vaults/replicationJobs/cancel/action' over scope '/subscriptions/s'"}}`
	for body, want := range map[string][]string{
		silent:  {string(ActionPlannedFailover), "built-in role Site Recovery Operator", "failback role"},
		telling: {"vaults/replicationJobs/cancel/action", "built-in role Site Recovery Operator"},
	} {
		err := Call{Action: ActionPlannedFailover, What: "start", Where: "web01"}.Failure(refusal(403, body))
		f := engine.AsFailure(err, "", "")
		if f.Kind != engine.FailurePermission {
			t.Errorf("kind %s", f.Kind)
		}
		for _, w := range want {
			if !strings.Contains(strings.ToLower(f.Remedy), strings.ToLower(w)) {
				t.Errorf("%q does not name %q", f.Remedy, w)
			}
		}
	}
}
