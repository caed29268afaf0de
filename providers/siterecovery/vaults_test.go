package siterecovery

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"failback/engine"
	"failback/providers/azure"
)

// manySubscriptions serves n of them, one switched off and one that may not be read,
// with two vaults each on pages of one.
func manySubscriptions(t *testing.T, n int) (*azure.Session, *atomic.Int64) {
	t.Helper()
	var at, most atomic.Int64
	var url string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		most.Store(max(most.Load(), at.Add(1)))
		defer at.Add(-1)
		time.Sleep(time.Millisecond)
		if r.URL.Path == "/subscriptions" {
			var rows []string
			for i := range n {
				state := "Enabled"
				if i == 0 {
					state = "Disabled"
				}
				rows = append(rows, fmt.Sprintf(`{"subscriptionId":"sub-%d","displayName":"Sub %d","state":%q}`, i, i, state))
			}
			_, _ = fmt.Fprintf(w, `{"value":[%s,null]}`, strings.Join(rows, ","))
			return
		}
		sub := strings.Split(r.URL.Path, "/")[2]
		if sub == "sub-1" {
			w.WriteHeader(http.StatusForbidden)
			_, _ = fmt.Fprint(w, `{"error":{"code":"AuthorizationFailed","message":"no"}}`)
			return
		}
		name, next := "alpha", fmt.Sprintf(`,"nextLink":"%s%s?page=2&api-version=1"`, url, r.URL.Path)
		if r.URL.Query().Get("page") == "2" {
			name, next = "beta", ""
		}
		_, _ = fmt.Fprintf(w, `{"value":[{"id":"/Subscriptions/%s/resourcegroups/rg/providers/Microsoft.RecoveryServices/vaults/%s","name":%q,"location":"westeurope"}]%s}`, sub, name, name, next)
	}))
	t.Cleanup(s.Close)
	url = s.URL
	session, err := azure.Open(azure.Options{Cloud: azure.Cloud{ResourceManager: s.URL}, Auth: azure.AuthLoopback, Token: "t"})
	if err != nil {
		t.Fatal(err)
	}
	return session, &most
}

func TestVaultsOfAllSubscriptionsAreFound(t *testing.T) {
	session, most := manySubscriptions(t, 12)
	var found []engine.Vault
	err := FindVaults(t.Context(), "", session.Credential(), session.ClientOptions(), func(v engine.Vault) { found = append(found, v) })
	if engine.KindOf(err) != engine.FailurePermission || !strings.Contains(err.Error(), "sub-1") {
		t.Errorf("error = %v, want the refusal of sub-1", err)
	}
	if len(found) != 20 { // neither the one that is off nor the one that may not be read
		t.Errorf("%d vaults", len(found))
	}
	if n := most.Load(); n > abreast {
		t.Errorf("%d lists at once", n)
	}
	engine.SortVaults(found)
	if v := found[0]; v.Name != "alpha" || v.ResourceGroup != "rg" || v.Subscription == "" || !strings.HasPrefix(v.SubscriptionName, "Sub ") || v.Location != "westeurope" {
		t.Errorf("first %+v", v)
	}
	if _, err := engine.ChooseVault(found, "alpha"); engine.KindOf(err) != engine.FailureUsage || !strings.Contains(err.Error(), "10 vaults are called") {
		t.Errorf("an ambiguous name: %v", err)
	}
	if v, err := engine.ChooseVault(found, strings.ToUpper(found[3].ID)); err != nil || v != found[3] {
		t.Errorf("by its id: %+v, %v", v, err)
	}
}

func TestVaultsOfOneSubscription(t *testing.T) {
	session, _ := manySubscriptions(t, 3)
	n := 0
	if err := FindVaults(t.Context(), "sub-2", session.Credential(), session.ClientOptions(), func(engine.Vault) { n++ }); err != nil || n != 2 {
		t.Errorf("%d vaults, %v", n, err)
	}
}
