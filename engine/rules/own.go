package rules

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	bytecode "github.com/expr-lang/expr/vm"

	"failback/engine"
)

// Definition is a rule that a user wrote. When, OK and Observed are expressions of
// expr-lang over what docs/rules.md lists.
type Definition struct {
	ID, Title string
	Severity  string // warn, block
	When      string // of plan and item alone: whether the rule applies; always where empty
	OK        string // whether all is well
	Observed  string // a text for what was seen; the expression itself where empty
	Remedy    string
	Source    string
	Dated     string
	Override  string // nobody, a reason; a reason where empty
	Recheck   []string
}

// DefinitionError is what is wrong with one definition.
type DefinitionError struct {
	Index int // of the definition, from 0
	Key   string
	Why   string
}

// Error names the key and what is wrong with it.
func (e *DefinitionError) Error() string {
	return fmt.Sprintf("rules[%d].%s: %s", e.Index, e.Key, e.Why)
}

// NewSet adds users' rules to the built-in ones, which they can neither replace nor
// keep from being evaluated. The error is a [*DefinitionError].
func NewSet(definitions []Definition) (Set, error) {
	var s Set
	for i, d := range definitions {
		r, key, why := d.rule(s)
		if why != "" {
			return Set{}, &DefinitionError{Index: i, Key: key, Why: why}
		}
		s.own = append(s.own, r)
	}
	return s, nil
}

var ruleID = regexp.MustCompile(`^[a-z][a-z0-9-]{0,39}$`)

var dateForm = regexp.MustCompile(`^\d{4}-\d{2}(-\d{2})?$`)

// rule compiles the definition; why says what of key is wrong.
func (d Definition) rule(before Set) (r Rule, key, why string) {
	r = Rule{
		ID: d.ID, Title: d.Title, Source: firstOf(d.Source, "this site's own rule"), Dated: d.Dated,
		Severity: engine.Verdict(d.Severity), Override: Override(firstOf(d.Override, string(ByReason))), applies: always, Direct: true,
	}
	switch {
	case !ruleID.MatchString(d.ID):
		return r, "id", fmt.Sprintf("%q is not up to 40 small letters, digits and hyphens", d.ID)
	case slices.ContainsFunc(before.Rules(), func(o Rule) bool { return o.ID == d.ID }):
		return r, "id", "there is a rule " + d.ID + " already"
	case strings.TrimSpace(d.Title) == "":
		return r, "title", "missing: it says what should be so"
	case r.Severity != engine.VerdictWarn && r.Severity != engine.VerdictBlock:
		return r, "severity", fmt.Sprintf("%q is neither warn nor block", d.Severity)
	case strings.TrimSpace(d.Remedy) == "":
		return r, "remedy", "missing: it says what to do now"
	case r.Override != ByNobody && r.Override != ByReason:
		return r, "override", fmt.Sprintf("%q is neither %q nor %q", d.Override, ByNobody, ByReason)
	case d.Dated != "" && !dateForm.MatchString(d.Dated):
		return r, "dated", fmt.Sprintf("%q is not a date such as 2026-11-26", d.Dated)
	}
	for _, g := range d.Recheck {
		if !slices.Contains(atAllGates, engine.Gate(g)) {
			return r, "recheck", fmt.Sprintf("%q is none of complete, commit, reprotect", g)
		}
		r.Recheck = append(r.Recheck, engine.Gate(g))
	}
	return d.compiled(r)
}

func (d Definition) compiled(r Rule) (_ Rule, key, why string) {
	fine, why := compile(d.OK, expr.AsBool())
	if why != "" {
		return r, "ok", why
	}
	r.needs = theItem | fine.needs
	seen := formula{}
	if d.Observed != "" {
		if seen, why = compile(d.Observed, expr.AsAny()); why != "" {
			return r, "observed", why
		}
		r.needs |= seen.needs
	}
	r.evaluate = func(o *observation) answer { return d.judge(o, fine, seen) }
	if d.When == "" {
		return r, "", ""
	}
	when, why := compile(d.When, expr.AsBool())
	if why == "" && when.needs&^theItem != 0 {
		why = "it may look at plan and item only"
	}
	if why != "" {
		return r, "when", why
	}
	r.applies = func(p engine.Plan, it engine.Item) bool {
		applies, err := when.run(&view{Item: itemViewOf(it), Plan: planViewOf(p)})
		return err != nil || applies == true // what can't be decided is asked
	}
	return r, "", ""
}

// judge evaluates the rule. Whatever breaks in an expression is an answer, too.
func (d Definition) judge(o *observation, fine, seen formula) answer {
	v := viewOf(o)
	remedy := "correct the rule " + d.ID
	well, err := fine.run(v)
	if err != nil {
		return unknown("the rule's expression could not be evaluated: "+plainly(err), remedy)
	}
	observed := d.OK
	if seen.program != nil {
		words, err := seen.run(v)
		if err != nil {
			return unknown("what the rule observes could not be evaluated: "+plainly(err), remedy)
		}
		observed = fmt.Sprint(words)
	}
	switch {
	case well == true:
		return ok(observed)
	case d.Severity == string(engine.VerdictBlock):
		return block(observed, d.Remedy)
	}
	return warn(observed, d.Remedy)
}

// formula is a compiled expression and what has to be read for it.
type formula struct {
	program *bytecode.Program
	needs   source
}

// The bounds of one evaluation: steps of its loops, and time.
const (
	mostSteps   = 100_000
	mostTime    = time.Second
	mostNodes   = 2_000
	mostWritten = 4_000
)

var errSteps = fmt.Errorf("more than %d steps of a loop", mostSteps)

func compile(text string, kind expr.Option) (formula, string) {
	if strings.TrimSpace(text) == "" {
		return formula{}, "missing"
	}
	if len(text) > mostWritten {
		return formula{}, fmt.Sprintf("longer than %d characters", mostWritten)
	}
	watch := &watcher{done: map[*ast.PredicateNode]bool{}}
	p, err := expr.Compile(text, expr.Env(view{}), kind, expr.MaxNodes(mostNodes), expr.Patch(watch))
	if err != nil {
		return formula{}, plainly(err)
	}
	if watch.hidden != "" {
		return formula{}, "it may not use " + watch.hidden
	}
	return formula{program: p, needs: watch.needs}, ""
}

// watcher sees what an expression looks at, and has each round of a loop take a step.
type watcher struct {
	needs  source
	hidden string
	done   map[*ast.PredicateNode]bool
}

var roots = map[string]source{"item": theItem, "plan": theItem, "host": theFacts, "vm": theVM | theFacts, "azure": thePower}

const stepName = "step__"

// Visit implements ast.Visitor.
func (w *watcher) Visit(node *ast.Node) {
	switch n := (*node).(type) {
	case *ast.IdentifierNode:
		if need, known := roots[n.Value]; known {
			w.needs |= need
		} else if n.Value == "$env" || n.Value == stepName {
			w.hidden = n.Value
		}
	case *ast.PredicateNode:
		if !w.done[n] {
			w.done[n] = true
			n.Node = &ast.ConditionalNode{Cond: &ast.CallNode{Callee: &ast.IdentifierNode{Value: stepName}}, Exp1: n.Node, Exp2: n.Node}
		}
	}
}

// run evaluates within the bounds. A panic is an error. An expression that does not end
// within the time is left behind; its loops end at their next step.
func (f formula) run(v *view) (any, error) {
	mine := *v
	steps, until := 0, time.Now().Add(mostTime)
	mine.Step = func() (bool, error) {
		steps++
		if steps > mostSteps || time.Now().After(until) {
			return false, errSteps
		}
		return true, nil
	}
	type result struct {
		value any
		err   error
	}
	done := make(chan result, 1)
	go func() {
		var r result
		defer func() {
			if p := recover(); p != nil {
				r = result{err: fmt.Errorf("it broke off: %v", p)}
			}
			done <- r
		}()
		r.value, r.err = expr.Run(f.program, mine)
	}()
	limit := time.NewTimer(mostTime)
	defer limit.Stop()
	select {
	case r := <-done:
		return r.value, r.err
	case <-limit.C:
		return nil, errors.New("it did not end within " + engine.SpanWords(mostTime))
	}
}

// plainly is the first line of an error: the others draw the expression again.
func plainly(err error) string {
	first, _, _ := strings.Cut(err.Error(), "\n")
	return first
}
