package azure

import (
	"cmp"
	"net/url"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"

	"failback/engine"
)

// place is a cloud made ready: what the SDK needs, and where disks may lie.
type place struct {
	config  cloud.Configuration
	manager *url.URL
	storage string // DNS suffix, empty on loopback
	custom  bool
}

func (c Cloud) resolve() (place, error) {
	name := c.Name
	if name == "" {
		name = CloudPublic
		if c.ResourceManager != "" {
			name = CloudCustom
		}
	}
	switch name {
	case CloudPublic:
		return known(cloud.AzurePublic, "core.windows.net")
	case CloudUSGov:
		return known(cloud.AzureGovernment, "core.usgovcloudapi.net")
	case CloudChina:
		return known(cloud.AzureChina, "core.chinacloudapi.cn")
	case CloudCustom:
		return c.own()
	}
	return place{}, engine.Usagef("use public, usgov, china or custom", "unknown cloud %q", c.Name)
}

// SignInName is the name of the server that the cloud is signed in to at, empty where
// the cloud is not known or names none.
func (c Cloud) SignInName() string {
	p, err := c.resolve()
	if err != nil {
		return ""
	}
	u, err := url.Parse(p.config.ActiveDirectoryAuthorityHost)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

func known(config cloud.Configuration, storage string) (place, error) {
	manager, err := url.Parse(config.Services[cloud.ResourceManager].Endpoint)
	if err != nil {
		return place{}, err
	}
	return place{config: config, manager: manager, storage: storage}, nil
}

// own makes a cloud from addresses. Where no audience is given the management API
// is its own, as in the clouds that run on-premises.
func (c Cloud) own() (place, error) {
	manager, err := address("resource manager", c.ResourceManager)
	if err != nil {
		return place{}, err
	}
	if c.Authority != "" {
		if u, err := address("authority", c.Authority); err != nil {
			return place{}, err
		} else if u.Scheme != "https" && !(fence{}).admits(u) {
			return place{}, engine.Usagef("give the authority's address with https", "%s would be shown the credential unprotected", c.Authority)
		}
	}
	endpoint := strings.TrimRight(c.ResourceManager, "/")
	config := cloud.Configuration{
		ActiveDirectoryAuthorityHost: c.Authority,
		Services: map[cloud.ServiceName]cloud.ServiceConfiguration{
			cloud.ResourceManager: {Endpoint: endpoint, Audience: cmp.Or(c.Audience, endpoint)},
		},
	}
	return place{config: config, manager: manager, storage: strings.Trim(c.Storage, "."), custom: true}, nil
}

func address(what, text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return nil, engine.Usagef("give a whole address such as https://management.example", "the %s address %q is not one", what, text)
	}
	return u, nil
}
