package lab

// Link keeps the values of two controls the same, here and in every page. The
// second takes the value of the first to begin with.
func Link(a, b *Widget) {
	join := func(from, to *Widget) func() {
		return func() { _ = to.Set(from.Value()) } // a value that does not fit is not passed on
	}
	registry.Lock()
	a.linked = append(a.linked, join(a, b))
	b.linked = append(b.linked, join(b, a))
	registry.Unlock()
	_ = b.Set(a.Value())
}

// Follow makes the value of b follow that of a, but not the reverse.
func Follow(a, b *Widget) {
	registry.Lock()
	a.linked = append(a.linked, func() { _ = b.Set(a.Value()) })
	registry.Unlock()
	_ = b.Set(a.Value())
}

// LinkInPage links a property of two widgets in the page itself, which works
// while the kernel is busy or gone. The result belongs to no box; it is at
// work as long as it is not closed.
func LinkInPage(a *Widget, propertyOfA string, b *Widget, propertyOfB string) *Widget {
	return linkInPage(linkKind, a, propertyOfA, b, propertyOfB)
}

// FollowInPage is LinkInPage in one direction, from a to b.
func FollowInPage(a *Widget, propertyOfA string, b *Widget, propertyOfB string) *Widget {
	return linkInPage(dlinkKind, a, propertyOfA, b, propertyOfB)
}

func linkInPage(k *kind, a *Widget, pa string, b *Widget, pb string) *Widget {
	w := newWidget(k, "", map[string]any{"source": []string{reference(a), pa}, "target": []string{reference(b), pb}})
	w.ends = &[2]*Widget{a, b}
	if host().Widgets() {
		registry.Lock()
		a.announce()
		b.announce()
		w.announce()
		registry.Unlock()
	}
	return w
}
