// Package estimate forecasts both synchronisation options of a failback, so
// that an operator chooses with numbers before anything starts.
//
// The model, with V the virtual size, A the allocated bytes, C the bytes that
// changed in Azure since the failover, and all speeds in bytes a second:
//
//	C        = min(A, change rate × time since the failover), summed by item;
//	           A where the on-premises VM is gone
//	final    = min(A, change rate × (checksums + first download))
//	delta    : total    = prepare + A/compare + C/link + stop + final/link + boot
//	           downtime = stop + final/link + boot
//	full     : total    = prepare + stop + A/link + boot
//	           downtime = stop + A/link + boot
//
// P50 takes the rates as given. P90 takes slower ones ([WorseLink] and its like)
// and V instead of A for checksums and for a full download: that empty ranges are
// left out of them is inferred, not documented.
//
// Checksums and downloads are added, not overlapped, and the items of a run
// share the link and the checksum rate; both are inferred, and on the careful
// side. Every value that nobody measured is listed in [Forecasts.Assumed].
package estimate
