package lab_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"failback/providers/lab"
)

// wrong is a request that makes no sense, and the answer to it.
type wrong struct {
	method, path, body string
	status             int
	code, detail       string
}

func TestEveryWrongRequestHasOneAnswerInTheServicesShape(t *testing.T) {
	r := smallRig(t)
	id, _ := r.item("web01")
	item := strings.TrimPrefix(id, r.vault)
	if item == id { // ids are spelt in another case than addresses
		item = id[len(r.vault):]
	}
	container := item[:strings.LastIndex(item, "/replicationProtectedItems/")]
	group := "/subscriptions/" + r.endpoints.Subscription + "/resourceGroups/"
	compute := r.endpoints.Management + group + r.endpoints.ResourceGroup + "/providers/Microsoft.Compute"
	start := item + "/plannedFailover"
	for name, w := range map[string]wrong{
		"unknown collection":       {"GET", "/replicationNonsense", "", 404, "NotFound", "ArmResourceDoesNotExist"},
		"root":                     {"GET", r.endpoints.Management + "/", "", 404, "NotFound", "ArmResourceDoesNotExist"},
		"empty segments":           {"GET", "//replicationJobs", "", 404, "NotFound", "ArmResourceDoesNotExist"},
		"unknown item":             {"GET", container + "/replicationProtectedItems/nobody", "", 404, "NotFound", "ArmResourceDoesNotExist"},
		"unknown job":              {"GET", "/replicationJobs/nothing", "", 404, "NotFound", "ArmResourceDoesNotExist"},
		"unknown plan":             {"GET", "/replicationRecoveryPlans/nothing", "", 404, "NotFound", "ArmResourceDoesNotExist"},
		"unknown policy":           {"GET", "/replicationPolicies/nothing", "", 404, "NotFound", "ArmResourceDoesNotExist"},
		"unknown event":            {"GET", "/replicationEvents/nothing", "", 404, "NotFound", "ArmResourceDoesNotExist"},
		"unknown operation":        {"GET", "/replicationOperationStatus/nothing", "", 404, "NotFound", "ArmResourceDoesNotExist"},
		"unknown fabric":           {"GET", "/replicationFabrics/nowhere", "", 404, "NotFound", "FabricArmEntityMissing"},
		"containers of nowhere":    {"GET", "/replicationFabrics/nowhere/replicationProtectionContainers", "", 404, "NotFound", "FabricArmEntityMissing"},
		"items of no container":    {"GET", container + "x/replicationProtectedItems", "", 404, "NotFound", "ArmResourceDoesNotExist"},
		"another vault":            {"GET", strings.TrimSuffix(r.vault, r.endpoints.Vault) + "other", "", 404, "ResourceNotFound", ""},
		"another resource group":   {"GET", r.endpoints.Management + group + "other/providers/Microsoft.RecoveryServices/vaults", "", 404, "ResourceGroupNotFound", ""},
		"another subscription":     {"GET", r.endpoints.Management + "/subscriptions/other/providers/Microsoft.RecoveryServices/vaults", "", 404, "SubscriptionNotFound", ""},
		"unknown VM":               {"GET", compute + "/virtualMachines/nobody", "", 404, "ResourceNotFound", ""},
		"wrong verb":               {"DELETE", "/replicationJobs", "", 405, "MethodNotAllowed", ""},
		"read of an action":        {"GET", start, "", 405, "MethodNotAllowed", ""},
		"patch":                    {"PATCH", item, "{}", 405, "MethodNotAllowed", ""},
		"what is not played":       {"POST", item + "/updateMobilityService", "{}", 501, "NotImplemented", ""},
		"old skip token":           {"GET", "/replicationProtectedItems?skipToken=!!", "", 400, "BadRequest", "InvalidSkipToken"},
		"negative skip token":      {"GET", container + "/replicationProtectableItems?$skipToken=LTU", "", 400, "BadRequest", "InvalidSkipToken"},
		"filter without a time":    {"GET", "/replicationJobs?$filter=StartTime%20eq%20'yesterday'", "", 400, "BadRequest", "InvalidFilter"},
		"events since yesterday":   {"GET", "/replicationEvents?$filter=StartTime%20eq%20'yesterday'", "", 400, "BadRequest", "InvalidFilter"},
		"version is no date":       {"GET", "/replicationJobs?api-version=newest", "", 400, "InvalidApiVersionParameter", ""},
		"no version":               {"GET", "/replicationJobs?api-version=", "", 400, "MissingApiVersionParameter", ""},
		"body is no JSON":          {"POST", start, "failback, please", 400, "BadRequest", "InvalidRequestContent"},
		"body is cut off":          {"POST", start, `{"properties":`, 400, "BadRequest", "InvalidRequestContent"},
		"body is a list":           {"POST", start, `[]`, 400, "BadRequest", "InvalidRequestContent"},
		"no body":                  {"POST", start, "", 400, "BadRequest", "InvalidRequestContent"},
		"details are a list":       {"POST", start, `{"properties":{"failoverDirection":"RecoveryToPrimary","providerSpecificDetails":[]}}`, 400, "BadRequest", "InvalidRequestContent"},
		"direction is a number":    {"POST", start, `{"properties":{"failoverDirection":1}}`, 400, "BadRequest", "InvalidRequestContent"},
		"wrong direction":          {"POST", start, `{"properties":{"failoverDirection":"PrimaryToRecovery"}}`, 400, "BadRequest", "InvalidFailoverDirection"},
		"no such direction":        {"POST", start, `{"properties":{"failoverDirection":"Home"}}`, 400, "BadRequest", "InvalidFailoverDirection"},
		"no such option":           {"POST", start, failback("Sometime"), 400, "BadRequest", "InvalidParameter"},
		"nothing to commit":        {"POST", item + "/failoverCommit", "", 400, "BadRequest", "OperationNotAllowed"},
		"nothing to reverse":       {"POST", item + "/reProtect", `{"properties":{"failoverDirection":"PrimaryToRecovery"}}`, 400, "BadRequest", "25038"},
		"resume of no job":         {"POST", "/replicationJobs/nothing/resume", "{}", 404, "NotFound", "ArmResourceDoesNotExist"},
		"resume with a bad body":   {"POST", "/replicationJobs/nothing/resume", "{", 400, "BadRequest", "InvalidRequestContent"},
		"plan without a list":      {"POST", "/replicationRecoveryPlans/nothing/plannedFailover", `{"properties":{"providerSpecificDetails":{}}}`, 400, "BadRequest", "InvalidRequestContent"},
		"too large":                {"POST", start, strings.Repeat(" ", 1<<20+1), 413, "RequestEntityTooLarge", ""},
		"access for no time":       {"POST", compute + "/snapshots/none/beginGetAccess", `{"access":"Read"}`, 400, "InvalidParameter", ""},
		"access for ever and ever": {"POST", compute + "/snapshots/none/beginGetAccess", `{"access":"Read","durationInSeconds":9223372036854775807}`, 400, "BadRequest", "InvalidRequestContent"},
	} {
		t.Run(name, func(t *testing.T) {
			answer, doc := r.send(w.method, w.path, w.body)
			detail, _ := at(doc, "error", "details", 0, "code").(string)
			if answer.StatusCode != w.status || at(doc, "error", "code") != w.code || detail != w.detail {
				t.Errorf("%d %v", answer.StatusCode, doc)
			}
			if message, _ := at(doc, "error", "message").(string); message == "" {
				t.Errorf("no message: %v", doc)
			}
			if detail != "" {
				for _, key := range []string{"message", "possibleCauses", "recommendedAction", "clientRequestId", "activityId"} {
					if text, _ := at(doc, "error", "details", 0, key).(string); text == "" {
						t.Errorf("no %s: %v", key, doc)
					}
				}
			}
			for _, header := range []string{"x-ms-request-id", "x-ms-correlation-request-id", "Content-Type", "Date"} {
				if answer.Header.Get(header) == "" {
					t.Errorf("no %s", header)
				}
			}
			if (answer.Header.Get("Allow") != "") != (w.status == http.StatusMethodNotAllowed) {
				t.Errorf("allowed: %q", answer.Header.Get("Allow"))
			}
		})
	}
}

func TestWithoutTheTokenNothingIsDone(t *testing.T) {
	r := smallRig(t)
	id, _ := r.item("web01")
	for name, header := range map[string]string{
		"none": "", "another": "Bearer lab-000000000000000000000000", "basic": "Basic " + r.endpoints.Token, "bare": r.endpoints.Token, "part": "Bearer " + r.endpoints.Token[:8],
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, id+"/plannedFailover?api-version=2025-01-01", strings.NewReader(failback("ForDownTime")))
		if err != nil {
			t.Fatal(err)
		}
		if header != "" {
			req.Header.Set("Authorization", header)
		}
		resp, err := r.client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(resp.Body)
		if err = errorOf(err, resp.Body.Close()); err != nil {
			t.Fatal(err)
		}
		var doc any
		if err := json.Unmarshal(text, &doc); err != nil || at(doc, "error", "code") != "AuthenticationFailed" {
			t.Errorf("%s: %v %s", name, err, text)
		}
		if resp.StatusCode != http.StatusUnauthorized || !strings.HasPrefix(resp.Header.Get("WWW-Authenticate"), "Bearer ") {
			t.Errorf("%s: %d %v", name, resp.StatusCode, resp.Header)
		}
	}
	for _, q := range r.Requests() {
		if q.Accepted {
			t.Errorf("accepted: %+v", q)
		}
	}
}

// FuzzAnswers sends what nobody would: there is one answer, in the service's
// shape, and never a panic.
func FuzzAnswers(f *testing.F) {
	f.Add("GET", "/replicationProtectedItems", "$filter=RecoveryPlanName%20eq%20'x'", "")
	f.Add("POST", "/replicationJobs/%2e%2e/resume", "", `{"properties":null}`)
	f.Add("POST", "/replicationRecoveryPlans/x/plannedFailover", "", `{"properties":{"providerSpecificDetails":[null]}}`)
	f.Add("GET", "/replicationEvents/a;1_b", "skipToken=MQ&$skipToken=%ff", "")
	f.Add("PUT", "/../../../../../..", "api-version=", "\x00")
	f.Add("POST", "/replicationFabrics/a/replicationProtectionContainers/b/replicationProtectedItems/web01/plannedFailover", "", `{"properties":{"providerSpecificDetails":{"providerIdForAlternateRecovery":"////"}}}`)
	m, err := lab.NewInMemory(f.Context(), lab.Options{StateDir: f.TempDir(), Data: []byte(oneItem)})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = m.Close() })
	e := m.Endpoints()
	client := &http.Client{Transport: m.Transport()}
	f.Fuzz(func(t *testing.T, method, path, query, body string) {
		req, err := http.NewRequestWithContext(t.Context(), method, e.Management, strings.NewReader(body))
		if err != nil {
			t.Skip(err)
		}
		req.URL.Path, req.URL.RawQuery = strings.TrimPrefix(vaultURL(e), e.Management)+path, "api-version=2025-01-01&"+query
		req.Header.Set("Authorization", "Bearer "+e.Token)
		resp, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(resp.Body)
		if err = errorOf(err, resp.Body.Close()); err != nil {
			t.Fatal(err)
		}
		if resp.StatusCode == http.StatusInternalServerError {
			t.Errorf("%d %s", resp.StatusCode, text)
		}
		if resp.StatusCode < http.StatusBadRequest || method == http.MethodHead {
			return
		}
		var doc struct {
			Error struct{ Code, Message string }
		}
		if err := json.Unmarshal(text, &doc); err != nil || doc.Error.Code == "" || doc.Error.Message == "" {
			t.Errorf("%d %v %q", resp.StatusCode, err, text)
		}
	})
}
