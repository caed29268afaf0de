// Package snapshots reads managed disks through incremental snapshots: it takes
// one of every disk of a VM as a set, lends itself read access to them, and takes
// away what it made.
//
//	set, err := client.Take(ctx, vm, "initial")     // all disks or none
//	loan, err := client.Lend(ctx, set.Snapshots[0]) // a transfer.Source
//	changes, err := newer.Changes(ctx, older)       // what changed between two
//	err = loan.Close(ctx)                           // always: a snapshot that is lent can't be deleted
//	err = client.Delete(ctx, set)
//
// Everything that it makes carries the run's id as a tag and a name that begins
// with [Prefix]; nothing else is ever deleted. Names follow from run, set and
// disk, so that a set that a crash interrupted is taken up by the next [Client.Take]
// of that name, and what no run owns any more is found by [Client.Leftovers].
//
// The limits of the service are kept: seven snapshots of a disk in five minutes,
// five hundred of a disk, five lent at once of a family, no difference across a
// change of size.
package snapshots
