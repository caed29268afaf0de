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
// What earlier runs measured ([Observe], [Input.Past]) takes the place of what a
// connection knows and of what is assumed, with a fixed cost of a synchronisation
// beside its bytes, and with max(A/compare, C/link) for the sum where the runs show that
// downloads go on meanwhile. Rates are medians that fade with the runs since.
//
// P50 takes the rates as given. P90 is what nine in ten finished runs stayed within,
// against a forecast from the others; from fewer than nine runs it takes slower rates
// ([WorseLink] and its like) and V instead of A for checksums and for a full download:
// that empty ranges are left out of them is inferred, not documented.
//
// Checksums and downloads are added, and the items of a run share the link and the
// checksum rate, until runs show otherwise; both are inferred, and on the careful
// side. Every value that nobody measured is listed in [Forecasts.Assumed], what was in
// [Forecasts.Learnt].
//
// [Left] corrects the forecast of a run's start while it goes on.
package estimate
