package engine

import (
	"cmp"
	"slices"
	"strings"
)

// Vault is a Recovery Services vault that the sign-in can see.
type Vault struct {
	ID               string `json:"id"`
	Name             string `json:"name"`
	ResourceGroup    string `json:"resource_group"`
	Subscription     string `json:"subscription"`
	SubscriptionName string `json:"subscription_name,omitempty"`
	Location         string `json:"location"`
}

// Label tells the vault from others of its name.
func (v Vault) Label() string {
	return v.Name + " (" + v.ResourceGroup + ", " + firstOf(v.SubscriptionName, v.Subscription) + ")"
}

// SortVaults sorts by name, then by where they are.
func SortVaults(all []Vault) {
	slices.SortFunc(all, func(a, b Vault) int {
		return cmp.Or(cmp.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)), cmp.Compare(strings.ToLower(a.ID), strings.ToLower(b.ID)))
	})
}

// ChooseVault finds the vault that somebody named, by its name or its resource id. A
// name that none or several have is wrong use, and the failure says which there are.
func ChooseVault(all []Vault, name string) (Vault, error) {
	var found []Vault
	for _, v := range all {
		if strings.EqualFold(v.Name, name) || SameID(v.ID, name) {
			found = append(found, v)
		}
	}
	if len(found) == 1 {
		return found[0], nil
	}
	labels := make([]string, len(all))
	for i, v := range all {
		labels[i] = v.Label()
	}
	there := "the sign-in sees no vault at all"
	if len(all) > 0 {
		there = "there are " + strings.Join(labels, "; ")
	}
	switch {
	case len(found) > 1:
		return Vault{}, Usagef("name it by its resource id, which failback vaults --output json tells", "%d vaults are called %q: %s", len(found), name, there)
	case name == "":
		return Vault{}, Usagef("name one with --vault, or in the profile", "no vault is named: %s", there)
	}
	return Vault{}, Usagef("name another one, or ask for rights on it", "no vault is called %q: %s", name, there)
}
