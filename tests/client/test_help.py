#!/usr/bin/env python3
"""Every option and command that --help shows is in the manual page, and the
other way round; wrong command lines end with the status that it promises."""
import os
import re
import subprocess
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CLIENT = Path(os.environ.get("SPEAKUP_BUILD", ROOT / "build")) / "client"
PAGES = {"speakup": "speakup.1", "ftsu": "ftsu.1",
         "speakupctl": "speakupctl.8"}
USAGE = 2


def run(*argv):
    return subprocess.run([str(a) for a in argv], capture_output=True,
                          text=True, stdin=subprocess.DEVNULL)


def commands(program):
    out = run(CLIENT / program, "--help").stdout
    return [line[2:18].strip() for line in out.splitlines()
            if line.startswith("  ")]


def help_options(program):
    """{'--server', '-s', …} over all commands."""
    found = {"--version"}
    for command in commands(program):
        out = run(CLIENT / program, *command.split(), "--help").stdout
        for line in out.splitlines():
            if m := re.match(r"  (?:(-\w),|   ) (--[\w-]+)", line):
                found.update(x for x in m.groups() if x)
    return found


def man_options(page):
    found = set()
    for line in (ROOT / "man" / page).read_text().splitlines():
        if line.startswith(".It Fl"):
            words = line.replace(",", " ").split()
            for fl, name in zip(words, words[1:]):
                if fl == "Fl":
                    found.add("-" + name if name.startswith("-")
                              else "-" + name)
    return found


class Help(unittest.TestCase):
    def test_manual_and_help_name_the_same_options(self):
        for program, page in PAGES.items():
            with self.subTest(program):
                self.assertEqual(help_options(program), man_options(page))

    def test_every_command_is_in_the_manual(self):
        for program, page in PAGES.items():
            text = (ROOT / "man" / page).read_text()
            listed = re.findall(r"^\.It Cm (.*)$", text, flags=re.M)
            listed = {c.strip() for line in listed for c in line.split(", ")}
            listed = {c.removeprefix("Cm ") for c in listed}
            self.assertEqual(set(commands(program)) - listed, set(), program)

    def test_usage_errors_end_with_two(self):
        for program in PAGES:
            for args in ([], ["nonsense"], [commands(program)[0].split()[0],
                                            "--nonsense"]):
                self.assertEqual(run(CLIENT / program, *args).returncode,
                                 USAGE, (program, args))

    def test_version_and_help_end_with_zero(self):
        for program in PAGES:
            for arg in ("--help", "--version"):
                self.assertEqual(run(CLIENT / program, arg).returncode, 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
