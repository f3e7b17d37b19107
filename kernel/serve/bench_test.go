package serve_test

import (
	"context"
	"strings"
	"testing"

	"github.com/priorlab/priorlab/kernel/serve/client"
)

// These measure the protocol half alone: the cells of the fake cost nothing.

func benchmarkCell(b *testing.B, code string) {
	r := startWith(b, nil)
	ctx := context.Background()
	c, err := client.Connect(ctx, r.conn)
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	for b.Loop() {
		if _, err := c.Execute(ctx, code); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRoundTrip(b *testing.B) { benchmarkCell(b, "result 2") }

func BenchmarkHundredThousandLines(b *testing.B) { benchmarkCell(b, "lines 100000 line ") }

func BenchmarkFiftyMegabyteDisplay(b *testing.B) { benchmarkCell(b, "big 50000000") }

func BenchmarkAlternatingStreams(b *testing.B) { benchmarkCell(b, strings.Repeat("turns 1000\n", 2)) }
