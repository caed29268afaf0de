//go:build !race

package direct_test

const raced = false
