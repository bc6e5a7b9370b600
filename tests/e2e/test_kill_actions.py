#!/usr/bin/env python3
"""kill -9 of the vault in the middle of assigning, escalating and handing over,
under load: each happened wholly or not at all. Afterwards either the entry is
in the case, and whom it lets in can read everything that was promised, or they
see nothing of it, and the same command does it.

  test_kill_actions.py [ROUNDS [SEED]]     20 rounds by default
"""
import os
import random
import shutil
import signal
import sys
import tempfile
import threading
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
from instance import Failed, Instance, build_directory  # noqa: E402

ROUNDS = int(os.environ.get("SPEAKUP_KILL_ROUNDS", "20"))
SEED = int(os.environ.get("SPEAKUP_KILL_SEED", "0")) or int(time.time())

FIRST, SECOND = "guardian-east", "guardian-west"
INVESTIGATOR, DEPUTY = "investigator-operations", "deputy-guardian"
SUCCESSOR = "safeguarding-lead"   # nothing to the case before
EVERYBODY = (FIRST, SECOND, INVESTIGATOR, DEPUTY, SUCCESSOR)
DONE, UNAVAILABLE, NOT_STORED, UNKNOWN, LOGIN = 0, 4, 5, 8, 9
WORDS = ["The tail lift drops.", "Which vehicle?", "Fleet looks at it.",
         "It is off the road.", "Ask again on Friday."]


class Action:
    """Who does what, whom it lets in, and who sees nothing after it."""

    def __init__(self, by, argv, kind, enters, leaves=None):
        self.by, self.argv, self.kind = by, argv, kind
        self.enters, self.leaves = enters, leaves


def actions(case):
    return [
        Action(FIRST, ("assign", case, INVESTIGATOR, "--share", "all",
                       "--force"), "assign", INVESTIGATOR),
        Action(FIRST, ("escalate", case), "escalate", DEPUTY),
        Action(SECOND, ("handover", "--to", SUCCESSOR, "--yes", case),
               "handover", SUCCESSOR, leaves=SECOND),
    ]


class Load:
    """Somebody who files one concern after the other."""

    def __init__(self, instance):
        self.instance, self.over, self.stored, self.wrong = (
            instance, False, 0, [])

    def run(self):
        while not self.over:
            try:
                self.instance.report("One more about the rota.\n")
                self.stored += 1
            except Failed as failed:
                if failed.code not in (UNAVAILABLE, NOT_STORED):
                    self.wrong.append(str(failed))
                time.sleep(0.05)

    def __enter__(self):
        self.thread = threading.Thread(target=self.run)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over = True
        self.thread.join()


class KillActions(unittest.TestCase):
    def setUp(self):
        self.dir = Path(tempfile.mkdtemp(prefix="speakup-kill-actions-"))
        self.i = Instance(build_directory(), self.dir)
        self.addCleanup(shutil.rmtree, self.dir, ignore_errors=True)
        self.addCleanup(self.i.stop)
        self.usual = {}   # how long a command takes that nobody disturbs
        self.counts = {"wholly": 0, "not at all": 0}

    def act(self, who, command, *args, text="", expect=DONE):
        return self.i.ftsu(who, command, *args, stdin=text, expect=expect)

    def everybody_signs_in(self):
        for who in EVERYBODY:
            self.i.login(who)

    def new_case(self):
        """Some messages in both chains, so that there is much to give."""
        case = self.i.report(WORDS[0], "--answer",
                             "element=worker-safety")["case"]
        self.act(FIRST, "ack", case)
        self.act(FIRST, "triage", case, "--band", "P2")
        self.act(FIRST, "reply", case, text=WORDS[1])
        for words in WORDS[2:]:
            self.act(FIRST, "note", case, text=words)
        return case

    # --- what is so ---

    def seen_by(self, who, case):
        """Their messages; None: to them there is no such case."""
        try:
            return self.i.ftsu_json(who, "show", case)["messages"]
        except Failed as failed:
            self.assertEqual(failed.code, UNKNOWN, str(failed))
            return None

    def is_in_the_case(self, action, case):
        kinds = [m["kind"] for m in self.seen_by(FIRST, case)]
        self.assertLessEqual(kinds.count(action.kind), 1)
        return action.kind in kinds

    def must_be_whole(self, action, case):
        messages = self.seen_by(action.enters, case)
        self.assertIsNotNone(messages)
        said = {m["text"].strip() for m in messages if m.get("text")}
        self.assertLessEqual(set(WORDS), said)
        if action.leaves:
            self.assertIsNone(self.seen_by(action.leaves, case))

    def must_be_nothing(self, action, case):
        self.assertIsNone(self.seen_by(action.enters, case))
        if action.leaves:
            self.assertIsNotNone(self.seen_by(action.leaves, case))

    # --- one round ---

    def run_action(self, action, ended):
        try:
            self.act(action.by, *action.argv)
            ended.append(DONE)
        except Failed as failed:
            ended.append(failed.code)
            self.last = str(failed)

    def kill_the_vault(self):
        i = self.i
        before = i.pids()
        os.kill(i.pid_of("vault"), signal.SIGKILL)
        i.process.wait(timeout=30)   # a dead vault ends the service
        for pid in before:
            i.wait_gone(pid)

    def disturb(self, action, rng):
        """Kills the vault some time while the command runs; how that ended."""
        ended = []
        thread = threading.Thread(target=self.run_action,
                                  args=(action, ended))
        thread.start()
        time.sleep(self.usual[action.kind] * rng.uniform(0.4, 1.5))
        self.kill_the_vault()
        self.i.start()   # it forgot who had signed in: the command ends
        thread.join()
        self.everybody_signs_in()
        self.assertIn(ended[0], (DONE, UNAVAILABLE, NOT_STORED, LOGIN),
                      getattr(self, "last", ""))
        return ended[0]

    def round(self, action, case, rng):
        answer = self.disturb(action, rng)
        if self.is_in_the_case(action, case):
            self.counts["wholly"] += 1
        else:
            self.assertNotEqual(answer, DONE)
            self.counts["not at all"] += 1
            self.must_be_nothing(action, case)
            self.act(action.by, *action.argv)
            self.assertTrue(self.is_in_the_case(action, case))
        self.must_be_whole(action, case)

    def undisturbed(self):
        """Each action once; learns how long it takes."""
        case = self.new_case()
        for action in actions(case):
            self.must_be_nothing(action, case)
            began = time.monotonic()
            self.act(action.by, *action.argv)
            self.usual[action.kind] = time.monotonic() - began
            self.must_be_whole(action, case)

    def test_each_action_happened_wholly_or_not_at_all(self):
        rng = random.Random(SEED)
        print(f"seed {SEED}, {ROUNDS} rounds", file=sys.stderr)
        self.everybody_signs_in()
        with Load(self.i) as load:
            self.undisturbed()
            for n in range(ROUNDS):
                if n % 3 == 0:
                    case = self.new_case()
                self.round(actions(case)[n % 3], case, rng)
        print(f"{self.counts}, {load.stored} concerns beside",
              file=sys.stderr)
        self.assertEqual(load.wrong, [])
        self.assertGreater(load.stored, 0)
        self.i.stop()
        done = self.i.check()
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


if __name__ == "__main__":
    if len(sys.argv) > 1 and sys.argv[1].isdigit():
        ROUNDS = int(sys.argv.pop(1))
        if len(sys.argv) > 1 and sys.argv[1].isdigit():
            SEED = int(sys.argv.pop(1))
    unittest.main(verbosity=2)
