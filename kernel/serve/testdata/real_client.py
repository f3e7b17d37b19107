"""Drives a kernel with Jupyter's own client on libzmq; prints "ok" at the end.

The kernel's backend is the fake of fake_test.go. usage: real_client.py FILE
"""
import sys
import time

import zmq
from jupyter_client import BlockingKernelClient

kc = BlockingKernelClient()
kc.load_connection_file(sys.argv[1])
kc.start_channels()
kc.wait_for_ready(timeout=20)

# The welcome of protocol 5.5, and a fresh subscriber that misses nothing.
sub = zmq.Context.instance().socket(zmq.SUB)
sub.connect(kc._make_url("iopub"))
sub.setsockopt(zmq.SUBSCRIBE, b"")
assert sub.poll(5000), "no welcome"
assert sub.recv_multipart()[0] == b"iopub_welcome"


def run(code, **kw):
    out = []
    reply = kc.execute_interactive(code, timeout=20, output_hook=out.append, **kw)
    return reply["content"], [(m["msg_type"], m["content"]) for m in out]


reply, out = run("print hello\nwarn oops\nresult 7")
assert reply["status"] == "ok" and reply["execution_count"] == 1, reply
assert [t for t, _ in out if t in ("stream", "execute_result")] == ["stream", "stream", "execute_result"], out
reply, out = run("error boom")
assert (reply["status"], reply["ename"]) == ("error", "FakeError"), reply

asked = []


def answer(msg):
    asked.append(msg["content"])
    kc.input("né")


reply, out = run("input who? ", allow_stdin=True, stdin_hook=answer)
assert asked[0]["prompt"] == "who?" and not asked[0]["password"], asked
assert "".join(c["text"] for t, c in out if t == "stream") == "got né\n", out

reply, out = run("lines 10000 x")
assert "".join(c["text"] for t, c in out if t == "stream").count("\n") == 10000
reply, out = run("big 50000000")
assert len(out[-1][1]["data"]["text/plain"]) == 50_000_000 if out[-1][0] == "display_data" else any(
    t == "display_data" and len(c["data"]["text/plain"]) == 50_000_000 for t, c in out)

for what, args in [("complete", ("pr", 2)), ("inspect", ("pr", 2)), ("is_complete", ("f {",)),
                   ("history", ()), ("comm_info", ()), ("kernel_info", ())]:
    asked_id = getattr(kc, what)(*args)
    got = kc.get_shell_msg(timeout=5)
    assert got["msg_type"] == what + "_reply" and got["parent_header"]["msg_id"] == asked_id, got
    if what == "is_complete":
        assert got["content"] == {"status": "incomplete", "indent": "    "}, got

# Interrupt by message, on the control channel, while a cell spins.
spin = kc.execute("spin")
time.sleep(0.3)
msg = kc.session.msg("interrupt_request", {})
kc.control_channel.send(msg)
assert kc.get_control_msg(timeout=5)["msg_type"] == "interrupt_reply"
while True:
    got = kc.get_shell_msg(timeout=5)
    if got["parent_header"].get("msg_id") == spin:
        break
assert got["content"]["ename"] == "Interrupted", got

# Heartbeats of libzmq itself: the connection must outlive three of its TTLs.
beating = zmq.Context.instance().socket(zmq.DEALER)
beating.setsockopt(zmq.HEARTBEAT_IVL, 100)
beating.setsockopt(zmq.HEARTBEAT_TIMEOUT, 300)
beating.setsockopt(zmq.HEARTBEAT_TTL, 300)
mon = beating.get_monitor_socket(zmq.EVENT_DISCONNECTED)
beating.connect(kc._make_url("shell"))
assert not mon.poll(1500), "a peer with heartbeats was disconnected"
beating.send_multipart(kc.session.serialize(kc.session.msg("kernel_info_request", {})))
assert beating.poll(5000), "no reply to a peer with heartbeats"
assert not any(b"PING" in f or b"PONG" in f for f in beating.recv_multipart())
beating.disable_monitor()

hb = zmq.Context.instance().socket(zmq.REQ)
hb.connect(kc._make_url("hb"))
hb.send(b"ping")
assert hb.poll(1000) and hb.recv() == b"ping"

reply = kc.shutdown(reply=True, timeout=5)
assert reply["content"]["status"] == "ok", reply
seen = False
while not seen:  # also on IOPub, before the sockets close
    seen = kc.get_iopub_msg(timeout=5)["msg_type"] == "shutdown_reply"
print("ok")
