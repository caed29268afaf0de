package hyperv

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/masterzen/winrm"
)

const (
	done = `<?xml version="1.0"?><s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:rsp="http://schemas.microsoft.com/wbem/wsman/1/windows/shell"><s:Body><rsp:ReceiveResponse>` +
		`<rsp:Stream Name="stdout" CommandId="C">aGk=</rsp:Stream><rsp:CommandState State="http://schemas.microsoft.com/wbem/wsman/1/windows/shell/CommandState/Done"><rsp:ExitCode>0</rsp:ExitCode></rsp:CommandState></rsp:ReceiveResponse></s:Body></s:Envelope>`
	fault = `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body><s:Fault><s:Code><s:Value>s:Receiver</s:Value><s:Subcode><s:Value>w:TimedOut</s:Value></s:Subcode></s:Code>` +
		`<s:Reason><s:Text>too slow</s:Text></s:Reason><s:Detail><f:WSManFault xmlns:f="x" Code="2150858793"/></s:Detail></s:Fault></s:Body></s:Envelope>`
)

func TestParseReply(t *testing.T) {
	r, err := parseReply(done)
	if err != nil || !r.exitCode {
		t.Errorf("%+v, %v", r, err)
	}
	_, err = parseReply(fault)
	var f *Fault
	if !errors.As(err, &f) || *f != (Fault{Code: codeOperationTimeout, Subcode: "w:TimedOut", Reason: "too slow"}) {
		t.Errorf("fault %+v, %v", f, err)
	}
	for name, text := range map[string]string{
		"empty":         "",
		"text":          "hello",
		"half":          done[:200],
		"another root":  "<html/>",
		"two roots":     done + done,
		"document type": `<!DOCTYPE x [<!ENTITY a "b">]>` + strings.TrimPrefix(done, `<?xml version="1.0"?>`),
		"nested":        strings.Repeat("<Envelope>", 100) + strings.Repeat("</Envelope>", 100),
	} {
		if _, err := parseReply(text); !errors.Is(err, errReply) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// FuzzReply lets the library's parsers loose on whatever passes the check
// before them: none may panic.
func FuzzReply(f *testing.F) {
	f.Add(done)
	f.Add(fault)
	f.Add("")
	f.Add(`<Envelope xmlns:a="" a:b="c"><?p q?><!-- c --></Envelope>`)
	f.Fuzz(func(t *testing.T, text string) {
		if _, err := parseReply(text); err != nil {
			return
		}
		var out, errs bytes.Buffer
		_, _, _ = winrm.ParseSlurpOutputErrResponse(text, &out, &errs)
		_, _ = winrm.ParseOpenShellResponse(text)
		_, _ = winrm.ParseExecuteCommandResponse(text)
	})
}

func TestFrame(t *testing.T) {
	signature := bytes.Repeat([]byte{7}, signatureSize)
	for _, sealed := range [][]byte{{}, []byte("x"), []byte("--Encrypted Boundary--\r\n"), bytes.Repeat([]byte{0, 255}, 9000)} {
		sig, got, err := unframe(sealedType, frame(signature, sealed))
		if err != nil || !bytes.Equal(sig, signature) || !bytes.Equal(got, sealed) {
			t.Errorf("%d bytes: %v", len(sealed), err)
		}
	}
	if _, _, err := unframe(plainType, frame(signature, nil)); !errors.Is(err, errUnsealed) {
		t.Errorf("a plain content type: %v", err)
	}
}

func FuzzUnframe(f *testing.F) {
	f.Add(sealedType, frame(bytes.Repeat([]byte{7}, signatureSize), []byte("sealed")))
	f.Add(sealedType, []byte{})
	f.Add(plainType, []byte("<a/>"))
	f.Fuzz(func(t *testing.T, kind string, body []byte) {
		signature, sealed, err := unframe(kind, body)
		if err != nil {
			if !errors.Is(err, errUnsealed) {
				t.Errorf("error %v", err)
			}
			return
		}
		if len(signature) != signatureSize || !bytes.Contains(body, sealed) {
			t.Error("what came out was not in the body")
		}
	})
}

// challengeWith makes a challenge with flags and target information.
func challengeWith(flags uint32, info []byte) []byte {
	b := append([]byte("NTLMSSP\x00"), 2, 0, 0, 0)
	b = append(b, make([]byte, 8)...)
	b = binary.LittleEndian.AppendUint32(b, flags)
	b = append(b, make([]byte, 16)...)
	b = binary.LittleEndian.AppendUint16(b, uint16(len(info)))
	b = binary.LittleEndian.AppendUint16(b, uint16(len(info)))
	b = binary.LittleEndian.AppendUint32(b, 56)
	return append(append(b, make([]byte, 8)...), info...)
}

const goodFlags = flagUnicode | sealingFlags | 1<<23

func TestCheckChallenge(t *testing.T) {
	if err := checkChallenge(challengeWith(goodFlags, []byte{0, 0, 0, 0}), true); err != nil {
		t.Error(err)
	}
	for _, flag := range []uint32{flagUnicode, flagSign, flagSeal, flagExtended, flag128, flagKeys} {
		if err := checkChallenge(challengeWith(goodFlags&^flag, nil), true); !errors.Is(err, errChallenge) {
			t.Errorf("without flag %#x: %v", flag, err)
		}
	}
	if err := checkChallenge(challengeWith(goodFlags&^flagSeal, nil), false); err != nil {
		t.Errorf("TLS protects messages without seals: %v", err)
	}
	// A timestamp, and flags that are too short: the library would read past them.
	short := []byte{7, 0, 8, 0, 1, 2, 3, 4, 5, 6, 7, 8, 6, 0, 1, 0, 1, 0, 0, 0, 0}
	if err := checkChallenge(challengeWith(goodFlags, short), true); !errors.Is(err, errChallenge) {
		t.Errorf("short flags: %v", err)
	}
}

func FuzzChallenge(f *testing.F) {
	f.Add(challengeWith(goodFlags, []byte{0, 0, 0, 0}))
	f.Add(challengeWith(goodFlags, []byte{7, 0, 8, 0, 1, 2, 3, 4, 5, 6, 7, 8, 6, 0, 4, 0, 1, 0, 0, 0, 0, 0, 0, 0}))
	f.Add([]byte("NTLMSSP\x00"))
	f.Fuzz(func(t *testing.T, message []byte) {
		if checkChallenge(message, true) != nil {
			return
		}
		client, err := newClient(`D\u`, "p")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := client.Authenticate(nil, nil); err != nil {
			t.Fatal(err)
		}
		if _, err := client.Authenticate(message, nil); err == nil && client.SecuritySession() == nil {
			t.Error("signed in without keys")
		}
	})
}

func TestCleanErrors(t *testing.T) {
	for in, want := range map[string]string{
		"":               "",
		" plain text \n": "plain text",
		"#< CLIXML\r\n<Objs Version=\"1.1.0.1\"><S S=\"Error\">No such VM._x000D__x000A_</S><S S=\"Warning\">w</S></Objs>":     "No such VM.",
		"#< CLIXML\r\n<Objs><S S=\"Error\">a &lt;b&gt; </S></Objs>#< CLIXML\r\n<Objs><S S=\"Error\">_xD83E__xDD8A_</S></Objs>": "a <b> 🦊",
		"#< CLIXML\r\n<Objs><S S=\"Error\">cut":  "cut",
		"#< CLIXML\r\n<Objs><S S=\"Error\">_x00": "_x00",
	} {
		if got := cleanErrors([]byte(in)); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
}

func FuzzCleanErrors(f *testing.F) {
	f.Add([]byte("#< CLIXML\r\n<Objs><S S=\"Error\">a_x000A_</S></Objs>"))
	f.Add([]byte("\xff#< CLIXML<S S=\"Error\">_xD800_"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if got := cleanErrors(raw); !utf8.ValidString(got) {
			t.Errorf("%q is no text", got)
		}
	})
}

func TestToken(t *testing.T) {
	for name, values := range map[string][]string{
		"none": nil, "basic": {"Basic realm=x"}, "not base64": {"Negotiate ***"},
	} {
		if _, err := token(map[string][]string{"Www-Authenticate": values}); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	raw, err := token(map[string][]string{"Www-Authenticate": {"Basic realm=x", "negotiate " + base64.StdEncoding.EncodeToString([]byte("ok"))}})
	if err != nil || string(raw) != "ok" {
		t.Errorf("%q, %v", raw, err)
	}
}
