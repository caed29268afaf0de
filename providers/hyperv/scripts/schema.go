package scripts

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"time"
)

// Strict decodes an answer's data into the struct that answer points to and holds
// it against that struct: a field too many, one too few, or a null where a value
// belongs is an error that names it. The program itself is more forgiving.
func Strict(data json.RawMessage, answer any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(answer); err != nil {
		return err
	}
	var v any
	if err := json.Unmarshal(data, &v); err != nil {
		return err
	}
	return shape("", v, reflect.TypeOf(answer).Elem())
}

var timeType = reflect.TypeFor[time.Time]()

func shape(path string, v any, t reflect.Type) error {
	if v == nil {
		if t.Kind() == reflect.Pointer {
			return nil
		}
		return fmt.Errorf("%s is null", path)
	}
	switch {
	case t.Kind() == reflect.Pointer:
		return shape(path, v, t.Elem())
	case t == timeType:
	case t.Kind() == reflect.Struct:
		object, _ := v.(map[string]any) // decoded into a struct before, so it is one
		return fields(path, object, t)
	case t.Kind() == reflect.Slice:
		list, _ := v.([]any)
		for i, e := range list {
			if err := shape(fmt.Sprintf("%s[%d]", path, i), e, t.Elem()); err != nil {
				return err
			}
		}
	}
	return nil
}

func fields(path string, object map[string]any, t reflect.Type) error {
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Anonymous {
			if err := fields(path, object, f.Type); err != nil {
				return err
			}
			continue
		}
		key, option, _ := strings.Cut(f.Tag.Get("json"), ",")
		at := strings.TrimPrefix(path+"."+key, ".")
		v, there := object[key]
		switch {
		case !there && option == "omitempty":
		case !there:
			return fmt.Errorf("%s is missing", at)
		default:
			if err := shape(at, v, f.Type); err != nil {
				return err
			}
		}
	}
	return nil
}
