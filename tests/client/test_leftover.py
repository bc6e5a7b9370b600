#!/usr/bin/env python3
"""What a killed process left under its number is in nobody's way: in a
container that starts again, the next one often has the same."""
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
from instance import Instance, build_directory  # noqa: E402

LEFT = "left by another"


class Leftover(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.dir = Path(tempfile.mkdtemp(prefix="speakup-leftover-"))
        cls.addClassCleanup(shutil.rmtree, cls.dir, ignore_errors=True)
        cls.i = Instance(build_directory(), cls.dir)
        cls.addClassCleanup(cls.i.stop)

    def run_behind(self, before, *argv, stdin=""):
        """The shell does what is said with its number, $$, which the program
        then has."""
        done = subprocess.run(
            ["sh", "-c", before + ' && exec "$@"', "sh", *map(str, argv)],
            input=stdin, text=True, capture_output=True)
        self.assertEqual(done.returncode, 0, done.stderr)

    def speakup(self, before, command, *args, **kw):
        self.run_behind(before, self.i.build / "client/speakup", command,
                        *self.i.server_options(), *args, **kw)

    def test_a_file_is_written_beside_what_was_left(self):
        proof = self.dir / "proof"
        self.speakup(f"echo {LEFT} >'{proof}'.$$~", "report", "--yes",
                     "--save-proof", proof, stdin="The lift drops.")
        self.assertIn("speakup/stored/v1", proof.read_text())
        left = [p for p in self.dir.iterdir() if p.name.startswith("proof.")]
        # perhaps another container's, which still writes it
        self.assertEqual([p.read_text() for p in left], [LEFT + "\n"])

    def test_messages_are_opened_beside_what_was_left(self):
        receipt = self.i.report("The lift drops.")["receipt"]
        saved = self.dir / "opened"
        saved.mkdir()
        self.speakup(f"mkdir '{saved}'/.partial-$$", "inbox", "--save", saved,
                     stdin=receipt + "\n")
        (place,) = (p for p in saved.iterdir()
                    if not p.name.startswith(".partial"))
        self.assertEqual((place / "message.txt").read_text(),
                         "The lift drops.")
        self.assertEqual(place.stat().st_mode & 0o7777, 0o700)


if __name__ == "__main__":
    unittest.main(verbosity=2)
