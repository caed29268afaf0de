// Package pace decides how fast a transfer may go: a [Limiter] that several
// disks share, a [Governor] of the requests in flight, and an [Estimator] of
// the time that is left.
package pace
