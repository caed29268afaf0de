package winrm

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"testing"

	"github.com/bodgit/ntlmssp"
)

func unhex(t *testing.T, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestPublishedVectors follows the NTLMv2 example of the protocol's
// specification: user User of Domain with the password Password, at Server.
func TestPublishedVectors(t *testing.T) {
	owf := ntowfv2("User", "Domain", "Password")
	if want := unhex(t, "0c868a403bfd7a93a3001ef22ef02e3f"); !bytes.Equal(owf, want) {
		t.Errorf("one-way function %x", owf)
	}
	info := attribute(nil, avDomain, utf16le("Domain"))
	info = attribute(info, avComputer, utf16le("Server"))
	info = attribute(info, avEnd, nil)
	temp := unhex(t, "01010000000000000000000000000000aaaaaaaaaaaaaaaa00000000")
	temp = append(append(temp, info...), 0, 0, 0, 0)
	proof := hmacMD5(owf, unhex(t, "0123456789abcdef"), temp)
	if want := unhex(t, "68cd0ab851e51c96aabc927bebef6a1c"); !bytes.Equal(proof, want) {
		t.Errorf("proof %x", proof)
	}
	base := hmacMD5(owf, proof)
	if want := unhex(t, "8de40ccadbc14a82f15cb0ad0de95ca3"); !bytes.Equal(base, want) {
		t.Errorf("session base key %x", base)
	}
	random := bytes.Repeat([]byte{0x55}, 16)
	if got, want := rc4Once(base, random), unhex(t, "c5dad2544fc9799094ce1ce90bc9d03e"); !bytes.Equal(got, want) {
		t.Errorf("encrypted session key %x", got)
	}
	out := newDirection(random, clientSignMagic, clientSealMagic)
	if want := unhex(t, "4788dc861b4782f35d43fd98fe1a2d39"); !bytes.Equal(out.sign, want) {
		t.Errorf("sign key %x", out.sign)
	}
	sig, sealed := out.wrap(utf16le("Plaintext"))
	if want := unhex(t, "54e50165bf1936dc996020c1811b0f06fb5f"); !bytes.Equal(sealed, want) {
		t.Errorf("sealed %x", sealed)
	}
	if want := unhex(t, "010000007fb38ec5c55d497600000000"); !bytes.Equal(sig, want) {
		t.Errorf("signature %x", sig)
	}
}

// signIn lets another implementation of NTLM sign in.
func signIn(t *testing.T, user, domain, password string) (h *handshake, last []byte, client *ntlmssp.Client) {
	t.Helper()
	client, err := ntlmssp.NewClient(ntlmssp.SetDomain(domain), ntlmssp.SetUserInfo(user, password))
	if err != nil {
		t.Fatal(err)
	}
	first, err := client.Authenticate(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	h = newHandshake(first, "HV01")
	if last, err = client.Authenticate(h.challenge, nil); err != nil {
		t.Fatal(err)
	}
	return h, last, client
}

func TestSignIn(t *testing.T) {
	owner := newAccount(`LAB\Operator`, "pässword")
	h, last, client := signIn(t, "operator", "lab", "pässword")
	key, err := h.verify(last, owner)
	if err != nil {
		t.Fatal(err)
	}
	s := newSession(key)
	for _, text := range []string{"first", "", "third ✓"} {
		sealed, sig, err := client.SecuritySession().Wrap([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := s.in.unwrap(sig, sealed); err != nil || string(got) != text {
			t.Errorf("%q, %v", got, err)
		}
		sig, sealed = s.out.wrap([]byte(text))
		if got, err := client.SecuritySession().Unwrap(sealed, sig); err != nil || string(got) != text {
			t.Errorf("%q, %v", got, err)
		}
	}
	for name, who := range map[string][3]string{
		"password": {"operator", "LAB", "password"}, "user": {"root", "LAB", "pässword"}, "domain": {"operator", "OTHER", "pässword"},
	} {
		h, last, _ := signIn(t, who[0], who[1], who[2])
		if _, err := h.verify(last, owner); !errors.Is(err, errSignIn) {
			t.Errorf("wrong %s: %v", name, err)
		}
	}
}

func TestHandshakeAlteredOnItsWay(t *testing.T) {
	h, last, _ := signIn(t, "operator", "LAB", "p")
	last[authHeader] ^= 1
	if _, err := h.verify(last, newAccount("operator", "p")); !errors.Is(err, errSignIn) {
		t.Errorf("another MIC: %v", err)
	}
	h, last, _ = signIn(t, "operator", "LAB", "p")
	h.negotiate[12] ^= 0x20 // somebody took sealing out of the first message
	if _, err := h.verify(last, newAccount("operator", "p")); !errors.Is(err, errSignIn) {
		t.Errorf("another first message: %v", err)
	}
}

func FuzzVerify(f *testing.F) {
	h := newHandshake([]byte("x"), "HV01")
	client, err := ntlmssp.NewClient(ntlmssp.SetUserInfo("u", "p"))
	if err != nil {
		f.Fatal(err)
	}
	last, err := client.Authenticate(h.challenge, nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(last)
	f.Add(binary.LittleEndian.AppendUint32([]byte(signature), typeAuthentic))
	f.Fuzz(func(t *testing.T, message []byte) {
		if _, err := h.verify(message, newAccount("v", "p")); !errors.Is(err, errSignIn) {
			t.Errorf("signed in as somebody else: %v", err)
		}
	})
}
