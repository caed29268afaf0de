// Package azure signs in to an Azure cloud and reaches the Azure copy of an
// item: its power through the compute API, its bytes through page blobs.
//
// A [Session] is one sign-in to one cloud. Other providers build their SDK
// clients from it, so that every request of the program carries the same
// credential, transport, request ids and retry rules. [Call] turns what the SDK
// answers into failures an operator can act on.
package azure
