#!/usr/bin/env python3
"""A start on a disk that is full: what is stored can be read, nothing is taken
in, and once there is room it is, without another start."""
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
from instance import Failed, Instance, build_directory  # noqa: E402

UNSHARE = ["unshare", "-m"] if os.geteuid() == 0 else ["unshare", "-rm"]
SIZE = "size=40m,mode=0700"
NOT_STORED = 5
# The state directory as a small disk of its own, with a store that has no free
# page, as after speakupctl epoch or a restore. Room is made there when standard
# input ends.
SCRIPT = f"""
cp -a "$1" "$1.before" && mount -t tmpfs -o {SIZE} disk "$1" || exit 1
cp -a "$1.before/." "$1/" && cp "$4" "$1/db/data.mdb" || exit 1
cat /dev/zero >"$1/fill" 2>/dev/null
exec 3<&0
(read -r line <&3; rm "$1/fill") &
exec "$2" -c "$3" </dev/null 3<&-
"""


class FullDisk(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.dir = Path(tempfile.mkdtemp(prefix="speakup-full-"))
        cls.addClassCleanup(shutil.rmtree, cls.dir, ignore_errors=True)
        if subprocess.run([*UNSHARE, "mount", "-t", "tmpfs", "-o", SIZE,
                           "disk", cls.dir], capture_output=True).returncode:
            raise unittest.SkipTest("this machine lets nobody mount a disk")

    def test_what_is_stored_is_read_and_filing_goes_on_with_room(self):
        i = Instance(build_directory(), self.dir / "i")
        self.addCleanup(i.stop)
        receipt = i.report("before")["receipt"]
        i.ctl("backup", "--config", i.config, self.dir)
        i.stop()
        with i.log.open("ab") as log:
            i.process = subprocess.Popen(
                [*UNSHARE, "sh", "-c", SCRIPT, "sh", i.state,
                 i.build / "daemon/speakupd", i.config,
                 next(self.dir.glob("speakup-*.db"))],
                stdin=subprocess.PIPE, stdout=log, stderr=log, env=i.env,
                start_new_session=True)
        i.wait_ready()
        self.assertIn("vault: store-full ", i.log.read_text())
        self.assertEqual(len(i.inbox(receipt)["messages"]), 1)
        with self.assertRaises(Failed) as refused:
            i.report("while it is full")
        self.assertEqual(refused.exception.code, NOT_STORED)
        i.process.stdin.close()
        i.report("with room")
        self.assertEqual(i.stop(), 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
