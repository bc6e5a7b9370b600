#!/usr/bin/env python3
"""On a terminal: the form is asked, the readers are shown before anything
leaves, the receipt is typed back, a passphrase is not shown."""
import os
import pty
import re
import select
import shutil
import signal
import sys
import tempfile
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
from instance import PASSPHRASE, Instance, build_directory  # noqa: E402

FIRST = "guardian-east"
DECLINED = 7
WAIT = 60
END = 120


class Person:
    """Somebody at a terminal."""

    def __init__(self, argv, env=None):
        self.seen = ""
        self.at = 0    # what was waited for is behind this
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            # whoever runs the tests may have it ignored
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            os.execve(argv[0], argv, {**os.environ, **(env or {})})

    def read(self):
        try:
            more = os.read(self.fd, 65536).decode(errors="replace")
        except OSError:
            more = ""
        self.seen = (self.seen + more).replace("\r\n", "\n")
        return more != ""

    def wait_for(self, text):
        end = time.monotonic() + WAIT
        while text not in self.seen[self.at:]:
            ready, _, _ = select.select([self.fd], [], [], 1)
            if (ready and not self.read()) or time.monotonic() > end:
                raise AssertionError(f"no {text!r} in:\n{self.seen}")
        self.at = self.seen.index(text, self.at) + len(text)

    def type(self, text):
        os.write(self.fd, text.encode())

    def end(self):
        """The exit status, once everything was read."""
        while True:
            ready, _, _ = select.select([self.fd], [], [], END)
            if not ready:
                os.kill(self.pid, signal.SIGKILL)
                os.waitpid(self.pid, 0)
                raise AssertionError(f"it does not end:\n{self.seen}")
            if not self.read():
                break
        _, status = os.waitpid(self.pid, 0)
        os.close(self.fd)
        return os.waitstatus_to_exitcode(status)


class Terminal(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.dir = Path(tempfile.mkdtemp(prefix="speakup-terminal-"))
        cls.addClassCleanup(shutil.rmtree, cls.dir, ignore_errors=True)
        cls.i = Instance(build_directory(), cls.dir)
        cls.addClassCleanup(cls.i.stop)

    def person(self, program, command, *args, env=None):
        i = self.i
        return Person([str(a) for a in (
            i.build / f"client/{program}", command, *i.server_options(),
            *args)], env)

    def report(self):
        """As far as the question whether to send it."""
        p = self.person("speakup", "report")
        p.wait_for("What is it about?")
        p.type("99\n")                 # there is no such answer
        p.wait_for("Please type numbers")
        p.type("1, 2\n")
        for _ in range(8):
            p.wait_for("Number, or Enter to go on: ")
            p.type("\n")
        p.wait_for("Is it about one of these people?")
        p.type("20\n")
        p.wait_for("Write in your own words.")
        p.type("The lift drops.\n\x04")
        p.wait_for("These people can read it at once:")
        p.wait_for("Marta Nowak")
        p.wait_for("left out and can never read it:")
        p.wait_for("Peter Lowe")
        p.wait_for("Send it to these people? [y/N] ")
        return p

    def test_who_reads_later_is_said_by_the_band(self):
        p = self.report()          # answered 1 and 2: P2, on the general route
        said = " ".join(p.seen.split())
        p.type("n\n")
        self.assertEqual(p.end(), DECLINED)
        self.assertIn("It can be earlier", said)
        for name, when in (
                ("Amina Okafor", "if nobody has acknowledged it within 1 "
                 "working day"),
                ("Helen Marsh", "if nobody has decided how urgent it is "
                 "within 2 working days, or if the reporter has heard nothing "
                 "for 10 working days, or if nothing has moved for 15 working "
                 "days, or if it is not resolved within 70 working days")):
            self.assertRegex(said, rf"{name} \([^)]*\), {when} ")
        self.assertNotIn("4 hours", said)    # of P1

    def test_whole_report(self):
        p = self.report()
        p.type("y\n")
        p.wait_for("Type the 12 words")
        words = re.search(r"\n {4}((?:[a-z]+ ){5}[a-z]+)\n"
                          r" {4}((?:[a-z]+ ){5}[a-z]+)\n", p.seen)
        receipt = f"{words.group(1)} {words.group(2)}"
        p.type("abandon " * 11 + "about\n")
        p.wait_for("not the same words")
        p.type(receipt.upper() + "\n")
        p.wait_for("That is right.")
        self.assertEqual(p.end(), 0)
        message = self.i.inbox(receipt)["messages"][0]
        self.assertEqual(message["text"], "The lift drops.\n")
        self.assertEqual(len(message["answers"]), 2)

    def test_no_means_that_nothing_is_sent(self):
        self.i.login(FIRST)
        before = len(self.i.queue(FIRST)["cases"])
        p = self.report()
        p.type("n\n")
        self.assertEqual(p.end(), DECLINED)
        self.assertIn("Nothing was sent", p.seen)
        self.assertEqual(len(self.i.queue(FIRST)["cases"]), before)

    def test_receipt_is_asked_for_until_it_is_one(self):
        receipt = self.i.report("for the inbox")["receipt"]
        p = self.person("speakup", "inbox")
        p.wait_for("The 12 words of your receipt: ")
        p.type("zebra giraffe\n")
        p.wait_for("The 12 words of your receipt: ")
        p.type(receipt + "\n")
        p.wait_for("for the inbox")
        self.assertEqual(p.end(), 0)

    def login(self):
        p = self.person("ftsu", "login", "--identity",
                        self.i.org / f"staff/{FIRST}.age", "--state",
                        self.dir / "state")
        p.wait_for("Passphrase: ")
        return p

    def test_passphrase_is_not_shown(self):
        p = self.login()
        p.type(PASSPHRASE + "\n")
        p.wait_for("Hello Marta Nowak")
        self.assertEqual(p.end(), 0)
        self.assertNotIn(PASSPHRASE, p.seen)

    def staff(self, command, *args, env=None):
        """With the session of self.i.login."""
        state = self.dir / "staff" / FIRST
        p = self.person("ftsu", command, "--identity",
                        self.i.org / f"staff/{FIRST}.age", "--state", state,
                        "--session-file", state / "session", *args, env=env)
        p.wait_for("Passphrase: ")
        p.type(PASSPHRASE + "\n")
        return p

    def test_answer_is_written_in_an_editor(self):
        filed = self.i.report("Ask me.")
        self.i.login(FIRST)
        editor, path = self.dir / "editor", self.dir / "path"

        def is_gone():
            return not Path(path.read_text().strip()).parent.exists()

        editor.write_text("#!/bin/sh\n"
                          f"echo \"$1\" >{path}\n"
                          "tty >/dev/null && echo Who was there? >\"$1\"\n")
        editor.chmod(0o700)
        env = {"EDITOR": str(editor), "VISUAL": ""}
        p = self.staff("reply", filed["case"], env=env)
        p.wait_for("Stored on")
        self.assertEqual(p.end(), 0)
        seen = self.i.inbox(filed["receipt"])["messages"]
        self.assertEqual(seen[-1]["text"], "Who was there?\n")
        self.assertTrue(is_gone())
        path.unlink()
        editor.write_text(f"#!/bin/sh\necho \"$1\" >{path}\n"
                          "exec sleep 60\n")
        p = self.staff("reply", filed["case"], env=env)
        end = time.monotonic() + WAIT
        while not path.exists() and time.monotonic() < end:
            time.sleep(0.1)
        time.sleep(0.3)
        os.kill(p.pid, signal.SIGTERM)   # waits until the file is wiped
        p.type("\x03")                   # ends the editor, and only that
        self.assertEqual(p.end(), -signal.SIGTERM)
        self.assertTrue(is_gone())

    def test_many_cases_show_a_bar(self):
        case = self.i.report("One of many.")["case"]
        self.i.login(FIRST)
        p = self.staff("band", "P4", case)
        p.wait_for("Setting the band [####")
        p.wait_for("1 now in band P4")
        self.assertEqual(p.end(), 0)

    def test_stepping_back_is_asked(self):
        case = self.i.report("A friend of mine.")["case"]
        self.i.login(FIRST)
        p = self.staff("recuse", case)
        p.wait_for("Step back from it? [y/N] ")
        p.type("n\n")
        self.assertEqual(p.end(), DECLINED)
        self.i.ftsu(FIRST, "show", case)

    def test_interrupt_while_a_passphrase_is_typed(self):
        p = self.login()
        p.type("half of it\x03")
        self.assertEqual(p.end(), -signal.SIGINT)
        self.assertNotIn("half", p.seen)


if __name__ == "__main__":
    unittest.main(verbosity=2)
