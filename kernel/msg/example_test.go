package msg_test

import (
	"fmt"
	"math"

	"github.com/priorlab/priorlab/kernel/msg"
)

func ExampleDecode() {
	r, err := msg.Decode([]byte(`{"code": "1+1", "silent": true}`), msg.ExecuteDefaults)
	fmt.Println(*r.Code, r.Stores(), r.StopOnError, err)
	_, err = msg.Decode([]byte(`{"code": 5}`), msg.ExecuteDefaults)
	fmt.Println(err)
	// Output:
	// 1+1 false true <nil>
	// "code" is a JSON number, expected a string
}

func ExampleEncode() {
	fmt.Println(string(msg.Encode(map[string]any{"loss": math.NaN(), "steps": 3})))
	// Output: {"loss":null,"steps":3}
}

func ExampleValidate() {
	fmt.Println(msg.Validate("stream", []byte(`{"name":"stdout"}`)))
	// Output: msg: stream: key "text" is missing
}
