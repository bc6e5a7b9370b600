#!/usr/bin/env python3
"""No branch and no address depends on a secret: token comparison, Bech32 of
identities, unwrapping of an age header. Under valgrind, to which secrets are
undefined memory.

    test_constant_time.py PROGRAM
"""
import shutil
import subprocess
import sys
import unittest
from pathlib import Path

PROGRAM = sys.argv.pop(1)
SUPPRESSIONS = Path(__file__).resolve().parent / "constant_time.supp"
FOUND = 99


def run(case):
    return subprocess.run(
        ["valgrind", "-q", f"--error-exitcode={FOUND}", "--track-origins=yes",
         f"--suppressions={SUPPRESSIONS}", PROGRAM, case],
        capture_output=True, text=True)


class ConstantTime(unittest.TestCase):
    cases = subprocess.run([PROGRAM], capture_output=True, text=True,
                           check=True).stdout.split()

    def test_nothing_depends_on_a_secret(self):
        for case in self.cases:
            if case.startswith("control-"):
                continue
            with self.subTest(case):
                done = run(case)
                self.assertEqual(done.returncode, 0, done.stderr)

    def test_what_does_is_found(self):
        controls = [c for c in self.cases if c.startswith("control-")]
        self.assertEqual(len(controls), 2)
        for case in controls:
            with self.subTest(case):
                done = run(case)
                self.assertEqual(done.returncode, FOUND, done.stderr)


if __name__ == "__main__":
    if shutil.which("valgrind") is None:
        print("valgrind is not installed")
        sys.exit(77)
    unittest.main(verbosity=2)
