package engine

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"time"
)

// SchemaVersion is the version of events this program writes. A journal with a
// newer one is refused.
const SchemaVersion = 1

// EventType names a kind of fact on the wire and in the journal.
type EventType string

// Event is one fact about a run. Seq, Time and Run are stamped once, by the
// [Stream], before fan-out. Seq 0 marks passing progress that readers may see
// and the journal does not keep. Events are values; bodies are never changed
// after they were published.
type Event struct {
	V     int
	Seq   uint64
	Time  time.Time
	Run   RunID
	Item  string // name of the item; empty for facts about the whole run
	Phase Phase  // phase the fact belongs to, where one does
	Body  Body
}

// Body is the typed part of an event.
type Body interface {
	Type() EventType
}

// Type is the type of the event's body.
func (e Event) Type() EventType {
	if e.Body == nil {
		return ""
	}
	return e.Body.Type()
}

type eventHead struct {
	V     int       `json:"v"`
	Seq   uint64    `json:"seq"`
	Time  time.Time `json:"time"`
	Run   RunID     `json:"run"`
	Type  EventType `json:"type"`
	Item  string    `json:"item,omitempty"`
	Phase Phase     `json:"phase,omitempty"`
}

// MarshalJSON writes one flat object: the head first, then the body's fields.
func (e Event) MarshalJSON() ([]byte, error) {
	head, err := json.Marshal(eventHead{e.V, e.Seq, e.Time.UTC(), e.Run, e.Type(), e.Item, e.Phase})
	if err != nil {
		return nil, err
	}
	body, err := marshalBody(e.Body)
	if err != nil {
		return nil, fmt.Errorf("event %s: %w", e.Type(), err)
	}
	if len(body) <= 2 {
		return head, nil
	}
	head[len(head)-1] = ','
	return append(head, body[1:]...), nil
}

func marshalBody(b Body) ([]byte, error) {
	if o, ok := b.(Other); ok {
		return json.Marshal(o.Fields)
	}
	if b == nil {
		return nil, nil
	}
	raw, err := json.Marshal(b)
	if err == nil && !bytes.HasPrefix(raw, []byte("{")) {
		return nil, fmt.Errorf("body is no object")
	}
	return raw, err
}

// UnmarshalJSON reads what MarshalJSON wrote. An unknown type becomes [Other]
// with its fields kept, so that an older program can show a newer fact.
func (e *Event) UnmarshalJSON(raw []byte) error {
	var h eventHead
	if err := json.Unmarshal(raw, &h); err != nil {
		return err
	}
	if h.Type == "" {
		return fmt.Errorf("event without a type")
	}
	*e = Event{V: h.V, Seq: h.Seq, Time: h.Time, Run: h.Run, Item: h.Item, Phase: h.Phase}
	decode, known := bodyTypes[h.Type]
	if !known {
		fields := map[string]json.RawMessage{}
		if err := json.Unmarshal(raw, &fields); err != nil {
			return err
		}
		maps.DeleteFunc(fields, func(k string, _ json.RawMessage) bool {
			switch k {
			case "v", "seq", "time", "run", "type", "item", "phase":
				return true
			}
			return false
		})
		e.Body = Other{Name: h.Type, Fields: fields}
		return nil
	}
	b, err := decode(raw)
	if err != nil {
		return fmt.Errorf("event %s: %w", h.Type, err)
	}
	e.Body = b
	return nil
}

// Other is a fact of a type this program does not know.
type Other struct {
	Name   EventType
	Fields map[string]json.RawMessage
}

// Type returns the type as it was read.
func (o Other) Type() EventType { return o.Name }
