package connect_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"failback/engine"
)

// slowHosts answers looks at a VM late: in the final sync only once Site Recovery
// has started it, as a host under load does.
type slowHosts struct {
	engine.HostAccess
	b    *bed
	wait atomic.Bool
}

func (s *slowHosts) VM(ctx context.Context, host, id string) (engine.VM, error) {
	for end := time.Now().Add(time.Hour); s.wait.Load() && time.Now().Before(end) && s.b.home("app01").State != "Running"; {
		time.Sleep(time.Second)
	}
	return s.HostAccess.VM(ctx, host, id)
}

// noSums is a host whose mover leaves no checksums, as hosts without the lab do.
type noSums struct{ engine.HostAccess }

func (noSums) DiskSums(context.Context, string, string) ([]engine.DiskSum, error) {
	return nil, &engine.Failure{Kind: engine.FailureNotFound, What: "read the checksums", Where: "hv01", Why: "there are none", Remedy: "none"}
}

// deafAzure refuses to stop a VM: the account may not.
type deafAzure struct{ engine.AzureAccess }

func (deafAzure) Deallocate(context.Context, engine.AzureVMRef) error {
	return &engine.Failure{Kind: engine.FailurePermission, What: "stop the Azure VM", Where: "app01", Why: "may not", Remedy: "ask for the role"}
}

// shyJobs hides all jobs from that many lists.
type shyJobs struct {
	engine.Inventory
	hide atomic.Int64
	fail atomic.Bool
}

func (s *shyJobs) Jobs(ctx context.Context) ([]engine.Job, error) {
	if s.fail.Load() {
		return nil, &engine.Failure{Kind: engine.FailureRetryable, What: "list the jobs", Where: "vault", Why: "no network", Remedy: "wait"}
	}
	if s.hide.Add(-1) >= 0 {
		return nil, nil
	}
	return s.Inventory.Jobs(ctx)
}

// lossy loses the answer of one request: it was accepted, and nobody is told.
type lossy struct {
	engine.Failover
	start, commit func()
}

func lost(what string) error {
	return &engine.Failure{Kind: engine.FailureUnknown, What: what, Where: "app01", Why: "the connection broke", Remedy: "look"}
}

func (l *lossy) Start(ctx context.Context, r engine.StartRequest) (string, error) {
	job, err := l.Failover.Start(ctx, r)
	if err == nil && l.start != nil {
		l.start()
		return "", lost("start the planned failover")
	}
	return job, err
}

func (l *lossy) Commit(ctx context.Context, it engine.Item, request string) (string, error) {
	job, err := l.Failover.Commit(ctx, it, request)
	if err == nil && l.commit != nil {
		l.commit()
		return "", lost("commit the failover")
	}
	return job, err
}

// startAzure starts the Azure VM as somebody in the portal would.
func (b *bed) startAzure(t *testing.T, item string) {
	t.Helper()
	if _, err := b.lab.World().StartAzure(b.azureVM(item).Name); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(time.Hour); b.azureVM(item).Power != "running"; time.Sleep(time.Second) {
		if time.Now().After(end) {
			t.Fatalf("it stays %s", b.azureVM(item).Power)
		}
	}
}
