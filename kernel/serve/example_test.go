package serve_test

import (
	"context"
	"fmt"

	"github.com/priorlab/priorlab/kernel/serve"
	"github.com/priorlab/priorlab/kernel/serve/client"
)

// A kernel with the fake backend of the tests, and a client of it.
func Example() {
	conn, err := serve.LocalConnection()
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	ended := make(chan error)
	go func() {
		ended <- serve.Run(ctx, conn, &fake{comms: map[string]string{}}, serve.Options{IgnoreSignals: true})
	}()
	c, err := client.Connect(ctx, conn)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()
	cell, err := c.Execute(ctx, "print hello\nresult 2")
	fmt.Print(cell.Texts("stdout"), cell.Result(), " ", err, "\n")
	stop()
	fmt.Println(<-ended)
	// Output:
	// hello
	// 2 <nil>
	// <nil>
}
