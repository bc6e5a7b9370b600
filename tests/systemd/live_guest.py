"""Runs in the virtual machine of tests/systemd/live, as root: the units of
systemd/ are started and used as docs/OPERATING.md says, and then attacked; one
test after the other, on the same organisation. Before the last one the machine
starts anew."""
import os
import re
import time
import traceback
from pathlib import Path

import live_attacks
import live_first_hour
import live_more
import live_walls
from live_kit import (ADDRESSES, HERE, HOSTS, SAVED, WORK, journal, receipts,
                      run, say, systemctl)

MODULES = [live_first_hour, live_walls, live_attacks, live_more]
TESTS = [f for module in MODULES for name, f in vars(module).items()
         if name.startswith("test_")]
SETUP = TESTS[:5]   # the others need what these made
REBOOT = TESTS[-1]
COUNTS = HERE / "counts"


def play(test):
    start = time.monotonic()
    name = test.__name__.removeprefix("test_").replace("_", " ")
    try:
        test()
    except Exception as e:
        line = traceback.extract_tb(e.__traceback__)[1].lineno
        say(f"FAIL {name} (line {line}): {e!s:.2500}\n"
            + re.sub("^", "     | ", journal("-b", "-n", "12"), flags=re.M))
        return False
    say(f"ok   {name} ({time.monotonic() - start:.1f} s)")
    return True


def prepare():
    WORK.mkdir(mode=0o700, exist_ok=True)
    for address in ADDRESSES:
        run("ip", "address", "add", f"{address}/32", "dev", "lo")
    Path("/etc/hosts").write_text(HOSTS)


def play_all(tests):
    """How many passed, and how many did not."""
    passed = failed = 0
    for test in tests:
        if play(test):
            passed += 1
            continue
        failed += 1
        if test in SETUP:
            break
    return passed, failed


def start_anew(counts):
    SAVED.write_text("\n".join(receipts))
    COUNTS.write_text("%d %d" % counts)
    run("sync")
    systemctl("reboot")
    time.sleep(3600)


def main():
    only = (HERE / "only").read_text().strip()
    if WORK.exists() and not COUNTS.exists():
        say("FAIL the machine started anew by itself: --console has why\n"
            "0 passed, 1 failed")
        return
    prepare()
    if COUNTS.exists():
        before = map(int, COUNTS.read_text().split())
        counts = [a + b for a, b in zip(before, play_all([REBOOT]))]
    else:
        version = run("systemctl", "--version").stdout.splitlines()[0]
        say(f"{version}, Linux {os.uname().release}")
        counts = play_all([f for f in TESTS[:-1]
                           if only in f.__name__ or f in SETUP])
        if not only:
            start_anew(counts)
    say("%d passed, %d failed" % tuple(counts))


if __name__ == "__main__":
    main()
