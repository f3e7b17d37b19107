package msg

import (
	"encoding/json"
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"
)

type inner struct {
	X    float64 `json:"x"`
	Skip int     `json:"-"`
	Gone string  `json:"gone,omitempty"`
	own  int
}

type outer struct {
	inner2
	List []inner
}

type inner2 struct{ Y float64 }

type explosive struct{}

func (explosive) MarshalJSON() ([]byte, error) { panic("bang") }

type refusing struct{}

func (refusing) MarshalJSON() ([]byte, error) { return nil, errors.New("will not") }

func TestEncode(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(-1)
	loop := map[string]any{}
	loop["self"] = loop
	for want, v := range map[string]any{
		`"<b>&é🙂"`:                    "<b>&é🙂",
		`null`:                        nan,
		`[1,null,null]`:               []float64{1, nan, inf},
		`{"a":{"b":[null]}}`:          map[string]any{"a": map[string][]float32{"b": {float32(inf)}}},
		`{"1":null}`:                  map[int]float64{1: nan},
		`{"x":null}`:                  &inner{X: nan, Skip: 1, own: 2},
		`{"List":[{"x":null}],"Y":2}`: outer{inner2{2}, []inner{{X: nan}}},
		`"AAE="`:                      []byte{0, 1},
		`{"b":"AAE=","n":null}`:       map[string]any{"b": []byte{0, 1}, "n": nan},
		`"a\ufffdb"`:                  "a\xffb",
		`{"raw":{"k":[1,2]}}`:         map[string]any{"raw": json.RawMessage(`{"k": [1, 2]}`)},
		`{"c":"(1+2i)"}`:              map[string]any{"c": complex(1, 2)},
	} {
		got := string(Encode(v))
		if strings.Contains(want, `\ufffd`) {
			want = strings.ReplaceAll(want, `\ufffd`, got[2:len(got)-2])
		}
		if got != want {
			t.Errorf("%v: %s, want %s", v, got, want)
		}
	}
	for _, v := range []any{loop, explosive{}, refusing{}, func() {}, make(chan int), map[string]any{"e": explosive{}, "r": refusing{}}, json.RawMessage("{broken")} {
		if b := Encode(v); !json.Valid(b) || !utf8.Valid(b) {
			t.Errorf("%T: %s", v, b)
		}
	}
}

// What writes itself writes what encoding/json would.
func TestContentsThatWriteThemselves(t *testing.T) {
	texts := []string{"", "a", "plain text of some length", "<b>&é🙂", "line\nquote\"back\\slash\ttab\x00\x1f\x7f\r\b\f", "a\xffb", "1234567\"", "12345678\n", strings.Repeat("世", 99)}
	for i, s := range texts {
		data := map[string]any{"text/plain": s, s: "key", "image/png": []byte(s), "n": i, "b": true, "nil": nil,
			"raw": json.RawMessage(`{"k": [1, 2]}`), "deep": map[string]any{"x": s}, "none": []byte(nil)}
		for _, v := range []any{
			Stream{"stdout", s},
			DisplayData{Data: data, Metadata: map[string]any{}, Transient: Transient{DisplayID: s}},
			DisplayData{Data: map[string]any{"text/plain": s, "x": []int{1}}, Metadata: map[string]any{"m": 1.5}},
			DisplayData{},
			ExecuteResult{ExecutionCount: i, Data: data, Metadata: map[string]any{"image/png": map[string]any{"width": 3}}},
			ExecuteResult{Data: map[string]any{"v": map[string]any{"nan": math.NaN()}}},
		} {
			got := Encode(v)
			want, err := marshal(v)
			if err != nil {
				want, _ = marshal(plain(reflect.ValueOf(v), 0))
			}
			if string(got) != string(want) {
				t.Errorf("%T: %s, want %s", v, got, want)
			}
		}
	}
}

func BenchmarkEncodeDisplay(b *testing.B) {
	v := DisplayData{Data: map[string]any{"text/plain": strings.Repeat("some text of a line\n", 500_000)}}
	b.SetBytes(10_000_000)
	for b.Loop() {
		Encode(v)
	}
}

func TestWholeRunes(t *testing.T) {
	text := "aé世🙂z"
	for i := range len(text) + 1 {
		n := WholeRunes([]byte(text[:i]))
		if !utf8.ValidString(text[:n]) || i-n > 3 {
			t.Errorf("of %q %d bytes are taken", text[:i], n)
		}
		if utf8.ValidString(text[:i]) && n != i {
			t.Errorf("%q is held back", text[:i])
		}
	}
	for _, broken := range []string{"\xff", "a\x80", "\x80\x80\x80\x80", "\xc0\xff"} {
		if n := WholeRunes([]byte(broken)); n != len(broken) {
			t.Errorf("%q would never be sent", broken)
		}
	}
}

func FuzzEncodeText(f *testing.F) {
	f.Add("a", 1.5)
	f.Fuzz(func(t *testing.T, s string, x float64) {
		b := Encode(map[string]any{"s": s, "x": x})
		if !json.Valid(b) || !utf8.Valid(b) {
			t.Errorf("%q %v: %s", s, x, b)
		}
	})
}

func TestHeader(t *testing.T) {
	a, b := NewHeader("status", "s", "u"), NewHeader("status", "s", "u")
	if a.ID == b.ID || len(a.ID) != 36 || !strings.HasSuffix(a.Date, "Z") || a.Version != "5.5" {
		t.Errorf("%+v", a)
	}
	for text, want := range map[string]string{
		`{"msg_type":"x","subshell_id":null,"extra":[1]}`: "",
		`{"msg_type":"x","subshell_id":"q"}`:              "q",
		`{"msg_type":"x","version":"5.2"}`:                "",
	} {
		if h, err := ParseHeader([]byte(text)); err != nil || h.Type != "x" || h.Subshell != want {
			t.Errorf("%s: %+v, %v", text, h, err)
		}
	}
	for _, text := range []string{"", "null", "[]", "{}", `{"msg_type":5}`, `{"msg_type":""}`, `{"msg_type":"x"`} {
		if _, err := ParseHeader([]byte(text)); err == nil {
			t.Errorf("%q was accepted", text)
		}
	}
}

func TestDecode(t *testing.T) {
	r, err := Decode([]byte(`{"code":"x","unheard":{}}`), ExecuteDefaults)
	if err != nil || *r.Code != "x" || !r.AllowStdin || !r.StopOnError || !r.Stores() {
		t.Errorf("%+v %v", r, err)
	}
	r, _ = Decode([]byte(`{"code":"x","silent":true,"store_history":true,"allow_stdin":false,"stop_on_error":false}`), ExecuteDefaults)
	if r.Stores() || r.AllowStdin || r.StopOnError {
		t.Errorf("%+v", r)
	}
	for text, says := range map[string]string{
		`{"code":5}`:                   `"code" is a JSON number, expected a string`,
		`{"code":"x","silent":"no"}`:   `"silent" is a JSON string, expected true or false`,
		`{"user_expressions":["a"]}`:   `"user_expressions" is a JSON array, expected an object`,
		`{"user_expressions":{"a":1}}`: "expected a string",
		`[]`:                           "content is a JSON array, expected an object",
		`"text"`:                       "content is a JSON string, expected an object",
		`null`:                         "content is null, expected an object",
		`{`:                            "content is not valid JSON",
		``:                             "content is not valid JSON",
	} {
		if _, err := Decode([]byte(text), ExecuteDefaults); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v, want %s", text, err, says)
		}
	}
}
