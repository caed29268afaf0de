package connect

import (
	"context"
	"errors"

	"failback/engine"
	"failback/providers/azure"
	"failback/providers/azure/record"
	"failback/providers/lab"
	"failback/providers/siterecovery"
)

// Vaults finds the vaults that a sign-in can see, in its subscription or, where it
// names none, in all. emit is called from one goroutine at a time. The sign-in is
// returned with any error that came after it: opening a vault with it asks no person
// twice. The caller closes it, unless a connection takes it over.
func Vaults(ctx context.Context, o Options, emit func(engine.Vault)) (*azure.Session, error) {
	o.Azure.RequestsPerMinute = o.budget()
	session, err := azure.Open(o.Azure)
	if err != nil {
		return nil, err
	}
	if err := session.SignIn(ctx); err != nil {
		session.Close()
		return nil, err
	}
	return session, siterecovery.FindVaults(ctx, o.Azure.Subscription, session.Credential(), session.ClientOptions(), func(v engine.Vault) {
		if rec := o.Azure.Recorder; rec != nil {
			rec.Hide(v.Subscription, v.SubscriptionName, v.ResourceGroup, v.Name)
		}
		emit(v)
	})
}

// LabVaults finds the lab's vault as one is found in Azure. rec, which may be nil,
// records what is asked.
func LabVaults(ctx context.Context, o lab.Options, rec *record.Recorder, emit func(engine.Vault)) (err error) {
	l, err := lab.Open(ctx, o)
	if err != nil {
		return labFailure(o, err)
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	settings := Rehearsal(l.Endpoints(), l.WinRMUser())
	if err := settings.trust(l.Endpoints().CA); err != nil {
		return err
	}
	settings.Azure.Subscription, settings.Azure.Recorder = "", rec
	session, err := Vaults(ctx, settings, emit)
	if session != nil {
		session.Close()
	}
	return err
}
