package machines

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"

	"failback/engine"
	"failback/providers/azure"
)

// pollEvery is how often a deletion is looked at, unless the service says otherwise.
const pollEvery = 5 * time.Second

var polling = &runtime.PollUntilDoneOptions{Frequency: pollEvery}

// kind is how one kind of resource is read and deleted.
type kind struct {
	resource string
	read     azure.Action
	remove   azure.Action
	// unique is what tells the resource from another one of that name.
	unique func(ctx context.Context, d *Desk, id, group, name string) (string, error)
	begin  func(ctx context.Context, d *Desk, id, group, name string) (end func(context.Context) error, err error)
}

var kinds = map[string]kind{
	KindVM: {
		typeVM, azure.ActionReadMachine, azure.ActionDeleteMachine,
		func(ctx context.Context, d *Desk, _, group, name string) (string, error) {
			vm, err := d.machines.Get(ctx, group, name, nil)
			if err != nil || vm.Properties == nil {
				return "", err
			}
			return value(vm.Properties.VMID), nil
		},
		func(ctx context.Context, d *Desk, _, group, name string) (func(context.Context) error, error) {
			return ending(d.machines.BeginDelete(ctx, group, name, nil))
		},
	},
	KindDisk: {
		typeDisk, azure.ActionReadManagedDisk, azure.ActionDeleteManagedDisk,
		func(ctx context.Context, d *Desk, _, group, name string) (string, error) {
			disk, err := d.disks.Get(ctx, group, name, nil)
			if err != nil || disk.Properties == nil {
				return "", err
			}
			return value(disk.Properties.UniqueID), nil
		},
		func(ctx context.Context, d *Desk, _, group, name string) (func(context.Context) error, error) {
			return ending(d.disks.BeginDelete(ctx, group, name, nil))
		},
	},
	KindNIC: {
		typeNIC, azure.ActionReadNIC, azure.ActionDeleteNIC,
		func(ctx context.Context, d *Desk, id, _, _ string) (string, error) {
			n, err := d.nic(ctx, id)
			return n.Properties.GUID, err
		},
		func(ctx context.Context, d *Desk, id, _, _ string) (func(context.Context) error, error) {
			answer, err := d.aboutNIC(ctx, http.MethodDelete, id, http.StatusOK, http.StatusAccepted, http.StatusNoContent)
			if err != nil {
				return nil, err
			}
			return ending(runtime.NewPoller[struct{}](answer, d.network.Pipeline(), nil))
		},
	},
}

// ending is how the end of a deletion is waited for.
func ending[T any](p *runtime.Poller[T], err error) (func(context.Context) error, error) {
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context) error {
		_, err := p.PollUntilDone(ctx, polling)
		return err
	}, nil
}

// Remove implements [engine.AzureDesk]. What lies there is looked at first: a resource
// that only has the name of the one that was listed is refused. The request itself is
// sent once a call; where its answer is lost, whether the resource is still there
// decides what is told.
func (d *Desk) Remove(ctx context.Context, t engine.AzureThing) error {
	k, known := kinds[t.Kind]
	call := azure.Call{Action: k.read, What: "delete the " + t.Kind + " in Azure", Where: t.Name}
	if !known {
		return engine.Refuse(call.What, call.Where, "it is no kind of resource that is deleted here", "delete it in the portal")
	}
	group, name, err := d.place(call, t.ID, k.resource)
	if err != nil {
		return err
	}
	there, err := d.there(ctx, call, k, t, group, name)
	if err != nil || !there {
		return err
	}
	effect, sent := azure.Effect(ctx, "")
	call.Action, call.Sent = k.remove, sent
	end, err := k.begin(effect, d, t.ID, group, name)
	if err == nil {
		call.Sent = nil // accepted: what follows only reads
		err = end(ctx)
	}
	if err != nil && !azure.Gone(err) {
		return d.decide(ctx, k, t, group, name, call.Failure(err))
	}
	return d.gone(ctx, k, t, group, name)
}

// there reports whether exactly this resource is there.
func (d *Desk) there(ctx context.Context, call azure.Call, k kind, t engine.AzureThing, group, name string) (bool, error) {
	now, err := k.unique(ctx, d, t.ID, group, name)
	switch {
	case azure.Gone(err):
		return false, nil
	case err != nil:
		return false, call.Failure(err)
	case t.Unique != "" && !strings.EqualFold(now, t.Unique):
		return false, engine.Refuse(call.What, call.Where, "another "+t.Kind+" has that name by now", "look at it in the portal, and list the VM's belongings again")
	}
	return true, nil
}

// decide looks whether a deletion whose answer was lost, or that was refused, has
// happened all the same; the first may take its time.
func (d *Desk) decide(ctx context.Context, k kind, t engine.AzureThing, group, name string, failed error) error {
	call := azure.Call{Action: k.read, What: "delete the " + t.Kind + " in Azure", Where: t.Name}
	if engine.KindOf(failed) == engine.FailureUnknown {
		if d.gone(ctx, k, t, group, name) == nil {
			return nil
		}
		return failed
	}
	if there, err := d.there(ctx, call, k, t, group, name); err == nil && !there {
		return nil
	}
	return failed
}

// gone waits until the resource is no longer listed: an operation may be said to have
// ended a moment before that.
func (d *Desk) gone(ctx context.Context, k kind, t engine.AzureThing, group, name string) error {
	const looks = 6
	call := azure.Call{Action: k.read, What: "delete the " + t.Kind + " in Azure", Where: t.Name}
	for range looks {
		there, err := d.there(ctx, call, k, t, group, name)
		if err != nil || !there {
			return err
		}
		select {
		case <-time.After(pollEvery):
		case <-ctx.Done():
			return call.Failure(ctx.Err())
		}
	}
	return &engine.Failure{
		Kind: engine.FailureRetryable, What: call.What, Where: call.Where,
		Why: "Azure said that it is deleted, and still shows it", Remedy: "look at it in the portal; the deletion may be asked for again",
	}
}
