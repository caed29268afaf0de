// Package machines looks after Azure VMs without Site Recovery: what a VM is made of,
// what belongs to it, and the deletion of exactly that.
package machines
