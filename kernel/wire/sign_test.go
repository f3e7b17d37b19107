package wire

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"testing"
)

var sample = Envelope{
	Prefix: frames("topic"), Header: []byte(`{"a":1}`), Parent: []byte(`{}`),
	Metadata: []byte(`{}`), Content: []byte(`{"text":"é"}`), Buffers: [][]byte{{0, 1}, {}},
}

func TestSealAndOpen(t *testing.T) {
	k, err := NewKey("hmac-sha256", "secret")
	if err != nil {
		t.Fatal(err)
	}
	sealed := k.Seal(sample)
	mac := hmac.New(sha256.New, []byte("secret"))
	mac.Write([]byte(`{"a":1}{}{}{"text":"é"}`))
	if want := hex.EncodeToString(mac.Sum(nil)); string(sealed[2]) != want {
		t.Errorf("signature %s, want %s", sealed[2], want)
	}
	e, err := k.Open(sealed)
	if err != nil || string(e.Content) != string(sample.Content) || len(e.Buffers) != 2 || string(e.Prefix[0]) != "topic" {
		t.Errorf("%+v %v", e, err)
	}
}

func TestOpenRefuses(t *testing.T) {
	k, _ := NewKey("", "secret")
	other, _ := NewKey("", "Secret")
	change := func(i int, b string) [][]byte {
		f := slices.Clone(k.Seal(sample))
		f[i] = []byte(b)
		return f
	}
	for name, c := range map[string]struct {
		frames [][]byte
		want   error
	}{
		"empty":        {nil, ErrNoDelimiter},
		"no delimiter": {frames("a", "b", "c", "d", "e", "f"), ErrNoDelimiter},
		"cut":          {k.Seal(sample)[:6], ErrTruncated},
		"no signature": {change(2, ""), ErrSignature},
		"wrong key":    {other.Seal(sample), ErrSignature},
		"header":       {change(3, `{"a":2}`), ErrSignature},
		"parent":       {change(4, `{"a":2}`), ErrSignature},
		"metadata":     {change(5, `{"a":2}`), ErrSignature},
		"content":      {change(6, `{"a":2}`), ErrSignature},
	} {
		if _, err := k.Open(c.frames); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

func TestNoKeySignsWithNothing(t *testing.T) {
	k, err := NewKey("", "")
	if err != nil {
		t.Fatal(err)
	}
	sealed := k.Seal(sample)
	if len(sealed[2]) != 0 {
		t.Errorf("signature %q", sealed[2])
	}
	if _, err := k.Open(sealed); err != nil {
		t.Error(err)
	}
}

func TestUnknownSchemeIsRefused(t *testing.T) {
	if _, err := NewKey("hmac-md5", "x"); err == nil {
		t.Error("accepted")
	}
}

func BenchmarkSeal(b *testing.B) {
	k, _ := NewKey("", "secret")
	for b.Loop() {
		k.Seal(sample)
	}
}
