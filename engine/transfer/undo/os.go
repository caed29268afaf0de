package undo

import "os"

// OSFile is a File of the operating system.
type OSFile struct{ *os.File }

// Size is the length of the file.
func (f OSFile) Size() (int64, error) {
	st, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return st.Size(), nil
}
