package mathml

import "strings"

// A symbol is a command that stands for one sign.
type symbol struct {
	text     string
	letter   bool // set as a variable
	big      bool // a sum and its like
	integral bool // whose limits stay beside it
}

var symbols = map[string]symbol{}

// functions are named operators; true puts limits below them in a display.
var functions = map[string]bool{"log": false, "ln": false, "lg": false, "exp": false, "sin": false, "cos": false, "tan": false,
	"sinh": false, "cosh": false, "tanh": false, "arcsin": false, "arccos": false, "arctan": false, "cot": false, "sec": false, "csc": false,
	"dim": false, "ker": false, "deg": false, "arg": false, "hom": false, "coth": false,
	"det": true, "gcd": true, "lim": true, "limsup": true, "liminf": true, "max": true, "min": true, "sup": true, "inf": true, "Pr": true,
	"argmax": true, "argmin": true}

var accents = map[string]string{"hat": "^", "widehat": "^", "bar": "¯", "overline": "¯", "tilde": "~", "widetilde": "~", "vec": "→",
	"overrightarrow": "→", "dot": "˙", "ddot": "¨", "check": "ˇ", "breve": "˘", "acute": "´", "grave": "`", "mathring": "˚"}

var spaces = map[string]string{",": "0.17em", ":": "0.22em", ">": "0.22em", ";": "0.28em", "!": "-0.17em", " ": "0.33em",
	"quad": "1em", "qquad": "2em", "enspace": "0.5em", "thinspace": "0.17em"}

// letterSigns and operatorSigns are pairs of command and sign.
const letterSigns = `alpha α beta β gamma γ delta δ epsilon ϵ varepsilon ε zeta ζ eta η theta θ vartheta ϑ iota ι kappa κ
lambda λ mu μ nu ν xi ξ omicron ο pi π varpi ϖ rho ρ varrho ϱ sigma σ varsigma ς tau τ upsilon υ phi ϕ varphi φ chi χ psi ψ omega ω
Gamma Γ Delta Δ Theta Θ Lambda Λ Xi Ξ Pi Π Sigma Σ Upsilon Υ Phi Φ Psi Ψ Omega Ω ell ℓ hbar ℏ imath ı jmath ȷ Re ℜ Im ℑ aleph ℵ
wp ℘ partial ∂ nabla ∇ infty ∞ emptyset ∅ varnothing ∅ top ⊤ bot ⊥ # # % % $ $ _ _ dagger † ddagger ‡ degree ° angle ∠ forall ∀ exists ∃ nexists ∄`

const operatorSigns = `pm ± mp ∓ times × div ÷ cdot ⋅ ast ∗ star ⋆ circ ∘ bullet • oplus ⊕ ominus ⊖ otimes ⊗ odot ⊙ setminus ∖ wedge ∧ land ∧
vee ∨ lor ∨ neg ¬ lnot ¬ cap ∩ cup ∪ uplus ⊎ sqcap ⊓ sqcup ⊔ le ≤ leq ≤ leqslant ⩽ ge ≥ geq ≥ geqslant ⩾ ne ≠ neq ≠ approx ≈ sim ∼ simeq ≃
cong ≅ equiv ≡ propto ∝ ll ≪ gg ≫ prec ≺ succ ≻ preceq ⪯ succeq ⪰ in ∈ notin ∉ ni ∋ subset ⊂ subseteq ⊆ supset ⊃ supseteq ⊇ mid ∣ nmid ∤
parallel ∥ perp ⊥ models ⊨ vdash ⊢ to → rightarrow → longrightarrow ⟶ leftarrow ← gets ← longleftarrow ⟵ leftrightarrow ↔ Rightarrow ⇒
implies ⟹ Longrightarrow ⟹ Leftarrow ⇐ Leftrightarrow ⇔ iff ⟺ mapsto ↦ uparrow ↑ downarrow ↓ hookrightarrow ↪ rightharpoonup ⇀ rightleftharpoons ⇌
leadsto ⇝ colon : dots … ldots … cdots ⋯ vdots ⋮ ddots ⋱ prime ′ langle ⟨ rangle ⟩ lfloor ⌊ rfloor ⌋ lceil ⌈ rceil ⌉ lvert | rvert | vert |
lVert ‖ rVert ‖ Vert ‖ | ‖ { { } } lbrace { rbrace } lbrack [ rbrack ] backslash \ & & coloneqq ≔ triangleq ≜ doteq ≐ asymp ≍ bowtie ⋈
therefore ∴ because ∵ Box □ square □ blacksquare ■ diamond ⋄ triangle △ lesssim ≲ gtrsim ≳ dotsc … dotsb ⋯ vartriangle △ checkmark ✓ slash /
independent ⫫ upuparrows ⇈ nleq ≰ ngeq ≱ subsetneq ⊊ trianglelefteq ⊴ hadamard ⊙`

const bigSigns = `sum ∑ prod ∏ coprod ∐ bigcup ⋃ bigcap ⋂ bigoplus ⨁ bigotimes ⨂ bigodot ⨀ bigvee ⋁ bigwedge ⋀ biguplus ⨄ bigsqcup ⨆`

const integralSigns = `int ∫ iint ∬ iiint ∭ oint ∮`

func init() {
	add := func(list string, s symbol) {
		words := strings.Fields(list)
		for i := 0; i+1 < len(words); i += 2 {
			s.text = words[i+1]
			symbols[words[i]] = s
		}
	}
	add(letterSigns, symbol{letter: true})
	add(operatorSigns, symbol{})
	add(bigSigns, symbol{big: true})
	add(integralSigns, symbol{big: true, integral: true})
}
