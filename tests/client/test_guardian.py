#!/usr/bin/env python3
"""A guardian's days, by the commands alone: from triage to the close of a case
with a second person, bands of many cases at once, stepping back, the record, a
concern that was told, and words looked for."""
import contextlib
import csv
import json
import shutil
import stat
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
from instance import Instance, build_directory  # noqa: E402
from machine import begin_within_a_day  # noqa: E402
from test_hijack import UNIT, Hijacked, join, split  # noqa: E402

FIRST, SECOND, LEAD, DEPUTY = ("guardian-east", "guardian-west",
                               "lead-guardian", "deputy-guardian")
DONE, USAGE, NOT_STORED, DECLINED, UNKNOWN = 0, 2, 5, 7, 8


class Guardian(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.dir = Path(tempfile.mkdtemp(prefix="speakup-guardian-"))
        cls.addClassCleanup(shutil.rmtree, cls.dir, ignore_errors=True)
        cls.i = Instance(build_directory(), cls.dir)
        cls.addClassCleanup(cls.i.stop)
        for who in (FIRST, SECOND, LEAD, DEPUTY):
            cls.i.login(who)

    def report(self, text="The rota has a gap.", *args):
        """One in band P2 on the general route, unless said otherwise."""
        return self.i.report(text, *(args or ("--answer",
                                              "element=patient-safety")))

    def show(self, case, who=FIRST):
        return self.i.ftsu_json(who, "show", case)

    def state(self, case, who=FIRST):
        return self.show(case, who)["state"]

    def row(self, case, who=FIRST):
        return next((r for r in self.i.queue(who)["cases"]
                     if r["case"] == case), None)

    def said(self, who, case):
        return " ".join(self.act(who, "show", case).stdout.split())

    def inbox_said(self, filed):
        done = self.i.speakup("inbox", stdin=f"{filed['receipt']}\n")
        return " ".join(done.stdout.split())

    def act(self, who, command, case, *args, text="", expect=DONE):
        return self.i.ftsu(who, command, case, *args, stdin=text,
                           expect=expect)

    # --- a case's life ---

    def test_from_triage_to_a_close_that_needs_two(self):
        filed = self.report()
        case = filed["case"]
        self.act(FIRST, "ack", case)
        self.act(FIRST, "triage", case, "--band", "P1")
        self.assertEqual((self.row(case)["state"], self.row(case)["band"]),
                         ("triaged", "P1"))
        self.act(FIRST, "handle", case)
        self.act(FIRST, "ask", case, text="Which nights?")
        self.assertIn("awaiting", self.row(case)["flags"])
        self.i.speakup("reply", stdin=f"{filed['receipt']}\nFriday.")
        self.assertNotIn("awaiting", self.row(case)["flags"])
        self.act(FIRST, "feedback", case, text="The rota was changed.")
        self.act(FIRST, "close", case, "--message", "-", text="Thank you.")
        self.assertEqual(self.state(case), "feedback")
        self.assertIn("closing", self.row(case)["flags"])
        wants = "Marta Nowak wants to close the case, and a second person"
        for said in (self.said(FIRST, case), self.inbox_said(filed)):
            self.assertIn(wants, said)
            self.assertNotIn("Marta Nowak closed", said)
        done = self.act(FIRST, "second", case, expect=DECLINED)
        self.assertIn("second person", done.stderr)
        self.act(SECOND, "decline", case)
        self.assertNotIn("closing", self.row(case)["flags"])
        self.act(FIRST, "close", case)
        self.act(SECOND, "second", case)
        self.assertEqual(self.state(case), "closed")
        messages = self.i.inbox(filed["receipt"])["messages"]
        self.assertEqual([m["kind"] for m in messages],
                         ["concern", "ack", "ask", "followup", "feedback",
                          "close", "decline", "close", "second"])
        self.assertEqual(messages[5]["text"], "Thank you.")
        for said in (self.said(FIRST, case), self.inbox_said(filed)):
            self.assertEqual(said.count(wants), 2)
        self.act(FIRST, "reopen", case)
        self.assertEqual(self.state(case), "handling")

    def test_a_close_by_one_person_closes_it(self):
        filed = self.report("Dust.", "--answer", "element=none")
        case = filed["case"]
        for step in (("ack",), ("triage", "--band", "P4"), ("handle",),
                     ("close",)):
            self.act(FIRST, step[0], case, *step[1:])
        self.assertEqual(self.state(case), "closed")
        self.assertIn("Marta Nowak closed the case", self.said(FIRST, case))
        self.assertIn("Marta Nowak closed the case, unless it is so serious",
                      self.inbox_said(filed), "they do not see its band")

    def test_what_is_not_allowed_is_said_before_a_text_is_read(self):
        case = self.report()["case"]
        done = self.act(FIRST, "close", case, expect=DECLINED)
        self.assertIn("received", done.stderr)
        self.assertIn("ack", done.stdout)
        self.assertNotIn("feedback,", done.stdout)
        self.act(FIRST, "review", case, text="held", expect=DECLINED)
        self.act(FIRST, "second", case, expect=DECLINED)
        shown = self.show(case)
        self.assertEqual(len(shown["messages"]), 1)
        self.assertIn("ack", shown["may"])
        self.assertNotIn("close", shown["may"])

    def test_show_says_who_reads_and_what_is_next(self):
        case = self.report()["case"]
        said = " ".join(self.act(FIRST, "show", case).stdout.split())
        for words in ("Who can read it", "Marta Nowak", "Amina Okafor",
                      "acknowledged it within 1 working day",
                      "Next deadline (acknowledge): in",
                      "What you can do now:", "talk-0"):
            self.assertIn(words, said)
        self.assertNotIn("ftsu grant", said)
        readers = {r["person"]: r["rung"] for r in self.show(case)["readers"]}
        self.assertEqual((readers[3], readers[4]), (0, 0))
        self.assertGreater(readers[1], 0)

    def test_legal_hold_keeps_a_case_open(self):
        case = self.report()["case"]
        self.act(FIRST, "ack", case)
        self.act(FIRST, "triage", case, "--band", "P3")
        self.act(FIRST, "handle", case)
        self.act(FIRST, "hold", case, text="An inquest.")
        self.act(FIRST, "close", case, expect=DECLINED)
        self.act(FIRST, "release", case)
        self.act(FIRST, "close", case)
        self.assertIn("closing", self.row(case)["flags"],
                      "it came as P2: no other band lets one person close it")
        self.act(SECOND, "second", case)
        self.assertEqual(self.state(case), "closed")

    def test_consent_and_override(self):
        filed = self.report()
        case = filed["case"]
        self.act(FIRST, "ack", case)
        self.act(FIRST, "disclose", case, text="May HR know?")
        self.i.speakup("consent", "--yes", "no",
                       stdin=filed["receipt"] + "\n")
        self.assertNotIn("consented", self.row(case)["flags"])
        self.act(FIRST, "override", case, text="A child is at risk.")
        self.assertIn("overriding", self.row(case)["flags"])
        self.act(SECOND, "second", case)
        self.assertIn("overridden", self.row(case)["flags"])
        kinds = [m["kind"] for m in
                 self.i.inbox(filed["receipt"])["messages"]]
        self.assertEqual(kinds[-2:], ["override", "second"])

    def test_escalation_brings_the_next_rung(self):
        case = self.report()["case"]
        self.assertIsNone(self.row(case, LEAD))
        self.act(FIRST, "escalate", case, text="")
        self.assertIsNotNone(self.row(case, LEAD))
        self.assertIn("Amina Okafor", self.act(FIRST, "show", case).stdout)

    # --- the queue ---

    def test_queue_picks_and_counts(self):
        begin_within_a_day()
        quiet = self.report("Elsewhere.", "--answer", "element=none",
                            "--answer", "area=north")["case"]
        loud = self.report("On the coast.", "--answer", "area=coast",
                           "--answer", "element=patient-safety")["case"]
        self.act(FIRST, "ack", loud)

        def cases(*args):
            return [r["case"] for r in self.i.ftsu_json(
                FIRST, "queue", *args)["cases"]]

        self.assertIn(quiet, cases("--band", "P4"))
        self.assertNotIn(loud, cases("--band", "P4"))
        self.assertIn(loud, cases("--in", "acknowledged"))
        self.assertNotIn(quiet, cases("--in", "acknowledged"))
        self.assertIn(loud, cases("--area", "coast"))
        self.assertNotIn(quiet, cases("--area", "coast"))
        self.assertNotIn(loud, cases("--breached"))
        everything = self.i.ftsu_json(FIRST, "queue", "--all")
        self.assertEqual(everything["open"], sum(
            r["state"] not in ("closed", "withdrawn")
            for r in everything["cases"]))
        row = self.row(loud)
        self.assertGreater(row["due"], time.time())
        self.assertEqual((row["age"], row["given"], row["breached"]),
                         (0, False, False))
        said = self.i.ftsu(FIRST, "queue").stdout
        self.assertRegex(said, rf"{loud}  P2  today  acknowledged  in \d+ ")
        self.act(FIRST, "show", loud[:12])
        self.act(FIRST, "show", loud[:3], expect=USAGE)
        self.act(FIRST, "show", "0" * 12, expect=UNKNOWN)
        self.i.ftsu(FIRST, "queue", "--area", "atlantis", expect=USAGE)
        self.i.ftsu(FIRST, "queue", "--in", "limbo", expect=USAGE)

    def test_queue_says_what_is_overdue(self):
        """A front plays a clock that has gone on."""
        case = self.report("Nobody answered.")["case"]
        front = Hijacked(self.i)
        self.addCleanup(front.server_close)
        self.addCleanup(front.shutdown)
        self.i.login(FIRST, server=front.url)

        def later(body):
            lines, rest = split(body)
            if lines[0] != b"speakup: v1 queue":
                return body
            at = next(n for n, x in enumerate(lines)
                      if x.startswith(b"row: " + case.encode()))
            row = lines[at].split(b" ")
            due = str(int(time.time()) - 50 * 3600).encode()
            row[9:] = [due if x.isdigit() else x for x in row[9:]]
            row[-1] = b"breached"
            lines[at] = b" ".join(row)
            lines[2:3] = [b"breached: 1", b"overdue: 1 3", b"overdue: 2 1"]
            return join(lines, rest).rstrip(b"\0").ljust(UNIT, b"\0")

        front.answered = later
        said = self.i.ftsu(FIRST, "queue", server=front.url).stdout
        self.assertRegex(said, rf"{case} .* 2 days over BREACHED")
        for line in ("1 with a missed deadline.",
                     "3 cases on the route Guardians are overdue. You cannot "
                     "read them.",
                     "1 case on the route Somebody may be at risk is overdue. "
                     "You cannot read it."):
            self.assertIn(line, " ".join(said.split()))
        seen = json.loads(self.i.ftsu(FIRST, "queue", "--json", "--breached",
                                      server=front.url).stdout)
        self.assertEqual([r["case"] for r in seen["cases"]], [case])
        self.assertEqual(seen["overdue"][0]["count"], 3)

    def test_server_and_keys_come_from_the_environment(self):
        state = self.dir / "staff" / FIRST
        env = {**self.i.env, "FTSU_SERVER": self.i.url, "FTSU_IDENTITY":
               str(self.i.org / f"staff/{FIRST}.age")}
        argv = [self.i.build / "client/ftsu", "queue", "--cacert", self.i.ca,
                "--state", state, "--session-file", state / "session"]
        self.i.run(argv, env=env)
        del env["FTSU_SERVER"]
        self.i.run(argv, env=env, expect=USAGE)

    def test_bands_of_many_cases_at_once(self):
        cases = [self.report(f"After the news {n}.", "--answer",
                             "element=attitudes")["case"] for n in range(6)]
        other = self.report("Not this one.")["case"]
        done = self.i.ftsu_json(FIRST, "band", "P4", *cases[:2])
        self.assertEqual(done, {"band": "P4", "changed": 2, "same": 0,
                                "failed": 0})
        done = self.i.ftsu_json(FIRST, "band", "P4", *cases[:3],
                                "0" * 32, expect=NOT_STORED)
        self.assertEqual((done["changed"], done["same"], done["failed"]),
                         (1, 2, 1))
        done = self.i.ftsu_json(FIRST, "band", "P1", "--band", "P3", "--in",
                                "received")
        self.assertEqual(done["failed"], 0)
        bands = {r["case"]: r["band"] for r in
                 self.i.ftsu_json(FIRST, "queue", "--all")["cases"]}
        self.assertEqual([bands[c] for c in cases], ["P4"] * 3 + ["P1"] * 3)
        self.assertEqual(bands[other], "P2")
        self.i.ftsu(FIRST, "band", "P1", expect=USAGE)
        self.i.ftsu(FIRST, "band", "P5", cases[0], expect=USAGE)

    def test_watch_says_one_line_and_nothing_of_the_case(self):
        i = self.i
        hook = self.dir / "hook"
        argv = [i.build / "client/ftsu", "watch", *i.server_options(),
                "--state", self.dir / "staff" / FIRST, "--session-file",
                self.dir / "staff" / FIRST / "session", "--once", "--hook",
                f"env >{hook}; echo \"$0 $*\" >>{hook}"]
        p = subprocess.Popen([str(a) for a in argv],
                             stdin=subprocess.DEVNULL,
                             stdout=subprocess.PIPE, text=True)
        try:
            time.sleep(1)
            for _ in range(3):   # what comes before it first looks is not new
                case = self.report("Something new.")["case"]
                with contextlib.suppress(subprocess.TimeoutExpired):
                    p.wait(timeout=70)
                    break
            self.assertEqual(p.poll(), DONE)
            self.assertEqual(p.stdout.read(), "")
            self.assertNotIn(case, hook.read_text())
        finally:
            p.kill()
            p.wait()
            p.stdout.close()

    # --- the record ---

    def test_record_is_kept_in_versions(self):
        case = self.report("Rota.", "--answer", "element=patient-safety",
                           "--answer", "subcategory=staffing-and-rota",
                           "--answer", "group=paramedic")["case"]
        before = self.i.ftsu_json(FIRST, "record", case)
        self.assertEqual(before, {"kept": False, "record": {
            "elements": "patient-safety", "subcategory": "staffing-and-rota",
            "worker-group": "paramedic"}})
        self.act(FIRST, "record", case, "--set", "outcome=Changed.",
                 expect=DECLINED)      # not acknowledged yet
        self.act(FIRST, "ack", case)
        self.act(FIRST, "record", case, "--set", "outcome=Rota changed.",
                 "--set", "would-speak-up-again=yes")
        self.act(SECOND, "record", case, "--set", "worker-group=", "--set",
                 "learning=Ask earlier.")
        kept = self.i.ftsu_json(FIRST, "record", case)
        self.assertEqual(kept["author"], 4)
        self.assertEqual(kept["record"], {
            "elements": "patient-safety", "subcategory": "staffing-and-rota",
            "outcome": "Rota changed.", "learning": "Ask earlier.",
            "would-speak-up-again": "yes"})
        versions = [m for m in self.show(case)["messages"]
                    if m["kind"] == "record"]
        self.assertEqual(len(versions), 2)
        self.assertIn("worker-group: paramedic\n", versions[0]["text"])
        for bad in ("colour=red", "elements=weather", "outcome"):
            self.act(FIRST, "record", case, "--set", bad, expect=USAGE)

    def edit(self, case, script, expect=DONE):
        editor = self.dir / "editor"
        editor.write_text("#!/bin/sh\n" + script)
        editor.chmod(0o700)
        env = {**self.i.env, "EDITOR": f"{editor} --wait"}
        env.pop("VISUAL", None)
        before = self.i.env
        self.i.env = env
        try:
            return self.act(FIRST, "record", case, "--edit", expect=expect)
        finally:
            self.i.env = before

    def test_record_is_edited_in_a_private_place_and_nothing_stays(self):
        case = self.report()["case"]
        self.act(FIRST, "ack", case)
        trace = self.dir / "trace"
        self.edit(case, f"""
            [ "$1" = --wait ] || exit 1
            stat -c '%a' "$2" "$(dirname "$2")" >{trace}
            stat -f -c '%T' "$2" >>{trace}
            echo "$2" >>{trace}
            sed 's/^outcome:.*/outcome: By an editor./' "$2" >"$2.new" &&
            mv "$2.new" "$2" && cp "$2" "$2~" && chmod 600 "$2"
        """)
        mode, parent, fs, path = trace.read_text().splitlines()
        self.assertEqual((mode, parent, fs), ("600", "700", "tmpfs"))
        self.assertFalse(Path(path).parent.exists())
        self.assertEqual(self.i.ftsu_json(FIRST, "record", case)["record"]
                         ["outcome"], "By an editor.")
        self.edit(case, "exit 1\n", expect=1)
        self.edit(case, 'echo "weather: fine" >"$2"\n', expect=USAGE)

    def test_no_editor_in_a_place_that_others_see(self):
        case = self.report()["case"]
        self.act(FIRST, "ack", case)
        open_place = self.dir / "run"
        open_place.mkdir()
        open_place.chmod(0o755)
        before = self.i.env
        self.i.env = {**before, "XDG_RUNTIME_DIR": str(open_place)}
        try:
            done = self.edit(case, "exit 0\n", expect=1)
        finally:
            self.i.env = before
        self.assertIn("in memory", done.stderr)
        self.assertEqual(list(open_place.iterdir()), [])

    # --- a concern that was told ---

    def test_concern_that_was_told_takes_the_reporters_way(self):
        told = self.i.ftsu_json(
            FIRST, "new", "--yes", "--raised", "confidential", "--answer",
            "element=bullying", "--about", "coast-manager",
            stdin="She rang me.")
        self.assertEqual(told["band"], "P2")
        self.assertFalse(told["kept"])
        shown = self.show(told["case"])["messages"][0]
        self.assertTrue(shown["text"].startswith("raised: confidential\n"))
        self.assertTrue(shown["text"].endswith("She rang me."))
        self.assertIn("element=bullying", shown["answers"])
        self.assertNotIn(20, shown["readers"])
        self.act(FIRST, "reply", told["case"], text="I am on it.")
        seen = self.i.inbox(told["receipt"])["messages"]
        self.assertEqual(seen[1]["text"], "I am on it.")
        self.i.ftsu(FIRST, "new", "--yes", stdin="How?", expect=USAGE)

    def test_receipt_of_a_told_concern_is_kept_in_its_record(self):
        told = self.i.ftsu_json(FIRST, "new", "--yes", "--raised", "open",
                                "--keep-receipt", stdin="In my office.")
        self.assertTrue(told["kept"])
        record = self.i.ftsu_json(SECOND, "record", told["case"])["record"]
        self.assertEqual(record["raised"], "open")
        self.assertEqual(len(self.i.inbox(record["receipt"])["messages"]), 2)
        said = self.i.ftsu(FIRST, "new", "--yes", "--raised", "open",
                           "--keep-receipt", stdin="Again.").stdout
        kept = self.i.ftsu_json(
            FIRST, "record", said.split("case ")[1].split()[0])["record"]
        self.assertNotIn(kept["receipt"], said)

    # --- search ---

    def test_search_finds_in_all_that_one_may_read_and_exports(self):
        case = self.report("The Zeppelin leaks, \"badly\".")["case"]
        self.act(FIRST, "note", case, text="I saw the zeppelin, too.")
        hidden = self.report("A zeppelin over my guardian.", "--about",
                             FIRST)["case"]
        found = self.i.ftsu_json(FIRST, "search", "zeppelin")["found"]
        self.assertEqual([(f["case"], f["chain"], f["seq"]) for f in found],
                         [(case, "talk", 0), (case, "staff", 0)])
        self.assertNotIn(hidden, [f["case"] for f in found])
        both = self.i.ftsu_json(FIRST, "search", "zeppelin", "BADLY")
        self.assertEqual(len(both["found"]), 1)
        out = self.dir / "export"
        self.i.ftsu(FIRST, "search", "zeppelin", "--export", out)
        with (out / "index.csv").open(newline="") as index:
            rows = list(csv.DictReader(index))
        self.assertEqual(len(rows), 2)
        for row in rows:
            self.assertEqual(row["case"], case)
            self.assertIn("eppelin", (out / row["file"]).read_text())
            self.assertEqual(
                stat.S_IMODE((out / row["file"]).stat().st_mode), 0o600)
        self.assertEqual(sorted(p.name for p in out.iterdir()),
                         sorted([r["file"] for r in rows] + ["index.csv"]))

    # --- stepping back, another way ---

    def test_whoever_steps_back_reads_nothing_more(self):
        filed = self.report()
        case = filed["case"]
        self.act(FIRST, "recuse", case, "--yes")
        self.act(FIRST, "show", case, expect=UNKNOWN)
        self.assertIsNone(self.row(case))
        self.i.speakup("reply", stdin=f"{filed['receipt']}\nAfter that.")
        self.act(SECOND, "reply", case, text="I have it.")
        shown = self.show(case, SECOND)
        self.assertNotIn(3, [r["person"] for r in shown["readers"]])
        for message in shown["messages"][2:]:
            self.assertNotIn(3, message.get("readers", []))
        self.assertEqual([m["kind"] for m in shown["messages"]],
                         ["concern", "recuse", "followup", "reply"])

    def test_another_way_brings_its_people(self):
        case = self.report("It was about money.")["case"]
        self.act(FIRST, "ack", case)
        self.i.login("counter-fraud-specialist")
        self.assertIsNone(self.row(case, "counter-fraud-specialist"))
        self.act(FIRST, "route", case, "money")
        shown = self.show(case, "counter-fraud-specialist")
        self.assertEqual(shown["messages"][0]["text"], "It was about money.")
        self.assertEqual(shown["route"], 4)
        # who waited for a rung of the old way is on the new one at once
        self.assertEqual(self.show(case, LEAD)["route"], 4)
        self.act(FIRST, "route", case, "nowhere", expect=USAGE)


if __name__ == "__main__":
    unittest.main(verbosity=2)
