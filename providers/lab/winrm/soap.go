package winrm

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"strings"
)

// The actions of the shell protocol. A reply's action is the request's with
// "Response" behind it.
const (
	shellNS       = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell"
	actionCreate  = "http://schemas.xmlsoap.org/ws/2004/09/transfer/Create"
	actionDelete  = "http://schemas.xmlsoap.org/ws/2004/09/transfer/Delete"
	actionCommand = shellNS + "/Command"
	actionSend    = shellNS + "/Send"
	actionReceive = shellNS + "/Receive"
	actionSignal  = shellNS + "/Signal"
	actionFault   = "http://schemas.dmtf.org/wbem/wsman/1/wsman/fault"
	resourceCmd   = shellNS + "/cmd"
)

// message is what the service reads of a request.
type message struct {
	XMLName xml.Name `xml:"Envelope"`
	Header  header   `xml:"Header"`
	Body    body     `xml:"Body"`
}

type header struct {
	Action    string  `xml:"Action"`
	ID        string  `xml:"MessageID"`
	Resource  string  `xml:"ResourceURI"`
	Timeout   string  `xml:"OperationTimeout"`
	Selectors []named `xml:"SelectorSet>Selector"`
}

// body holds what the action of the message needs, and nothing else.
type body struct {
	Shell       *shellBody   `xml:"Shell"`
	CommandLine *commandLine `xml:"CommandLine"`
	Send        []stream     `xml:"Send>Stream"`
	Receive     []stream     `xml:"Receive>DesiredStream"`
	Signal      *signal      `xml:"Signal"`
}

type named struct {
	Name  string `xml:"Name,attr"`
	Value string `xml:",chardata"`
}

type shellBody struct {
	IdleTimeout string `xml:"IdleTimeOut"`
}

type commandLine struct {
	Command   string   `xml:"Command"`
	Arguments []string `xml:"Arguments"`
}

// stream is input with its text, or the wish for output.
type stream struct {
	Command string `xml:"CommandId,attr"`
	End     string `xml:"End,attr"`
	Text    string `xml:",chardata"`
}

type signal struct {
	Command string `xml:"CommandId,attr"`
}

func parseMessage(text []byte) (*message, error) {
	m := &message{}
	if err := xml.Unmarshal(text, m); err != nil {
		return m, &fault{code: codeInvalidXML, subcode: "w:SchemaValidationError", reason: "The XML is not valid: " + err.Error()}
	}
	return m, nil
}

// Action is what the message asks for.
func (m *message) Action() string { return strings.TrimSpace(m.Header.Action) }

// shell returns the id of the shell the message selects.
func (m *message) shell() string { return find(m.Header.Selectors, "ShellId") }

func find(list []named, name string) string {
	for _, n := range list {
		if n.Name == name {
			return strings.TrimSpace(n.Value)
		}
	}
	return ""
}

const namespaces = `xmlns:s="http://www.w3.org/2003/05/soap-envelope" ` +
	`xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" ` +
	`xmlns:x="http://schemas.xmlsoap.org/ws/2004/09/transfer" ` +
	`xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd" ` +
	`xmlns:rsp="` + shellNS + `" xmlns:p="http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd"`

// envelope wraps the content of a reply to m.
func envelope(m *message, action, content string) []byte {
	return []byte(`<s:Envelope xml:lang="en-US" ` + namespaces + `><s:Header>` +
		element("a:Action", action) +
		element("a:MessageID", "uuid:"+newID()) +
		element("a:To", "http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous") +
		element("a:RelatesTo", strings.TrimSpace(m.Header.ID)) +
		`</s:Header><s:Body>` + content + `</s:Body></s:Envelope>`)
}

func element(name, text string) string {
	return "<" + name + ">" + escape(text) + "</" + name + ">"
}

func escape(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text)) // a Builder never fails
	return b.String()
}

// newID makes an id of the form that Windows uses, in upper case.
func newID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	h := strings.ToUpper(hex.EncodeToString(b[:]))
	return fmt.Sprintf("%s-%s-%s-%s-%s", h[:8], h[8:12], h[12:16], h[16:20], h[20:])
}
