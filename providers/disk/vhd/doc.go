// Package vhd reads and writes fixed VHD images and reads dynamic ones, after
// Microsoft's Virtual Hard Disk Image Format Specification. A fixed VHD is the
// disk itself and a footer of 512 bytes; a dynamic one has blocks that a table
// finds. Differencing images are refused.
package vhd
