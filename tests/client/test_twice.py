#!/usr/bin/env python3
"""Staff whose answer was lost give the command anew: they hear that what they
wrote is stored, before it is there twice."""
import os
import shutil
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
from instance import PASSPHRASE, Instance, build_directory  # noqa: E402
from test_hijack import Hijacked  # noqa: E402
from test_terminal import Person  # noqa: E402
from test_unsure import OPEN, Losing  # noqa: E402

WHO = "guardian-east"
READERS = ("investigator-clinical", "lead-guardian")
UNAVAILABLE, DECLINED = 4, 7
LOST = [(True, 503, None), (False, 507, "full")]
STORED = "The same words of yours are stored in this case already"


class Twice(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.dir = Path(tempfile.mkdtemp(prefix="speakup-twice-"))
        cls.addClassCleanup(shutil.rmtree, cls.dir, ignore_errors=True)
        cls.i = Instance(build_directory(), cls.dir)
        cls.addClassCleanup(cls.i.stop)
        cls.front = Hijacked(cls.i)
        cls.front.RequestHandlerClass = Losing
        cls.front.handle_error = lambda *_: None
        cls.addClassCleanup(cls.front.server_close)
        cls.addClassCleanup(cls.front.shutdown)
        cls.front.instead = []
        cls.i.login(WHO)
        cls.i.login(WHO, server=cls.front.url)

    def setUp(self):
        before = self.cases()
        self.i.report("The lift drops.")
        self.case = (self.cases() - before).pop()

    def cases(self):
        return {r["case"] for r in self.i.queue(WHO)["cases"]}

    def write(self, text, *args, kind="note", instead=(), **kw):
        self.front.instead = list(instead)
        done = self.i.ftsu(WHO, kind, self.case, *args, stdin=text,
                           server=self.front.url, **kw)
        self.assertEqual(self.front.instead, [])
        return " ".join(done.stderr.split())

    def stored(self, kind="note"):
        shown = self.i.ftsu_json(WHO, "show", self.case)
        return [m["text"] for m in shown["messages"] if m["kind"] == kind]

    def at_terminal(self, text, answer):
        file = self.dir / "text"
        file.write_text(text)
        state = self.dir / "staff" / WHO
        r, w = os.pipe()
        os.set_inheritable(r, True)
        os.write(w, (PASSPHRASE + "\n").encode())
        os.close(w)
        p = Person([str(a) for a in (
            self.i.build / "client/ftsu", "note", self.case,
            *self.i.server_options(), "--identity",
            self.i.org / f"staff/{WHO}.age", "--state", state,
            "--session-file", state / "session", "--passphrase-fd", r,
            "--message", file)])
        os.close(r)
        p.wait_for("Write them once more? [y/N] ")
        p.type(answer + "\n")
        return p.end()

    def test_what_was_stored_is_said_before_it_is_written_again(self):
        said = self.write("I rang.", instead=LOST, expect=UNAVAILABLE)
        self.assertIn(OPEN, said)
        self.assertEqual(self.at_terminal("I rang.", "n"), DECLINED)
        self.assertEqual(self.stored(), ["I rang."])
        self.assertEqual(self.at_terminal("I rang.", "y"), 0)
        self.assertEqual(self.stored(), ["I rang."] * 2)
        # nobody to ask: it is said, and done as before
        self.assertIn(STORED, self.write("I rang."))
        self.assertEqual(self.stored(), ["I rang."] * 3)

    def test_what_was_not_stored_and_what_is_another_is_not_asked(self):
        file = self.dir / "file"
        file.write_text("x")
        self.write("I rang.", instead=LOST[1:], expect=5)
        self.assertNotIn(STORED, self.write("I rang."))
        self.assertNotIn(STORED, self.write("I rang again."))
        self.assertNotIn(STORED, self.write("I rang again.", "--attach", file))
        self.assertIn(STORED, self.write("I rang again.", "--attach", file))
        self.assertNotIn(STORED, self.write("I rang again.", "--attach", file,
                                            kind="hold"))

    def test_the_same_words_to_another_person_are_meant(self):
        file = self.dir / "for-you"
        file.write_text("For you.")
        self.i.ftsu(WHO, "ack", self.case)
        self.i.ftsu(WHO, "triage", self.case, "--band", "P3")
        for person in READERS:
            self.assertNotIn(STORED, self.write(
                "", person, "--force", "--share", "all", "--message", file,
                "--summary", file, kind="assign"))
        self.assertEqual(self.stored("assign"), ["For you."] * 2)
        self.assertEqual(self.stored(), ["For you."] * 2)


if __name__ == "__main__":
    unittest.main(verbosity=2)
