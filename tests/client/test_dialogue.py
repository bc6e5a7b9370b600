#!/usr/bin/env python3
"""A concern from the first word to the withdrawal, by the commands alone: both
sides of the dialogue, two guardians at once, what a receipt brings back, and
what the token cannot do."""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
from instance import Failed, Instance, build_directory  # noqa: E402

FIRST, SECOND = "guardian-east", "guardian-west"
BOARD = "ned-lead"
USAGE, REFUSED, UNAVAILABLE, NOT_STORED = 2, 3, 4, 5
SECRET, UNKNOWN, LOGIN = 6, 8, 9


class Dialogue(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.dir = Path(tempfile.mkdtemp(prefix="speakup-dialogue-"))
        cls.addClassCleanup(shutil.rmtree, cls.dir, ignore_errors=True)
        cls.i = Instance(build_directory(), cls.dir)
        cls.addClassCleanup(cls.i.stop)
        for who in (FIRST, SECOND, BOARD):
            cls.i.login(who)

    def texts(self, messages):
        return [m.get("text", "").strip() for m in messages]

    def kinds(self, messages):
        return [m["kind"] for m in messages]

    def reply(self, receipt, text, *args, **kw):
        return self.i.speakup("reply", *args, stdin=f"{receipt}\n{text}",
                              **kw)

    def test_whole_dialogue(self):
        i = self.i
        filed = i.report("The rota has a gap.", "--answer",
                         "element=patient-safety", "--answer", "area=coast")
        self.assertTrue(filed["stored"])
        self.assertEqual(len(filed["receipt"].split()), 12)
        case = filed["case"]
        row = next(r for r in i.queue(FIRST)["cases"] if r["case"] == case)
        self.assertEqual((row["state"], row["kind"], row["talk"]),
                         ("received", "sealed", 1))
        i.ftsu(FIRST, "ack", case)
        i.ftsu(FIRST, "reply", case, stdin="Which nights?")
        self.reply(filed["receipt"], "Tuesday and Friday.")
        i.ftsu(SECOND, "note", case, stdin="I know this rota.")
        seen = i.inbox(filed["receipt"])
        self.assertEqual(self.kinds(seen["messages"]),
                         ["concern", "ack", "reply", "followup"])
        self.assertEqual(self.texts(seen["messages"]),
                         ["The rota has a gap.", "", "Which nights?",
                          "Tuesday and Friday."])
        shown = i.ftsu_json(FIRST, "show", case)
        self.assertEqual(self.kinds(shown["messages"]),
                         ["concern", "ack", "reply", "followup", "note"])
        self.assertIn("element=patient-safety",
                      shown["messages"][0]["answers"])
        self.assertEqual(shown["messages"][4]["text"], "I know this rota.")
        i.speakup("withdraw", "--yes", stdin=filed["receipt"] + "\n")
        self.assertTrue(i.inbox(filed["receipt"])["withdrawn"])
        self.assertTrue(i.ftsu_json(FIRST, "show", case)["withdrawn"])

    def test_withdrawn_before_acknowledgement_is_gone(self):
        i = self.i
        filed = i.report("I think better of it.")
        i.speakup("withdraw", "--yes", stdin=filed["receipt"] + "\n")
        with self.assertRaises(Failed) as failed:
            i.inbox(filed["receipt"])
        self.assertEqual(failed.exception.code, UNKNOWN)
        i.ftsu(FIRST, "show", filed["case"], expect=UNKNOWN)
        self.assertNotIn(filed["case"],
                         [r["case"] for r in i.queue(FIRST)["cases"]])

    def test_two_guardians_at_once_both_succeed(self):
        i, done = self.i, []
        case = i.report("Two will answer.")["case"]

        def write(who, n):
            done.append(i.ftsu(who, "reply", case, stdin=f"{who} {n}"))

        threads = [threading.Thread(target=write, args=(who, n))
                   for n in range(3) for who in (FIRST, SECOND)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        self.assertEqual(len(done), 6)
        shown = i.ftsu_json(FIRST, "show", case)["messages"]
        self.assertEqual(sorted(self.texts(shown)[1:]),
                         sorted(f"{who} {n}" for n in range(3)
                                for who in (FIRST, SECOND)))

    def test_receipt_alone_on_another_machine(self):
        i = self.i
        filed = i.report("It began in spring.")
        i.ftsu(FIRST, "reply", filed["case"], stdin="Tell me more.")
        home = self.dir / "elsewhere"
        home.mkdir()
        env = {"HOME": str(home), "XDG_STATE_HOME": str(home),
               "PATH": os.environ["PATH"]}
        words = filed["receipt"].upper().replace(" ", "   ")
        seen = i.inbox(words, env=env, cwd=home)
        self.assertEqual(self.texts(seen["messages"])[1], "Tell me more.")
        self.reply(" ".join(w[:4] for w in filed["receipt"].split()),
                   "There is more.", env=env, cwd=home)
        self.assertEqual(self.texts(i.inbox(filed["receipt"])["messages"])[2],
                         "There is more.")
        self.assertEqual(list(home.rglob("*")), [])   # nothing is left there

    def test_wrong_receipt_is_said(self):
        i = self.i
        for words, code in (("abandon " * 11 + "about", UNKNOWN),
                            ("abandon " * 12, SECRET), ("hello", SECRET)):
            with self.assertRaises(Failed) as failed:
                i.inbox(words)
            self.assertEqual(failed.exception.code, code)

    def test_case_of_others_does_not_exist(self):
        case = self.i.report("Not for the board yet.")["case"]
        self.i.ftsu(BOARD, "show", case, expect=UNKNOWN)
        self.i.ftsu(BOARD, "ack", case, expect=UNKNOWN)
        self.assertNotIn(case, [r["case"]
                                for r in self.i.queue(BOARD)["cases"]])

    def test_person_it_is_about_is_left_out(self):
        i = self.i
        filed = i.report("It is about my guardian.", "--about", FIRST)
        i.ftsu(FIRST, "show", filed["case"], expect=UNKNOWN)
        shown = i.ftsu_json(BOARD, "show", filed["case"])
        numbers = shown["messages"][0]["readers"]
        self.assertNotIn(3, numbers)   # guardian-east
        self.assertIn(0, numbers)      # the reporter

    def test_attachments_come_back_as_they_were(self):
        i = self.i
        small, large = self.dir / "shift.csv", self.dir / "film.bin"
        small.write_bytes(b"mon,1\n")
        large.write_bytes(os.urandom(700000))
        filed = i.report("See both.", "--attach", small, "--attach", large)
        saved = self.dir / "saved"
        i.ftsu(FIRST, "show", filed["case"], "--save", saved)
        talk = saved / "talk-000-concern"
        self.assertEqual((talk / "attachments/shift.csv").read_bytes(),
                         small.read_bytes())
        self.assertEqual((talk / "attachments/film.bin").read_bytes(),
                         large.read_bytes())
        self.assertEqual((talk / "message.txt").read_text(), "See both.")
        self.assertEqual(list(saved.glob(".partial*")), [])
        back = self.dir / "back"
        i.inbox(filed["receipt"], "--save", back)
        self.assertEqual((back / "talk-000-concern/attachments/film.bin")
                         .read_bytes(), large.read_bytes())

    def test_session_is_needed_and_ends(self):
        i, who = self.i, "deputy-guardian"
        i.ftsu(who, "queue", expect=LOGIN)
        i.login(who)
        i.ftsu(who, "queue")
        session = self.dir / "staff" / who / "session"
        self.assertEqual(session.stat().st_mode & 0o777, 0o600)
        kept = session.read_text()
        i.ftsu(who, "logout")
        self.assertFalse(session.exists())
        session.write_text(kept)
        i.ftsu(who, "queue", expect=LOGIN)

    def test_session_goes_to_no_other_server(self):
        """One that shows the same roots and policy, which are public."""
        i, who = self.i, "deputy-guardian"
        other = f"localhost:{i.port}"
        i.login(who)
        state = self.dir / "staff" / who
        shutil.copy(state / "session", state / f"session-{other}")
        i.ftsu(who, "queue", server=f"https://{other}", expect=LOGIN)
        shutil.copy(state / "session", state / "session-")
        i.ftsu(who, "queue", server=f"{i.url}/")
        i.ftsu(who, "logout")

    def test_queue_goes_by_pages(self):
        i = self.i
        for n in range(5):
            i.report(f"page {n}")
        whole = [r["case"] for r in i.queue(FIRST)["cases"]]
        pages = i.ftsu_json(FIRST, "queue", "--all", "--limit", "2")
        self.assertEqual([r["case"] for r in pages["cases"]], whole)
        one = i.ftsu_json(FIRST, "queue", "--limit", "2")
        self.assertEqual([r["case"] for r in one["cases"]], whole[:2])
        self.assertTrue(one["more"])
        self.assertEqual(whole, sorted(set(whole), key=whole.index))

    def test_answers_that_the_form_does_not_have(self):
        for args in (["--answer", "element=nothing-like-it"],
                     ["--answer", "colour=red"], ["--about", "nobody"],
                     ["--answer", "area=coast", "--answer", "area=north"]):
            with self.assertRaises(Failed) as failed:
                self.i.report("text", *args)
            self.assertEqual(failed.exception.code, USAGE)

    def test_proof_is_saved_for_its_owner_only(self):
        proof = self.dir / "proof"
        self.i.report("Keep the proof.", "--save-proof", proof)
        self.assertTrue(proof.read_text().startswith("speakup/stored/v1\n"))
        self.assertEqual(proof.stat().st_mode & 0o777, 0o600)


class Token(unittest.TestCase):
    """The mailbox token reads; it signs nothing."""

    def test_token_alone_cannot_write(self):
        with tempfile.TemporaryDirectory(prefix="speakup-token-") as d:
            with Instance(build_directory(), Path(d)) as i:
                self.forge(i, Path(d))

    def exchange(self, i, d, preamble, blobs=b""):
        body = (preamble + "\n").encode() + blobs
        (d / "body").write_bytes(body.ljust(49152, b"\0"))
        done = subprocess.run(
            ["curl", "-sS", "--cacert", i.ca, "--data-binary",
             f"@{d}/body", i.url + "/v1/text"], capture_output=True,
            check=True)
        return done.stdout

    def forge(self, i, d):
        filed = i.report("Only the receipt may withdraw this.")
        entry = (f"speakup/entry/v1\ncase: {filed['case']}\nchain: talk\n"
                 f"seq: 1\nprev: {'0' * 64}\nkind: withdraw\n"
                 f"author: reporter\ncontent: {'0' * 64}\n\n"
                 f"\u2014 speakup/case/{filed['case']} "
                 + "A" * 90 + "A=\n").encode()
        answer = self.exchange(
            i, d, f"speakup: v1 withdraw\nentry: {len(entry)}\n", entry)
        self.assertIn(json.loads(answer)["error"],
                      ("bad-signature", "bad-bundle"))
        self.assertFalse(i.inbox(filed["receipt"])["withdrawn"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
