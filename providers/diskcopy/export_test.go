package diskcopy

// Cramped are disks on file systems that take so many bytes more.
func Cramped(free int64) *Disks {
	d := New(nil, nil)
	d.free = func(string) (int64, error) { return free, nil }
	return d
}
