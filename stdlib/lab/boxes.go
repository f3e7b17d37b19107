package lab

import (
	"fmt"
	"image"
	"strconv"
	"sync"
)

func box(name string) *kind {
	return &kind{name: name, defaults: map[string]any{"box_style": ""}, quiet: true}
}

func pages(name string) *kind {
	return &kind{name: name, value: "selected_index", user: []string{"selected_index"}, check: checkIndex, quiet: true,
		defaults: map[string]any{"box_style": ""}}
}

func caption(name string) *kind {
	return &kind{name: name, style: name, value: "value", check: checkString,
		defaults: map[string]any{"description": "", "placeholder": ""}}
}

func progress(name string, check func(*Widget, string, any) (any, error)) *kind {
	return &kind{name: name, view: "ProgressView", style: "Progress", value: "value", check: check,
		defaults: map[string]any{"description": "", "orientation": "horizontal", "bar_style": ""}}
}

var (
	hBox      = box("HBox")
	vBox      = box("VBox")
	gridBox   = box("GridBox")
	tab       = pages("Tab")
	accordion = pages("Accordion")

	htmlText = caption("HTML")
	htmlMath = caption("HTMLMath")
	label    = caption("Label")

	intProgress   = progress("IntProgress", checkInt)
	floatProgress = progress("FloatProgress", checkFloat)

	valid = &kind{name: "Valid", style: "Description", value: "value", check: checkBool,
		defaults: map[string]any{"description": "", "disabled": false, "readout": "Invalid"}}
	picture = &kind{name: "Image", value: "value", quiet: true, check: checkPicture,
		defaults: map[string]any{"format": "png", "width": "", "height": ""}}
	output = &kind{name: "Output", module: outputModule, version: "1.0.0", quiet: true,
		defaults: map[string]any{"msg_id": "", "outputs": []any{}}}

	layoutKind = &kind{name: "Layout", module: baseModule}
	linkKind   = &kind{name: "Link", view: "-"}
	dlinkKind  = &kind{name: "DirectionalLink", view: "-"}
)

// styleKinds holds the kinds of style models, by name.
var styleKinds sync.Map

// styleKind is the kind of a style model; all of them share one view.
func styleKind(name string) *kind {
	k, _ := styleKinds.LoadOrStore(name, &kind{name: name + "Style", view: "StyleView"})
	return k.(*kind)
}

func container(k *kind, state map[string]any, children []*Widget) *Widget {
	w := newWidget(k, "", state)
	w.setChildren(children)
	return w
}

// setChildren puts widgets into a box. A widget belongs to the tree of the box
// it was put in last.
func (w *Widget) setChildren(children []*Widget) {
	refs := make([]string, 0, len(children))
	for _, c := range children {
		if c == nil {
			panic("lab: a child of a " + w.kind.name + " is nil")
		}
		c.parent = w
		refs = append(refs, reference(c))
	}
	w.children = append([]*Widget(nil), children...)
	w.state["children"] = refs
}

// SetChildren replaces what a box holds.
func (w *Widget) SetChildren(children ...*Widget) *Widget {
	registry.Lock()
	defer registry.Unlock()
	w.setChildren(children)
	if w.open {
		for _, c := range children {
			c.announce()
		}
		w.send("update", map[string]any{"children": w.state["children"]})
	}
	return w
}

// Children is what a box holds.
func (w *Widget) Children() []*Widget {
	registry.Lock()
	defer registry.Unlock()
	return append([]*Widget(nil), w.children...)
}

// HBox puts widgets beside one another.
func HBox(children ...*Widget) *Widget { return container(hBox, nil, children) }

// VBox puts widgets below one another.
func VBox(children ...*Widget) *Widget { return container(vBox, nil, children) }

// GridBox puts widgets into a grid with the given number of columns.
func GridBox(columns int, children ...*Widget) *Widget {
	if columns < 1 {
		panic(fmt.Sprintf("lab: GridBox with %d columns; give at least 1", columns))
	}
	return container(gridBox, nil, children).Layout("grid_template_columns", "repeat("+strconv.Itoa(columns)+", auto)")
}

// Tab shows one of its children at a time, chosen by its title.
func Tab(titles []string, children ...*Widget) *Widget { return paged(tab, 0, titles, children) }

// Accordion folds its children under their titles, all closed to begin with.
func Accordion(titles []string, children ...*Widget) *Widget {
	return paged(accordion, nil, titles, children)
}

func paged(k *kind, selected any, titles []string, children []*Widget) *Widget {
	if len(titles) != len(children) {
		panic(fmt.Sprintf("lab: %s with %d titles and %d children; each child needs a title", k.name, len(titles), len(children)))
	}
	if len(children) == 0 {
		selected = nil
	}
	return container(k, map[string]any{"titles": append([]string{}, titles...), "selected_index": selected}, children)
}

// HTMLBox is a widget of HTML text, taken as it is.
func HTMLBox(html string) *Widget { return newWidget(htmlText, "", map[string]any{"value": html}) }

// HTMLMath is an HTMLBox with mathematics between dollar signs.
func HTMLMath(html string) *Widget { return newWidget(htmlMath, "", map[string]any{"value": html}) }

// Label is a line of text.
func Label(text string) *Widget { return newWidget(label, "", map[string]any{"value": text}) }

// IntProgress is a bar that stands at value between lo and hi.
func IntProgress(description string, value, lo, hi int) *Widget {
	wantRange("IntProgress", description, float64(value), float64(lo), float64(hi))
	return newWidget(intProgress, description, map[string]any{"value": value, "min": lo, "max": hi})
}

// FloatProgress is a bar that stands at value between lo and hi.
func FloatProgress(description string, value, lo, hi float64) *Widget {
	wantRange("FloatProgress", description, value, lo, hi)
	return newWidget(floatProgress, description, map[string]any{"value": value, "min": lo, "max": hi})
}

// Valid shows a tick or a cross.
func Valid(description string, ok bool) *Widget {
	return newWidget(valid, description, map[string]any{"value": ok})
}

// Image is a picture: PNG bytes, an image.Image, or a value with a method
// PNG() []byte. Set replaces it. width and height are pixels of the page, 0
// for the picture's own.
func Image(pic any, width, height int) *Widget {
	w := newWidget(picture, "", nil)
	v, err := checkPicture(w, "value", pic)
	if err != nil {
		panic("lab: Image: " + err.Error())
	}
	w.state["value"] = v
	if width > 0 {
		w.state["width"] = strconv.Itoa(width)
	}
	if height > 0 {
		w.state["height"] = strconv.Itoa(height)
	}
	return w
}

func checkPicture(_ *Widget, _ string, v any) (any, error) {
	switch p := v.(type) {
	case []byte:
		return p, nil
	case PNG:
		return []byte(p), nil
	case interface{ PNG() []byte }:
		return p.PNG(), nil
	case image.Image:
		if png, ok := imageBundle(p).Data[mimePNG].([]byte); ok {
			return png, nil
		}
	}
	return nil, fmt.Errorf("%T is not a picture: give PNG bytes, an image.Image or a value with PNG() []byte", v)
}
