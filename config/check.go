package config

import (
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// minPoll keeps a typing mistake from hammering the service.
const minPoll = 100 * time.Millisecond

// The requests a minute that may be asked for: with fewer no run could be watched,
// and more is what the management API refills for one principal.
const minRequests, maxRequests = 20, 1500

// badRequests says what is wrong with a budget; empty where nothing is.
func badRequests(n int) string {
	if n != 0 && (n < minRequests || n > maxRequests) {
		return strconv.Itoa(n) + " is not between " + strconv.Itoa(minRequests) + " and " + strconv.Itoa(maxRequests)
	}
	return ""
}

// check finds contradictions in one profile of the document.
func (p Profile) check(doc document, name string) error {
	at := func(why string, keys ...string) error {
		return doc.bad(why, append([]string{"profiles", name}, keys...)...)
	}
	if strings.TrimSpace(name) == "" {
		return at("a profile needs a name")
	}
	if p.ResourceGroup != "" && p.Subscription == "" {
		return at("subscription is missing: a resource group is one of a subscription", "subscription")
	}
	if p.Poll != 0 && p.Poll.Std() < minPoll {
		return at("shorter than "+minPoll.String(), "poll")
	}
	for i, port := range p.ProvePorts {
		if port < 1 || port > 65535 {
			return at(strconv.Itoa(port)+" is no port", "prove_ports", strconv.Itoa(i))
		}
	}
	if why := badRequests(p.RequestsPerMinute); why != "" {
		return at(why, "requests_per_minute")
	}
	if err := p.checkAuth(at); err != nil {
		return err
	}
	if err := p.Cloud.check(at, p.Auth == AuthLoopback); err != nil {
		return err
	}
	if p.Proxy != "" {
		if why := badURL(p.Proxy); why != "" {
			return at(why, "proxy")
		}
	}
	return p.checkHosts(at)
}

type complain func(why string, keys ...string) error

// check finds contradictions in a cloud. Only a fixed token, which stays on this
// machine, goes without TLS.
func (c Cloud) check(at complain, fixed bool) error {
	switch {
	case c.Name != "" && c.Custom():
		return at("a cloud is given by its name or by its endpoints, not both", "cloud")
	case c.Name != "" && !slices.Contains(Clouds, c.Name):
		return at("\""+c.Name+"\" is none of "+strings.Join(Clouds, ", "), "cloud", "name")
	case !c.Custom() && (c.Authority != "" || c.Audience != "" || c.Storage != ""):
		return at("a custom cloud needs resource_manager", "cloud", "resource_manager")
	}
	for _, e := range []struct{ key, value string }{
		{"resource_manager", c.ResourceManager}, {"authority", c.Authority},
	} {
		if e.value == "" {
			continue
		}
		if why := badURL(e.value); why != "" {
			return at(why, "cloud", e.key)
		}
		if !fixed && !strings.HasPrefix(strings.ToLower(e.value), "https:") {
			return at("\""+e.value+"\" would be shown a credential unprotected; it needs https", "cloud", e.key)
		}
	}
	return nil
}

// badURL says what is wrong with an endpoint; empty where nothing is.
func badURL(s string) string {
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http"):
		return "\"" + s + "\" is no http or https address"
	case u.User != nil:
		return "an address with a user or password in it"
	}
	return ""
}

// loopback reports whether an address is on this machine.
func loopback(s string) bool {
	u, err := url.Parse(s)
	if err != nil {
		return false
	}
	if u.Hostname() == "localhost" {
		return true
	}
	ip := net.ParseIP(u.Hostname())
	return ip != nil && ip.IsLoopback()
}
