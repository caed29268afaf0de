package engine

import (
	"fmt"
	"slices"
	"strings"
)

// RecoveryPlan is Site Recovery's recovery plan: groups of items that start in
// order. Never called plan without the word recovery before it.
type RecoveryPlan struct {
	ID       string          `json:"id"`
	Name     string          `json:"name"`
	FabricID string          `json:"fabric_id"`
	Fabric   string          `json:"fabric"`
	Allowed  []string        `json:"allowed_operations"`
	Status   string          `json:"status"`
	Groups   []RecoveryGroup `json:"groups"`
	// Job is the name of its last or current job, empty where it had none;
	// Detail describes how that stands.
	Job    string `json:"job,omitempty"`
	Detail string `json:"status_description,omitempty"`
	// Actions are its scripts and manual actions, in order.
	Actions []RecoveryAction `json:"actions,omitempty"`
}

// RecoveryGroup is one boot group of a recovery plan, in order.
type RecoveryGroup struct {
	Name  string   `json:"name"`
	Items []string `json:"items"` // item resource ids
}

// RecoveryAction is a script or a manual action around a group. Only the recovery
// plan's own job carries it out.
type RecoveryAction struct {
	Kind ActionKind `json:"kind"`
	Name string     `json:"name"`
	// Group is the group it belongs to: Shutdown, Failover, or a boot group's name.
	Group  string `json:"group"`
	Before bool   `json:"before"` // the group, or after it
	// Directions it is for; empty means both.
	Directions []Direction `json:"directions,omitempty"`
	Text       string      `json:"text,omitempty"` // instructions, path or runbook
}

// For reports whether the action is carried out on the way of the direction.
func (a RecoveryAction) For(d Direction) bool {
	if len(a.Directions) == 0 {
		return true
	}
	return slices.Contains(a.Directions, d)
}

// InTestFailover reports whether a test failover of the plan waits for its
// clean-up.
func (p RecoveryPlan) InTestFailover() bool {
	if p.Detail == WaitingForStopTestFailover {
		return true
	}
	return slices.Contains(p.Allowed, AllowTestFailoverCleanup)
}

// Count is how many scripts (runbooks among them) and manual actions the plan has
// for a direction.
func (p RecoveryPlan) Count(d Direction) (scripts, manual int) {
	for _, a := range p.Actions {
		switch {
		case !a.For(d):
		case a.Kind == ActionManual:
			manual++
		default:
			scripts++
		}
	}
	return scripts, manual
}

// Member is one item of a recovery plan, and whether it could go now.
type Member struct {
	Item   Item   // the zero value where the vault does not have it
	Name   string // or the resource id, where the vault does not have it
	Group  int    // from 1
	Reason string // why it can't go, empty where it can
	Remedy string
	// CommitFirst says that only the commit of its earlier failover stands in the way.
	CommitFirst bool
}

// Members lists the plan's items in the order of its groups, each with the reason
// why it could not go that way now.
func (p RecoveryPlan) Members(items []Item, d Direction) []Member {
	var out []Member
	for g, group := range p.Groups {
		for _, id := range group.Items {
			m := Member{Name: id, Group: g + 1, Reason: "not in the vault", Remedy: "repair the recovery plan in the portal"}
			if i := slices.IndexFunc(items, func(it Item) bool { return SameID(it.ID, id) }); i >= 0 {
				r := items[i].Ready(d)
				m.Item, m.Name, m.Reason, m.Remedy, m.CommitFirst = items[i], items[i].Name, r.Reason, r.Remedy, r.CommitFirst
			}
			out = append(out, m)
		}
	}
	return out
}

// MaxPlanItems is how many machines Site Recovery fails over with one recovery
// plan.
const MaxPlanItems = 100

// TooManyItems says why a recovery plan with n items can't be failed over as a
// whole, and how to split it; both are empty where it can.
func TooManyItems(p RecoveryPlan, n int) (why, remedy string) {
	if n <= MaxPlanItems {
		return "", ""
	}
	return fmt.Sprintf("it has %d items, and Site Recovery fails over at most %d with one recovery plan", n, MaxPlanItems),
		"split it in the portal (" + strings.Join(p.split(), ", ") + "), or bring each VM home by itself: then its scripts and manual actions are not run"
}

// split proposes recovery plans that are small enough, along the groups where they
// allow it.
func (p RecoveryPlan) split() []string {
	var out []string
	from, n := 0, 0
	flush := func(to int) {
		switch {
		case to == from:
		case to == from+1:
			out = append(out, fmt.Sprintf("%s: %d", p.Groups[from].Name, n))
		default:
			out = append(out, fmt.Sprintf("%s to %s: %d", p.Groups[from].Name, p.Groups[to-1].Name, n))
		}
		from, n = to, 0
	}
	for g, group := range p.Groups {
		size := len(group.Items)
		if n+size > MaxPlanItems {
			flush(g)
		}
		n += size
		if size > MaxPlanItems {
			parts := (size + MaxPlanItems - 1) / MaxPlanItems
			out = append(out, fmt.Sprintf("%s in %d parts", group.Name, parts))
			from, n = g+1, 0
		}
	}
	flush(len(p.Groups))
	return out
}
