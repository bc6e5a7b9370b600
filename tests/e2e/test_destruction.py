#!/usr/bin/env python3
"""speakupctl epoch: what was destroyed opens with no key that is left, from the
store, its old pages, or an old backup; everything else does. And however it is
killed, the store opens, and the command run again finishes."""
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
from instance import Instance, build_directory  # noqa: E402

DONE, FAILED, SECRET, UNKNOWN = 0, 1, 6, 8
WORDS = [f"The {mark} was seen at the depot again.\n"
         for mark in ("wombat8841", "numbat8842", "bilby8843")]
GONE = 1
SANITIZED = os.environ.get("SPEAKUP_SANITIZED") == "1"
ROUNDS_AT_RANDOM = 8


class Epoch(unittest.TestCase):
    def setUp(self):
        self.dir = Path(tempfile.mkdtemp(prefix="speakup-epoch-"))
        self.i = Instance(build_directory(), self.dir)
        self.addCleanup(shutil.rmtree, self.dir, ignore_errors=True)
        self.addCleanup(self.i.stop)
        self.key = self.i.org / "keys/store.key"
        self.data = self.i.state / "db/data.mdb"

    def ctl(self, *args, expect=DONE, **kw):
        done = subprocess.run(
            [str(a) for a in (self.i.build / "client/speakupctl", *args)],
            capture_output=True, text=True, stdin=subprocess.DEVNULL, **kw)
        if expect is not None:
            self.assertEqual(done.returncode, expect,
                             done.stdout + done.stderr)
        return done

    def config(self):
        return ("--config", self.i.config)

    def pages(self, key, *files):
        """What a thief with this key gets from these files: the number of
        epoch keys, and of each case how many records open."""
        done = self.i.run([self.i.build / "tests/store/pages", key, *files])
        return (int(re.search(r"^epochs (\d+)$", done.stdout, re.M)[1]),
                {case: int(n) for case, n in re.findall(
                    r"^case (\w+) (\d+)$", done.stdout, re.M)})

    # --- what is destroyed ---

    def test_no_key_that_is_left_opens_what_was_destroyed(self):
        i = self.i
        filed = [i.report(words) for words in WORDS]
        cases = [f["case"] for f in filed]
        self.ctl("backup", *self.config(), self.dir / "backups")
        backup = next((self.dir / "backups").iterdir())
        i.speakup("withdraw", "--yes",
                  stdin=filed[GONE]["receipt"] + "\n")
        i.stop()
        with tempfile.TemporaryDirectory(prefix="speakup-thief-") as thief:
            self.compare(cases, backup, Path(thief))
        i.start()
        for n, f in enumerate(filed):
            if n == GONE:
                i.inbox(f["receipt"], expect=UNKNOWN)
            else:
                text = i.inbox(f["receipt"])["messages"][0]["text"]
                self.assertEqual(text.strip(), WORDS[n].strip())
        again = i.report("One more, after it.\n")
        self.assertTrue(i.inbox(again["receipt"])["messages"])

    def compare(self, cases, backup, thief):
        """thief: what somebody copied before: the key, and the disk with its
        old pages."""
        old_key, disk = thief / "old.key", thief / "disk"
        shutil.copy(self.key, old_key)
        shutil.copy(self.data, disk)
        living = set(cases) - {cases[GONE]}
        self.ctl("epoch", *self.config())
        # the old key, as a control: it opens the destroyed case
        epochs, found = self.pages(old_key, backup, disk)
        self.assertEqual(epochs, 1)
        self.assertEqual(set(found), set(cases))
        self.assertGreater(found[cases[GONE]], 5)
        # and its old pages are still on the disk
        self.assertGreater(self.pages(old_key, disk)[1][cases[GONE]], 5)
        # the old key, and the store of after: nothing
        self.assertEqual(self.pages(old_key, self.data), (0, {}))
        # the new key, with all there is: the living cases, in every file
        epochs, found = self.pages(self.key, self.data, backup, disk)
        self.assertEqual(epochs, 1)
        self.assertEqual(set(found), living)
        self.assertGreater(min(found.values()), 5)
        # the new key and what is older: nothing
        self.assertEqual(self.pages(self.key, backup, disk), (0, {}))
        self.ctl("check", *self.config(), backup, expect=SECRET)
        self.ctl("check", *self.config(), disk, expect=SECRET)
        self.nothing_is_left(old_key.read_text().strip())

    def nothing_is_left(self, old_key):
        needles = [old_key.encode(), bytes.fromhex(old_key)]
        needles += [w.strip().encode() for w in WORDS]
        needles += [w.split()[1].encode() for w in WORDS]
        seen = 0
        for path in self.dir.rglob("*"):
            if path.is_file():
                data = path.read_bytes()
                seen += len(data)
                for needle in needles:
                    self.assertNotIn(needle, data, f"{needle!r} in {path}")
        self.assertGreater(seen, 100000)

    # --- keys ---

    def test_a_running_daemon_and_a_key_of_another_are_refused(self):
        before = self.key.read_bytes()
        self.ctl("epoch", *self.config(), expect=FAILED)
        self.i.stop()
        other = self.dir / "other.key"
        self.ctl("key", "new", "--kind", "store", "--out", other)
        self.ctl("epoch", *self.config(), "--store-key", other,
                 expect=SECRET)
        self.ctl("epoch", *self.config(), "--new-key", self.key,
                 expect=FAILED)
        self.assertEqual(self.key.read_bytes(), before)
        self.assertEqual([p for p in self.key.parent.iterdir()
                          if ".new" in p.name], [])
        self.ctl("check", *self.config())

    def test_a_key_that_is_given_becomes_the_stores(self):
        self.i.stop()
        given = self.dir / "given.key"
        self.ctl("key", "new", "--kind", "store", "--out", given)
        old = self.key.read_bytes()
        link = self.dir / "link.key"   # what it names has to go, not the name
        link.symlink_to(self.key)
        self.ctl("epoch", *self.config(), "--store-key", link, "--new-key",
                 given)
        self.assertEqual(self.key.read_bytes(), given.read_bytes())
        self.assertEqual(self.key.stat().st_mode & 0o7777, 0o600)
        self.ctl("check", *self.config())
        # both decrypted once more, after a power cut
        self.key.write_bytes(old)
        self.ctl("epoch", *self.config(), expect=SECRET)
        self.ctl("epoch", *self.config(), "--new-key", given)
        self.assertEqual(self.key.read_bytes(), given.read_bytes())
        self.ctl("check", *self.config())

    # --- killed ---

    def start_epoch(self, at):
        """Killed at its n-th sync or rename; under a sanitizer, which does not
        bear a library before it, after some time."""
        argv = [str(self.i.build / "client/speakupctl"), "epoch", "--config",
                str(self.i.config)]
        if not SANITIZED:
            preload = self.i.build / "tests/e2e/libkillat.so"
            return subprocess.run(
                argv, capture_output=True, text=True,
                env={**os.environ, "LD_PRELOAD": str(preload),
                     "KILL_AT": str(at)}).returncode
        p = subprocess.Popen(argv, stdout=subprocess.DEVNULL,
                             stderr=subprocess.DEVNULL)
        if at <= ROUNDS_AT_RANDOM:
            time.sleep(random.uniform(0, 1.5))
            p.kill()
        return p.wait()

    def keys_that_fit(self):
        """Of the key's file and the one beside it."""
        beside = self.key.with_name(self.key.name + ".new")
        return [k for k in (self.key, beside) if k.exists() and self.ctl(
            "check", *self.config(), "--store-key", k,
            expect=None).returncode == DONE]

    def test_whenever_it_is_killed_a_key_fits_and_it_can_be_finished(self):
        i = self.i
        receipts = [i.report(words)["receipt"] for words in WORDS]
        i.stop()
        at, ended = 0, -9
        while ended == -9 or (SANITIZED and at <= ROUNDS_AT_RANDOM):
            at += 1
            before = self.key.read_bytes()
            ended = self.start_epoch(at)
            self.assertIn(ended, (DONE, -9))
            self.assertEqual(len(self.keys_that_fit()), 1, f"killed at {at}")
            if ended == -9:
                self.ctl("epoch", *self.config())
            self.assertNotEqual(self.key.read_bytes(), before)
            self.assertEqual(self.keys_that_fit(), [self.key])
            self.assertEqual(self.ctl("check", *self.config()).stdout
                             .split()[0], str(len(WORDS)))
            self.assertEqual(sorted(p.name for p in self.data.parent.iterdir()),
                             ["data.mdb", "lock.mdb"])
        print(f"{at - 1} places to be killed at", file=sys.stderr)
        self.assertGreater(at, 8)
        i.start()
        for receipt, words in zip(receipts, WORDS):
            self.assertEqual(
                i.inbox(receipt)["messages"][0]["text"].strip(),
                words.strip())


if __name__ == "__main__":
    unittest.main(verbosity=2)
