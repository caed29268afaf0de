// Package management is the lab's Azure Resource Manager: Site Recovery of one
// vault, and of compute what a failback needs. Paths, bodies, headers and
// long-running operations are those of the real service as it was recorded;
// where nothing was recorded a comment says "inferred".
package management
