package guest

import (
	"bytes"
	"testing"
)

// unitDisk has one unit at its start and a size of its own.
type unitDisk struct {
	*bytes.Reader
	size int64
}

func (d unitDisk) Size() int64                        { return d.size }
func (d unitDisk) WriteAt([]byte, int64) (int, error) { return 0, nil }

// FuzzUnits parses units whose checksum is good, whatever is in them.
func FuzzUnits(f *testing.F) {
	good := superblock{spec: Spec{ID: "a", StaticMiB: 1}, disks: 1, statics: planStatics(1)}.encode()
	f.Add(good[:200], int64(MinDisk+1<<20))
	f.Add(good[:superID], int64(MinDisk))
	f.Fuzz(func(t *testing.T, p []byte, size int64) {
		u := make([]byte, unit)
		copy(u, p)
		copy(u, superMagic)
		seal(u)
		d := unitDisk{bytes.NewReader(u), size}
		if s, err := readSuperblock(d, 0, 1); err == nil {
			for _, st := range s.statics {
				if st.off < 0 || st.length < 0 || st.off+st.length > size {
					t.Errorf("content %+v of a disk of %d bytes", st, size)
				}
			}
		}
		copy(u, recordMagic)
		seal(u)
		if _, ok := decode(recordMagic, u); !ok {
			t.Error("a sealed record was not read")
		}
	})
}
