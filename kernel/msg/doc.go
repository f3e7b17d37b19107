// Package msg holds the messages of the Jupyter protocol, version 5.5, as Go
// types: what a kernel receives, what it sends, and the schema both are
// checked against in tests. It knows nothing of sockets.
//
// Requests are decoded with Decode, which fills in the documented defaults of
// missing keys and reports wrongly typed ones. Whatever leaves is encoded with
// Encode, which never fails and never emits NaN, infinities or broken UTF-8.
//
// # Where to start
//
// Header, then requests.go and outgoing.go; schema.go says what Validate
// demands of every type.
package msg
