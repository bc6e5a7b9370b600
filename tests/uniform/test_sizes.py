#!/usr/bin/env python3
"""Whatever a mailbox is, its poll is one size on the line, to the last TLS
record, and takes no less than filing takes; and whatever a reporter does in
text is one size and one number of records."""
import os
import shutil
import sys
import tempfile
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from mailboxes import Caller, make   # noqa: E402
from relay import Relay   # noqa: E402
from sessions import (CONTROL, TEXT, Instance, Reporters,   # noqa: E402
                      build_directory)

SLOW = 0.010   # what tests/bench/slowsync.c adds to each sync
ROUNDING = 0.001


def shape(lines):
    """Lengths of records, either way, of each connection. The handshake is
    left out: a signature in it is one or two bytes longer or shorter."""
    out = []
    for line in lines:
        first_up = [i for i, r in enumerate(line.records) if r[1] > 0][1]
        out.append([[n for _, way, n in line.records[first_up:] if way == w]
                    for w in (1, -1)])
    return out


class Uniform(unittest.TestCase):
    def setUp(self):
        self.dir = Path(tempfile.mkdtemp(prefix="speakup-uniform-"))
        self.addCleanup(shutil.rmtree, self.dir, ignore_errors=True)

    def start(self, **kw):
        i = Instance(build_directory(), self.dir, **kw)
        self.addCleanup(i.stop)
        return i

    def test_a_poll_of_any_mailbox_has_one_size_in_one_row_of_records(self):
        i = self.start()
        tokens = make(i, self.dir)
        seen, bodies = {}, {}
        with Relay(i.port) as relay:
            for sort, token in tokens.items():
                caller = Caller(relay.port, i.ca)
                head, body = caller.poll(token)
                bodies[sort] = body
                caller.close()
                seen[sort] = (len(head), len(body), shape(relay.take()))
        for sort, what in seen.items():
            self.assertEqual(what, seen["unknown"], sort)
        # they are what they are said to be
        self.assertEqual(bodies["unknown"], bodies["removed"])
        self.assertIn(b"count: 1\nstate: open", bodies["filed"])
        self.assertIn(b"count: 5\nstate: open", bodies["full"])
        self.assertIn(b"state: withdrawn", bodies["withdrawn"])

    def test_whatever_a_reporter_does_in_text_has_one_shape(self):
        i = self.start()
        seen = {}
        with Relay(i.port) as relay:
            people = Reporters(i, relay.url, self.dir)
            for kind in (*TEXT, CONTROL):
                people.prepare()
                relay.take()
                getattr(people, kind)()
                seen[kind] = shape(relay.take())
        for kind in TEXT:
            self.assertEqual(seen[kind], seen["poll"], kind)
        self.assertNotEqual(seen[CONTROL], seen["poll"])

    def test_a_flood_changes_the_shape_of_none(self):
        """Work is asked for ahead, of everybody: no exchange more."""
        i = self.start(limits={"quiet-filings-per-minute": 1})
        seen = {}
        with Relay(i.port) as relay:
            people = Reporters(i, relay.url, self.dir)
            for kind in TEXT:
                people.prepare()
                while b"\nchallenge: " not in self.poll(i):
                    i.report("one more")
                relay.take()
                getattr(people, kind)()
                seen[kind] = shape(relay.take())
        for kind in TEXT:
            self.assertEqual(seen[kind], seen["poll"], kind)

    def poll(self, i):
        caller = Caller(i.port, i.ca)
        self.addCleanup(caller.close)
        return caller.poll("0" * 64)[1]

    @unittest.skipIf("SPEAKUP_SANITIZED" in os.environ,
                     "a sanitizer is to be loaded before all else")
    def test_who_polls_waits_no_less_than_who_files(self):
        slow = build_directory() / "tests/bench/libslowsync.so"
        i = self.start(env={"LD_PRELOAD": str(slow)})
        caller = Caller(i.port, i.ca)
        self.addCleanup(caller.close)
        for filed in (0, 1):   # the start's own write was as slow
            if filed:
                i.report("all filings so far were as slow")
            for _ in range(5):
                before = time.monotonic()
                caller.poll("0" * 64)
                self.assertGreater(time.monotonic() - before,
                                   SLOW - ROUNDING)


if __name__ == "__main__":
    unittest.main()
