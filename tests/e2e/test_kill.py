#!/usr/bin/env python3
"""kill -9 of the vault, a front or the parent at random, under load: every
concern that was answered "stored" opens afterwards, no other is half there.

  test_kill.py [ROUNDS [SEED]]     20 rounds by default
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
from instance import GUARDIAN, Failed, Instance, build_directory  # noqa: E402

ROUNDS = int(os.environ.get("SPEAKUP_KILL_ROUNDS", "20"))
SEED = int(os.environ.get("SPEAKUP_KILL_SEED", "0")) or int(time.time())
REPORTERS = 3
NOT_STORED = {4, 5}


class Load:
    """A few reporters who file one concern after the other."""

    def __init__(self, instance):
        self.instance = instance
        self.stored = {}   # receipt -> text
        self.wrong = []
        self.next = 0
        self.over = False
        self.lock = threading.Lock()

    def reporter(self):
        while not self.over:
            with self.lock:
                self.next += 1
                text = f"Concern number {self.next} about the rota.\n"
            try:
                answer = self.instance.report(text)
                with self.lock:
                    self.stored[answer["receipt"]] = text
            except Failed as failed:
                if failed.code not in NOT_STORED:
                    self.wrong.append(failed)
                time.sleep(0.02)

    def __enter__(self):
        self.threads = [threading.Thread(target=self.reporter)
                        for _ in range(REPORTERS)]
        for t in self.threads:
            t.start()
        return self

    def __exit__(self, *_):
        self.over = True
        for t in self.threads:
            t.join()

    def wait_for_another(self):
        """Until one more is stored: a slow machine is killed as often."""
        n, end = len(self.stored), time.monotonic() + 120
        while len(self.stored) == n and not self.wrong:
            if time.monotonic() > end:
                raise RuntimeError("nothing is stored any more")
            time.sleep(0.01)


class Kill(unittest.TestCase):
    def setUp(self):
        self.dir = Path(tempfile.mkdtemp(prefix="speakup-kill-"))
        build = build_directory()
        slow = {"LD_PRELOAD": str(build / "tests/bench/libslowsync.so"),
                "SLOWSYNC_MS": "50"}
        # A slow disk: a kill finds what is answered ahead of its commit. (A
        # sanitizer is to be loaded before all else.)
        if "SPEAKUP_SANITIZED" in os.environ:
            slow = {}
        self.instance = Instance(build, self.dir, fronts=2, env=slow)
        self.addCleanup(shutil.rmtree, self.dir, ignore_errors=True)
        self.addCleanup(self.instance.stop)

    def kill_one(self, role):
        i = self.instance
        before = i.pids()
        os.kill(i.pid_of(role), signal.SIGKILL)
        if role == "front":
            return
        i.process.wait(timeout=30)   # a dead vault ends the service
        for pid in before:
            i.wait_gone(pid)
        i.start()

    def test_what_was_answered_stored_opens_after_kills(self):
        rng = random.Random(SEED)
        print(f"seed {SEED}, {ROUNDS} rounds", file=sys.stderr)
        with Load(self.instance) as load:
            for n in range(ROUNDS):
                load.wait_for_another()
                time.sleep(rng.uniform(0.1, 0.6))
                self.kill_one(rng.choice(("vault", "front", "parent")))
        self.assertEqual([str(w) for w in load.wrong], [])
        self.assertGreaterEqual(len(load.stored), ROUNDS)
        for receipt, text in load.stored.items():
            got = self.instance.inbox(receipt)
            self.assertEqual(got["messages"][0]["text"].strip(), text.strip())
        self.no_case_is_half_there(len(load.stored))

    def no_case_is_half_there(self, at_least):
        """Every row of the queue opens whole, and the store is sound."""
        i = self.instance
        i.login(GUARDIAN)
        rows = i.ftsu_json(GUARDIAN, "queue", "--all")["cases"]
        self.assertGreaterEqual(len(rows), at_least)
        for row in rows:
            i.ftsu(GUARDIAN, "show", "--json", row["case"])
        i.stop()
        done = i.check()
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


if __name__ == "__main__":
    if len(sys.argv) > 1 and sys.argv[1].isdigit():
        ROUNDS = int(sys.argv.pop(1))
        if len(sys.argv) > 1 and sys.argv[1].isdigit():
            SEED = int(sys.argv.pop(1))
    unittest.main(verbosity=2)
