package hyperv

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
)

// errReply is wrapped by errors about replies that make no sense.
var errReply = errors.New("the host's reply makes no sense")

// maxDepth and maxElements bound the shape of a reply: some thirty elements, eight
// deep, are usual.
const (
	maxDepth    = 64
	maxElements = 20_000
)

// reply is a message from the host that is known to be XML and no fault.
type reply struct {
	text      string
	exitCode  bool   // it names an exit code
	relatesTo string // the id of the message it answers, empty if it names none
}

var messageIDs = regexp.MustCompile(`<a:MessageID[^>]*>([^<]*)</a:MessageID>`)

// answers reports whether the reply names no other message than this one.
func (r reply) answers(message string) bool {
	id := messageIDs.FindStringSubmatch(message)
	return r.relatesTo == "" || len(id) == 2 && strings.EqualFold(strings.TrimSpace(id[1]), r.relatesTo)
}

// parseReply makes sure that a reply is well-formed before the library's parsers
// see it: they take a document for granted. A fault comes back as *[Fault].
func parseReply(text string) (reply, error) {
	r := reply{text: text}
	faulty, err := r.scan()
	if err != nil {
		return reply{}, fmt.Errorf("%w: %w", errReply, err)
	}
	if faulty {
		return reply{}, parseFault(text)
	}
	return r, nil
}

// scan reads the whole document once.
func (r *reply) scan() (faulty bool, err error) {
	d := xml.NewDecoder(strings.NewReader(r.text))
	depth, roots, elements, inside := 0, 0, 0, ""
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return false, err
		}
		switch t := token.(type) {
		case xml.StartElement:
			if depth == 0 {
				roots++
				if t.Name.Local != "Envelope" {
					return false, fmt.Errorf("the document is a %s", t.Name.Local)
				}
			}
			depth++
			if elements++; depth > maxDepth || elements > maxElements {
				return false, errors.New("it is nested too deeply, or too long")
			}
			inside = t.Name.Local
			faulty = faulty || depth == 3 && t.Name.Local == "Fault"
			r.exitCode = r.exitCode || t.Name.Local == "ExitCode"
		case xml.CharData:
			if depth == 3 && inside == "RelatesTo" {
				r.relatesTo += strings.TrimSpace(string(t))
			}
		case xml.EndElement:
			depth--
			inside = ""
		case xml.Directive:
			return false, errors.New("it has a document type")
		}
	}
	if roots != 1 {
		return false, fmt.Errorf("it has %d envelopes", roots)
	}
	return faulty, nil
}

// The codes of faults that decide something.
const (
	codeAccessDenied      = 5
	codeBusy              = 170        // the command can't take input just now
	codeLineTooLong       = 2147942606 // 0x800700CE
	codeProfileUnloading  = 2147943418 // 0x800703FA: a registry key marked for deletion
	codeOperationTimeout  = 2150858793 // 0x80338029: nothing to return yet
	codeUnknownShell      = 2150858843 // 0x8033805B
	codeTooManyShells     = 2150859173 // 0x803381A5
	codeTooManyOperations = 2150859174 // 0x803381A6
)

// Fault is an error that the WinRM service itself reports.
type Fault struct {
	Code    uint32 // Windows' code, 0 if it gave none
	Subcode string
	Reason  string
}

// Error gives the code, in the form in which it is documented, and the reason.
func (f *Fault) Error() string {
	return fmt.Sprintf("%s: %s", f.code(), f.Reason)
}

// is reports whether the fault has the code, or none that is known here and the
// subcode, whose prefix is the host's own choice.
func (f *Fault) is(code uint32, subcode string) bool {
	if f.Code != 0 && (f.Code == code || known[f.Code]) {
		return f.Code == code
	}
	_, local, _ := strings.Cut(f.Subcode, ":")
	return subcode != "" && local == subcode
}

var known = map[uint32]bool{
	codeAccessDenied: true, codeBusy: true, codeLineTooLong: true, codeProfileUnloading: true, codeOperationTimeout: true,
	codeUnknownShell: true, codeTooManyShells: true, codeTooManyOperations: true,
}

// timedOut says that there was nothing to return within the operation timeout.
func (f *Fault) timedOut() bool { return f.is(codeOperationTimeout, "TimedOut") }

func (f *Fault) code() string {
	if f.Code == 0 {
		return f.Subcode
	}
	return fmt.Sprintf("0x%08X", f.Code)
}

// parseFault returns *[Fault], or what is wrong with it.
func parseFault(text string) error {
	var doc struct {
		Fault struct {
			Subcode string `xml:"Code>Subcode>Value"`
			Reason  string `xml:"Reason>Text"`
			Detail  struct {
				Code    string `xml:"Code,attr"`
				Message string `xml:"Message"`
			} `xml:"Detail>WSManFault"`
		} `xml:"Body>Fault"`
	}
	if err := xml.Unmarshal([]byte(text), &doc); err != nil {
		return fmt.Errorf("%w: %w", errReply, err)
	}
	f := &Fault{Subcode: strings.TrimSpace(doc.Fault.Subcode), Reason: strings.TrimSpace(doc.Fault.Reason)}
	if code, err := strconv.ParseUint(doc.Fault.Detail.Code, 10, 32); err == nil {
		f.Code = uint32(code)
	}
	if f.Reason == "" {
		f.Reason = strings.TrimSpace(doc.Fault.Detail.Message)
	}
	return f
}

func escaped(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text)) // a Builder never fails
	return b.String()
}
