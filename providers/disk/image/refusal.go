package image

import (
	"errors"
	"strings"
)

// What kind of refusal it is, for errors.Is.
var (
	ErrDamaged     = errors.New("the image is damaged")
	ErrUnsupported = errors.New("this kind of image is not supported")
	ErrInUse       = errors.New("the image is in use")
	ErrNoSpace     = errors.New("not enough free space")
	ErrReadOnly    = errors.New("the image is open for reading only")
	ErrUsage       = errors.New("wrong use")
	ErrBeyondEnd   = errors.New("beyond the end of the disk, which does not grow")
)

// Refusal says why an image is not opened, made or written: what was being
// done, to which file, why not, and what to do now. errors.Is finds its Kind,
// one of the errors above, and whatever Err holds.
type Refusal struct {
	What, Path, Why, Remedy string
	Kind, Err               error
}

// Error is the whole refusal on one line.
func (r *Refusal) Error() string {
	parts := make([]string, 0, 4)
	for _, s := range []string{r.What, r.Path, r.Why} {
		if s != "" {
			parts = append(parts, s)
		}
	}
	if r.Err != nil {
		parts = append(parts, r.Err.Error())
	}
	s := strings.Join(parts, ": ")
	if r.Remedy != "" {
		s += "; now: " + r.Remedy
	}
	return s
}

// Unwrap gives the kind and the cause.
func (r *Refusal) Unwrap() []error {
	if r.Err == nil {
		return []error{r.Kind}
	}
	return []error{r.Kind, r.Err}
}

// Opening fills in what a parser could not know: that the file was being
// opened, and its path. Errors that are no refusal are passed on as damage where
// the file ended too early, and wrapped otherwise by the caller.
func Opening(path string, err error) error {
	var r *Refusal
	if errors.As(err, &r) {
		named := *r
		named.What, named.Path = "open the image", path
		return &named
	}
	return err
}

// Damage makes a refusal of a structure that is not as it has to be.
func Damage(why string) *Refusal {
	return &Refusal{Why: why, Kind: ErrDamaged, Remedy: "use another copy of the disk, or repair this one with the program that wrote it"}
}
