#!/usr/bin/env python3
"""That something waits is heard: by speakup-notify for an urgent concern, and
by a guardian who watches; and neither holds up the end of the service."""
import json
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
from instance import (GUARDIAN, Instance, build_directory)  # noqa: E402


class Waiting(unittest.TestCase):
    def setUp(self):
        self.dir = Path(tempfile.mkdtemp(prefix="speakup-waiting-"))
        self.addCleanup(shutil.rmtree, self.dir, ignore_errors=True)
        self.build = build_directory()
        self.instance = Instance(self.build, self.dir / "i", start=False,
                                 limits={"answer-seconds": 12,
                                         "drain-seconds": 300})
        i = self.instance
        i.config.write_text(i.config.read_text()
                            + f"notify: {self.dir}/notify\n")
        self.addCleanup(i.stop)
        i.start()
        i.login(GUARDIAN)

    def start_notify(self):
        hook = self.dir / "hook"
        hook.write_text(f"#!/bin/sh\necho $1 >>{self.dir}/told\n")
        hook.chmod(0o700)
        config = self.dir / "notify.yaml"
        config.write_text(f"socket: {self.dir}/notify\nhook: {hook}\n")
        process = subprocess.Popen(
            [self.build / "notify/speakup-notify", "-c", config])
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)

    def start_watch(self):
        i = self.instance
        state = i.dir / "staff" / GUARDIAN
        process = subprocess.Popen(
            [i.build / "client/ftsu", "watch", *i.server_options(), "--once",
             "--state", state, "--session-file", state / "session"],
            stdout=subprocess.PIPE, text=True)
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        return process

    def number_of(self, slug):
        """As the policy has it, whose note's body is a line of JSON."""
        note = (self.instance.org / "policy.note").read_text()
        people = json.loads(note.split("\n")[1])["people"]
        return next(str(p["number"]) for p in people if p["slug"] == slug)

    def test_an_urgent_concern_is_heard_by_those_it_is_for(self):
        self.start_notify()
        watch = self.start_watch()
        # longer than other answers may take, and it needs to begin
        time.sleep(15)
        self.assertIsNone(watch.poll())
        filed = time.monotonic()
        self.instance.report("help", "--answer", "at-risk-now=yes")
        self.assertEqual(watch.communicate(timeout=120)[0],
                         "Something is waiting for you.\n")
        # One after the other is told.
        told, numbers = self.dir / "told", []
        while (self.number_of(GUARDIAN) not in numbers
               and time.monotonic() - filed < 120):
            time.sleep(0.2)
            numbers = told.read_text().split() if told.exists() else []
        self.assertIn(self.number_of(GUARDIAN), numbers)
        self.assertEqual(len(set(numbers)), len(numbers))

    def test_who_watches_delays_no_end(self):
        watch = self.start_watch()
        time.sleep(3)
        self.assertIsNone(watch.poll())
        # long before the drain would be over, or it is killed here
        self.assertEqual(self.instance.stop(), 0)

    def test_status_says_how_the_clock_does(self):
        done = subprocess.run(
            [self.build / "client/speakupctl", "status", "--json", "--config",
             self.instance.config], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        said = json.loads(done.stdout)
        self.assertEqual([said[k] for k in ("nobody", "lost", "postponed")],
                         [0, 0, 0])
        health = self.instance.state / "health"
        self.assertEqual(health.stat().st_mode & 0o777, 0o600)

    def test_the_socket_takes_one_peer_that_follows_the_rules(self):
        def connect():
            s = socket.socket(socket.AF_UNIX)
            self.addCleanup(s.close)
            s.settimeout(60)
            s.connect(str(self.dir / "notify"))
            return s

        first, second = connect(), connect()
        self.assertEqual(second.recv(1), b"")
        first.sendall(b"7\n7\n65534\n")
        for wrong in (b"x\n", b"07\n", b"65535\n", b"1234567", b"\n"):
            first.sendall(wrong)
            self.assertEqual(first.recv(1), b"", wrong)
            first.close()
            first = connect()


if __name__ == "__main__":
    unittest.main()
