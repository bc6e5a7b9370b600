#!/usr/bin/env python3
"""A concern that could not be stored is kept before anything is asked, and so
is its receipt: an answer may be an interrupt."""
import re
import shutil
import signal
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
from instance import Instance, build_directory  # noqa: E402
from test_hijack import Hijacked  # noqa: E402
from test_terminal import Person  # noqa: E402
from test_unsure import Losing  # noqa: E402

TEXT = "The lift drops."
GO_ON = "Number, or Enter to go on: "
PEOPLE = "Is it about one of these people?"
AGAIN = "Try again now? [y/N] "
TYPED = "Type the 12 words"


class Sealed(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.dir = Path(tempfile.mkdtemp(prefix="speakup-sealed-"))
        cls.addClassCleanup(shutil.rmtree, cls.dir, ignore_errors=True)
        cls.i = Instance(build_directory(), cls.dir)
        cls.addClassCleanup(cls.i.stop)
        cls.front = Hijacked(cls.i)
        cls.front.RequestHandlerClass = Losing
        cls.addClassCleanup(cls.front.server_close)
        cls.addClassCleanup(cls.front.shutdown)

    def until_asked(self, sealed):
        """A person for whose concern the server has no space this time."""
        text = self.dir / "text"
        text.write_text(TEXT)
        self.front.instead = [(False, 507, "full")]
        options = self.i.server_options()
        options[1] = self.front.url
        p = Person([str(a) for a in (
            self.i.build / "client/speakup", "report", *options,
            "--message", text, "--save-sealed", sealed)])
        p.wait_for("What is it about?")
        p.type("1\n")
        for _ in range(8):
            p.wait_for(GO_ON)
            p.type("\n")
        p.wait_for(PEOPLE)
        p.type("\n")
        p.wait_for("Send it to these people? [y/N] ")
        p.type("y\n")
        p.wait_for(AGAIN)
        return p

    def words(self, p):
        rows = re.findall(r"^ {4}((?:[a-z]+ ){5}[a-z]+)$", p.seen, re.M)
        return " ".join(rows[:2])

    def read(self, words):
        return [m["text"] for m in self.i.inbox(words)["messages"]]

    def test_it_is_kept_and_the_receipt_shown_before_the_question(self):
        sealed = self.dir / "interrupted"
        p = self.until_asked(sealed)
        p.type("\x03")
        self.assertEqual(p.end(), -signal.SIGINT)
        self.i.speakup("report", "--send", sealed)
        self.assertEqual(self.read(self.words(p)), [TEXT])

    def test_what_is_stored_after_all_is_kept_no_more(self):
        sealed = self.dir / "again"
        p = self.until_asked(sealed)
        p.type("y\n")
        p.wait_for(TYPED)
        self.assertFalse(sealed.exists())
        p.type(self.words(p) + "\n")
        self.assertEqual(p.end(), 0)
        self.assertEqual(self.read(self.words(p)), [TEXT])


if __name__ == "__main__":
    unittest.main(verbosity=2)
