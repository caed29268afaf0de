package azure

import (
	"context"
	"io"
	"sync"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/pkg/browser"

	"failback/engine"
)

// factory makes a credential of azidentity, once what it is made of is at hand.
type factory func(context.Context) (azcore.TokenCredential, error)

// factory chooses the credential for a way to sign in.
func (o Options) factory(p place, co policy.ClientOptions) (factory, error) {
	switch o.Auth {
	case "", AuthDefault:
		return made(azidentity.NewDefaultAzureCredential(&azidentity.DefaultAzureCredentialOptions{
			ClientOptions: co, DisableInstanceDiscovery: p.custom, TenantID: o.Tenant,
		}))
	case AuthCLI:
		return made(azidentity.NewAzureCLICredential(&azidentity.AzureCLICredentialOptions{TenantID: o.Tenant}))
	case AuthManagedIdentity:
		return made(o.managedIdentity(co))
	case AuthWorkloadIdentity:
		return made(azidentity.NewWorkloadIdentityCredential(&azidentity.WorkloadIdentityCredentialOptions{
			ClientOptions: co, DisableInstanceDiscovery: p.custom, TenantID: o.Tenant, ClientID: o.ClientID, TokenFilePath: o.TokenFile,
		}))
	case AuthClientCertificate:
		return o.application(o.Certificate != nil, func(ctx context.Context) (azcore.TokenCredential, error) {
			certs, key, err := o.Certificate(ctx)
			if err != nil {
				return nil, err
			}
			return azidentity.NewClientCertificateCredential(o.Tenant, o.ClientID, certs, key, &azidentity.ClientCertificateCredentialOptions{
				ClientOptions: co, DisableInstanceDiscovery: p.custom, SendCertificateChain: true,
			})
		})
	case AuthClientSecret:
		return o.application(o.Secret != nil, func(ctx context.Context) (azcore.TokenCredential, error) {
			secret, err := o.Secret(ctx)
			if err != nil {
				return nil, err
			}
			return azidentity.NewClientSecretCredential(o.Tenant, o.ClientID, secret, &azidentity.ClientSecretCredentialOptions{
				ClientOptions: co, DisableInstanceDiscovery: p.custom,
			})
		})
	case AuthDeviceCode:
		return made(azidentity.NewDeviceCodeCredential(&azidentity.DeviceCodeCredentialOptions{
			ClientOptions: co, DisableInstanceDiscovery: p.custom, TenantID: o.Tenant, ClientID: o.ClientID,
			DisableAutomaticAuthentication: true, UserPrompt: o.showCode,
		}))
	case AuthBrowser:
		return made(o.browser(p, co))
	}
	return nil, engine.Usagef("docs/config.md lists the ways to sign in", "unknown sign-in %q", o.Auth)
}

// made is a credential that needs nothing from a person to be made.
func made[C azcore.TokenCredential](c C, err error) (factory, error) {
	if err != nil {
		return nil, engine.Usagef("correct the profile's sign-in", "%s", err)
	}
	return func(context.Context) (azcore.TokenCredential, error) { return c, nil }, nil
}

// application is a sign-in that needs the names of a directory and an application,
// and a proof of being it.
func (o Options) application(proof bool, f factory) (factory, error) {
	if o.Tenant == "" || o.ClientID == "" || !proof {
		return nil, engine.Usagef("name tenant and client_id in the profile", "sign-in %q needs a tenant, a client id and what proves it", o.Auth)
	}
	return f, nil
}

func (o Options) managedIdentity(co policy.ClientOptions) (*azidentity.ManagedIdentityCredential, error) {
	settings := &azidentity.ManagedIdentityCredentialOptions{ClientOptions: co}
	if o.ClientID != "" {
		settings.ID = azidentity.ClientID(o.ClientID)
	}
	return azidentity.NewManagedIdentityCredential(settings)
}

func (o Options) browser(p place, co policy.ClientOptions) (*azidentity.InteractiveBrowserCredential, error) {
	quietBrowser()
	return azidentity.NewInteractiveBrowserCredential(&azidentity.InteractiveBrowserCredentialOptions{
		ClientOptions: co, DisableInstanceDiscovery: p.custom, TenantID: o.Tenant, ClientID: o.ClientID,
		DisableAutomaticAuthentication: true,
	})
}

// quietBrowser drops what a browser says when it is started: it would tear the
// screen, or mix with the data of a script.
var quietBrowser = sync.OnceFunc(func() { browser.Stdout, browser.Stderr = io.Discard, io.Discard })

// showCode passes a device code on to the person.
func (o Options) showCode(_ context.Context, m azidentity.DeviceCodeMessage) error {
	if o.Show == nil {
		return engine.Refuse("sign in", "auth: "+AuthDeviceCode, "nobody can be shown a code here", "name another way to sign in with auth in the profile")
	}
	o.Show(engine.SignInStep{Address: m.VerificationURL, Code: m.UserCode})
	return nil
}
