package lab

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/priorlab/priorlab/stdlib/gp"
	"github.com/priorlab/priorlab/stdlib/param"
)

// A kernelMenu exchanges the kernel of a model: drop-downs of kernels, and
// between each two one that adds or multiplies. Products bind closer than
// sums.
type kernelMenu struct {
	field reflect.Value // the model's, which holds a gp.Kernel
	offer []family
	given gp.Kernel // the model's own, where it is not made of what is on offer
	named []string  // names of its parameters

	box          *Widget
	parts, joins []*Widget // joins[i] comes after parts[i]
	unbound      []*Widget // made since controls were last asked for

	built  []string    // the choice that the kernel was made for: part, join, part, ...
	made   []gp.Kernel // its parts
	hidden map[*param.Param]bool
}

const (
	asGiven   = "as given"
	noMore    = "…"
	mostParts = 4
)

// A family makes kernels of one kind.
type family struct {
	name  string
	start map[string]float64 // by the parameters' plain names
	make  func(v map[string]float64) gp.Kernel
	code  string   // of the call, with a verb for each of
	args  []string // its arguments
}

// families lists the kernels on offer, for values of this variance over a
// span about a middle.
func families(variance, span, middle float64) []family {
	radial := func(name, call string, mk func(float64, ...float64) *gp.Radial) family {
		return family{name, map[string]float64{"variance": variance, "lengthscale": span / 8},
			func(v map[string]float64) gp.Kernel { return mk(v["variance"], v["lengthscale"]) },
			"gp." + call + "(%.6g, %.6g)", []string{"variance", "lengthscale"}}
	}
	return []family{
		radial("SE", "SE", gp.SE),
		radial("Matérn 5/2", "Matern52", gp.Matern52),
		radial("Matérn 3/2", "Matern32", gp.Matern32),
		radial("Matérn 1/2", "Matern12", gp.Matern12),
		{"RQ", map[string]float64{"variance": variance, "lengthscale": span / 8, "alpha": 1},
			func(v map[string]float64) gp.Kernel { return gp.RQ(v["variance"], v["alpha"], v["lengthscale"]) },
			"gp.RQ(%.6g, %.6g, %.6g)", []string{"variance", "alpha", "lengthscale"}},
		{"Periodic", map[string]float64{"variance": variance, "lengthscale": 1, "period": span / 4},
			func(v map[string]float64) gp.Kernel { return gp.Periodic(v["variance"], v["lengthscale"], v["period"]) },
			"gp.Periodic(%.6g, %.6g, %.6g)", []string{"variance", "lengthscale", "period"}},
		{"Linear", map[string]float64{"variance": variance / (span * span), "offset": middle*middle + span*span/4},
			func(v map[string]float64) gp.Kernel { return gp.Linear(v["variance"], v["offset"]) },
			"gp.Linear(%.6g, %.6g)", []string{"variance", "offset"}},
	}
}

// menuFor is the menu of a model with an exported field Kernel; nil for
// others.
func menuFor(model any, variance, lo, hi float64) *kernelMenu {
	v := reflect.ValueOf(model)
	if v.Kind() != reflect.Pointer || v.Elem().Kind() != reflect.Struct {
		return nil
	}
	field := v.Elem().FieldByName("Kernel")
	if !field.IsValid() || field.Type() != reflect.TypeFor[gp.Kernel]() || !field.CanSet() || field.IsNil() {
		return nil
	}
	m := &kernelMenu{field: field, offer: families(variance, hi-lo, (lo+hi)/2), hidden: map[*param.Param]bool{}}
	k := field.Interface().(gp.Kernel)
	if !m.read(k) {
		m.given, m.built, m.made = k, []string{asGiven}, []gp.Kernel{k}
		for _, p := range k.Params() {
			m.named = append(m.named, p.Name)
		}
	}
	m.box = HBox(Label("kernel"))
	m.box.aside = true
	m.choose(m.built)
	return m
}

// read takes a kernel apart, if it is made of what is on offer.
func (m *kernelMenu) read(k gp.Kernel) bool {
	join := func(parts []gp.Kernel, sign string) bool {
		for i, p := range parts {
			if i > 0 {
				m.built = append(m.built, sign)
			}
			if !m.read(p) {
				return false
			}
		}
		return true
	}
	switch k := k.(type) {
	case *gp.SumKernel:
		return join(k.Parts, "+")
	case *gp.ProductKernel:
		for _, p := range k.Parts {
			if _, sum := p.(*gp.SumKernel); sum {
				return false
			}
		}
		return join(k.Parts, "×")
	}
	for _, f := range m.offer {
		if twin := f.make(f.start); reflect.TypeOf(twin) == reflect.TypeOf(k) && sameShape(twin, k) {
			m.built, m.made = append(m.built, f.name), append(m.made, k)
			return len(m.made) <= mostParts
		}
	}
	return false
}

// sameShape reports whether two kernels of one type differ in values only.
func sameShape(a, b gp.Kernel) bool {
	if x, ok := a.(*gp.Radial); ok && x.Family != b.(*gp.Radial).Family {
		return false
	}
	if x, ok := a.(*gp.PolynomialKernel); ok && (x.Degree != b.(*gp.PolynomialKernel).Degree || b.(*gp.PolynomialKernel).Offset.Value() <= 0) {
		return false
	}
	return a.Params().Len() == b.Params().Len()
}

// plain is a parameter's name without the numbers that a sum or product puts
// before it.
func plain(p *param.Param) string { return p.Name[strings.LastIndexByte(p.Name, '.')+1:] }

// choice is what the drop-downs ask for.
func (m *kernelMenu) choice() []string {
	var out []string
	for i, p := range m.parts {
		out = append(out, p.Text())
		if i >= len(m.joins) || m.joins[i].Text() == noMore {
			break
		}
		out = append(out, m.joins[i].Text())
	}
	if len(out)%2 == 0 { // a join has been chosen, what it joins not yet
		next := "Periodic"
		if slices.Contains(out, next) {
			next = "SE"
		}
		out = append(out, next)
	}
	return out
}

// choose sets the drop-downs.
func (m *kernelMenu) choose(list []string) {
	at := func(i int, row *[]*Widget, options []string, width string) {
		k := i / 2
		if k >= len(*row) {
			w := Dropdown("", options, list0(list, i)).Layout("width", width)
			*row, m.unbound = append(*row, w), append(m.unbound, w)
			return
		}
		_ = (*row)[k].Set(list0(list, i)) // one of its options
	}
	names := func(first bool) []string {
		var out []string
		if first && m.given != nil {
			out = append(out, asGiven)
		}
		for _, f := range m.offer {
			out = append(out, f.name)
		}
		return out
	}
	n := len(list)/2 + 1
	for i := 0; i < n; i++ {
		at(2*i, &m.parts, names(i == 0), "8.5em")
		if i < mostParts-1 {
			at(2*i+1, &m.joins, []string{noMore, "+", "×"}, "4em")
		}
	}
	var gone []*Widget
	gone = append(gone, m.parts[n:]...)
	gone = append(gone, m.joins[min(n, len(m.joins)):]...)
	m.parts, m.joins = m.parts[:n], m.joins[:min(n, len(m.joins))]
	children := []*Widget{Label("kernel")}
	for i, p := range m.parts {
		children = append(children, p)
		if i < len(m.joins) {
			children = append(children, m.joins[i])
		}
	}
	if len(children) != len(m.box.Children()) {
		m.box.SetChildren(children...)
	}
	for _, w := range gone {
		w.Close()
	}
}

// list0 is item i, or the mark that nothing more follows.
func list0(list []string, i int) string {
	if i < len(list) {
		return list[i]
	}
	return noMore
}

// fresh are the drop-downs made since it was last asked.
func (m *kernelMenu) fresh() []*Widget {
	out := m.unbound
	m.unbound = nil
	return out
}

// compose makes the kernel that the drop-downs ask for. It reports whether
// that is another one than there was. Values stay where they have a meaning.
func (m *kernelMenu) compose() bool {
	want := m.choice()
	if slices.Equal(want, m.built) {
		return false
	}
	var parts []gp.Kernel
	m.hidden = map[*param.Param]bool{}
	for i := 0; i < len(want); i += 2 {
		factor := i > 0 && want[i-1] == "×"
		k := m.part(want[i], i/2)
		for _, p := range k.Params() {
			if plain(p) == "variance" && factor {
				_ = p.Set(1) // positive, as every variance may be
				m.hidden[p.Fix()] = true
			}
		}
		parts = append(parts, k)
	}
	m.built, m.made = want, parts
	m.field.Set(reflect.ValueOf(joined(want, parts,
		func(list []gp.Kernel) gp.Kernel { return gp.Product(list...) },
		func(list []gp.Kernel) gp.Kernel { return gp.Sum(list...) })))
	m.choose(want)
	return true
}

// part makes part i, with the values that the part there was has in common
// with it.
func (m *kernelMenu) part(name string, i int) gp.Kernel {
	if name == asGiven {
		for j, p := range m.given.Params() {
			p.Name = m.named[j]
		}
		return m.given
	}
	f := m.family(name)
	v := map[string]float64{}
	for k, x := range f.start {
		v[k] = x
	}
	if i < len(m.made) && (2*i < len(m.built) && m.built[2*i] == name || name != "Linear" && m.built[2*i] != "Linear") {
		for _, p := range m.made[i].Params() {
			if _, has := v[plain(p)]; has && p.Len() == 1 && !m.hidden[p] {
				v[plain(p)] = p.Value()
			}
		}
	}
	return f.make(v)
}

func (m *kernelMenu) family(name string) family {
	i := slices.IndexFunc(m.offer, func(f family) bool { return f.name == name })
	return m.offer[i]
}

// joined puts parts together, products first.
func joined[T any](choice []string, parts []T, times, plus func([]T) T) T {
	var terms, factors []T
	end := func() {
		if len(factors) == 1 {
			terms = append(terms, factors[0])
		} else {
			terms = append(terms, times(factors))
		}
		factors = nil
	}
	for i, p := range parts {
		if i > 0 && choice[2*i-1] == "+" {
			end()
		}
		factors = append(factors, p)
	}
	end()
	if len(terms) == 1 {
		return terms[0]
	}
	return plus(terms)
}

// partOf is the part that has the parameter, nil when none has it.
func (m *kernelMenu) partOf(p *param.Param) (k gp.Kernel, name string) {
	for i, k := range m.made {
		if slices.Contains(k.Params(), p) {
			return k, m.built[2*i]
		}
	}
	return nil, ""
}

// label is what the control of a parameter is called.
func (m *kernelMenu) label(p *param.Param) string {
	k, name := m.partOf(p)
	if k == nil || len(m.made) == 1 || name == asGiven {
		return p.Name
	}
	return name + " " + plain(p)
}

// code is Go that makes the kernel.
func (m *kernelMenu) code() (text string, ok bool) {
	var parts []string
	for i, k := range m.made {
		if m.built[2*i] == asGiven {
			return "", false
		}
		f := m.family(m.built[2*i])
		v := map[string]any{}
		for _, p := range k.Params() {
			v[plain(p)] = p.Value()
		}
		var args []any
		for _, a := range f.args {
			args = append(args, v[a])
		}
		parts = append(parts, fmt.Sprintf(f.code, args...))
	}
	return joined(m.built, parts,
		func(list []string) string { return "gp.Product(" + strings.Join(list, ", ") + ")" },
		func(list []string) string { return "gp.Sum(" + strings.Join(list, ", ") + ")" }), true
}

// String is the choice in words.
func (m *kernelMenu) String() string { return strings.Join(m.built, " ") }
