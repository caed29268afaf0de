// Package storage is the lab's storage account: the page blob part of the Azure
// Blob service over a blob.Store, as an http.Handler that Microsoft's own clients
// and other tools can talk to.
//
// It serves properties, ranged reads of blobs and snapshots, page ranges with
// paging, true page range differences, page writes and clears, creation,
// snapshots and deletion, with the service's headers, error codes and limits.
// Where the service's behaviour is not documented and was not observed, a
// comment says "inferred".
package storage
