package estate

import (
	"errors"
	"fmt"
	"slices"
)

// RecoveryPlan is a recovery plan: boot groups in order, and what is done around
// the groups that every plan has.
type RecoveryPlan struct {
	Name     string  `yaml:"name"`
	Groups   []Group `yaml:"groups"`
	Shutdown Actions `yaml:"shutdown"`
	Failover Actions `yaml:"failover"`
}

// Actions are done before and after a group.
type Actions struct {
	Before []Action `yaml:"before"`
	After  []Action `yaml:"after"`
}

// Group is a boot group. A plain list of names is one without actions.
type Group struct {
	Items   []string `yaml:"items"`
	Actions `yaml:",inline"`
}

// UnmarshalYAML reads a list of names, or a group with its actions.
func (g *Group) UnmarshalYAML(unmarshal func(any) error) error {
	if unmarshal(&g.Items) == nil {
		return nil
	}
	var long struct {
		Items  []string `yaml:"items"`
		Before []Action `yaml:"before"`
		After  []Action `yaml:"after"`
	}
	if err := unmarshal(&long); err != nil {
		return err
	}
	*g = Group{Items: long.Items, Actions: Actions{Before: long.Before, After: long.After}}
	return nil
}

// Action is a script or a manual action of a recovery plan.
type Action struct {
	Manual string `yaml:"manual" json:"manual,omitempty"` // name of a manual action, or
	Script string `yaml:"script" json:"script,omitempty"` // name of a script
	// Text is the manual action's instructions, or what the script runs.
	Text string `yaml:"text" json:"text,omitempty"`
	// Direction is to-onprem or to-azure; empty means both.
	Direction string `yaml:"direction" json:"direction,omitempty"`
	// Fails makes a script end with that error.
	Fails string `yaml:"fails" json:"fails,omitempty"`
}

func (a Action) check() error {
	switch {
	case (a.Manual == "") == (a.Script == ""):
		return errors.New("needs the name of a manual action (manual) or of a script (script)")
	case a.Manual != "" && a.Fails != "":
		return errors.New("fails: only a script can fail")
	case !slices.Contains([]string{"", "to-onprem", "to-azure"}, a.Direction):
		return fmt.Errorf("direction: %q is neither to-onprem nor to-azure", a.Direction)
	}
	return nil
}

func (a Actions) check() error {
	for i, x := range slices.Concat(a.Before, a.After) {
		if err := x.check(); err != nil {
			return fmt.Errorf("action %d: %w", i+1, err)
		}
	}
	return nil
}

func (e *Estate) checkRecoveryPlans(items map[string]bool) error {
	for i, p := range e.RecoveryPlans {
		if p.Name == "" || len(p.Groups) == 0 {
			return fmt.Errorf("recovery_plans[%d]: needs a name and groups", i)
		}
		if err := errors.Join(p.Shutdown.check(), p.Failover.check()); err != nil {
			return fmt.Errorf("recovery_plans[%d]: %w", i, err)
		}
		for g, group := range p.Groups {
			if err := group.check(); err != nil {
				return fmt.Errorf("recovery_plans[%d].groups[%d]: %w", i, g, err)
			}
			for _, name := range group.Items {
				if !items[name] {
					return fmt.Errorf("recovery_plans[%d].groups[%d]: there is no item %q", i, g, name)
				}
			}
		}
	}
	return nil
}
