#!/usr/bin/env python3
"""speakupctl backup: copies of a store that concerns are filed into are sound
and have all that was stored before; what is kept, refused and cleaned up; and
a backup that is restored."""
import fcntl
import json
import re
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
from instance import Failed, Instance, build_directory  # noqa: E402
from machine import begin_within_a_day  # noqa: E402

DONE, FAILED, USAGE, REFUSED, UNKNOWN = 0, 1, 2, 3, 8
BACKUPS = 5
NAME = re.compile(r"speakup-(20\d{6})(-\d+)?\.db")


class Load:
    """Two reporters who file one concern after the other."""

    def __init__(self, instance):
        self.instance, self.stored, self.wrong = instance, [], []
        self.over = False

    def run(self):
        while not self.over:
            try:
                answer = self.instance.report("One more about the rota.\n")
                self.stored.append(answer["case"])
            except Failed as failed:
                self.wrong.append(str(failed))

    def __enter__(self):
        self.threads = [threading.Thread(target=self.run) for _ in range(2)]
        for t in self.threads:
            t.start()
        return self

    def __exit__(self, *_):
        self.over = True
        for t in self.threads:
            t.join()

    def wait_for(self, more):
        """Until so many more are stored."""
        want, end = len(self.stored) + more, time.monotonic() + 120
        while len(self.stored) < want and not self.wrong:
            if time.monotonic() > end:
                raise RuntimeError("nothing is stored any more")
            time.sleep(0.01)


class Backup(unittest.TestCase):
    def setUp(self):
        self.dir = Path(tempfile.mkdtemp(prefix="speakup-backup-"))
        self.i = Instance(build_directory(), self.dir)
        self.addCleanup(shutil.rmtree, self.dir, ignore_errors=True)
        self.addCleanup(self.i.stop)
        self.place = self.dir / "backups"

    def ctl(self, *args, expect=DONE):
        done = subprocess.run(
            [str(a) for a in (self.i.build / "client/speakupctl", *args)],
            capture_output=True, text=True, stdin=subprocess.DEVNULL)
        self.assertEqual(done.returncode, expect, done.stdout + done.stderr)
        return done

    def backup(self, *args, expect=DONE):
        done = self.ctl("backup", "--config", self.i.config, "--json", *args,
                        self.place, expect=expect)
        return json.loads(done.stdout) if expect == DONE else done.stderr

    def check(self, path, expect=DONE):
        return self.ctl("check", "--config", self.i.config, "--json", path,
                        expect=expect).stdout

    def cases_in(self, path):
        done = self.i.run([self.i.build / "tests/store/pages",
                           self.i.org / "keys/store.key", path])
        return set(re.findall(r"^case (\w+) ", done.stdout, re.M))

    def names(self):
        return sorted(p.name for p in self.place.iterdir())

    def test_backups_under_load_have_all_that_was_stored_before(self):
        made = []
        with Load(self.i) as load:
            for _ in range(BACKUPS):
                load.wait_for(3)
                before = set(load.stored)
                made.append((before, self.backup()["file"]))
            load.wait_for(3)
        self.assertEqual(load.wrong, [])
        self.assertEqual(len({path for _, path in made}), BACKUPS)
        for before, path in made:
            self.assertEqual(json.loads(self.check(path))["findings"], 0)
            self.assertLessEqual(before, self.cases_in(path))
        self.assertGreater(len(made[-1][0]), len(made[0][0]))
        self.i.stop()
        self.assertEqual(self.i.check().returncode, DONE)

    def test_names_days_modes_and_how_many_are_kept(self):
        begin_within_a_day()
        self.i.report("A concern.\n")
        first = Path(self.backup()["file"])
        self.assertTrue(NAME.fullmatch(first.name), first)
        self.assertEqual(first.stat().st_mode & 0o7777, 0o600)
        self.assertEqual(self.place.stat().st_mode & 0o7777, 0o700)
        content = first.read_bytes()
        self.backup()
        self.assertEqual(first.read_bytes(), content)
        today = NAME.fullmatch(first.name)[1]
        for name in ("speakup-20200229.db", "speakup-20191231-12.db",
                     "speakup-20200229.db.bak", "notes.txt"):
            (self.place / name).write_text("not ours to look into")
        (self.place / "speakup-20200301.db.4711~").write_text("killed")
        self.assertEqual(self.backup("--keep", "4")["removed"], 1)
        self.assertEqual(self.names(), sorted([
            "notes.txt", "speakup-20200229.db", "speakup-20200229.db.bak",
            f"speakup-{today}.db", f"speakup-{today}-2.db",
            f"speakup-{today}-3.db"]))
        self.assertEqual(self.backup("--keep", "1")["removed"], 4)
        self.assertEqual(self.names(), sorted([
            "notes.txt", "speakup-20200229.db.bak",
            f"speakup-{today}-4.db"]))
        # only what is in use is copied, not what is allocated ahead
        self.assertLess(first.stat().st_size if first.exists()
                        else len(content), 1 << 20)
        self.assertGreater((self.i.state / "db/data.mdb").stat().st_size,
                           1 << 20)

    def test_one_that_was_just_made_is_kept_whatever_the_clock_says(self):
        self.backup()
        for name in ("speakup-99981231.db", "speakup-99991231.db"):
            (self.place / name).write_text("when the clock was wrong")
        made = Path(self.backup("--keep", "2")["file"])
        self.assertEqual(self.names(), [made.name, "speakup-99991231.db"])

    def test_what_cannot_be_done_is_said_and_leaves_nothing(self):
        self.ctl("backup", self.place, expect=USAGE)
        (self.dir / "file").write_text("")
        self.place = self.dir / "file"
        self.backup(expect=FAILED)
        self.place = self.dir / "backups"
        self.i.stop()
        (self.i.state / "state").write_text("check\n")
        self.assertIn("speakupctl check", self.backup(expect=REFUSED))
        self.assertEqual(self.names(), [])
        self.ctl("check", "--config", self.i.config)
        path = Path(self.backup()["file"])
        with path.open("r+b") as f:
            f.truncate(path.stat().st_size // 2)
        self.check(path, expect=REFUSED)
        shutil.rmtree(self.i.state / "db")
        self.assertIn("no store", self.backup(expect=FAILED))
        self.assertFalse((self.i.state / "db").exists())

    def test_a_backup_that_is_killed_hurts_nobody(self):
        self.i.report("A concern.\n")
        argv = [str(self.i.build / "client/speakupctl"), "backup", "--config",
                str(self.i.config), str(self.place)]
        for n in range(20):   # more than LMDB has slots for readers
            p = subprocess.Popen(argv, stdout=subprocess.DEVNULL,
                                 stderr=subprocess.DEVNULL)
            time.sleep(0.002 * n)
            p.send_signal(signal.SIGKILL if n % 4 else signal.SIGTERM)
            p.wait()
        self.i.report("Another one.\n")
        path = self.backup()["file"]
        self.assertEqual(json.loads(self.check(path))["cases"], 2)
        for name in self.names():
            self.assertTrue(NAME.fullmatch(name), name)
            self.check(self.place / name)

    def test_the_daemon_starts_while_a_backup_is_made(self):
        """LMDB's lock, as a backup holds it."""
        i = self.i
        with (i.state / "db/lock.mdb").open("r+b") as f:
            fcntl.lockf(f, fcntl.LOCK_SH | fcntl.LOCK_NB, 1, 0)
            i.stop()
            i.start()
            receipt = i.report("Meanwhile.\n")["receipt"]
        self.assertTrue(i.inbox(receipt)["messages"])

    def test_a_restored_backup_serves_what_it_has(self):
        i = self.i
        before = i.report("Before the backup.\n")["receipt"]
        path = self.backup()["file"]
        after = i.report("After the backup.\n")["receipt"]
        i.stop()
        shutil.rmtree(i.state)
        (i.state / "db").mkdir(parents=True)
        i.state.chmod(0o700)
        (i.state / "db").chmod(0o700)
        shutil.copy(path, i.state / "db/data.mdb")
        self.ctl("check", "--config", i.config)
        i.start()
        text = i.inbox(before)["messages"][0]["text"]
        self.assertEqual(text.strip(), "Before the backup.")
        i.inbox(after, expect=UNKNOWN)
        new = i.report("After it was restored.\n")["receipt"]
        self.assertTrue(i.inbox(new)["messages"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
