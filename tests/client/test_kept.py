#!/usr/bin/env python3
"""What was asked to be kept is kept, whatever is typed behind the receipt."""
import shutil
import signal
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
from instance import Instance, build_directory  # noqa: E402
from test_terminal import Person  # noqa: E402

GO_ON = "Number, or Enter to go on: "
PEOPLE = "Is it about one of these people?"


class Kept(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.dir = Path(tempfile.mkdtemp(prefix="speakup-kept-"))
        cls.addClassCleanup(shutil.rmtree, cls.dir, ignore_errors=True)
        cls.i = Instance(build_directory(), cls.dir)
        cls.addClassCleanup(cls.i.stop)

    def test_proof_is_there_before_the_words_are_asked_for(self):
        proof, text = self.dir / "proof", self.dir / "text"
        text.write_text("The lift drops.")
        i = self.i
        p = Person([str(a) for a in (
            i.build / "client/speakup", "report", *i.server_options(),
            "--message", text, "--save-proof", proof)])
        p.wait_for("What is it about?")
        p.type("1\n")
        for _ in range(8):
            p.wait_for(GO_ON)
            p.type("\n")
        p.wait_for(PEOPLE)
        p.type("\n")
        p.wait_for("Send it to these people? [y/N] ")
        p.type("y\n")
        p.wait_for("Type the 12 words")
        p.type("\x03")
        self.assertEqual(p.end(), -signal.SIGINT)
        self.assertIn("speakup/stored/v1", proof.read_text())


if __name__ == "__main__":
    unittest.main(verbosity=2)
