package winrm

import (
	"slices"
	"sync"
	"time"
)

// Step is a request of a conversation, in the order in which they come.
type Step string

// The steps of a conversation.
const (
	StepNegotiate    Step = "negotiate"    // the first message of a sign-in, answered with a challenge
	StepAuthenticate Step = "authenticate" // the last
	StepCreate       Step = "create"
	StepCommand      Step = "command"
	StepSend         Step = "send"
	StepReceive      Step = "receive"
	StepSignal       Step = "signal"
	StepDelete       Step = "delete"
)

// Mischief is what a host does wrong, or what something on the way does in its
// place.
type Mischief string

// What the host itself says wrongly. It has done what it was asked for, and seals
// its reply as agreed.
const (
	Empty        Mischief = "empty"         // nothing
	Garbage      Mischief = "garbage"       // no XML
	Huge         Mischief = "huge"          // more than anybody reads
	Crowded      Mischief = "crowded"       // an envelope of very many elements
	Deep         Mischief = "deep"          // elements within elements within elements
	DocumentType Mischief = "document-type" // entities of its own
	Stale        Mischief = "stale"         // the answer to another message
	NoIDs        Mischief = "no-ids"        // an answer without what it is about: ids, streams, state
	NoExitCode   Mischief = "no-exit-code"  // done, without saying how
	Refusal      Mischief = "fault"         // a fault instead of doing anything
)

// What happens to a reply on its way.
const (
	Plaintext   Mischief = "plaintext"     // not sealed
	WrongType   Mischief = "wrong-type"    // called HTML
	Page        Mischief = "page"          // a proxy's page, with 200
	Unavailable Mischief = "unavailable"   // 503
	Redirect    Mischief = "redirect"      // to somewhere else
	NotSignedIn Mischief = "not-signed-in" // 401 in the middle
	FlippedBit  Mischief = "flipped-bit"
	CutFrame    Mischief = "cut-frame" // a whole HTTP reply with half of the message
	Reset       Mischief = "reset"     // the connection, after some bytes
	Duplicate   Mischief = "duplicate" // the reply before it once more
	Drip        Mischief = "drip"      // a byte now and then
	BlackHole   Mischief = "black-hole"
)

// What can go wrong with a sign-in.
const (
	BasicOnly    Mischief = "basic-only"
	NoSealing    Mischief = "no-sealing"    // the challenge's flags for seals are gone
	OldNTLM      Mischief = "old-ntlm"      // those for extended security, too
	BadChallenge Mischief = "bad-challenge" // bytes that are no challenge
	CutChallenge Mischief = "cut-challenge" // fields that point outside of it
	AnyPassword  Mischief = "any-password"  // whoever answers lets everybody in, and knows no key
)

// Anywhere lists what can strike at every step of the shell.
func Anywhere() []Mischief {
	return []Mischief{
		Empty, Garbage, Huge, Crowded, Deep, DocumentType, Stale, NoIDs, Refusal,
		Plaintext, WrongType, Page, Unavailable, Redirect, NotSignedIn, FlippedBit, CutFrame, Reset, Duplicate, Drip, BlackHole,
	}
}

// InSignIn lists what can strike at a sign-in, with the step where it does.
func InSignIn() map[Mischief]Step {
	return map[Mischief]Step{
		BasicOnly: StepNegotiate, NoSealing: StepNegotiate, OldNTLM: StepNegotiate, BadChallenge: StepNegotiate,
		CutChallenge: StepNegotiate, AnyPassword: StepAuthenticate, Reset: StepNegotiate, BlackHole: StepNegotiate,
		Drip: StepAuthenticate, Unavailable: StepAuthenticate, Redirect: StepNegotiate, Page: StepNegotiate,
	}
}

// Trouble is one thing that goes wrong: where, from when on, how often.
type Trouble struct {
	Host  string // every host where empty
	At    Step   // every step of the shell where empty
	From  int    // the first such request that it strikes, counted from 1; 0 is the first
	Times int    // how often it strikes; 0 is for ever
	What  Mischief
	Code  uint32        // of a Refusal; the host's own word for it where 0
	Bytes int           // before a Reset
	Every time.Duration // between two bytes of a Drip
}

// troubles counts requests and tells what strikes.
type troubles struct {
	host string

	mu   sync.Mutex
	list []*strike
}

type strike struct {
	Trouble
	seen, struck int
}

func newTroubles(host string, all []Trouble) *troubles {
	t := &troubles{host: host}
	for _, one := range all {
		if one.Host == "" || one.Host == host {
			t.list = append(t.list, &strike{Trouble: one})
		}
	}
	return t
}

// at counts a request and returns what strikes it; the zero value is nothing.
func (t *troubles) at(step Step) Trouble {
	t.mu.Lock()
	defer t.mu.Unlock()
	signIn := step == StepNegotiate || step == StepAuthenticate
	for _, s := range t.list {
		if s.At != step && (s.At != "" || signIn) {
			continue
		}
		s.seen++
		if s.seen < s.From || s.Times > 0 && s.struck >= s.Times {
			continue
		}
		s.struck++
		return s.Trouble
	}
	return Trouble{}
}

// ownWords are the mischiefs that change what the host says before it is sealed.
var ownWords = []Mischief{Empty, Garbage, Huge, Crowded, Deep, DocumentType, Stale, NoIDs, NoExitCode}

func (t Trouble) ownWords() bool { return slices.Contains(ownWords, t.What) }
