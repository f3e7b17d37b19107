package mathml

import "strings"

// A font is one of the mathematical alphabets of Unicode. Browsers know no
// other way to choose one in MathML.
type font int

const (
	normal font = iota
	upright
	italic
	bold
	boldItalic
	script
	double
	fraktur
	sans
	mono
)

var fonts = map[string]font{"mathrm": upright, "rm": upright, "mathnormal": normal, "mathit": italic, "mathbf": bold, "bf": bold,
	"boldsymbol": boldItalic, "bm": boldItalic, "pmb": boldItalic, "mathcal": script, "mathscr": script, "mathbb": double, "Bbb": double,
	"mathfrak": fraktur, "mathsf": sans, "mathtt": mono}

// alphabets gives the first code points of the Latin capitals, small letters,
// Greek capitals, Greek small letters and digits, 0 for none.
var alphabets = map[font][5]rune{
	italic: {}, bold: {0x1d400, 0x1d41a, 0x1d6a8, 0x1d6c2, 0x1d7ce}, boldItalic: {0x1d468, 0x1d482, 0x1d71c, 0x1d736, 0x1d7ce},
	script: {0x1d49c, 0x1d4b6, 0, 0, 0}, double: {0x1d538, 0x1d552, 0, 0, 0x1d7d8}, fraktur: {0x1d504, 0x1d51e, 0, 0, 0},
	sans: {0x1d5a0, 0x1d5ba, 0, 0, 0x1d7e2}, mono: {0x1d670, 0x1d68a, 0, 0, 0x1d7f6},
}

// Letters that Unicode had before it had the alphabets.
var exceptions = map[font]map[rune]rune{
	script:  {'B': 'ℬ', 'E': 'ℰ', 'F': 'ℱ', 'H': 'ℋ', 'I': 'ℐ', 'L': 'ℒ', 'M': 'ℳ', 'R': 'ℛ', 'e': 'ℯ', 'g': 'ℊ', 'o': 'ℴ'},
	double:  {'C': 'ℂ', 'H': 'ℍ', 'N': 'ℕ', 'P': 'ℙ', 'Q': 'ℚ', 'R': 'ℝ', 'Z': 'ℤ'},
	fraktur: {'C': 'ℭ', 'H': 'ℌ', 'I': 'ℑ', 'R': 'ℜ', 'Z': 'ℨ'},
}

// apply writes s in the alphabet, as far as it has the letters.
func (f font) apply(s string) string {
	a := alphabets[f]
	return strings.Map(func(r rune) rune {
		if e, ok := exceptions[f][r]; ok {
			return e
		}
		pick := func(base, first rune) rune {
			if base == 0 {
				return r
			}
			return base + r - first
		}
		switch {
		case r >= 'A' && r <= 'Z':
			return pick(a[0], 'A')
		case r >= 'a' && r <= 'z':
			return pick(a[1], 'a')
		case r >= 'Α' && r <= 'Ω':
			return pick(a[2], 'Α')
		case r >= 'α' && r <= 'ω':
			return pick(a[3], 'α')
		case r >= '0' && r <= '9':
			return pick(a[4], '0')
		case r == 'ϕ' && a[3] != 0:
			return a[3] + 0x1d6df - 0x1d6c2
		case r == 'ϵ' && a[3] != 0:
			return a[3] + 0x1d6dc - 0x1d6c2
		}
		return r
	}, s)
}
