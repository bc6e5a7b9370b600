#!/usr/bin/env python3
"""A 64 MiB attachment goes up in pieces and down again while the daemon's own
memory (all processes) grows by less than 4 MiB; an upload that is interrupted
goes on where it was."""
import contextlib
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
from instance import GUARDIAN, Instance, build_directory  # noqa: E402

SIZE = 64 << 20
GROWTH_KIB = 4 * 1024


def digest(path):
    with open(path, "rb") as f:
        return hashlib.file_digest(f, "sha256").hexdigest()


class Watch:
    """The most memory that the daemon was seen with."""

    def __init__(self, instance):
        self.instance, self.most, self.over = instance, 0, False

    def look(self):
        while not self.over:
            try:
                self.most = max(self.most, self.instance.own_kib())
            except (OSError, RuntimeError):
                pass   # a process was just ending
            time.sleep(0.05)

    def __enter__(self):
        self.thread = threading.Thread(target=self.look)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over = True
        self.thread.join()


class Attachment(unittest.TestCase):
    def setUp(self):
        self.dir = Path(tempfile.mkdtemp(prefix="speakup-attachment-"))
        self.addCleanup(shutil.rmtree, self.dir, ignore_errors=True)
        # memory that only the test runner's allocator touches is not measured
        os.environ.pop("MALLOC_PERTURB_", None)
        self.instance = Instance(build_directory(), self.dir, fronts=2)
        self.addCleanup(self.instance.stop)
        self.file = self.dir / "recording.bin"
        self.file.write_bytes(os.urandom(SIZE))

    def database_bytes(self):
        size = 0
        for f in self.instance.state.rglob("*"):
            with contextlib.suppress(FileNotFoundError):   # a moment's
                size += f.stat().st_blocks * 512
        return size

    def saved(self, where):
        return next(Path(where).rglob("recording.bin"))

    def test_up_and_down_in_little_memory(self):
        i = self.instance
        for n in range(20):   # what any use costs is not growth
            i.report(f"warm {n}")
        rest = i.own_kib()
        with Watch(i) as watch:
            receipt = i.report("see the recording", "--attach",
                               self.file)["receipt"]
            i.inbox(receipt, "--save", self.dir / "reporter")
            i.login(GUARDIAN)
            case = next(row["case"] for row in i.queue(GUARDIAN)["cases"]
                        if i.ftsu_json(GUARDIAN, "show", row["case"])
                        ["messages"][0]["text"].startswith("see"))
            i.ftsu(GUARDIAN, "show", case, "--save", self.dir / "staff")
        print(f"at rest {rest} KiB, at most {watch.most} KiB",
              file=sys.stderr)
        for where in ("reporter", "staff"):
            self.assertEqual(digest(self.saved(self.dir / where)),
                             digest(self.file))
        if "SPEAKUP_SANITIZED" not in os.environ:
            self.assertLess(watch.most - rest, GROWTH_KIB)

    def test_an_interrupted_upload_goes_on(self):
        i = self.instance
        before = self.database_bytes()
        argv = [str(a) for a in (
            i.build / "client/speakup", "report", *i.server_options(),
            "--yes", "--json", "--attach", self.file)]
        client = subprocess.Popen(argv, stdin=subprocess.PIPE, text=True,
                                  stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE)
        client.stdin.write("it goes on\n")
        client.stdin.close()
        client.stdin = None
        end = time.monotonic() + 60
        while time.monotonic() < end and client.poll() is None:
            if self.database_bytes() > before + (24 << 20):
                break
            time.sleep(0.005)
        self.assertIsNone(client.poll(), "it was still going up")
        os.kill(i.pid_of("vault"), signal.SIGKILL)
        i.process.wait(timeout=30)
        i.start()
        out, errors = client.communicate(timeout=120)
        self.assertEqual(client.returncode, 0, errors)
        receipt = json.loads(out)["receipt"]
        i.inbox(receipt, "--save", self.dir / "back")
        self.assertEqual(digest(self.saved(self.dir / "back")),
                         digest(self.file))


if __name__ == "__main__":
    unittest.main(verbosity=2)
