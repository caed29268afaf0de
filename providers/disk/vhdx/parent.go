package vhdx

import (
	"fmt"
	"unicode/utf16"

	"failback/providers/disk/image"
)

// differencing is why a differencing disk is not opened; it names the parent,
// quoted because somebody else chose the name.
func differencing(f image.File, r region, locator *item) error {
	why := "it is a differencing disk: it holds only what changed since its parent"
	if locator != nil {
		p := make([]byte, locator.length)
		if err := image.ReadFull(f, p, r.Off+locator.offset); err == nil {
			if name := parentName(p); name != "" {
				why += fmt.Sprintf(" %q", name)
			}
		}
	}
	return &image.Refusal{
		Why: why, Kind: image.ErrUnsupported,
		Remedy: "merge it into its parent (Hyper-V: delete the checkpoint, or Merge-VHD), or name the merged disk",
	}
}

// parentName finds the parent's path in a parent locator: the relative one, or
// another where there is none.
func parentName(p []byte) string {
	if len(p) < 20 {
		return ""
	}
	found := map[string]string{}
	for i := range int(le.Uint16(p[18:])) {
		at := 20 + 12*i
		if at+12 > len(p) {
			break
		}
		e := p[at:]
		key := text(p, le.Uint32(e), le.Uint16(e[8:]))
		found[key] = text(p, le.Uint32(e[4:]), le.Uint16(e[10:]))
	}
	for _, key := range []string{"relative_path", "absolute_win32_path", "volume_path"} {
		if found[key] != "" {
			return found[key]
		}
	}
	return ""
}

// text is UTF-16 of p, empty where it is not in p.
func text(p []byte, at uint32, n uint16) string {
	if uint64(at)+uint64(n) > uint64(len(p)) {
		return ""
	}
	u := make([]uint16, n/2)
	for i := range u {
		u[i] = le.Uint16(p[int(at)+2*i:])
	}
	return string(utf16.Decode(u))
}
