#!/usr/bin/env python3
"""A flood of junk: cleared in one command without being opened, and no way to
bury what somebody means. The junk is what costs a sender least: the same sealed
message again and again, a byte of it changed, so that it opens for nobody."""
import http.client
import json
import os
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
from instance import PASSPHRASE, Instance, build_directory  # noqa: E402
from test_hijack import Front, Hijacked, join, split  # noqa: E402
from test_terminal import Person  # noqa: E402

FIRST, SECOND, LEAD = "guardian-east", "guardian-west", "lead-guardian"
NAME = "Marta Nowak"
DONE, USAGE, DECLINED = 0, 2, 7
# One person closes the first, two the second.
LIGHT, GRAVE = ["--answer", "element=none"], ["--answer",
                                              "element=patient-safety"]


class Watching(Front):
    """Calls the server's `asked` with every request of staff, and then passes
    it on."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked(body)
        try:
            self.pass_on(body)
        except OSError:
            self.close_connection = True   # who asked is gone


class Dismiss(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.dir = Path(tempfile.mkdtemp(prefix="speakup-dismiss-"))
        cls.addClassCleanup(shutil.rmtree, cls.dir, ignore_errors=True)

    def setUp(self):
        where = self.dir / self._testMethodName
        self.i = Instance(build_directory(), where,
                          org=self.dir / "org" if self.has_org() else None)
        if not self.has_org():
            shutil.copytree(self.i.org, self.dir / "org")
        self.addCleanup(self.i.stop)
        for who in (FIRST, SECOND):
            self.i.login(who)
        self.templates = {}

    def has_org(self):
        return (self.dir / "org").exists()

    # --- what comes in ---

    def report(self, text, answers):
        return self.i.report(text, *answers)

    def template(self, answers):
        """A concern as it goes over the line; it is stored, too."""
        key = answers[-1]
        if key not in self.templates:
            front = Hijacked(self.i)
            seen = []
            front.text = lambda body: (seen.append(body), body)[1]
            self.i.speakup("report", "--yes", "--json", *answers,
                           server=front.url, stdin="junk")
            front.shutdown()
            front.server_close()
            self.templates[key] = next(
                x for x in seen if x.startswith(b"speakup: v1 concern\n"))
        return self.templates[key]

    def junk(self, n, answers):
        """n of them, one of which opens; on one connection."""
        lines, rest = split(self.template(answers))
        link = http.client.HTTPSConnection(
            "127.0.0.1", self.i.port,
            context=ssl.create_default_context(cafile=str(self.i.ca)))
        for _ in range(n - 1):
            for at, line in enumerate(lines):
                if line.startswith((b"case-key: ", b"mailbox: ")):
                    lines[at] = line.split(b" ")[0] + b" " + \
                        os.urandom(32).hex().encode()
            size = sum(int(x.split(b" ")[-1]) for x in lines
                       if x.startswith((b"to: ", b"payload: ")))
            blobs = bytearray(rest[:size])
            blobs[-100] ^= 1
            body = join(lines, bytes(blobs) + rest[size:])
            link.request("POST", "/v1/text", body)
            got = link.getresponse()
            self.assertEqual((got.status, got.read()[:19]),
                             (200, b"speakup: v1 stored\n"))
        link.close()

    # --- what is done with it ---

    def dismiss(self, who, *args, **kw):
        return self.i.ftsu_json(who, "dismiss", "--yes", *args, **kw)

    def rows(self, who=FIRST):
        rows = self.i.ftsu_json(who, "queue", "--all")["cases"]
        return {r["case"]: r for r in rows}

    def row(self, case, who=FIRST):
        return self.rows(who)[case]

    def stands(self, case, who=FIRST):
        row = self.row(case, who)
        return (row["state"], row["flags"])

    def dismissed(self, who=FIRST):
        return [r["case"] for r in self.rows(who).values()
                if r["state"] == "closed" and r["flags"] == ["dismissed"]]

    def inbox_says(self, filed):
        done = self.i.speakup("inbox", stdin=f"{filed['receipt']}\n")
        return " ".join(done.stdout.split())

    def answer(self, filed, text):
        self.i.speakup("reply", stdin=f"{filed['receipt']}\n{text}")

    # --- the tests ---

    def test_flood_is_cleared_and_what_is_meant_comes_back(self):
        self.junk(60, LIGHT)
        known, written, missed = (self.report(f"It is true: {n}.", LIGHT)
                                  for n in ("one", "two", "three"))
        self.i.ftsu(FIRST, "ack", known["case"])
        self.answer(written, "Please do look at it.")
        seen = self.i.ftsu_json(FIRST, "dismiss", "--flood", "--dry-run")
        self.assertEqual((seen["of"], seen["written"], seen["dismissed"]),
                         (61, 1, 0))
        self.assertEqual([(g["band"], g["count"]) for g in seen["groups"]],
                         [("P4", 61)])
        self.assertEqual(self.dismissed(), [])
        done = self.dismiss(FIRST, "--flood")
        self.assertEqual((done["dismissed"], done["waiting"], done["failed"],
                          done["alone"]), (61, 0, 0, 0))
        # the other handlers see them, and who it was
        cleared = self.dismissed(SECOND)
        self.assertEqual(len(cleared), 61)
        self.assertIn(missed["case"], cleared)
        for case in cleared[:3] + [missed["case"]]:
            entries = self.i.ftsu_json(SECOND, "audit", case)["entries"]
            self.assertEqual([(e["kind"], e["name"]) for e in entries[1:]],
                             [("dismiss", NAME)])
        self.assertEqual(self.stands(known["case"]), ("acknowledged", []))
        self.assertEqual(self.stands(written["case"]), ("received", []))
        # the reporter is told, and one word brings it back to everybody
        self.assertIn(f"{NAME} set the concern aside unread, as part of a "
                      "flood of junk", self.inbox_says(missed))
        self.assertIn("any answer brings it back", self.inbox_says(missed))
        self.answer(missed, "No, I mean it.")
        for who in (FIRST, SECOND):
            self.assertEqual(self.stands(missed["case"], who),
                             ("received", ["reopened"]))
        self.assertIsNotNone(self.row(missed["case"])["due"])
        self.assertEqual(self.dismiss(FIRST, "--flood")["of"], 0)
        # and not so soon again: by name, and by two
        done = self.dismiss(FIRST, missed["case"])
        self.assertEqual((done["dismissed"], done["waiting"]), (0, 1))
        self.assertEqual(self.stands(missed["case"]),
                         ("received", ["closing", "reopened"]))
        self.answer(missed, "I do mean it.")
        self.assertEqual(self.stands(missed["case"]),
                         ("received", ["reopened"]))
        self.i.ftsu(SECOND, "ack", missed["case"])
        self.assertEqual(self.stands(missed["case"])[0], "acknowledged")

    def test_a_flood_that_writes_again_is_cleared_again(self):
        """Follow-ups to what was set aside, or was not yet: one line of the
        queue each, and two people clear them all, unread."""
        junk = [self.report(f"Junk {n}.", LIGHT) for n in range(4)]
        talking = self.report("It is true.", LIGHT)
        self.i.ftsu(SECOND, "reply", talking["case"], stdin="Tell me more.")
        for filed in junk[:2]:
            for n in range(5):    # more than fit in one answer
                self.answer(filed, f"And more {n}.")
        self.answer(talking, "More.")
        done = self.dismiss(FIRST, "--flood")
        self.assertEqual((done["of"], done["dismissed"], done["written"]),
                         (2, 2, 3))
        done = self.dismiss(FIRST, "--flood", "--written")
        self.assertEqual((done["of"], done["again"], done["dismissed"],
                          done["alone"]), (3, 3, 2, 1))
        self.assertEqual(self.stands(talking["case"]), ("received", []))
        # they come back, each once, however much is written
        for filed in junk:
            for n in range(2):
                self.answer(filed, f"Again {n}.")
            self.assertEqual(self.stands(filed["case"]),
                             ("received", ["reopened"]))
        done = self.dismiss(FIRST, "--flood", "--written")
        self.assertEqual((done["of"], done["waiting"], done["alone"]),
                         (5, 4, 1))
        self.assertEqual(self.dismiss(SECOND, "--second")["of"], 0)
        # nor is what somebody did not agree to, or handed on, without a word
        self.i.ftsu(SECOND, "decline", junk[0]["case"], "--yes")
        self.i.ftsu(FIRST, "recuse", junk[1]["case"], "--yes")
        done = self.dismiss(FIRST, "--flood", "--written")
        self.assertEqual((done["of"], done["waiting"], done["alone"]),
                         (2, 0, 2))
        done = self.dismiss(SECOND, "--second", "--written")
        self.assertEqual((done["of"], done["dismissed"], done["alone"]),
                         (3, 2, 1))
        for filed in junk[:2]:
            self.assertEqual(self.stands(filed["case"], SECOND)[0], "received")
        for filed in junk[2:]:
            self.assertEqual(self.stands(filed["case"])[0], "closed")
        self.i.ftsu(FIRST, "dismiss", "--written", talking["case"],
                    expect=USAGE)

    def test_filters_pick_and_nothing_else_is_touched(self):
        self.junk(4, LIGHT)
        self.junk(3, GRAVE)
        tomorrow = time.strftime("%Y-%m-%d",
                                 time.gmtime(time.time() + 2 * 86400))
        for args, n in ((["--since", tomorrow], 0), (["--band", "P4"], 4),
                        (["--route", "speak"], None), (["--band", "P1"], 0),
                        (["--since", "2026-13-01"], None),
                        (["--since", "2020-01-01", "--band", "P2"], 3)):
            with self.subTest(args=args):
                if n is None:
                    self.i.ftsu(FIRST, "dismiss", "--flood", "--yes", *args,
                                expect=USAGE)
                    continue
                seen = self.i.ftsu_json(FIRST, "dismiss", "--flood",
                                        "--dry-run", *args)
                self.assertEqual(seen["of"], n)
        route = self.rows()[next(iter(self.rows()))]["route"]
        for number, n in ((route, 7), (route + 1, 0)):
            seen = self.i.ftsu_json(FIRST, "dismiss", "--flood", "--dry-run",
                                    "--route", str(number))
            self.assertEqual(seen["of"], n)
        self.i.ftsu(FIRST, "dismiss", "--yes", expect=USAGE)
        self.dismiss(FIRST, "--flood", "--band", "P4")
        self.assertEqual(len(self.dismissed()), 4)
        self.assertEqual({r["state"] for r in self.rows().values()
                          if r["band"] == "P2"}, {"received"})

    def test_grave_flood_takes_another_who_agrees_to_all(self):
        self.junk(8, GRAVE)
        held = self.report("It is true.", GRAVE)
        meant = self.report("It is true as well.", GRAVE)
        done = self.dismiss(FIRST, "--flood")
        self.assertEqual((done["dismissed"], done["waiting"]), (0, 10))
        rows = self.rows(SECOND)
        self.assertEqual({(r["state"], *r["flags"]) for r in rows.values()},
                         {("received", "closing")})
        self.assertTrue(all(r["due"] for r in rows.values()))
        self.assertIn("wants to set the concern aside unread",
                      self.inbox_says(meant))
        self.answer(meant, "No!")
        self.i.ftsu(SECOND, "hold", held["case"], stdin="A court asks.")
        # nobody agrees with themselves
        done = self.dismiss(FIRST, "--second")
        self.assertEqual((done["of"], done["yours"], done["dismissed"]),
                         (8, 8, 0))
        self.assertEqual(self.dismissed(), [])
        done = self.dismiss(SECOND, "--second")
        self.assertEqual((done["of"], done["dismissed"], done["held"]),
                         (8, 8, 1))
        self.assertEqual(len(self.dismissed()), 8)
        self.assertEqual(self.stands(meant["case"]), ("received", []))
        self.assertEqual(self.stands(held["case"]),
                         ("received", ["held", "closing"]))
        self.assertEqual(self.dismiss(SECOND, "--second")["of"], 0)

    def staff_argv(self, server, *args):
        state = self.i.dir / "staff" / FIRST
        options = self.i.server_options()
        options[1] = server
        self.i.login(FIRST, server=server)
        session = state / ("session-" + server.rsplit("/", 1)[-1])
        return [str(x) for x in
                (self.i.build / "client/ftsu", *args, *options, "--identity",
                 self.i.org / f"staff/{FIRST}.age", "--state", state,
                 "--session-file", session)]

    def watched(self, asked):
        front = Hijacked(self.i)
        front.RequestHandlerClass = Watching
        front.asked = lambda body: None
        argv = self.staff_argv(front.url, "dismiss", "--flood", "--yes",
                               "--json")
        front.asked = asked
        self.addCleanup(front.server_close)
        self.addCleanup(front.shutdown)
        r, w = os.pipe()
        os.write(w, (PASSPHRASE + "\n").encode())
        os.close(w)
        process = subprocess.Popen(
            [*argv, "--passphrase-fd", str(r)], stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, pass_fds=(r,))
        os.close(r)
        return process

    def test_what_was_interrupted_is_gone_on_with(self):
        self.junk(12, LIGHT)
        posts, process = [], []

        def interrupt(body):
            posts.append(body.startswith(b"speakup: v1 post\n"))
            if sum(posts) == 5:
                process[0].send_signal(signal.SIGINT)

        process.append(self.watched(interrupt))
        process[0].communicate(timeout=120)
        self.assertEqual(process[0].returncode, -signal.SIGINT)
        # the fifth was on its way
        end = time.monotonic() + 60
        while len(self.dismissed()) < 5 and time.monotonic() < end:
            time.sleep(0.1)
        before = len(self.dismissed())
        self.assertEqual(before, 5)
        self.assertEqual(self.dismiss(FIRST, "--flood")["dismissed"], 7)
        for case in self.dismissed():
            kinds = [e["kind"] for e in
                     self.i.ftsu_json(FIRST, "audit", case)["entries"]]
            self.assertEqual(kinds, ["concern", "dismiss"])

    def test_what_somebody_takes_up_meanwhile_is_left_alone(self):
        self.junk(4, LIGHT)
        taken = self.report("It is true.", LIGHT)
        answered = self.report("This, too.", LIGHT)
        todo = [lambda: self.i.ftsu(SECOND, "ack", taken["case"]),
                lambda: self.answer(answered, "Do look.")]

        def act(body):
            if body.startswith(b"speakup: v1 case\n"):
                while todo:
                    todo.pop()()

        process = self.watched(act)
        out, err = process.communicate(timeout=120)
        self.assertEqual(process.returncode, DONE, err)
        done = json.loads(out)
        self.assertEqual((done["of"], done["dismissed"], done["alone"]),
                         (6, 4, 2))
        for case in (taken["case"], answered["case"]):
            self.assertIn(f"Case {case} is left alone", " ".join(err.split()))
        self.assertEqual(self.stands(taken["case"]), ("acknowledged", []))
        self.assertEqual(self.stands(answered["case"]), ("received", []))

    def test_a_sample_is_shown_and_the_number_is_typed(self):
        self.junk(2, LIGHT)
        self.report("Look at this line.", LIGHT)
        for typed, code, left in (("2", DECLINED, 0), ("y", DECLINED, 0),
                                  ("3", DONE, 3)):
            r, w = os.pipe()
            os.write(w, (PASSPHRASE + "\n").encode())
            os.close(w)
            os.set_inheritable(r, True)
            person = Person([*self.staff_argv(self.i.url, "dismiss",
                                              "--flood", "--sample", "3"),
                             "--passphrase-fd", str(r)])
            os.close(r)
            person.wait_for("3 of them, drawn by chance:")
            person.wait_for("Look at this line.")
            person.wait_for("Type the number to confirm:")
            self.assertIn("P4", person.seen)
            person.type(typed + "\n")
            self.assertEqual(person.end(), code, person.seen)
            self.assertEqual(len(self.dismissed()), left)

    def test_who_may_not_does_not(self):
        """Somebody of a later rung has none of them; a dismissal is for
        handlers."""
        case = self.report("It is true.", LIGHT)["case"]
        self.i.login(LEAD)
        self.assertEqual(self.dismiss(LEAD, "--flood")["of"], 0)
        self.assertEqual(self.stands(case), ("received", []))


if __name__ == "__main__":
    unittest.main(verbosity=2)
