"""A reload that is asked for while the daemon is still starting."""
import os
import signal
import sys
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from alone import Alone, get  # noqa: E402


class EarlyReload(unittest.TestCase):
    def setUp(self):
        self.d = Alone(start=False)
        self.addCleanup(self.d.stop)

    def stopped_vault(self):
        """The files were read, and the vault is not ready."""
        end = time.monotonic() + 20
        while time.monotonic() < end:
            for pid, role in self.d.children().items():
                if role == "vault":
                    os.kill(pid, signal.SIGSTOP)
                    return pid
        raise RuntimeError("no vault")

    def serial(self):
        body = self.d.request(get("/v1/policy")).body
        return int(body.split(b'"serial":')[1].split(b",")[0])

    def test_what_changes_before_it_is_ready_is_taken_then(self):
        self.d.launch()
        vault = self.stopped_vault()
        try:
            self.d.make_policy(2)
            self.d.signal(signal.SIGHUP)
            time.sleep(0.3)   # the parent has heard it
            self.assertNotIn(" ready ", self.d.log())
        finally:
            os.kill(vault, signal.SIGCONT)
        self.d.wait_log(" ready ")
        end = time.monotonic() + 20
        while self.serial() != 2 and time.monotonic() < end:
            time.sleep(0.05)
        self.assertEqual(self.serial(), 2)


if __name__ == "__main__":
    unittest.main(verbosity=2)
