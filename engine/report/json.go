package report

import (
	"encoding/json"
	"fmt"
	"io"
)

// WriteJSON writes the report as one indented JSON document. Control and
// direction-turning characters of texts from outside are escaped, so that the
// document can be looked at in a terminal.
func (r Report) WriteJSON(w io.Writer) error {
	doc, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	if _, err := w.Write(append(escapeJSON(doc), '\n')); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	return nil
}
