// Package direct brings a VM home without Site Recovery: it takes snapshots of the
// Azure disks, writes them to files that a host can attach, has the host run them,
// and deletes the Azure copy when it is told to.
//
// It stands behind the ports of package engine, so that a run of it has the gates, the
// journal and the evidence of any other. What Site Recovery's service does for a
// failback, a job of this package does: it lies in a file of this machine, which is
// written before every act, and a process that watches an unfinished job that nobody
// drives goes on with it where the file says.
//
// The order of a failback's job, with Site Recovery's names for its tasks:
//
//	check     AzureVmFailbackPrerequisitesCheck  what there is, here, there and at the host
//	prepare   PrepareVmOnPremForFailback         a folder for the disks
//	copy      InitiateDataSync, MonitorDataSync  a first set of snapshots, and passes of what changed
//	wait      WaitForUserInputForFailback        until somebody completes it
//	switch    StartAzureVmFailback               seen off, the last set, the host, the start
//
// Until the host is asked for anything, taking a job back leaves nothing behind: disks
// become new files, and none that was there before is written to.
package direct
