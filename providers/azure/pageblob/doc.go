// Package pageblob reads page blobs and their snapshots as sources of
// engine/transfer: what is allocated, what changed since an older snapshot, and
// the bytes, each answer checked before anybody gets it.
//
// Errors are the ones that the engine knows: [transfer.Throttled],
// [transfer.Expired], [transfer.Short] and [transfer.ErrList]. No error of this
// package holds a signature. It signs in nowhere itself: it is given a
// signature in the URL, an account's key, or a credential. That is why the lab
// reads its own disks through it as well.
package pageblob
