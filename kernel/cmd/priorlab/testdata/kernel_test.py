"""The kernel conformance tests of the Jupyter project, with a Go snippet for each."""

import unittest

import jupyter_kernel_test


class PriorLab(jupyter_kernel_test.KernelTests):
    kernel_name = "priorlab"
    language_name = "go"
    file_extension = ".go"

    code_hello_world = 'fmt.Println("hello, world")'
    code_stderr = 'fmt.Fprintln(os.Stderr, "to stderr")'

    completion_samples = [
        {"text": "strings.HasPref", "matches": {"HasPrefix"}},
        {"text": "math.Sqrt2", "matches": {"Sqrt2"}},
        {"text": "retu", "matches": {"return"}},
    ]

    complete_code_samples = [
        "1 + 1",
        "x := 3",
        'fmt.Println("a")',
        "func f() int {\n\treturn 1\n}",
        "for i := 0; i < 3; i++ {\n}",
    ]
    incomplete_code_samples = [
        "func f() int {",
        "x := []int{1,",
        "fmt.Println(",
        "1 +",
        "s := `raw",
        "/* comment",
    ]
    invalid_code_samples = ["x := )", "func 3() {}", "}"]

    code_page_something = "fmt.Println?"
    code_generate_error = 'panic("as asked")'

    code_execute_result = [
        {"code": "1 + 2", "result": "3"},
        {"code": '"a" + "b"', "result": '"ab"'},
        {"code": "[]int{1, 2}", "result": "[]int{1, 2}"},
    ]
    code_display_data = [
        {"code": 'lab.Show(lab.Markdown("**bold**"))', "mime": "text/markdown"},
        {"code": 'lab.Show(lab.SVG("<svg xmlns=\\"http://www.w3.org/2000/svg\\"/>"))', "mime": "image/svg+xml"},
        {"code": "lab.Show(image.NewGray(image.Rect(0, 0, 2, 2)))", "mime": "image/png"},
    ]

    code_history_pattern = "1?+*"
    supported_history_operations = ("tail", "range", "search")

    code_inspect_sample = "fmt.Println"
    code_clear_output = 'fmt.Println("gone"); lab.ClearOutput(false)'


class Conversations(unittest.TestCase):
    """What the conformance tests do not ask: stdin, its absence, an interrupt, a dead session."""

    @classmethod
    def setUpClass(cls):
        from jupyter_client.manager import start_new_kernel

        cls.km, cls.kc = start_new_kernel(kernel_name="priorlab")

    @classmethod
    def tearDownClass(cls):
        cls.kc.stop_channels()
        cls.km.shutdown_kernel()

    def run_cell(self, code, **kw):
        output = []
        reply = self.kc.execute_interactive(code, timeout=30, output_hook=output.append, **kw)
        text = "".join(m["content"]["text"] for m in output if m["msg_type"] == "stream")
        return reply["content"], text

    def test_stdin(self):
        asked = []

        def answer(msg):
            asked.append(msg["content"])
            self.kc.input("Ada")

        code = 'name, err := lab.Input("name? "); fmt.Println("hello", name, err)'
        reply, text = self.run_cell(code, allow_stdin=True, stdin_hook=answer)
        self.assertEqual(reply["status"], "ok")
        self.assertEqual(text, "hello Ada <nil>\n")
        self.assertEqual(asked, [{"prompt": "name? ", "password": False}])

        code = 'pw, err := lab.Password("key: "); fmt.Println(len(pw), err)'
        reply, text = self.run_cell(code, allow_stdin=True, stdin_hook=answer)
        self.assertEqual(text, "3 <nil>\n")
        self.assertTrue(asked[-1]["password"])

    def test_no_stdin(self):
        reply, text = self.run_cell('_, err := lab.Input("name? "); fmt.Println(err != nil)', allow_stdin=False)
        self.assertEqual((reply["status"], text), ("ok", "true\n"))

    def test_interrupt(self):
        import threading
        import time

        self.run_cell("kept := 42")
        for loop in ("for {}", "time.Sleep(time.Hour)", "select {}", "<-make(chan int)"):
            with self.subTest(loop=loop):
                threading.Timer(0.7, self.km.interrupt_kernel).start()
                begun = time.time()
                reply, _ = self.run_cell(loop)
                self.assertEqual((reply["status"], reply["ename"]), ("error", "Interrupted"))
                self.assertLess(time.time() - begun, 5)
                _, text = self.run_cell("fmt.Println(kept)")
                self.assertEqual(text, "42\n")

    def test_a_dead_session_is_explained_and_replaced(self):
        self.run_cell("alive := 1")
        code = "m := map[int]int{}\nfor g := 0; g < 4; g++ {\n\tgo func() { for { m[1]++ } }()\n}\ntime.Sleep(5 * time.Second)"
        reply, _ = self.run_cell(code)
        self.assertEqual(reply["status"], "error")
        reply, text = self.run_cell('fmt.Println("here")')
        self.assertEqual((reply["status"], text), ("ok", "here\n"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
