package rules

import (
	"flag"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write docs/rules.md from the table")

const pagePath = "../../docs/rules.md"

const pageTop = `# The rules of the preflight

` + "`failback check`" + `, the wizard's preflight step, every run's first phase and the evidence ask the same rules. A rule says ` + "`ok`, `warn`, `block`" + `
or ` + "`unknown`" + `: what could not be read is never taken as fine. A block stops the run before anything is changed.

This page is written from the table in ` + "`engine/rules`" + ` (` + "`go test ./engine/rules -run Page -update`" + `); a test holds the two together.

*Override* says what counts more than the rule. A block that **nobody** may override stands until its cause is gone. The others give
way to **a reason** in the plan, ` + "`--override RULE=REASON`" + ` of ` + "`check` and `start`" + `,
` + "`override:`" + ` in a plan file, or an answer in the wizard's preflight: the finding becomes a warning with that reason, in the journal and in
the evidence. Where the rule only repeats a document, the reason to give is **a newer document**. *Again at* names the gates at which
the rule is looked at once more; a gate says what has changed since, and one at which something blocks needs a person and a reason.

*Direct* says whether the rule is asked of a failback without Site Recovery ([direct.md](direct.md)): both, or of such a failback alone.

| rule | what should be so | worst | source | override | again at | direct |
|---|---|---|---|---|---|---|
`

const pageOwn = `
## Rules of your own
A file that ` + "`--rules FILE`" + ` or ` + "`rules:`" + ` in a profile (or under ` + "`defaults:`" + `) names adds rules to these; it can't replace or silence one. Unknown keys,
wrong types and expressions that don't compile stop the program with exit status 2, file, line, rule and key, before anything is
connected to.

` + "```yaml" + `
rules:
  - id: change-freeze                  # small letters, digits, hyphens
    title: The plan's reason names a change
    severity: block                    # or warn: the verdict where ok is false
    when: plan.direction == "to-onprem" && !plan.rehearsal   # optional; plan and item only
    ok: plan.reason matches "CHG[0-9]+"
    observed: '"reason: " + plan.reason'   # optional, a text; the expression itself where it is left out
    remedy: start it with --reason CHG…
    source: operations handbook        # optional
    dated: 2026-05-01                  # optional
    override: nobody                   # or a reason, which is what holds where it is left out
  - id: room
    title: A volume has twice the room
    severity: warn
    ok: any(host.volumes, .free > 2 * item.bytes)
    remedy: make room
    recheck: [complete]                # optional: complete, commit, reprotect
` + "```" + `

Expressions are those of [expr-lang](https://expr-lang.org/docs/language-definition). They read and change nothing. One that breaks, loops too long or
takes more than a second is ` + "`unknown`" + ` and holds nothing else up. What can't be read, such as ` + "`host`" + ` of a host that is off, makes the rule ` + "`unknown`" + `,
too; ` + "`vm` and `azure`" + ` are not read on the way to Azure. Sizes are bytes, times are UTC.

| name | type | |
|---|---|---|
`

// page is docs/rules.md as it should be.
func page() string {
	var b strings.Builder
	b.WriteString(pageTop)
	for _, r := range Rules() {
		source := strings.TrimSuffix(r.Source+", "+r.Dated, ", ")
		var gates []string
		for _, g := range r.Recheck {
			gates = append(gates, string(g))
		}
		direct := ""
		switch {
		case strings.HasPrefix(r.ID, "direct-"):
			direct = "alone"
		case r.Direct:
			direct = "both"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s | %s | %s |\n", r.ID, r.Title, r.Severity, source, r.Override, strings.Join(gates, ", "), direct)
	}
	b.WriteString(pageOwn)
	fields(&b, "", reflect.TypeFor[view]())
	return b.String()
}

func fields(b *strings.Builder, prefix string, of reflect.Type) {
	for i := range of.NumField() {
		f := of.Field(i)
		name := f.Tag.Get("expr")
		if name == stepName {
			continue
		}
		kind := strings.NewReplacer("rules.", "", "time.Time", "time", "int64", "number", "int", "number", "float64", "number", "string", "text", "[]volumeView", "list of volumes", "[]text", "list of texts").Replace(f.Type.String())
		kind = strings.NewReplacer("[]", "list of ", "map[text]text", "texts by name").Replace(kind)
		if f.Type.Kind() == reflect.Struct && f.Type.PkgPath() != "time" {
			fmt.Fprintf(b, "| **`%s%s`** | | %s |\n", prefix, name, f.Tag.Get("doc"))
			fields(b, prefix+name+".", f.Type)
			continue
		}
		fmt.Fprintf(b, "| `%s%s` | %s | %s |\n", prefix, name, kind, f.Tag.Get("doc"))
		if f.Type == reflect.TypeFor[[]volumeView]() {
			fields(b, prefix+name+"[].", reflect.TypeFor[volumeView]())
		}
	}
}

func TestThePageOfRulesIsTheTable(t *testing.T) {
	want := page()
	if *update {
		if err := os.WriteFile(pagePath, []byte(want), 0o644); err != nil { //nolint:gosec // a page for everybody
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(pagePath)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Error("docs/rules.md is not what the table says: go test ./engine/rules -run Page -update")
	}
}
