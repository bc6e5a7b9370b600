#!/usr/bin/env python3
"""Answers that are lost, and others behind them: what may be stored is never
called not stored."""
import json
import shutil
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
from instance import Instance, build_directory  # noqa: E402
from test_hijack import Front, Hijacked  # noqa: E402

WHO, TO = "guardian-east", "guardian-west"
UNAVAILABLE, NOT_STORED, UNKNOWN = 4, 5, 8
CERTAIN = "NOT stored. The server has no space"
OPEN = "Without the server's proof it is to be taken as NOT stored."


def error(code):
    return json.dumps({"error": code, "text": "x"}).encode()


class Losing(Front):
    """The first filings' answers become what the server's list says, each
    once: (whether it gets to the vault, status, error); no error: the line
    breaks."""

    def pass_on(self, body):
        self.now = None
        if self.command == "POST" and self.server.instead and any(
                body.startswith(b"speakup: v1 " + kind + b"\n")
                for kind in (b"concern", b"post")):
            self.now = self.server.instead.pop(0)
        if self.now is not None and not self.now[0]:
            return super().answer(self.now[1], error(self.now[2]))
        return super().pass_on(body)

    def answer(self, status, body):
        if self.now is None:
            return super().answer(status, body)
        if self.now[2] is None:
            raise ConnectionAbortedError
        return super().answer(self.now[1], error(self.now[2]))


class Unsure(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.dir = Path(tempfile.mkdtemp(prefix="speakup-unsure-"))
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

    def cases(self):
        return {r["case"] for r in self.i.queue(WHO)["cases"]}

    def said(self, done):
        self.assertEqual(self.front.instead, [])
        return " ".join(done.stderr.split())

    def report(self, code, *instead):
        before = self.cases()
        self.front.instead = list(instead)
        done = self.i.speakup("report", "--yes", stdin="a concern",
                              server=self.front.url, expect=code)
        return self.said(done), len(self.cases() - before)

    def test_what_was_refused_is_not_stored(self):
        said, stored = self.report(NOT_STORED, (False, 507, "full"))
        self.assertIn(CERTAIN, said)
        self.assertEqual(stored, 0)

    def test_what_was_lost_before_it_was_refused_may_be(self):
        for first in (None, "down"):
            with self.subTest(first):
                said, stored = self.report(UNAVAILABLE, (True, 503, first),
                                           (False, 507, "full"))
                self.assertEqual(stored, 1)
                self.assertIn(OPEN, said)
                self.assertNotIn("concern was NOT", said)

    def test_stepping_back_whose_answer_is_lost_is_no_alarm(self):
        before = self.cases()
        self.i.report("to step back from")
        case = (self.cases() - before).pop()
        self.front.instead = [(True, 503, None)]
        done = self.i.ftsu(WHO, "recuse", case, "--yes", expect=UNKNOWN,
                           server=self.front.url)
        said = self.said(done)
        self.assertIn("do not read this case any more", said)
        self.assertNotIn("NOT", said)
        self.assertNotIn(case, self.cases())

    def test_handover_whose_answer_is_lost_is_not_called_undone(self):
        before = self.cases()
        self.i.report("to hand over")
        case = (self.cases() - before).pop()
        self.front.instead = [(True, 503, None)]
        done = self.i.ftsu(WHO, "handover", case, "--to", TO, "--yes",
                           expect=NOT_STORED, server=self.front.url)
        said = self.said(done)
        self.assertIn("do not read this case any more", said)
        self.assertIn("is to be taken as NOT handed over", said)
        self.assertNotIn(case, self.cases())


if __name__ == "__main__":
    unittest.main(verbosity=2)
