package connect

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"failback/engine"
	"failback/providers/azure"
	"failback/providers/hyperv"
)

func options(url string) Options {
	return Options{
		Name: "prod", ResourceGroup: "rg1", Vault: "v1",
		Azure: azure.Options{Cloud: azure.Cloud{ResourceManager: url}, Auth: azure.AuthLoopback, Token: "t", Subscription: "s1"},
	}
}

func TestOpenSendsNothingAndFillsEveryPort(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { t.Errorf("sent %s %s", r.Method, r.URL) }))
	defer server.Close()
	o := options(server.URL)
	o.Rates = engine.Rates{Link: 5}
	c, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if c.Name != "prod" || c.Vault != "v1" || c.Rehearsal || c.Poll != 15*time.Second || c.Rates.Link != 5 {
		t.Errorf("connection = %+v", c)
	}
	if p := c.Ports; p.Inventory == nil || p.Failover == nil || p.Hosts == nil || p.Azure == nil {
		t.Errorf("ports = %+v", p)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
}

func TestOpenRefusesSettingsThatMakeNoSense(t *testing.T) {
	for name, spoil := range map[string]func(*Options){
		"real cloud with a fixed token": func(o *Options) { o.Azure.Cloud.ResourceManager = "https://management.azure.com" },
		"no vault":                      func(o *Options) { o.Vault = "" },
		"no subscription":               func(o *Options) { o.Azure.Subscription = "" },
		"a host without TLS":            func(o *Options) { o.Hosts = map[string]hyperv.Endpoint{"hv01": {URL: "http://hv01.example:5985"}} },
	} {
		o := options("http://127.0.0.1:1")
		spoil(&o)
		if _, err := Open(t.Context(), o); engine.KindOf(err) != engine.FailureUsage {
			t.Errorf("%s: error = %v, want one of kind usage", name, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Open(ctx, options("http://127.0.0.1:1")); err == nil {
		t.Error("a cancelled context opened a connection")
	}
}
