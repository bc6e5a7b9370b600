#!/usr/bin/env python3
"""A case is given to an investigator: who could, how much they get, what they
take with them, their report, and the review that findings of conduct need."""
import shutil
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
from instance import Instance, build_directory  # noqa: E402

FIRST, SECOND, BOARD = "guardian-east", "guardian-west", "ned-lead"
CLINICAL, CONDUCT, OPERATIONS = ("investigator-clinical",
                                 "investigator-conduct",
                                 "investigator-operations")
EXECUTIVE = "people-director"
DONE, USAGE, REFUSED, DECLINED, UNKNOWN = 0, 2, 3, 7, 8
CASELOAD = 8   # of etc/policy.yaml


class Investigator(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.dir = Path(tempfile.mkdtemp(prefix="speakup-investigator-"))
        cls.addClassCleanup(shutil.rmtree, cls.dir, ignore_errors=True)
        cls.i = Instance(build_directory(), cls.dir)
        cls.addClassCleanup(cls.i.stop)
        for who in (FIRST, SECOND, BOARD, CLINICAL, CONDUCT, OPERATIONS,
                    EXECUTIVE):
            cls.i.login(who)

    def file(self, name, text):
        path = self.dir / name
        path.write_text(text)
        return path

    def act(self, who, command, *args, text="", expect=DONE):
        return self.i.ftsu(who, command, *args, stdin=text, expect=expect)

    def triaged(self, *answers, by=FIRST, text="The rota has a gap."):
        filed = self.i.report(text, *answers)
        self.act(by, "ack", filed["case"])
        self.act(by, "triage", filed["case"], "--band", "P2")
        return filed

    def rota(self):
        return self.triaged("--answer", "subcategory=staffing-and-rota",
                            "--answer", "area=coast", "--answer",
                            "element=patient-safety")

    def candidates(self, who, case):
        return {c["slug"]: c for c in self.i.ftsu_json(
            who, "investigators", case)["investigators"]}

    def texts(self, who, case):
        return [m["text"].strip() for m in self.i.ftsu_json(
            who, "show", case)["messages"] if m["readable"]]

    # --- who could ---

    def test_who_is_trained_for_it(self):
        case = self.rota()["case"]
        found = self.candidates(FIRST, case)
        self.assertEqual({s for s, c in found.items() if c["eligible"]},
                         {OPERATIONS})
        self.assertIn("not trained for staffing-and-rota",
                      found[CLINICAL]["why"])
        said = self.act(FIRST, "investigators", case).stdout
        self.assertLess(said.index("Siobhan Kelly"), said.index("Could not"))
        # a guardian may know better what it is about
        self.act(FIRST, "record", case, "--set", "subcategory=medicines")
        found = self.candidates(FIRST, case)
        self.assertTrue(found[CLINICAL]["eligible"])
        self.assertFalse(found[OPERATIONS]["eligible"])

    def test_training_may_be_passed_over_and_exclusion_never(self):
        case = self.triaged("--answer", "subcategory=staffing-and-rota",
                            "--about", "operations-director",
                            by=BOARD)["case"]
        found = self.candidates(BOARD, case)
        self.assertIn("left out", found[OPERATIONS]["why"])
        for force in ([], ["--force"]):
            self.act(BOARD, "assign", case, OPERATIONS, "--share", "all",
                     *force, expect=REFUSED)
        self.act(BOARD, "assign", case, CLINICAL, "--share", "all",
                 expect=DECLINED)
        self.act(BOARD, "assign", case, CLINICAL, "--share", "all",
                 "--force")
        self.act(OPERATIONS, "show", case, expect=UNKNOWN)
        self.act(CLINICAL, "show", case)

    def test_whoever_has_enough_cases_is_not_given_more(self):
        for _ in range(CASELOAD):
            case = self.triaged("--answer", "subcategory=racism")["case"]
            self.act(FIRST, "assign", case, CONDUCT, "--share", "from-now")
        case = self.triaged("--answer", "subcategory=racism")["case"]
        found = self.candidates(FIRST, case)
        self.assertFalse(found[CONDUCT]["eligible"])
        self.assertIn("as many cases", found[CONDUCT]["why"])
        self.assertEqual(list(found)[-1], CONDUCT)   # the busiest
        self.act(FIRST, "assign", case, CONDUCT, "--share", "all",
                 expect=DECLINED)
        self.act(FIRST, "assign", case, CONDUCT, "--share", "all", "--force")

    # --- how much ---

    def test_share_is_all_some_or_none_of_what_was_written(self):
        case = self.rota()["case"]
        self.act(FIRST, "reply", case, text="Which nights?")
        self.act(FIRST, "note", case, text="I know this rota.")
        self.act(FIRST, "assign", case, OPERATIONS, expect=USAGE)
        self.act(FIRST, "assign", case, OPERATIONS, "--share", "selected",
                 expect=USAGE)
        self.act(FIRST, "assign", case, OPERATIONS, "--share", "selected",
                 "--pick", "talk-99", expect=USAGE)
        self.act(FIRST, "assign", case, OPERATIONS, "--share", "selected",
                 "--pick", "0", "--pick", "staff-1", "--summary",
                 self.file("summary", "Two gaps a week."))
        self.assertEqual(self.texts(OPERATIONS, case),
                         ["The rota has a gap.", "I know this rota.",
                          "Two gaps a week."])
        self.act(FIRST, "assign", case, "hr-partner", "--share", "from-now")
        self.i.login("hr-partner")
        self.assertEqual(self.texts("hr-partner", case), [])
        self.act(FIRST, "note", case, text="For both of you.")
        for who in (OPERATIONS, "hr-partner"):
            self.assertEqual(self.texts(who, case)[-1], "For both of you.")
        self.assertEqual(self.i.ftsu_json(FIRST, "show", case)["state"],
                         "assigned")

    def test_who_waits_for_a_rung_can_be_let_in_by_name(self):
        case = self.rota()["case"]
        self.i.login("deputy-guardian")
        self.act("deputy-guardian", "show", case, expect=UNKNOWN)
        self.act(FIRST, "assign", case, "deputy-guardian", "--share", "all")
        self.assertEqual(self.texts("deputy-guardian", case),
                         ["The rota has a gap."])
        self.act(FIRST, "assign", case, "deputy-guardian", "--share", "all",
                 expect=DECLINED)

    # --- an investigation ---

    def test_assign_pull_report_review(self):
        filed = self.rota()
        case, other = filed["case"], self.rota()["case"]
        self.act(FIRST, "assign", case, OPERATIONS, "--share", "all",
                 "--message", self.file("kind", "We look into it."),
                 "--expected", "2099-01-31", "--terms",
                 self.file("terms", "Look at May."))
        row = next(r for r in self.i.queue(FIRST)["cases"]
                   if r["case"] == case)
        self.assertEqual((row["state"], row["given"]), ("terms", False))
        told = [m for m in self.i.inbox(filed["receipt"])["messages"]
                if m["kind"] == "assign"][0]
        self.assertEqual((told["text"], told["answers"]),
                         ("We look into it.", ["expected=2099-01-31"]))
        self.pull(case, other)
        self.act(OPERATIONS, "evidence", case)
        self.act(OPERATIONS, "report", case, text="So.", expect=USAGE)
        self.act(OPERATIONS, "report", case, "--conduct", "yes",
                 text="Somebody removed the log.")
        self.no_way_around_the_review(case)
        self.act(FIRST, "assign", case, EXECUTIVE, "--share", "all")
        self.act(EXECUTIVE, "review", case, text="Held on Monday.")
        self.act(FIRST, "action", case, "--conduct", "yes")
        self.act(FIRST, "feedback", case, text="It was looked into.")
        self.act(FIRST, "close", case)
        self.act(SECOND, "second", case)
        self.assertEqual(self.i.ftsu_json(FIRST, "show", case)["state"],
                         "closed")

    def pull(self, case, other):
        sealed, opened = self.dir / "sealed", self.dir / "opened"
        done = self.i.ftsu_json(OPERATIONS, "pull", "--sealed", sealed,
                                "--open", opened)
        self.assertIn(case, done["cases"])
        self.assertNotIn(other, done["cases"])
        names = sorted(p.name for p in sealed.glob(f"{case}-*"))
        self.assertIn(f"{case}-talk-0000.age", names)
        self.assertTrue((sealed / names[0]).read_bytes().startswith(
            b"age-encryption.org/v1\n"))
        self.assertEqual(list(sealed.glob(f"{other}*")), [])
        self.assertEqual(
            (opened / case / "talk-000-concern/message.txt").read_text(),
            "The rota has a gap.")
        self.act(OPERATIONS, "show", other, expect=UNKNOWN)
        again = self.i.ftsu_json(OPERATIONS, "pull", "--sealed", sealed)
        self.assertEqual(again, done)
        both = self.dir / "both"
        self.i.ftsu_json(OPERATIONS, "pull", "--open", both)
        self.assertTrue((both / f"{case}-talk-0000.age").is_file())
        self.assertTrue((both / case).is_dir())
        # a guardian reads by the route, and was given nothing
        mine = self.i.ftsu_json(FIRST, "pull", "--sealed", self.dir / "none")
        self.assertEqual(mine["cases"], [])

    def no_way_around_the_review(self, case):
        for who, command in ((FIRST, "action"), (OPERATIONS, "review"),
                             (FIRST, "feedback"), (FIRST, "close")):
            args = ["--conduct", "no"] if command == "action" else []
            self.act(who, command, case, *args, text="x", expect=DECLINED)

    def test_guardians_cannot_be_left_out_by_a_summary(self):
        """What goes to the new reader goes to all who read the case."""
        case = self.rota()["case"]
        self.act(FIRST, "assign", case, OPERATIONS, "--share", "from-now",
                 "--summary", self.file("s", "Only this."))
        self.assertIn("Only this.", self.texts(SECOND, case))
        self.assertEqual(self.texts(OPERATIONS, case), ["Only this."])


if __name__ == "__main__":
    unittest.main(verbosity=2)
