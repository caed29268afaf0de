package lab_test

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"failback/providers/lab"
	"failback/providers/lab/world"
)

// crowded is an estate of several small VMs in quick time.
func crowded(items int) string {
	text := `
name: crowded
speed: 600
rates: {compare: 200KiB, link: 200KiB}
times: {check: 15s, prepare: 15s, initiate: 5s, stop: 15s, finalize: 15s, boot: 15s, commit: 15s, protect: 10s}
fabrics: [{name: site, kind: hyperv-site}]
hosts: [{name: hv01, fabric: site, switches: [{name: LAN, type: External}]}]
items:
`
	for i := range items {
		text += fmt.Sprintf("  - {name: app%02d, host: hv01, in_azure: 3d, disks: [{size: 16MiB, content: 1MiB}]}\n", i)
	}
	return text
}

// late are the refusals of a second start: while the first runs, and after it.
var late = []any{"AnotherOperationInProgress", "OperationNotAllowed", "InvalidFailoverDirection"}

// TestFiftyClientsAtOnce lets 50 clients, each with connections of its own, look
// at everything and race for the start of five failbacks. One start an item is
// accepted, every failback comes to its end, and no answer is half made.
func TestFiftyClientsAtOnce(t *testing.T) {
	const clients, items = 50, 5
	l := open(t, lab.Options{StateDir: t.TempDir(), Data: []byte(crowded(items)), TLS: true})
	e := l.Endpoints()
	first, roots := trusting(t, e.CA)
	var accepted [items]atomic.Int32
	var group sync.WaitGroup
	for n := range clients {
		group.Go(func() {
			transport := &http.Transport{TLSClientConfig: clientConfig(roots)}
			defer transport.CloseIdleConnections()
			r := reach(t, e)
			r.client = &http.Client{Transport: transport}
			mine := n % items
			id, _ := r.item(fmt.Sprintf("app%02d", mine))
			answer, doc := r.send(http.MethodPost, id+"/plannedFailover", failback("ForSynchronization"))
			switch {
			case answer.StatusCode == http.StatusAccepted:
				accepted[mine].Add(1)
			case !slices.Contains(late, at(doc, "error", "details", 0, "code")):
				t.Errorf("a start that comes late: %d %v", answer.StatusCode, doc)
			}
			r.wander(id)
		})
	}
	group.Wait()
	r := reach(t, e)
	r.client = first
	for i := range accepted {
		if n := accepted[i].Load(); n != 1 {
			t.Errorf("app%02d was started %d times", i, n)
		}
		id, _ := r.item(fmt.Sprintf("app%02d", i))
		r.waitFor(id, "FinalizeFailback")
	}
	jobs := rowsOf(r.get("/replicationJobs"))
	for _, j := range jobs {
		if at(j, "properties", "state") != world.Succeeded {
			t.Errorf("a job: %v", j)
		}
	}
	if len(jobs) < items {
		t.Errorf("%d jobs for %d items", len(jobs), items)
	}
}

// wander reads what there is, in an order of its own, and asks for what there is
// not.
func (r *rig) wander(item string) {
	paths := []string{
		"", "/replicationFabrics", "/replicationRecoveryServicesProviders", "/replicationProtectedItems", "/replicationJobs",
		"/replicationEvents", "/replicationVaultHealth", "/replicationPolicies", "/replicationRecoveryPlans", item,
	}
	rand.Shuffle(len(paths), func(i, j int) { paths[i], paths[j] = paths[j], paths[i] })
	for _, path := range paths {
		r.get(path)
	}
	if answer, _ := r.send(http.MethodGet, "/replicationJobs/nothing", ""); answer.StatusCode != http.StatusNotFound {
		r.t.Errorf("a job that is not there: %d", answer.StatusCode)
	}
	if answer, _ := r.send(http.MethodPost, item+"/plannedFailover", "{"); answer.StatusCode != http.StatusBadRequest {
		r.t.Errorf("half a body: %d", answer.StatusCode)
	}
	_, doc := r.send(http.MethodGet, item, "")
	disk, _ := at(doc, "properties", "providerSpecificDetails", "azureVmDiskDetails", 0, "targetDiskLocation").(string)
	req, err := http.NewRequestWithContext(r.t.Context(), http.MethodGet, disk, http.NoBody)
	if err != nil {
		r.t.Errorf("the disk at %q: %v", disk, err)
		return
	}
	req.Header.Set("Authorization", "Bearer "+r.Endpoints().Token)
	req.Header.Set("Range", "bytes=0-65535")
	resp, err := r.client.Do(req)
	if err != nil {
		r.t.Errorf("the disk: %v", err)
		return
	}
	n, err := io.Copy(io.Discard, resp.Body)
	if err = errorOf(err, resp.Body.Close()); err != nil || n != 64<<10 || resp.StatusCode != http.StatusPartialContent {
		r.t.Errorf("the disk: %d, %d bytes, %v", resp.StatusCode, n, err)
	}
}
