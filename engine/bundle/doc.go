// Package bundle writes what somebody who helps needs to see: one zip file of texts
// that were cleaned of secrets, bounded in size, with a manifest that lists each file
// with its hash and everything that could not be collected with the reason.
package bundle
