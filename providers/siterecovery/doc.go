// Package siterecovery implements the inventory and the failback operations of
// Azure Site Recovery with Microsoft's SDK.
//
// Whatever the vault answers is decoded with distrust: strings that are numbers,
// dates that mean "never", ids in changing case, missing objects. Wire types
// never leave the package. Requests that change something are gated on a fresh
// read, sent exactly once, and answered with the name of the job they started;
// nothing here waits for a job.
package siterecovery
