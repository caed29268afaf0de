package direct

import "io"

// StopAt ends the desk's drivers around the writing of a job's file where stop says so,
// as the end of the process would: what was done stays done, and what was not written
// is not known.
func (d *Desk) StopAt(stop func() bool) { d.store.stop.Store(&stop) }

// Drives reports whether the desk drives any job now.
func (d *Desk) Drives() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.drivers) > 0
}

// NameOfStyle is the style of a disk by its name.
func NameOfStyle(d io.ReaderAt) (string, error) {
	s, err := styleOf(d)
	return map[style]string{styleUnknown: "unknown", styleBIOS: "bios", styleEFI: "efi", styleBoth: "both", styleGPT: "gpt"}[s], err
}
