#!/usr/bin/env python3
"""A case's chains, as its readers and the reporter verify them: the timeline
of a whole case, and what a server makes of it that drops an entry, moves one or
changes one."""
import json
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
from instance import Instance, build_directory  # noqa: E402
from test_hijack import UNIT, Hijacked, join, split  # noqa: E402

FIRST, SECOND, LEAD, INVESTIGATOR = (
    "guardian-east", "guardian-west", "lead-guardian",
    "investigator-clinical")
USAGE, REFUSED, DECLINED, UNKNOWN = 2, 3, 7, 8
MANY = 100
LENGTH = 4


def heads(body):
    """Lines of an answer, and its messages as (head line, bytes)."""
    lines, rest = split(body)
    messages = []
    for line in (x for x in lines if x.startswith(b"head: ")):
        _, n, envelope, payload, pieces = map(int, line.split(b" ")[1:])
        size = n + envelope + (0 if pieces else payload)
        messages.append((line, rest[:size]))
        rest = rest[size:]
    return [x for x in lines if not x.startswith(b"head: ")], messages


def whole(lines, messages):
    return join(lines + [m[0] for m in messages],
                b"".join(m[1] for m in messages)).ljust(UNIT, b"\0")


def chain_of(lines):
    return next((x for x in lines if x.startswith(b"chain: ")), b"chain: talk")


def on_talk(change):
    """change: of the messages of a talk chain that has LENGTH of them."""
    def answered(body):
        lines, messages = heads(body)
        if chain_of(lines) != b"chain: talk" or not messages:
            return body
        kept = change(messages)
        gone = LENGTH - len(messages) + len(kept)
        return whole([b"count: %d" % gone if x.startswith(b"count: ") else x
                      for x in lines], kept)
    return answered


def number(message, n):
    line = message[0].split(b" ")
    return b" ".join([line[0], b"%d" % n] + line[2:]), message[1]


def dropped(m):
    """The second is gone, and the others are counted anew."""
    return [number(x, n) for n, x in enumerate(m[:1] + m[2:])]


def swapped(m):
    return m[:1] + [number(m[2], 1), number(m[1], 2)] + m[3:]


def without_last(m):
    """Though one among staff was written behind it."""
    return m[:-1]


def unopened(body):
    """The envelope of the third is for nobody, as its author could make it."""
    lines, messages = heads(body)
    if chain_of(lines) != b"chain: talk":
        return body
    for line, content in messages:
        if line.startswith(b"head: 2 "):
            mac = content.index(b"\n--- ", int(line.split(b" ")[2]))
            wrong = bytes([content[mac - 9] ^ 1])
            body = body.replace(
                content, content[:mac - 9] + wrong + content[mac - 8:])
    return body


def forged(m):
    """In the name of somebody else, who reads the case as well."""
    return m[:1] + [(m[1][0], m[1][1].replace(b"author: 3", b"author: 4",
                                              1))] + m[2:]


class Audit(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.dir = Path(tempfile.mkdtemp(prefix="speakup-audit-"))
        cls.addClassCleanup(shutil.rmtree, cls.dir, ignore_errors=True)
        cls.i = Instance(build_directory(), cls.dir)
        cls.addClassCleanup(cls.i.stop)
        cls.front = Hijacked(cls.i)
        cls.addClassCleanup(cls.front.server_close)
        cls.addClassCleanup(cls.front.shutdown)
        for who in (FIRST, SECOND, LEAD, INVESTIGATOR):
            cls.i.login(who)
        cls.i.login(FIRST, server=cls.front.url)

    def setUp(self):
        self.front.text = self.front.policy = self.front.answered = None

    def returns(self, receipt, command, *args, text="", **kw):
        return self.i.speakup(command, *args, stdin=receipt + "\n" + text,
                              **kw)

    def curl(self, path, *more):
        return subprocess.run(
            ["curl", "--silent", "--show-error", "--cacert",
             str(self.i.org / "tls/ca.pem"), *more, self.i.url + path],
            capture_output=True, check=True).stdout

    def test_timeline_of_a_case(self):
        i = self.i
        stored = i.report("the rota")
        case, receipt = stored["case"], stored["receipt"]
        i.ftsu(FIRST, "ack", case)
        i.ftsu(FIRST, "triage", case, "--band", "P3")
        i.ftsu(FIRST, "handle", case)
        i.ftsu(FIRST, "disclose", case, stdin="May I tell the manager?")
        self.returns(receipt, "consent", "yes", "--yes", "--seq", "7",
                     expect=USAGE)
        self.returns(receipt, "consent", "perhaps", expect=USAGE)
        self.returns(receipt, "consent", "yes", "--yes")
        self.returns(receipt, "consent", "yes", "--yes", expect=DECLINED)
        i.ftsu(FIRST, "feedback", case, stdin="The rota was changed.")
        i.ftsu(SECOND, "close", case, stdin="Thank you.")
        self.returns(receipt, "survey", "yes", "--treated-badly", "no",
                     "--yes", text="I would.")
        done = i.ftsu_json(SECOND, "audit", case)
        self.assertTrue(done["whole"])
        self.assertEqual(done["state"], "closed")
        self.assertEqual(
            [(e["kind"], e["state"]) for e in done["entries"]],
            [("concern", "received"), ("ack", "acknowledged"),
             ("triage", "triaged"), ("handle", "handling"),
             ("disclose", "handling"), ("consent", "handling"),
             ("feedback", "feedback"), ("close", "closed"),
             ("survey", "closed")])
        self.assertEqual(done["heads"]["talk"],
                         done["entries"][-1]["link"])
        text = i.ftsu(SECOND, "audit", case).stdout
        self.assertIn("consent, yes", text)
        shown = i.inbox(receipt)["messages"][-1]
        self.assertEqual(shown["answers"], ["again=yes", "detriment=no"])
        self.assertEqual(shown["text"].strip(), "I would.")

    def test_every_reader_computes_the_same_readers(self):
        i = self.i
        stored = i.report("an inquiry")
        case, receipt = stored["case"], stored["receipt"]
        i.ftsu(FIRST, "ack", case)
        i.ftsu(FIRST, "triage", case, "--band", "P3")
        i.ftsu(FIRST, "assign", case, INVESTIGATOR, "--force",
               "--share", "all")
        i.ftsu(INVESTIGATOR, "note", case, stdin="I begin.")
        self.returns(receipt, "reply", "--yes", text="Thank you.")
        for who in (FIRST, SECOND, INVESTIGATOR):
            self.assertTrue(i.ftsu_json(who, "audit", case)["whole"])
        self.assertEqual(i.ftsu_json(INVESTIGATOR, "show", case)
                         ["messages"][0]["text"].strip(), "an inquiry")
        i.ftsu(INVESTIGATOR, "recuse", case, "--yes")
        i.ftsu(INVESTIGATOR, "show", case, expect=UNKNOWN)
        i.ftsu(FIRST, "reply", case, stdin="They stepped back.")
        self.assertTrue(i.ftsu_json(SECOND, "audit", case)["whole"])
        # anew, with envelopes of their own for all of it
        i.ftsu(FIRST, "assign", case, INVESTIGATOR, "--force",
               "--share", "all")
        self.assertTrue(i.ftsu_json(INVESTIGATOR, "audit", case)["whole"])
        self.assertEqual([m["kind"] for m in i.inbox(receipt)["messages"]],
                         ["concern", "ack", "assign", "followup", "recuse",
                          "reply", "assign"])

    def test_who_comes_by_the_ladder_reads_what_was_before(self):
        i = self.i
        case = i.report("nobody answers")["case"]
        i.ftsu(FIRST, "note", case, stdin="I need help.")
        i.ftsu(LEAD, "show", case, expect=UNKNOWN)
        i.ftsu(FIRST, "escalate", case)
        done = i.ftsu_json(LEAD, "audit", case)
        self.assertEqual([(e["chain"], e["kind"]) for e in done["entries"]],
                         [("talk", "concern"), ("staff", "note"),
                          ("staff", "escalate"), ("staff", "event")])
        self.assertIn("joined", done["entries"][-1]["detail"])
        i.ftsu(LEAD, "ack", case)
        self.assertTrue(i.ftsu_json(SECOND, "audit", case)["whole"])

    def test_history_of_many_messages_is_handed_over(self):
        """In several requests, since it does not fit in one."""
        i = self.i
        stored = i.report("long")
        case, receipt = stored["case"], stored["receipt"]
        i.ftsu(FIRST, "ack", case)
        for n in range(MANY):
            i.ftsu(FIRST, "note", case, stdin=f"note {n}")
        i.ftsu(FIRST, "assign", case, INVESTIGATOR, "--force", "--share",
               "all", "--yes")
        shown = i.ftsu_json(INVESTIGATOR, "show", case)["messages"]
        self.assertEqual([m["text"] for m in shown if m["kind"] == "note"],
                         [f"note {n}" for n in range(MANY)])
        i.ftsu(INVESTIGATOR, "handover", case, "--to", SECOND, "--yes")
        i.ftsu(INVESTIGATOR, "show", case, expect=UNKNOWN)
        self.assertTrue(i.ftsu_json(SECOND, "audit", case)["whole"])
        self.returns(receipt, "reply", "--yes", text="Thank you.")

    def test_message_that_does_not_open_keeps_the_case_from_nobody(self):
        """It was sealed to the lead, and nobody can say by which envelope."""
        i = self.i
        i.login(SECOND, server=self.front.url)
        case = i.report("for the lead")["case"]
        i.ftsu(FIRST, "ack", case)
        i.ftsu(FIRST, "reply", case, stdin="This opens for some.")
        i.ftsu(FIRST, "reply", case, stdin="This for all.")
        self.front.answered = unopened
        i.ftsu(SECOND, "handover", case, "--to", LEAD, "--yes",
               server=self.front.url)
        self.front.answered = None
        i.login(SECOND)
        i.ftsu(SECOND, "show", case, expect=UNKNOWN)
        shown = i.ftsu_json(LEAD, "show", case)["messages"]
        self.assertEqual([m["text"].strip() for m in shown
                          if m["kind"] in ("concern", "reply")],
                         ["for the lead", "This opens for some.",
                          "This for all."])
        self.assertTrue(i.ftsu_json(LEAD, "audit", case)["whole"])
        i.ftsu(LEAD, "note", case, stdin="I have it.")
        self.assertTrue(i.ftsu_json(FIRST, "audit", case)["whole"])

    def test_plain_concern_is_given_to_an_investigator(self):
        """Its one header is everybody's; theirs is another."""
        i, d = self.i, self.dir
        (d / "to").write_bytes(self.curl("/v1/plain"))
        (d / "plain").write_text("Sent with age and curl.")
        i.run([i.build / "client/speakup", "seal", "-R", d / "to", "-o",
               d / "plain.age", d / "plain"])
        answer = self.curl("/v1/plain", "--data-binary", f"@{d}/plain.age")
        self.assertTrue(answer.startswith(b"stored"), answer[:80])
        case = next(r["case"] for r in i.queue(FIRST)["cases"]
                    if r["kind"] == "plain")
        i.ftsu(FIRST, "ack", case)
        i.ftsu(FIRST, "assign", case, INVESTIGATOR, "--force", "--share",
               "all", "--yes")
        shown = i.ftsu_json(INVESTIGATOR, "show", case)
        self.assertEqual(shown["messages"][0]["text"],
                         "Sent with age and curl.")
        i.ftsu(INVESTIGATOR, "note", case, stdin="I begin.")
        self.assertEqual(i.ftsu_json(FIRST, "audit", case)["heads"],
                         i.ftsu_json(INVESTIGATOR, "audit", case)["heads"])

    def test_reader_from_now_on(self):
        i = self.i
        case = i.report("what was before")["case"]
        i.ftsu(FIRST, "ack", case)
        i.ftsu(FIRST, "reply", case, stdin="and this")
        i.ftsu(FIRST, "assign", case, INVESTIGATOR, "--force", "--share",
               "from-now", "--yes", "--message", "-", stdin="In short: ...")
        i.ftsu(FIRST, "note", case, stdin="and what came then")
        done = i.ftsu_json(INVESTIGATOR, "show", case)
        self.assertEqual([m["readable"] for m in done["messages"]
                          if m["kind"] in ("concern", "reply", "note")],
                         [False, False, True])
        i.ftsu(INVESTIGATOR, "note", case, stdin="I begin.")
        self.assertTrue(i.ftsu_json(FIRST, "audit", case)["whole"])

    def test_what_a_server_changes_is_named(self):
        i = self.i
        case = i.report("the figures")["case"]
        i.ftsu(FIRST, "ack", case)
        i.ftsu(SECOND, "recuse", case, "--yes")
        i.ftsu(FIRST, "reply", case, stdin="one")
        i.ftsu(FIRST, "note", case, stdin="behind it")
        for change, seq in ((dropped, 1), (swapped, 1), (forged, 1),
                            (without_last, None)):
            self.front.answered = on_talk(change)
            done = self.i.ftsu(FIRST, "audit", "--json", case,
                               expect=REFUSED, server=self.front.url)
            self.front.answered = None
            with self.subTest(change=change.__name__):
                self.assertFalse(json.loads(done.stdout)["whole"])
                if seq is not None:
                    self.assertEqual(json.loads(done.stdout)["refused"]
                                     ["seq"], seq)
                    self.assertIn("talk %d" % seq,
                                  " ".join(done.stderr.split()))


if __name__ == "__main__":
    unittest.main(verbosity=2)
