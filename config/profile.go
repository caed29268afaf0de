package config

import (
	"maps"
	"slices"
	"strings"
)

// File is a whole configuration file. The zero value is what a missing file
// means: no profiles.
type File struct {
	// Path is where it was read from, empty for a missing default file.
	Path     string             `yaml:"-"`
	Defaults Defaults           `yaml:"defaults"`
	Profiles map[string]Profile `yaml:"profiles"`
	Screen   Screen             `yaml:"screen"`
	// Language is that of the screens and of questions in lines, one of [Languages];
	// empty leaves it to the terminal.
	Language string `yaml:"language"`
	// Keys puts actions of the terminal program on other keys.
	Keys Keys `yaml:"keys"`
}

// Defaults hold for every command that does not say otherwise.
type Defaults struct {
	// Profile is used where no --profile is given. With one profile in the
	// file there is no need to name it.
	Profile string `yaml:"profile"`
	// Poll is the interval between two looks at a job, for profiles without
	// their own.
	Poll Duration `yaml:"poll"`
	// RequestsPerMinute bounds the reads of Azure's management API, for profiles
	// without their own; 0 leaves it to the program.
	RequestsPerMinute int `yaml:"requests_per_minute"`
	// Reason is written into plans that give none.
	Reason string `yaml:"reason"`
	// Rules is a file of rules for the preflight, for profiles without their own.
	Rules string `yaml:"rules"`
}

// Profile is one vault and how to reach it and its hosts.
type Profile struct {
	Name  string `yaml:"-"`
	Cloud Cloud  `yaml:"cloud"`
	// Auth is the way to sign in; which of the seven keys below it takes is in
	// the table of its own keys.
	Auth                    Auth   `yaml:"auth"`
	Tenant                  string `yaml:"tenant"`
	ClientID                string `yaml:"client_id"`
	TokenFile               string `yaml:"token_file"`
	Certificate             string `yaml:"certificate"`
	CertificatePasswordFile string `yaml:"certificate_password_file"`
	Token                   string `yaml:"token"`
	// Proxy is an HTTP proxy for everything that is sent to Azure; empty takes
	// that of the environment.
	Proxy string `yaml:"proxy"`
	// CA is a file of PEM certificates that are trusted beside the system's.
	CA            string          `yaml:"ca"`
	Subscription  string          `yaml:"subscription"`
	ResourceGroup string          `yaml:"resource_group"`
	Vault         string          `yaml:"vault"`
	Hosts         map[string]Host `yaml:"hosts"`
	Poll          Duration        `yaml:"poll"`

	RequestsPerMinute int `yaml:"requests_per_minute"`
	// Rules is a file of the site's own rules for the preflight.
	Rules string `yaml:"rules"`
	// ProvePorts are TCP ports that a machine has to answer at before its boot counts
	// as proven, for plans that name none.
	ProvePorts []int `yaml:"prove_ports"`
}

// NamesVault reports whether the profile says which vault is meant. Without, the
// sign-in has to be asked which there are.
func (p Profile) NamesVault() bool {
	return p.Subscription != "" && p.ResourceGroup != "" && p.Vault != ""
}

// Cloud is either one of Microsoft's clouds by name or a custom one by its
// endpoints. The zero value is the public cloud.
type Cloud struct {
	Name            string `yaml:"name"`
	ResourceManager string `yaml:"resource_manager"`
	Authority       string `yaml:"authority"`
	// Audience is what tokens for the management API are asked for; its address
	// where empty.
	Audience string `yaml:"audience"`
	// Storage is the DNS suffix below which disks may be read, such as
	// core.windows.net. An address is taken for its host name.
	Storage string `yaml:"storage"`
}

// Custom reports whether the cloud is given by its endpoints.
func (c Cloud) Custom() bool { return c.ResourceManager != "" }

// Clouds lists Microsoft's clouds that a profile may name.
var Clouds = []string{"public", "usgov", "china"}

// Names lists the profiles, sorted.
func (f File) Names() []string { return slices.Sorted(maps.Keys(f.Profiles)) }

// Profile finds the profile to use: the named one, else the default one, else
// the only one. The error is for an operator and names what there is.
func (f File) Profile(name string) (Profile, error) {
	if name == "" {
		name = f.Defaults.Profile
	}
	if name == "" && len(f.Profiles) == 1 {
		name = f.Names()[0]
	}
	p, ok := f.Profiles[name]
	switch {
	case ok:
		return p, nil
	case len(f.Profiles) == 0 && f.Path == "":
		return Profile{}, &Error{File: DefaultFile(), Why: "there is no such file, and so no profile is configured"}
	case len(f.Profiles) == 0:
		return Profile{}, &Error{File: f.Path, Key: "profiles", Why: "no profile stands in it"}
	case name == "":
		return Profile{}, &Error{File: f.Path, Key: "profiles", Why: "several profiles and no default; name one of " + strings.Join(f.Names(), ", ")}
	}
	return Profile{}, &Error{File: f.Path, Key: "profiles", Why: "there is no profile " + name + "; there is " + orNone(f.Names())}
}

func orNone(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}
