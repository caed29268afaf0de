package direct

// StopAt ends the desk's drivers around the writing of a job's file where stop says so,
// as the end of the process would: what was done stays done, and what was not written
// is not known.
func (d *Desk) StopAt(stop func() bool) { d.store.stop = stop }

// StyleOf, and what starts it, for the tests of firmware.
var StyleOf = styleOf

// Styles by their names.
var Styles = map[string]style{"unknown": styleUnknown, "bios": styleBIOS, "efi": styleEFI, "both": styleBoth, "gpt": styleGPT}

// Drives reports whether the desk drives any job now.
func (d *Desk) Drives() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.drivers) > 0
}
