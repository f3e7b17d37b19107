#!/usr/bin/env python3
"""Does with the clients that have no page what people do with them, and prints
what came of it, in the rows of browser.mjs.

    python3 terminal.py [--kernel NAME] NAME=JUPYTER...

NAME=JUPYTER is a jupyter command, such as 'Debian 12=/usr/bin/jupyter', whose
subcommands nbconvert, papermill and console are tried as far as they are
there. Only the standard library is needed."""
import argparse, fcntl, json, os, pty, re, select, struct, subprocess, sys, tempfile, termios, time

CELLS = json.load(open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "cells.json")))
failed = False


def report(client, deed, check):
    """Runs check and prints a row with what it returns or raises."""
    global failed
    try:
        what = check()
        row = "ok" + (": " + what if what else "")
    except Exception as e:
        failed, row = True, "FAILED: " + " ".join(str(e).split())[:300]
    print(f"{client:<20} {deed:<10} {row}", flush=True)


def need(ok, what):
    if not ok:
        raise AssertionError(what)


def notebook(path, ids, kernel, tags=None):
    cells = [{"cell_type": "code", "id": i, "metadata": {"tags": (tags or {}).get(i, [])}, "outputs": [], "execution_count": None,
              "source": CELLS.get(i, i)} for i in ids]
    json.dump({"nbformat": 4, "nbformat_minor": 5, "cells": cells,
               "metadata": {"kernelspec": {"name": kernel, "display_name": kernel, "language": "go"}}}, open(path, "w"))


def text(cell, name=None):
    return "".join("".join(o["text"]) for o in cell["outputs"] if o["output_type"] == "stream" and name in (None, o["name"]))


def data(cell, mime):
    return ["".join(o["data"][mime]) if not isinstance(o["data"][mime], dict) else o["data"][mime] for o in cell["outputs"] if mime in o.get("data", {})]


def one_print(cell):
    out = text(cell, "stdout")
    lines = out.splitlines()
    bad = [n for n, line in enumerate(lines) if line[:8] != "%08d" % n]
    need(not bad and len(out) == 8 << 20, f"{len(out)} bytes arrived, wrong from line {bad[:1]} on")
    need("8 MiB; the rest is not shown" in text(cell, "stderr"), "no notice")
    return "8 MiB and the notice"


def one_error(cell):
    e = [o for o in cell["outputs"] if o["output_type"] == "error"]
    need(e and "index out of range [10] with length 3" in e[0]["evalue"] and "tenth(i=10)" in "\n".join(e[0]["traceback"]), cell["outputs"])


DONE = {
    "text": lambda c: need(text(c) .replace("\n", " ").split() and "on stdout\n" == text(c, "stdout") and "on stderr\n" == text(c, "stderr") and data(c, "text/plain") == ["42"], c["outputs"]),
    "plot": lambda c: need(data(c, "image/svg+xml") or data(c, "image/png"), "no picture"),
    "widgets": lambda c: need(any("widget-view" in m for o in c["outputs"] for m in o.get("data", {})) and "n = 3" in "".join(data(c, "text/plain")), c["outputs"]),
    "stdin": lambda c: need("does not take input" in text(c), c["outputs"]) or "said that there is no input",
    "error": one_error,
    "lines": lambda c: need(text(c) == "".join(f"line {n}\n" for n in range(10000)), f"{len(text(c))} bytes") or "10,000 lines",
    "print": one_print,
}


def batch(client, jupyter, kernel):
    with tempfile.TemporaryDirectory() as d:
        run = lambda *a, **k: subprocess.run([jupyter, *a], cwd=d, capture_output=True, text=True, timeout=400, **k)
        if run("nbconvert", "--version").returncode == 0:
            name = client + " nbconvert"
            notebook(d + "/in.ipynb", list(DONE), kernel)
            r = run("nbconvert", "--to", "notebook", "--execute", "--allow-errors", "--ExecutePreprocessor.timeout=300", "--output", "out.ipynb", "in.ipynb")
            report(name, "runs", lambda: need(r.returncode == 0, r.stderr[-300:]))
            if r.returncode == 0:
                for c in json.load(open(d + "/out.ipynb"))["cells"]:
                    report(name, c["id"], lambda: DONE[c["id"]](c))
            notebook(d + "/spin.ipynb", ["interrupt", "again"], kernel)
            r = run("nbconvert", "--to", "notebook", "--execute", "--allow-errors", "--ExecutePreprocessor.timeout=5", "--ExecutePreprocessor.interrupt_on_timeout=True",
                    "--output", "spun.ipynb", "spin.ipynb")

            def interrupted():
                need(r.returncode == 0, r.stderr[-300:])
                spin, after = json.load(open(d + "/spun.ipynb"))["cells"]
                need(any(o.get("ename") == "Interrupted" for o in spin["outputs"]) and data(after, "text/plain") == ["43"], [spin["outputs"], after["outputs"]])
                return "after a time limit"
            report(name, "interrupt", interrupted)
            h = run("nbconvert", "--to", "html", "out.ipynb")
            report(name, "html", lambda: need(h.returncode == 0 and "widget-view" in open(d + "/out.html").read() and "svg" in open(d + "/out.html").read(), h.stderr[-300:]))
            s = run("nbconvert", "--to", "script", "out.ipynb")
            report(name, "script", lambda: need(os.path.exists(d + "/out.go"), s.stderr[-300:]))
        if run("papermill", "--version").returncode == 0:
            name = client + " papermill"
            CELLS["parameters"] = 'count := 3\nname := "Ada"\nrate := 0.5\nflag := true'
            CELLS["use"] = "fmt.Println(count, name, rate, flag)"
            notebook(d + "/p.ipynb", ["parameters", "use", "text", "plot", "lines", "print"], kernel, {"parameters": ["parameters"]})
            # It writes parameters for a fixed list of languages. What it writes for C# is
            # Go as well, for numbers, strings and booleans.
            r = run("papermill", "--language", ".net-csharp", "p.ipynb", "q.ipynb", "-p", "count", "7", "-p", "name", "Grace", "-p", "rate", "1.5", "-p", "flag", "False")
            report(name, "runs", lambda: need(r.returncode == 0, r.stderr[-400:]))
            if r.returncode == 0:
                out = {c["id"]: c for c in json.load(open(d + "/q.ipynb"))["cells"]}
                report(name, "parameters", lambda: need(text(out["use"]) == "7 Grace 1.5 false\n", out["use"]["outputs"]))
                for i in ("text", "plot", "lines", "print"):
                    report(name, i, lambda: DONE[i](out[i]))


class Console:
    """A jupyter console on a terminal of its own."""

    def __init__(self, command):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ["TERM"] = "xterm"
            os.execvp(command[0], command)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 120, 0, 0))

    def until(self, pattern, seconds=90):
        """Reads until pattern has come, and a little more."""
        out, end, found = b"", time.time() + seconds, 0
        while time.time() < end and not (found and time.time() - found > 1):
            if select.select([self.fd], [], [], 0.1)[0]:
                try:
                    piece = os.read(self.fd, 65536)
                except OSError:
                    break
                out = (out + piece)[-300000:]
                if b"\x1b[6n" in piece:  # where is the cursor?
                    os.write(self.fd, b"\x1b[1;1R")
            seen = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]|\x1b[=>]|\r", "", out.decode("utf8", "replace"))
            if not found and re.search(pattern, seen):
                found = time.time()
        need(found, f"waited for {pattern}; seen: {seen[-300:]!r}")
        return seen

    def type(self, keys, pattern, seconds=90):
        os.write(self.fd, keys.encode())
        return self.until(pattern, seconds)

    def end(self):
        os.write(self.fd, b"exit\r")
        limit = time.time() + 30
        while time.time() < limit:
            if select.select([self.fd], [], [], 0.1)[0]:
                try:
                    os.read(self.fd, 65536)
                except OSError:
                    pass
            if os.waitpid(self.pid, os.WNOHANG)[0]:
                return ""
        self.kill()
        raise AssertionError("it does not end")

    def kill(self):
        """Ends the console at once; the kernel ends with its parent."""
        os.kill(self.pid, 9)
        os.waitpid(self.pid, 0)


def console(client, jupyter, kernel):
    name, c = client + " console", Console([jupyter, "console", "--kernel", kernel])
    report(name, "starts", lambda: c.until(r"In \[1\]:") and "")
    report(name, "text", lambda: c.type('fmt.Println("on stdout"); 6 * 7\r', r"on stdout\s+Out\[\d+\]: 42") and "")
    report(name, "more lines", lambda: c.type("for i := range 3 {\r", r"\.\.\.:") and c.type('fmt.Println("i is", i)\r', r"\.\.\.:") and c.type("}\r\r", r"i is 2") and "")
    report(name, "complete", lambda: c.type("strings.ToUpperS\t", "ToUpperSpecial") and c.type('\x15"clear" + "ed"\r', "cleared") and "")
    report(name, "plot", lambda: c.type('plots.New("Squares").Line([]float64{0, 1}, []float64{0, 1}, "y")\r', r"Out\[\d+\]:[^\n]*\w") and "as text")
    report(name, "widgets", lambda: c.type('lab.Interact(func(n int) any { return n * n }, lab.IntSlider("n", 3, 0, 10))\r', r"n = 3[\s\S]*9") and "values and result as text")
    report(name, "stdin", lambda: c.type('who, _ := lab.Input("your name? ")\r', r"your name\?(?![^\n]*\")") and c.type("Ada\r", r"In \[\d+\]:") and c.type('"hello " + who\r', "hello Ada") and "")
    report(name, "error", lambda: c.type("[]int{1, 2, 3}[len(who)]\r", r"index out of range \[3\] with length 3") and "")

    report(name, "lines", lambda: c.type('for i := range 10000 { fmt.Println("line", i) }\r', r"line 9998\s+line 9999\s") and "the last of 10,000 lines")
    # 20 MB: as much as is shown comes, then the notice, and the console takes the next line.
    report(name, "print", lambda: c.type('big := strings.Repeat("x", 55); for i := range 20 << 20 / 64 { fmt.Printf("%08d%s\\n", i, big) }\r', r"8 MiB; the rest is not shown", 300)
           and c.type('"still " + "here"\r', "still here") and "8 MiB, the notice, and the next line")
    report(name, "help", lambda: c.type("fmt.Sprint?\r", "Sprint formats") and (os.write(c.fd, b"q"), time.sleep(1)) and "")
    report(name, "history", lambda: c.type("\x12len(who", r"len\(who\)") and c.type('\x07\x15"le" + "ft"\r', "left") and "")
    report(name, "exit", c.end)
    c = Console([jupyter, "console", "--kernel", kernel])

    def interrupt():
        c.until(r"In \[1\]:")
        c.type('fmt.Println("spin" + "ning"); for { }\r', "spinning")
        if "escaped interact()" in c.type("\x03", r"[Ii]nterrupted|escaped interact\(\)"):
            return "no: this version of the console keeps it to itself, whatever the kernel"
        return c.type("6*7 + 1\r", r"Out\[\d+\]: 43") and ""
    report(name, "interrupt", interrupt)
    c.kill()


if __name__ == "__main__":
    p = argparse.ArgumentParser()
    p.add_argument("--kernel", default="priorlab")
    p.add_argument("--only", choices=["batch", "console"])
    p.add_argument("clients", nargs="+")
    a = p.parse_args()
    for client in a.clients:
        name, _, jupyter = client.partition("=")
        if a.only != "console":
            batch(name, jupyter, a.kernel)
        if a.only != "batch":
            console(name, jupyter, a.kernel)
    sys.exit(failed)
