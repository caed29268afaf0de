package cli

import (
	"cmp"
	"encoding/json"
	"strings"

	"github.com/spf13/cobra"
)

// roleDefinition is a custom role as `az role definition create` takes it.
type roleDefinition struct {
	Name             string
	IsCustom         bool
	Description      string
	Actions          []string
	NotActions       []string
	DataActions      []string
	NotDataActions   []string
	AssignableScopes []string
}

func (a *app) roleCommand() *cobra.Command {
	var explain, direct bool
	c := &cobra.Command{
		Use:   "role",
		Short: "Print the least Azure role that can fail back, as JSON",
		Long: `Print the least custom role that can do all this program does, in the form that
az role definition create --role-definition @FILE takes. It is made from the
requests that the program sends. The profile's subscription is where it may be
assigned; without a profile put your own in its place.

With --direct it is a second role instead, with what a failback without Site
Recovery needs beside the first: snapshots of the disks and access to them, and
the deletion of the Azure VM with what belongs to it.

With --explain it lists the actions instead, what each is needed for, and the
built-in roles that have it.`,
		Args: takes(0),
		RunE: func(*cobra.Command, []string) error {
			part := rolePart{"Failback Operator", "Fails Hyper-V virtual machines back from Azure with Site Recovery, and nothing else.", a.deps.Permissions}
			if direct {
				part = rolePart{"Failback Direct Operator", "Beside Failback Operator: fails Hyper-V virtual machines back from Azure without Site Recovery.", a.deps.DirectPermissions}
			}
			if explain {
				return show(a, part.permissions, permissionTable(part.permissions))
			}
			return a.role(part)
		},
	}
	c.Flags().BoolVar(&direct, "direct", false, "the second role: what a failback without Site Recovery needs beside the first")
	c.Flags().BoolVar(&explain, "explain", false, "list the actions, what they are for and who has them")
	return c
}

const subscriptionMissing = "00000000-0000-0000-0000-000000000000"

// rolePart is one of the roles that can be printed.
type rolePart struct {
	name, description string
	permissions       []Permission
}

func (a *app) role(part rolePart) error {
	subscription, err := a.roleSubscription()
	if err != nil {
		return err
	}
	if subscription == subscriptionMissing {
		a.say("no profile names a subscription: put yours in the place of %s", subscriptionMissing)
	}
	enc := json.NewEncoder(a.deps.Streams.Out)
	enc.SetIndent("", "  ")
	return enc.Encode(customRole(part, subscription))
}

// roleSubscription is the profile's, if there is one: a role can be printed
// before anything is configured.
func (a *app) roleSubscription() (string, error) {
	file, err := a.configuration()
	if err != nil {
		return "", err
	}
	if len(file.Profiles) == 0 && a.flags.profile == "" {
		return subscriptionMissing, nil
	}
	t, err := a.profileTarget(a.flags.profile)
	if err != nil {
		return "", err
	}
	return cmp.Or(t.Profile.Subscription, subscriptionMissing), nil
}

func customRole(part rolePart, subscription string) roleDefinition {
	r := roleDefinition{
		Name: part.name, IsCustom: true,
		Description: part.description,
		Actions:     []string{}, NotActions: []string{}, DataActions: []string{}, NotDataActions: []string{},
		AssignableScopes: []string{"/subscriptions/" + subscription},
	}
	for _, p := range part.permissions {
		if p.Data {
			r.DataActions = append(r.DataActions, p.Action)
		} else {
			r.Actions = append(r.Actions, p.Action)
		}
	}
	return r
}

func permissionTable(permissions []Permission) table {
	t := table{heads: []string{"FOR", "BUILT-IN ROLES", "ACTION"}}
	for _, p := range permissions {
		roles := strings.Join(p.Roles, ", ")
		if p.Inferred != "" {
			roles += " (inferred)"
		}
		t.rows = append(t.rows, []string{p.For, roles, p.Action})
	}
	return t
}
