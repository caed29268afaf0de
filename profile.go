package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"failback/config"
	"failback/engine"
	"failback/providers/azure"
	"failback/providers/connect"
	"failback/providers/hyperv"
)

// openProfile turns a profile into open providers.
func openProfile(ctx context.Context, p config.Profile) (*engine.Connection, error) {
	hosts := make(map[string]hyperv.Endpoint, len(p.Hosts))
	for name, h := range p.Hosts {
		hosts[name] = hyperv.Endpoint{URL: h.URL, Sealed: h.Sealed, User: h.User, Password: passwordFrom(name, h.PasswordFile)}
	}
	return connect.Open(ctx, connect.Options{
		Name: p.Name,
		Azure: azure.Options{
			Cloud: azure.Cloud{
				Name: p.Cloud.Name, ResourceManager: p.Cloud.ResourceManager,
				Authority: p.Cloud.Authority, Storage: p.Cloud.Storage,
			},
			Auth: string(p.Auth), Token: p.Token, Subscription: p.Subscription,
		},
		ResourceGroup: p.ResourceGroup, Vault: p.Vault, Hosts: hosts, Poll: p.Poll.Std(),
	})
}

// passwordFrom reads a host's password each time it is needed; it is kept
// nowhere in between. A line feed at the end of the file is not part of it.
func passwordFrom(host, file string) func(context.Context) (string, error) {
	return func(context.Context) (string, error) {
		if file == "" {
			return "", errors.New("the profile names no password_file for host " + host)
		}
		raw, err := os.ReadFile(file)
		if err != nil {
			return "", fmt.Errorf("password of host %s: %w", host, err)
		}
		return strings.TrimRight(string(raw), "\r\n"), nil
	}
}
