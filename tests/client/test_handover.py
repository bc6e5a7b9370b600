#!/usr/bin/env python3
"""Cases go to somebody else, by the commands alone: a leaver's all at once, to
whom reads them already, never to whom was left out, and to a successor."""
import sys
import tempfile
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
from instance import ROOT, Instance, build_directory  # noqa: E402

FIRST, SECOND, LEAD, DEPUTY = ("guardian-east", "guardian-west",
                               "lead-guardian", "deputy-guardian")
NOT_STORED, UNKNOWN = 5, 8


class Handover(unittest.TestCase):
    """A guardian falls ill: twelve cases, one of them long."""

    def test_leaver_hands_over_everything_in_one_command(self):
        with tempfile.TemporaryDirectory(prefix="speakup-leaver-") as d:
            with Instance(build_directory(), Path(d)) as i:
                self.hand_over(i)

    def hand_over(self, i):
        for who in (FIRST, SECOND, LEAD, DEPUTY):
            i.login(who)
        cases = [i.report(f"Case {n}.", "--answer",
                          "subcategory=sexual-safety") for n in range(12)]
        long = cases[0]
        for n in range(100):
            i.ftsu(DEPUTY, "reply", long["case"], stdin=f"Question {n}?")
            i.ftsu(DEPUTY, "note", long["case"], stdin=f"Note {n}.")
        begun = time.monotonic()
        said = i.ftsu_json(DEPUTY, "handover", "--to", FIRST, "--yes")
        print(f"12 cases, one of 201 messages: "
              f"{time.monotonic() - begun:.1f} s", file=sys.stderr)
        self.assertEqual(said, {"handed_over": 12, "not_theirs": 0,
                                "failed": 0})
        again = i.ftsu_json(DEPUTY, "handover", "--to", FIRST, "--yes")
        self.assertEqual(again["handed_over"], 0)
        # the session of before goes on, and is worth nothing here
        self.assertEqual(i.queue(DEPUTY)["cases"], [])
        for filed in cases:
            i.ftsu(DEPUTY, "show", filed["case"], expect=UNKNOWN)
            shown = i.ftsu_json(FIRST, "show", filed["case"])
            self.assertTrue(all(m["readable"] for m in shown["messages"]
                                if m["kind"] != "handover"))
            self.assertNotIn(2, [r["person"] for r in shown["readers"]])
        shown = i.ftsu_json(FIRST, "show", long["case"])["messages"]
        self.assertEqual(sum(m["kind"] == "note" for m in shown), 100)
        # what comes now is sealed to who has it now
        i.speakup("reply", "--yes", stdin=f"{long['receipt']}\nThank you.")
        last = [m for m in i.ftsu_json(FIRST, "show", long["case"])[
            "messages"] if m["kind"] == "followup"][-1]
        self.assertIn(3, last["readers"])
        self.assertNotIn(2, last["readers"])

    def test_who_reads_it_already_can_take_it_over(self):
        with tempfile.TemporaryDirectory(prefix="speakup-both-") as d:
            with Instance(build_directory(), Path(d)) as i:
                for who in (FIRST, SECOND, DEPUTY):
                    i.login(who)
                self.hand_to_a_reader(i)

    def hand_to_a_reader(self, i):
        over = i.report("Over and done.")["case"]
        for command in ("ack", "triage", "handle", "close"):
            i.ftsu(FIRST, command, over)
        case = i.report("Both guardians have it.")["case"]
        i.ftsu(FIRST, "note", case, stdin="Before.")
        said = i.ftsu_json(FIRST, "handover", "--to", SECOND, "--yes")
        self.assertEqual(said["handed_over"], 1)
        i.ftsu(FIRST, "show", case, expect=UNKNOWN)
        shown = i.ftsu_json(SECOND, "show", case)
        self.assertEqual([m["kind"] for m in shown["messages"]],
                         ["concern", "note", "handover"])
        self.assertEqual([r["case"] for r in i.queue(FIRST)["cases"]], [over])
        # whose place it is no more: said, and nothing happens
        said = i.ftsu_json(SECOND, "handover", "--from", FIRST, "--to",
                           DEPUTY, "--yes")
        self.assertEqual(said, {"handed_over": 0, "not_theirs": 1,
                                "failed": 0})
        # a colleague who reads it can move it for somebody who fell ill
        other = i.report("Another.")["case"]
        said = i.ftsu_json(FIRST, "handover", "--from", SECOND, "--to",
                           DEPUTY, "--yes", other)
        self.assertEqual(said["handed_over"], 1)
        i.ftsu(SECOND, "show", other, expect=UNKNOWN)
        self.assertTrue(i.ftsu_json(DEPUTY, "show", other)["messages"][0]
                        ["readable"])

    def test_nobody_who_was_left_out_is_handed_a_case(self):
        with tempfile.TemporaryDirectory(prefix="speakup-out-") as d:
            with Instance(build_directory(), Path(d)) as i:
                for who in ("ned-lead", "senior-independent-director"):
                    i.login(who)
                case = i.report("About the director.", "--about",
                                "operations-director")["case"]
                for out in ("operations-director", "coast-manager",
                            "investigator-operations"):
                    done = i.ftsu("ned-lead", "handover", "--to", out,
                                  "--yes", expect=NOT_STORED)
                    self.assertIn("NOT handed over", done.stderr)
                self.assertEqual(len(i.ftsu_json("ned-lead", "show", case)
                                     ["messages"]), 1)


NEW = """
  - number: 30
    slug: guardian-new
    name: Ada Quist
    title: Guardian, new
    role: guardian
    reports-to: lead-guardian

form:
"""


class Successor(unittest.TestCase):
    """Somebody becomes a guardian after a case was filed."""

    def test_grant_opens_what_was_sealed_before_they_came(self):
        with tempfile.TemporaryDirectory(prefix="speakup-new-") as d:
            with Instance(build_directory(), Path(d)) as i:
                i.login(FIRST)
                self.grant(i)

    def grant(self, i):
        filed = i.report("Sealed to the guardians of then.")
        case = filed["case"]
        i.ftsu(FIRST, "note", case, stdin="Of then, too.")
        i.keygen("guardian-new")
        policy = (ROOT / "etc/policy.yaml").read_text()
        i.change_policy(policy.replace("\nform:\n", NEW, 1))
        i.login("guardian-new")
        i.ftsu("guardian-new", "show", case, expect=UNKNOWN)
        self.assertIn(30, i.ftsu_json(FIRST, "show", case)["lacking"])
        said = i.ftsu(FIRST, "show", case).stdout
        self.assertIn("ftsu grant CASE guardian-new", " ".join(said.split()))
        i.ftsu(FIRST, "grant", case, "guardian-new")
        shown = i.ftsu_json("guardian-new", "show", case)
        self.assertEqual([m["text"] for m in shown["messages"]
                          if m["readable"]],
                         ["Sealed to the guardians of then.",
                          "Of then, too."])
        self.assertNotIn("ftsu grant", i.ftsu(FIRST, "show", case).stdout)
        i.speakup("reply", "--yes", stdin=f"{filed['receipt']}\nMore.")
        self.assertEqual(i.ftsu_json("guardian-new", "show", case)
                         ["messages"][-1]["text"], "More.")


if __name__ == "__main__":
    unittest.main(verbosity=2)
