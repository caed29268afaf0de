package cli

import (
	"context"

	"github.com/spf13/cobra"

	"failback/engine"
)

func (a *app) vaultsCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "vaults",
		Short: "List the Recovery Services vaults that the sign-in can see",
		Long: "List the Recovery Services vaults that the sign-in of the profile can see: in the profile's\n" +
			"subscription, or in all where it names none. A profile may leave its vault out; commands then\n" +
			"take --vault, and the terminal program asks.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			t, err := a.target()
			if err != nil {
				return err
			}
			t.Person = a.person()
			all, err := a.vaults(cmd.Context(), t)
			if err != nil && len(all) == 0 {
				return err
			}
			if err != nil { // what could be read is worth more than nothing
				a.say("failback: %s", err)
			}
			return show(a, all, vaultTable(all))
		},
	}
}

// vaults lists what the target's sign-in sees, and with an error what could be read
// before it.
func (a *app) vaults(ctx context.Context, t Target) ([]engine.Vault, error) {
	all := []engine.Vault{}
	err := a.deps.Vaults(ctx, t, func(v engine.Vault) { all = append(all, v) })
	engine.SortVaults(all)
	return all, err
}

func vaultTable(all []engine.Vault) table {
	t := table{
		heads: []string{"VAULT", "RESOURCE GROUP", "SUBSCRIPTION", "LOCATION"},
		none:  "the sign-in sees no vault",
	}
	for _, v := range all {
		name := v.Subscription
		if v.SubscriptionName != "" {
			name = v.SubscriptionName + " (" + v.Subscription + ")"
		}
		t.rows = append(t.rows, []string{v.Name, v.ResourceGroup, name, v.Location})
	}
	return t
}

// settled is the target with its vault: the one that is named, by name or resource
// id, or the profile's own. A profile without one is looked up in Azure.
func (a *app) settled(ctx context.Context, t Target, named string) (Target, error) {
	switch {
	case t.Profile == nil && named != "":
		return t, engine.Usagef("leave --vault out", "the lab has one vault only")
	case t.Profile == nil || named == "" && t.Profile.NamesVault():
		return t, nil
	}
	p := *t.Profile
	switch {
	case named == "":
		named = p.Vault
	case p.NamesVault(): // another one of its subscription
		p.ResourceGroup = ""
	}
	all, err := a.vaults(ctx, Target{Profile: &p, Person: t.Person})
	var within []engine.Vault
	for _, v := range all {
		if p.ResourceGroup == "" || engine.SameID(v.ResourceGroup, p.ResourceGroup) {
			within = append(within, v)
		}
	}
	v, choice := engine.ChooseVault(within, named)
	if choice != nil {
		if err != nil { // it may be where nothing could be read
			return t, err
		}
		return t, choice
	}
	p.Subscription, p.ResourceGroup, p.Vault = v.Subscription, v.ResourceGroup, v.Name
	t.Profile = &p
	return t, nil
}
