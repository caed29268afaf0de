package winrm

import (
	"fmt"
	"strconv"
)

// The codes of faults, as Windows puts them on the wire.
const (
	codeInvalidParameter = 87
	codeInvalidXML       = 2150858752 // 0x80338000
	codeOperationTimeout = 2150858793 // 0x80338029
	codeUnknownShell     = 2150858843 // 0x8033805B
	codeUnknownAction    = 2150858752
	codeTooManyShells    = 2150859173 // 0x803381A5
	codeInternal         = 1359       // ERROR_INTERNAL_ERROR
)

// fault is a SOAP fault with its Windows code.
type fault struct {
	code    uint32
	subcode string
	reason  string
}

// Error gives code and reason.
func (f *fault) Error() string { return fmt.Sprintf("0x%08X: %s", f.code, f.reason) }

func (f *fault) content() string {
	code := strconv.FormatUint(uint64(f.code), 10)
	return `<s:Fault><s:Code>` + element("s:Value", "s:Receiver") +
		`<s:Subcode>` + element("s:Value", f.subcode) + `</s:Subcode></s:Code>` +
		`<s:Reason><s:Text xml:lang="en-US">` + escape(f.reason) + `</s:Text></s:Reason>` +
		`<s:Detail><f:WSManFault xmlns:f="http://schemas.microsoft.com/wbem/wsman/1/wsmanfault" Code="` + code + `" Machine="localhost">` +
		element("f:Message", f.reason) + `</f:WSManFault></s:Detail></s:Fault>`
}

func faultTimeout() *fault {
	return &fault{codeOperationTimeout, "w:TimedOut", "The WS-Management service cannot complete the operation within the time specified in OperationTimeout."}
}

func faultNoShell() *fault {
	return &fault{codeUnknownShell, "w:InvalidSelectors", "The WS-Management service cannot process the request. The request contains invalid selectors for the resource."}
}

func faultTooManyShells(limit int) *fault {
	return &fault{codeTooManyShells, "w:QuotaLimit", fmt.Sprintf("This user is allowed a maximum number of %d concurrent shells, which has been exceeded.", limit)}
}

func faultParameter(reason string) *fault {
	return &fault{codeInvalidParameter, "w:InvalidParameter", "The parameter is incorrect. " + reason}
}
