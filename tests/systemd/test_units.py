"""The units: what systemd makes of them, and how exposed it finds them."""
import functools
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
UNITS = ROOT / "systemd"
SERVICES = sorted(UNITS.glob("*.service"))
THRESHOLD = 10   # tenths: an exposure of 1.0
# In a service that has none of these, nothing bounds it.
LIMITS = ["DynamicUser=yes", "TasksMax=", "MemoryMax=", "MemorySwapMax=0",
          "LimitCORE=0", "LimitNOFILE="]


def analyze(*args, **kw):
    return subprocess.run(["systemd-analyze", *args], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          env={**os.environ, "SYSTEMD_COLORS": "0"}, **kw)


def exposure(path):
    done = analyze("security", "--offline=true", "--no-pager",
                   f"--threshold={THRESHOLD}", str(path))
    found = re.search(r"exposure level for \S+: ([0-9.]+)", done.stdout)
    return done.returncode, float(found[1]) if found else None, done.stdout


def in_place(text, program):
    """The unit's commands are not installed here: another stands for them."""
    return re.sub(r"^(Exec\w+=)/usr/s?bin/\S+", rf"\g<1>{program}", text,
                  flags=re.M)


@functools.cache
def calls_of(group):
    """The calls in a set, and in the sets within it."""
    out = set()
    done = analyze("syscall-filter", "--no-pager", group)
    for line in done.stdout.splitlines()[1:]:
        word = line.strip()
        if word.startswith("@"):
            out |= calls_of(word)
        elif word and not word.startswith("#"):
            out.add(word)
    return frozenset(out)


def allowed(text):
    """The calls that SystemCallFilter= leaves, line by line."""
    out = set()
    for line in re.findall(r"^SystemCallFilter=(.*)$", text, flags=re.M):
        words = line.removeprefix("~").split()
        calls = set().union(*(calls_of(w) if w[0] == "@" else {w}
                              for w in words))
        out = out - calls if line.startswith("~") else out | calls
    return out


class Units(unittest.TestCase):
    def setUp(self):
        self.tmp = tempfile.TemporaryDirectory(prefix="speakup-units-")
        self.addCleanup(self.tmp.cleanup)
        self.dir = Path(self.tmp.name)

    def verify(self):
        return analyze("verify", "--man=no",
                       *sorted(map(str, self.dir.iterdir()))).stdout

    def test_systemd_understands_every_line(self):
        for unit in UNITS.glob("*@.*"):
            text = in_place(unit.read_text(), shutil.which("true"))
            (self.dir / unit.name).write_text(text)
        self.assertEqual(self.verify(), "")
        bent = self.dir / SERVICES[0].name
        bent.write_text(bent.read_text().replace("Private", "Privat"))
        self.assertIn("Unknown key", self.verify())

    def test_no_service_is_exposed_by_more_than_one(self):
        self.assertEqual(len(SERVICES), 3)
        for unit in SERVICES:
            with self.subTest(unit=unit.name):
                code, level, out = exposure(unit)
                self.assertEqual(code, 0, out)
                self.assertLessEqual(level, 1.0)
                print(f"{unit.name}: exposure {level}")

    def test_a_service_with_a_capability_is_too_exposed(self):
        for unit in SERVICES:
            bent = self.dir / unit.name
            bent.write_text(unit.read_text().replace(
                "CapabilityBoundingSet=\n", ""))
            code, level, out = exposure(bent)
            self.assertNotEqual(code, 0, out)

    def test_every_service_is_bounded(self):
        for unit in SERVICES:
            lines = unit.read_text().splitlines()
            for limit in LIMITS:
                self.assertTrue(any(x.startswith(limit) for x in lines),
                                f"{unit.name}: {limit}")

    def test_the_outer_list_has_the_inner_ones_calls(self):
        """What the programs' own lists allow, their units let through: but
        for calls of other machines, which the filter does not know."""
        known = calls_of("@known")
        for source, unit in (("daemon/sandbox_calls.c", "speakupd@.service"),
                             ("notify/sandbox.c", "speakup-notify@.service")):
            text = (ROOT / source).read_text()
            calls = set(re.findall(r"CALL(?:_IF)?\((\w+)", text))
            self.assertGreater(len(calls), 40)
            missing = (calls & known) - allowed((UNITS / unit).read_text())
            self.assertEqual(missing, set(), unit)

    def test_the_service_starts_behind_the_time(self):
        unit = (UNITS / "speakupd@.service").read_text()
        after = " ".join(re.findall(r"^After=(.*)$", unit, re.M)).split()
        self.assertIn("time-sync.target", after)

    def test_every_file_is_installed(self):
        said = "".join((ROOT / d / "meson.build").read_text()
                       for d in ("daemon", "notify"))
        for path in UNITS.iterdir():
            self.assertIn(f"systemd/{path.name}'", said)


if __name__ == "__main__":
    if not shutil.which("systemd-analyze"):
        print("There is no systemd-analyze: skipped.")
        sys.exit(77)
    unittest.main()
