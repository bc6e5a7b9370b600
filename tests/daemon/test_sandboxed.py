"""The sandboxes of a running speakupd, from outside."""
import os
import signal
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from alone import Alone, POLL, gone, post  # noqa: E402


def status(pid):
    text = Path(f"/proc/{pid}/status").read_text()
    return dict(line.split(":\t", 1) for line in text.splitlines()
                if ":\t" in line)


class Sandboxed(unittest.TestCase):
    def test_every_role_has_its_list_of_calls(self):
        """The children's own on top of the parent's."""
        here = int(status("self")["Seccomp_filters"])   # of a container
        with Alone(fronts=2) as d:
            self.assertEqual(d.request(post("/v1/text", POLL)).status, 200)
            roles = {d.process.pid: "parent", **d.children()}
            self.assertEqual(sorted(roles.values()),
                             ["front", "front", "parent", "vault"])
            for pid, role in roles.items():
                s = status(pid)
                self.assertEqual(s["Seccomp"], "2", role)
                self.assertEqual(s["NoNewPrivs"], "1", role)
                self.assertEqual(int(s["Seccomp_filters"]) - here,
                                 1 if role == "parent" else 2, role)

    def limit(self, pid, name):
        for line in Path(f"/proc/{pid}/limits").read_text().splitlines():
            if line.startswith(name):
                return line[len(name):].split()[:2]
        self.fail(name)

    @unittest.skipIf(os.geteuid() != 0, "only root may look at limits")
    def test_children_start_no_process_and_leave_no_core(self):
        with Alone() as d:
            for pid, role in d.children().items():
                self.assertEqual(self.limit(pid, "Max processes"),
                                 ["0", "0"], role)
                self.assertEqual(self.limit(pid, "Max core file size"),
                                 ["0", "0"], role)

    def test_a_front_that_its_list_ends_is_a_dead_front(self):
        with Alone(fronts=2, deaths=True) as d:
            front = d.pid_of("front")
            os.kill(front, signal.SIGSYS)
            self.assertTrue(gone(front))
            d.wait_log("front-started", 3)
            self.assertIn(f"front-ended -{int(signal.SIGSYS)}\n", d.log())
            self.assertEqual(d.request(post("/v1/text", POLL)).status, 200)

    def test_a_vault_that_its_list_ends_ends_the_service(self):
        with Alone(deaths=True) as d:
            os.kill(d.pid_of("vault"), signal.SIGSYS)
            self.assertEqual(d.wait(), 1)
            self.assertIn(f"vault-ended -{int(signal.SIGSYS)}\n", d.log())


if __name__ == "__main__":
    if os.environ.get("SPEAKUP_SANITIZED"):
        print("Builds with sanitizers have no sandbox: skipped.")
        sys.exit(77)
    unittest.main()
