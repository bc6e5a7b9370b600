"""What dies, hangs or is mistaken comes again."""
import os
import re
import signal
import subprocess
import time
from pathlib import Path

from live_kit import (PUBLIC, UNIT, URL, answers, equal, inbox, is_active,
                      is_whole, journal, now_cursor, pids, processes, receipts,
                      say, show, systemctl, true, wait_for, wait_whole)

# --- what dies or hangs comes again ---

def test_a_front_that_is_killed_comes_again():
    parent, front = pids(UNIT, "parent"), pids(UNIT, "front")[0]
    os.kill(front, signal.SIGKILL)
    true(wait_for(lambda: front not in pids(UNIT, "front")
                  and is_whole(UNIT), 20), processes(UNIT))
    equal(pids(UNIT, "parent"), parent, "the parent's pid")
    true(answers() and inbox(receipts[0]), "it does not answer")


def expect_all_new(which, sig, seconds):
    before = {pid for _, pid in processes(UNIT)}
    os.kill(pids(UNIT, which)[0], sig)
    start = time.monotonic()
    true(wait_for(lambda: is_whole(UNIT) and not before &
                  {pid for _, pid in processes(UNIT)}, seconds),
         f"{show(UNIT, 'ActiveState')} {processes(UNIT)}, before: {before}\n"
         + journal("-u", UNIT, "-n", "15"))
    say(f"     {which}: all new after {time.monotonic() - start:.0f} s")
    true(answers() and inbox(receipts[0]), "it does not answer")


def test_a_vault_or_parent_that_is_killed_comes_again():
    expect_all_new("vault", signal.SIGKILL, 30)
    expect_all_new("parent", signal.SIGKILL, 30)


def test_killed_again_and_again_it_still_comes():
    for _ in range(7):
        true(wait_for(lambda: pids(UNIT, "parent"), 30), "no parent")
        os.kill(pids(UNIT, "parent")[0], signal.SIGKILL)
        time.sleep(0.5)
        answers()
    wait_whole()
    equal(is_active(PUBLIC), True, "the socket is open")


def test_a_front_that_hangs_is_ended():
    front, parent = pids(UNIT, "front")[0], pids(UNIT, "parent")
    os.kill(front, signal.SIGSTOP)
    true(wait_for(lambda: front not in pids(UNIT, "front")
                  and is_whole(UNIT), 90), processes(UNIT))
    equal(pids(UNIT, "parent"), parent, "the parent's pid")


def test_a_parent_that_hangs_is_ended_by_the_watchdog():
    expect_all_new("parent", signal.SIGSTOP, 100)
    true("watchdog" in journal("-u", UNIT, "-b").lower(), "no watchdog")


def test_a_vault_that_hangs_is_ended_by_the_watchdog():
    expect_all_new("vault", signal.SIGSTOP, 150)


# --- mistakes ---

def try_with(path, text):
    """Starts it with that configuration, while somebody calls; what it said."""
    good = path.read_text()
    cursor = now_cursor()
    path.write_text(text)
    done = systemctl("start", UNIT, check=False)
    visitor = subprocess.Popen(["curl", "-s", "--max-time", "15", URL + "/"],
                               stdout=subprocess.DEVNULL)
    time.sleep(15)
    visitor.wait()
    path.write_text(good)
    true(done.returncode != 0, "it starts")
    return journal("-u", UNIT, "--after-cursor", cursor)


def test_a_mistake_is_said_and_mended():
    systemctl("stop", UNIT)
    path = Path("/etc/speakup/example/speakupd.yaml")
    said = try_with(path, path.read_text() + "fronts: 99\n")
    true("status=78/CONFIG" in said, said)
    true(re.search(r'speakupd\.yaml:\d+:1: "fronts" is here a second time',
                   said), said)
    true("Scheduled restart" not in said, said)
    systemctl("start", UNIT)
    wait_whole()
    true(answers() and is_active(PUBLIC), "it does not answer after all")
