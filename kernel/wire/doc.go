// Package wire carries Jupyter's frames: the listening half of the four
// ZeroMQ socket types a kernel needs, and the signature over every message.
// It does not know what a message means.
//
// # What is whose
//
// go-zeromq/zmq4 is the ZeroMQ library of this project. Used from it:
//
//   - the handshake (zmq4.Open): greeting, READY, socket type compatibility;
//   - the framing of outgoing messages and commands (zmq4.Conn);
//   - its client sockets (DEALER, SUB, REQ), on which package
//     kernel/serve/client is built.
//
// Its listening sockets are not used, because one client can harm all others
// through them: they have one write path for all peers, so a subscriber that
// stops reading stops the rest; they shake hands inside the accept loop
// without a deadline, so a half-open connection keeps everyone out; they
// allocate whatever length a frame header claims; XPUB never reports
// subscriptions; and Close drops what is still queued. Own code therefore:
//
//   - accepts, and gives each connection its goroutines and a deadline
//     (listener.go), handing zmq4 only bytes that were bounded before
//     (handshake.go);
//   - reads frames, with caps on a frame, a message and the number of frames,
//     growing buffers only as data really arrives (frame.go);
//   - answers ZMTP heartbeats with the context they carry (peer.go);
//   - queues outgoing messages for each peer, bounded by count and by bytes; a
//     peer over the bound is dropped, the others never notice (outbox.go);
//   - speaks for ROUTER, XPUB and REP (router.go, publisher.go, echo.go), the
//     publisher reporting each subscription so that a welcome can be sent to
//     that subscriber alone;
//   - lingers: Flush waits, with a limit, until queues are on the wire.
//
// # Where to start
//
// Router.Recv and Router.Send for requests, Publisher.Publish for broadcast,
// Key.Seal and Key.Open for signatures.
package wire
