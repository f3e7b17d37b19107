package wire_test

import (
	"fmt"

	"github.com/priorlab/priorlab/kernel/wire"
)

func ExampleKey() {
	key, err := wire.NewKey("hmac-sha256", "secret")
	if err != nil {
		fmt.Println(err)
		return
	}
	frames := key.Seal(wire.Envelope{Header: []byte(`{"msg_type":"status"}`), Parent: []byte("{}"), Metadata: []byte("{}"), Content: []byte("{}")})
	e, err := key.Open(frames)
	fmt.Printf("%s %v\n", e.Header, err)
	frames[5] = []byte(`{"changed": true}`)
	_, err = key.Open(frames)
	fmt.Println(err)
	// Output:
	// {"msg_type":"status"} <nil>
	// wire: signature missing or wrong
}
