package data

import (
	"os"
	"testing"
)

// CREDITS.txt goes with the files in sets/ wherever the source goes.
func TestCreditsFile(t *testing.T) {
	raw, err := os.ReadFile("CREDITS.txt")
	if err != nil {
		t.Fatal(err)
	}
	if string(raw) != "Origin and licence of the data in sets/.\n\n"+Credits() {
		t.Error("CREDITS.txt does not say what Credits() says")
	}
}
