package azure

import (
	"context"
	"crypto"
	"crypto/x509"
	"net/http"

	"failback/engine"
	"failback/providers/azure/record"
)

// The clouds an [Options] may name.
const (
	CloudPublic = "public"
	CloudUSGov  = "usgov"
	CloudChina  = "china"
	CloudCustom = "custom"
)

// The ways to sign in.
const (
	// AuthDefault tries environment, workload identity, managed identity and the
	// Azure tools, in the order that azidentity documents.
	AuthDefault = "default"
	// AuthCLI uses the account that the Azure CLI is signed in with.
	AuthCLI = "cli"
	// AuthManagedIdentity uses the machine's own identity, or with a client id one
	// that was assigned to it.
	AuthManagedIdentity = "managed-identity"
	// AuthWorkloadIdentity exchanges a token in a file, as Kubernetes writes it.
	AuthWorkloadIdentity = "workload-identity"
	// AuthClientCertificate signs in as an application, with a certificate.
	AuthClientCertificate = "client-certificate"
	// AuthClientSecret signs in as an application, with a secret.
	AuthClientSecret = "client-secret"
	// AuthDeviceCode shows a code that a person enters on another device.
	AuthDeviceCode = "device-code"
	// AuthBrowser opens a browser on this machine.
	AuthBrowser = "browser"
	// AuthLoopback sends a fixed token, to loopback addresses only.
	AuthLoopback = "loopback"
)

// Cloud says which Azure is meant. The addresses are used with the name custom
// only; an empty name means public, or custom where an address is given.
type Cloud struct {
	Name string
	// ResourceManager is the address of the management API.
	ResourceManager string
	// Authority is the address that signs people in, with https. Not needed on
	// loopback, nor by sign-ins that find theirs elsewhere.
	Authority string
	// Audience is what tokens for the management API are asked for; its address
	// where empty.
	Audience string
	// Storage is the DNS suffix below which disks may be read, such as
	// "core.windows.net". Not needed on loopback.
	Storage string
}

// Options describes a sign-in.
type Options struct {
	Cloud Cloud
	// Auth is one of the Auth constants; empty means default.
	Auth string
	// Tenant and ClientID name the directory and the application, or for a managed
	// identity the identity. Which sign-in needs them is azidentity's to say.
	Tenant   string
	ClientID string
	// TokenFile is the token of a workload identity; from the environment where
	// empty.
	TokenFile string
	// Secret gives the secret of an application, Certificate its certificates, its
	// own first, and key. They are called when the first token is needed, and again
	// only where they failed.
	Secret      func(context.Context) (string, error)
	Certificate func(context.Context) ([]*x509.Certificate, crypto.PrivateKey, error)
	// Show tells a person what to do for a device code or a browser; nil where
	// there is nobody.
	Show func(engine.SignInStep)
	// Token is the fixed token of a loopback sign-in. No other takes one.
	Token string
	// Subscription is where a VM lies whose reference names none.
	Subscription string
	// RequestsPerMinute is how many requests of the management API reads keep to; 0
	// is no bound.
	RequestsPerMinute int
	// Proxy is the address of an HTTP proxy; empty takes that of the environment.
	Proxy string
	// CA is a file of PEM certificates that are trusted beside the system's.
	CA string
	// Roots are the authorities that may vouch for the cloud's servers where no CA
	// is named, the system's if nil.
	Roots *x509.CertPool
	// Transport replaces the network, and Proxy, CA and Roots with it. Hosts below
	// .lab exist only behind it.
	Transport http.RoundTripper
	// Recorder keeps what is asked of the management API and answered; nil keeps
	// nothing.
	Recorder *record.Recorder
}
