package azure

import (
	"crypto/x509"
	"net/http"

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
	// AuthManagedIdentity uses the machine's own identity.
	AuthManagedIdentity = "managed-identity"
	// AuthLoopback sends a fixed token, to loopback addresses only.
	AuthLoopback = "loopback"
)

// Cloud says which Azure is meant. The three addresses are used with the name
// custom only; an empty name means public, or custom where an address is given.
type Cloud struct {
	Name string
	// ResourceManager is the address of the management API.
	ResourceManager string
	// Authority is the address that signs people in. Not needed on loopback.
	Authority string
	// Storage is the DNS suffix below which disks may be read, such as
	// "core.windows.net". Not needed on loopback.
	Storage string
}

// Options describes a sign-in.
type Options struct {
	Cloud Cloud
	// Auth is one of the Auth constants; empty means default.
	Auth string
	// Token is the fixed token of a loopback sign-in. No other takes one.
	Token string
	// Subscription is where a VM lies whose reference names none.
	Subscription string
	// RequestsPerMinute is how many requests of the management API reads keep to; 0
	// is no bound.
	RequestsPerMinute int
	// Roots are the authorities that may vouch for the cloud's servers, the
	// system's if nil. They have no effect where Transport is set.
	Roots *x509.CertPool
	// Transport replaces the network. Hosts below .lab exist only behind it.
	Transport http.RoundTripper
	// Recorder keeps what is asked of the management API and answered; nil keeps
	// nothing.
	Recorder *record.Recorder
}
