package lab_test

import (
	"net/http"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"

	"failback/providers/lab/world"
)

func TestEveryAnswerHasTheRecordedHeaders(t *testing.T) {
	wanted := map[string]map[string]bool{} // by method, kind, action and status
	for _, flow := range recordings(t) {
		for _, e := range flow {
			key := headerKey(e.Method, e.Path, e.Status)
			if wanted[key] == nil {
				wanted[key] = map[string]bool{}
			}
			for name := range e.Headers {
				wanted[key][name] = true
			}
			if location := e.Headers["location"]; location != "" && !ownAddress(location, "operationresults") {
				t.Errorf("recorded: %s", location)
			}
		}
	}
	checked := map[string]bool{}
	check := func(method, url string, answer reply) {
		key := headerKey(method, url, answer.StatusCode)
		for name := range wanted[key] {
			checked[key] = true
			if answer.Header.Get(name) == "" {
				t.Errorf("%s has no %s", key, name)
			}
		}
		for name, collection := range map[string]string{"Location": "operationresults", "Azure-AsyncOperation": "replicationOperationStatus"} {
			if address := answer.Header.Get(name); address != "" && !ownAddress(address, collection) {
				t.Errorf("%s: %s is %s", key, name, address)
			}
		}
	}
	inBubble(t, planned, func(r *rig) {
		send := func(method, url, body string) reply {
			if !strings.HasPrefix(url, "http") {
				url = r.vault + url
			}
			answer, _ := r.send(method, url, body)
			check(method, url, answer)
			return answer
		}
		post := func(url, body string) string {
			answer := send(http.MethodPost, url, body)
			if answer.StatusCode != http.StatusAccepted {
				r.t.Fatalf("%s: %d", url, answer.StatusCode)
			}
			status := send(http.MethodGet, answer.Header.Get("Azure-AsyncOperation"), "")
			return path.Base(status.Header.Get("x-ms-request-id"))
		}
		r.until(post("/replicationRecoveryPlans/shop/plannedFailover", strings.Replace(planBody, "%", "ForSynchronization", 1)), world.Succeeded)
		r.until(post("/replicationRecoveryPlans/shop/failoverCommit", ""), world.Succeeded)
		id, _ := r.item("app01")
		r.until(post(id+"/reProtect", "{}"), world.Succeeded)
		r.waitFor(id, "PlannedFailover")
		r.until(post(id+"/plannedFailover", `{"properties":{"failoverDirection":"PrimaryToRecovery"}}`), world.Succeeded)
		r.until(post(id+"/failoverCommit", ""), world.Succeeded)
		for _, list := range []string{
			"", "/replicationFabrics", "/replicationProtectionContainers", "/replicationProtectedItems", "/replicationRecoveryPlans",
			"/replicationJobs", "/replicationPolicies", "/replicationEvents",
		} {
			send(http.MethodGet, list, "")
		}
	})
	for key := range wanted {
		if !checked[key] && !slices.ContainsFunc(notPlayed, func(part string) bool { return strings.Contains(key, part) }) {
			t.Errorf("nothing of ours was compared with %s", key)
		}
	}
}

// notPlayed are recorded requests that the lab does not answer.
var notPlayed = []string{"unplannedFailover", "remove", unplayed[0]}

func headerKey(method, url string, status int) string {
	action := ""
	if method == http.MethodPost {
		before, _, _ := strings.Cut(url, "?")
		action = path.Base(before)
	}
	return strings.Join([]string{method, kindOf(url), action, strconv.Itoa(status)}, " ")
}

// ownAddress reports whether an address is one that the service makes itself: it
// spells a segment in its own way, and carries the version on.
func ownAddress(address, collection string) bool {
	u, err := url.Parse(address)
	if err != nil || !strings.HasPrefix(u.Path, "/Subscriptions/") || u.Query().Get("api-version") == "" {
		return false
	}
	parts := strings.Split(u.Path, "/")
	return parts[len(parts)-2] == collection
}
