package program

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// setting is one parameter as a flag.Value. The cell that sets the parameter
// runs after the command line is read, so the value waits for Settings.
type setting struct {
	target any    // a pointer to a number, text, truth value, or list of these
	shown  string // the notebook's value
	value  reflect.Value
}

// String is the notebook's value, for the help.
func (s *setting) String() string { return s.shown }

// IsBoolFlag lets "-verbose" stand for "-verbose=true".
func (s *setting) IsBoolFlag() bool {
	return s.target != nil && reflect.TypeOf(s.target).Elem().Kind() == reflect.Bool
}

// Set reads a value from the command line.
func (s *setting) Set(text string) error {
	v, err := read(reflect.TypeOf(s.target).Elem(), text)
	if err != nil {
		return err
	}
	s.value = v
	return nil
}

func (s *setting) apply() {
	if s.value.IsValid() {
		reflect.ValueOf(s.target).Elem().Set(s.value)
	}
}

func read(t reflect.Type, text string) (reflect.Value, error) {
	v := reflect.New(t).Elem()
	if t == reflect.TypeFor[time.Duration]() {
		if d, err := time.ParseDuration(text); err == nil {
			v.SetInt(int64(d))
			return v, nil
		}
	}
	switch k := t.Kind(); {
	case k == reflect.String:
		if s, err := strconv.Unquote(text); err == nil {
			text = s
		}
		v.SetString(text)
		return v, nil
	case k == reflect.Bool:
		b, err := strconv.ParseBool(text)
		v.SetBool(b)
		return v, wanted(err, "true or false")
	case v.CanInt():
		n, err := strconv.ParseInt(text, 0, t.Bits())
		v.SetInt(n)
		return v, wanted(err, "a whole number that fits "+t.String())
	case v.CanUint():
		n, err := strconv.ParseUint(text, 0, t.Bits())
		v.SetUint(n)
		return v, wanted(err, "a whole number from 0 that fits "+t.String())
	case v.CanFloat():
		f, err := strconv.ParseFloat(text, t.Bits())
		v.SetFloat(f)
		return v, wanted(err, "a number")
	case k == reflect.Slice:
		return readList(t, text)
	}
	return v, fmt.Errorf("values of type %s cannot be given on the command line", t)
}

// readList reads "1,2,3", "[1, 2, 3]" or the Go text []int{1, 2, 3}.
func readList(t reflect.Type, text string) (reflect.Value, error) {
	v := reflect.New(t)
	body := strings.TrimSpace(text)
	if i := strings.IndexByte(body, '{'); i >= 0 && strings.HasSuffix(body, "}") {
		body = body[i+1 : len(body)-1]
	}
	if strings.HasPrefix(body, "[") && json.Unmarshal([]byte(body), v.Interface()) == nil {
		return v.Elem(), nil
	}
	list := v.Elem()
	if strings.TrimSpace(body) == "" {
		return list, nil
	}
	for _, part := range strings.Split(body, ",") {
		e, err := read(t.Elem(), strings.TrimSpace(part))
		if err != nil {
			return list, err
		}
		list = reflect.Append(list, e)
	}
	return list, nil
}

func wanted(err error, what string) error {
	if err != nil {
		return fmt.Errorf("%s is wanted", what)
	}
	return nil
}
