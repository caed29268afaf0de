package config

import (
	"regexp"
	"slices"
	"strings"
)

// Auth names a way to sign in to Azure.
type Auth string

// The ways to sign in. The empty value means AuthDefault.
const (
	AuthDefault           Auth = "default" // environment, workload, managed identity, Azure CLI: the first that works
	AuthCLI               Auth = "cli"
	AuthManagedIdentity   Auth = "managed-identity"
	AuthWorkloadIdentity  Auth = "workload-identity"
	AuthClientCertificate Auth = "client-certificate"
	AuthClientSecret      Auth = "client-secret"
	AuthDeviceCode        Auth = "device-code"
	AuthBrowser           Auth = "browser"
	AuthLoopback          Auth = "loopback" // a fixed token, for services on this machine only
)

// Auths lists the ways to sign in.
var Auths = []Auth{
	AuthDefault, AuthCLI, AuthManagedIdentity, AuthWorkloadIdentity, AuthClientCertificate,
	AuthClientSecret, AuthDeviceCode, AuthBrowser, AuthLoopback,
}

// takes is the keys of a way to sign in: what it needs, what it may have, and
// whether it asks the authority of the cloud for its tokens.
type takes struct {
	needs, may []string
	authority  bool
}

var authKeys = map[Auth]takes{
	AuthDefault:           {may: []string{"tenant"}},
	AuthCLI:               {may: []string{"tenant"}},
	AuthManagedIdentity:   {may: []string{"client_id"}},
	AuthWorkloadIdentity:  {may: []string{"tenant", "client_id", "token_file"}, authority: true},
	AuthClientCertificate: {needs: []string{"tenant", "client_id", "certificate"}, may: []string{"certificate_password_file"}, authority: true},
	AuthClientSecret:      {needs: []string{"tenant", "client_id"}, authority: true},
	AuthDeviceCode:        {may: []string{"tenant", "client_id"}, authority: true},
	AuthBrowser:           {may: []string{"tenant", "client_id"}, authority: true},
	AuthLoopback:          {needs: []string{"token"}},
}

// authKey is one of the keys that belong to ways to sign in.
type authKey struct{ name, value string }

func (p Profile) authKeys() []authKey {
	return []authKey{
		{"tenant", p.Tenant}, {"client_id", p.ClientID}, {"token_file", p.TokenFile}, {"certificate", p.Certificate},
		{"certificate_password_file", p.CertificatePasswordFile}, {"token", p.Token},
	}
}

// directory is what the SDK takes for the name of a directory.
var directory = regexp.MustCompile(`^[A-Za-z0-9.-]+$`)

func (p Profile) checkAuth(at complain) error {
	auth := p.Auth
	if auth == "" {
		auth = AuthDefault
	}
	keys, ok := authKeys[auth]
	if !ok {
		words := make([]string, len(Auths))
		for i, a := range Auths {
			words[i] = string(a)
		}
		return at("\""+string(p.Auth)+"\" is none of "+strings.Join(words, ", "), "auth")
	}
	for _, k := range p.authKeys() {
		switch {
		case k.value == "" && k.name == "token" && auth == AuthLoopback:
			return at("auth: loopback needs the token the service printed", "token")
		case k.value == "" && slices.Contains(keys.needs, k.name):
			return at("auth: "+string(auth)+" needs "+k.name, k.name)
		case k.value == "" || slices.Contains(keys.needs, k.name) || slices.Contains(keys.may, k.name):
		case k.name == "token":
			return at("a token may stand in a file only with auth: loopback", "token")
		default:
			return at("auth: "+string(auth)+" takes no "+k.name, k.name)
		}
	}
	switch {
	case p.Tenant != "" && !directory.MatchString(p.Tenant):
		return at("\""+p.Tenant+"\" is no directory: give its id or its domain", "tenant")
	case keys.authority && p.Cloud.Custom() && p.Cloud.Authority == "":
		return at("auth: "+string(auth)+" needs to know where this cloud signs people in", "cloud", "authority")
	case auth == AuthLoopback:
		return p.checkLoopback(at)
	}
	return nil
}

func (p Profile) checkLoopback(at complain) error {
	switch {
	case !p.Cloud.Custom():
		return at("auth: loopback needs cloud.resource_manager, a service on this machine", "cloud", "resource_manager")
	case !loopback(p.Cloud.ResourceManager):
		return at("auth: loopback sends its token to this machine only; \""+p.Cloud.ResourceManager+"\" is another", "cloud", "resource_manager")
	}
	return nil
}
