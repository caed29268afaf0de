package siterecovery

import (
	"net/http"
	"strings"
	"testing"

	"failback/engine"
)

func status(code int, header, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		if k, v, ok := strings.Cut(header, ": "); ok {
			w.Header().Set(k, v)
		}
		w.WriteHeader(code)
		_, _ = w.Write([]byte(body))
	}
}

// reset takes the request and breaks the connection without an answer.
func reset(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

// Each row is a fault of the service at the start of a failback. Whatever
// happens, one POST is sent and the kind says what may be done next.
func TestS40FaultsSendOnePost(t *testing.T) {
	denied := `{"error":{"code":"AuthorizationFailed","message":"The client 'a@b' does not have authorization to perform action 'Microsoft.RecoveryServices/vaults/replicationFabrics/replicationProtectionContainers/replicationProtectedItems/plannedFailover/action' over scope '/x'."}}`
	invalid := `{"error":{"code":"BadRequest","message":"outer","details":[{"code":"InvalidFailoverDirection","message":"the direction is invalid","possibleCauses":"already there","recommendedAction":"turn round","clientRequestId":"req"}]}}`
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		kind   engine.FailureKind
		words  string
	}{
		"throttled":              {status(429, "Retry-After: 17", `{"error":{"code":"TooManyRequests","message":"slow down"}}`), engine.FailureRetryable, "wait 17s"},
		"500 after acceptance":   {status(500, "", `{"error":{"code":"InternalError","message":"oops"}}`), engine.FailureUnknown, "do not repeat it"},
		"503":                    {status(503, "Retry-After: 1", ``), engine.FailureUnknown, "do not repeat it"},
		"request timeout":        {status(408, "", ``), engine.FailureUnknown, "do not repeat it"},
		"reset":                  {reset, engine.FailureUnknown, "do not repeat it"},
		"204 without body":       {status(204, "", ``), engine.FailureUnknown, "look at the item and its jobs"},
		"accepted, names no job": {status(202, "", ``), engine.FailureUnknown, "named no job"},
		"accepted, garbage":      {status(200, "Content-Type: text/html", `<html>hello</html>`), engine.FailureUnknown, "named no job"},
		"redirect":               {status(307, "Location: http://127.0.0.1:1/elsewhere", ``), engine.FailureUnknown, "do not repeat it"},
		"expired token":          {status(401, "", `{"error":{"code":"ExpiredAuthenticationToken","message":"the token expired"}}`), engine.FailureRetryable, "sign in again"},
		"no right":               {status(403, "", denied), engine.FailurePermission, "role with the action Microsoft.RecoveryServices/vaults/replicationFabrics/replicationProtectionContainers/replicationProtectedItems/plannedFailover/action"},
		"wrong direction":        {status(400, "", invalid), engine.FailureRefused, "InvalidFailoverDirection: the direction is invalid (possible causes: already there); now: turn round"},
		"conflict":               {status(409, "", `{"error":{"code":"28031","message":"busy"}}`), engine.FailureRefused, "busy"},
	} {
		t.Run(name, func(t *testing.T) {
			cl, v := newVault(t, map[string]http.HandlerFunc{getItem: answer(item{}.doc()), postItem + "plannedFailover": c.answer})
			_, err := cl.Start(t.Context(), startRequest())
			if k := engine.KindOf(err); k != c.kind {
				t.Errorf("kind = %s, want %s (%v)", k, c.kind, err)
			}
			if err == nil || !strings.Contains(err.Error(), c.words) {
				t.Errorf("error %v does not say %q", err, c.words)
			}
			if n := len(v.posts()); n != 1 {
				t.Errorf("%d POSTs, want 1", n)
			}
			if f := engine.AsFailure(err, "", ""); f.Request == "" {
				t.Error("the failure names no client request id")
			}
		})
	}
}

func TestUnreachableServiceStartedNothing(t *testing.T) {
	c := newClient(t, "http://127.0.0.1:1", nil)
	err := c.Cancel(t.Context(), testJob, "req")
	if k := engine.KindOf(err); k != engine.FailureRetryable {
		t.Errorf("kind = %s, want retryable: the connection never came to be (%v)", k, err)
	}
}

func TestReadsAreRetriedAndThenExplained(t *testing.T) {
	tries := 0
	c, _ := newVault(t, map[string]http.HandlerFunc{getJob: func(w http.ResponseWriter, r *http.Request) {
		if tries++; tries == 1 {
			status(503, "Retry-After-Ms: 1", "")(w, r)
			return
		}
		answer(waitingJob)(w, r)
	}})
	j, err := c.Job(t.Context(), testJob)
	if err != nil || tries != 2 || !j.WaitsForComplete() {
		t.Errorf("job = %+v, %v after %d tries", j, err, tries)
	}
	for name, a := range map[string]struct {
		answer http.HandlerFunc
		kind   engine.FailureKind
	}{
		"missing": {status(404, "", `{"error":{"code":"NotFound","message":"no","details":[{"code":"ArmResourceDoesNotExist","message":"gone"}]}}`), engine.FailureNotFound},
		"denied":  {status(403, "", `{"error":{"code":"AuthorizationFailed","message":"no"}}`), engine.FailurePermission},
		"garbage": {answer(`<html>`), engine.FailureRetryable},
	} {
		c, _ := newVault(t, map[string]http.HandlerFunc{getJob: a.answer})
		if _, err := c.Job(t.Context(), testJob); engine.KindOf(err) != a.kind {
			t.Errorf("%s: error = %v, want kind %s", name, err, a.kind)
		}
	}
}

func TestNotAnItemIDIsRefusedBeforeAnythingIsSent(t *testing.T) {
	c, v := newVault(t, nil)
	if _, err := c.Item(t.Context(), "Microsoft Azure"); engine.KindOf(err) != engine.FailureUsage || len(v.seen) != 0 {
		t.Errorf("error = %v after %d requests", err, len(v.seen))
	}
}
