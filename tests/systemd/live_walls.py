"""What each process of the running units has, and what it has not."""
import os
import re
import shutil
from pathlib import Path

from live_kit import (BACKUP, NOTIFY, STATE, UNIT, WORK, answers,
                      control_group, equal, expect_confined, expect_owned,
                      is_whole, journal, now_cursor, owner_on_disk, pids,
                      processes, run, say, sh, status, systemctl, true,
                      wait_for, wait_whole, within)

# --- what each process has ---

def all_processes():
    wait_whole()
    return processes(UNIT)


def test_every_process_is_confined():
    for name, pid in all_processes():
        expect_confined(pid)


def filters_of_the_unit():
    """How many a process has that put up none of its own."""
    folder = Path(f"/run/systemd/system/{UNIT}.d")
    found = STATE / "example/filters"
    folder.mkdir(parents=True)
    (folder / "look.conf").write_text(
        "[Service]\nExecStartPre=/bin/sh -c 'grep Seccomp_filters "
        f"/proc/self/status >{found}'\n")
    sh(f"systemctl daemon-reload; systemctl restart {UNIT}; rm -r {folder}; "
       "systemctl daemon-reload")
    text = found.read_text()
    found.unlink()
    return int(text.split()[1])


def test_roles_put_up_walls_within_those_of_the_unit():
    unit = filters_of_the_unit()
    filters = {name: int(status(pid)["Seccomp_filters"])
               for name, pid in all_processes()}
    true(unit > 1, "the unit puts up none")
    equal(filters, {"parent": unit + 1, "vault": unit + 2, "front": unit + 2},
          "filters")
    true("landlock" in Path("/sys/kernel/security/lsm").read_text(), "lsm")
    true("no-landlock" not in journal("-u", UNIT), "no-landlock")


def test_landlock_holds_the_parent_to_its_directories():
    """A policy elsewhere may be read by everybody, and is not read."""
    note = Path("/etc/speakup/example/policy.note")
    elsewhere = Path("/etc/elsewhere.note")
    cursor = now_cursor()
    shutil.copy(note, elsewhere)
    os.rename(note, note.with_suffix(".kept"))
    note.symlink_to(elsewhere)
    systemctl("reload", UNIT)
    wait_for(lambda: "Permission denied" in journal(
        "-u", UNIT, "--after-cursor", cursor), 10)
    os.rename(note.with_suffix(".kept"), note)
    true("Permission denied" in journal("-u", UNIT, "--after-cursor", cursor),
         journal("-u", UNIT, "--after-cursor", cursor))
    true(is_whole(UNIT) and answers(), "it is not whole afterwards")


def test_there_is_no_network():
    for name, pid in all_processes():
        lines = Path(f"/proc/{pid}/net/dev").read_text().splitlines()[2:]
        equal([x.split(":")[0].strip() for x in lines], ["lo"], name)
        equal(Path(f"/proc/{pid}/net/tcp").read_text().count("\n"), 1, name)


def test_files_of_others_cannot_be_read_nor_anything_written():
    pid = pids(UNIT, "parent")[0]
    secret = Path("/var/lib/other.secret")
    secret.write_text("secret")
    secret.chmod(0o600)
    for path in (secret, WORK / "store.key", "/etc/shadow", "/etc/speakup/"
                 "example/store-key.cred", "/var/lib/private/other",
                 "/proc/1/environ", "/proc/sys/kernel/hostname", "/dev/vda"):
        equal(within(pid, "cat", path).returncode, 1, path)
    for path in ("/etc/x", "/usr/x", "/var/x", "/root/x", "/run/x",
                 "/var/lib/private/speakup/x", "/dev/shm/x"):
        true(within(pid, "touch", path).returncode != 0, f"{path} written")
    equal(within(pid, "cat", "/etc/speakup/example/policy.note").returncode,
          0, "the policy")


def test_state_and_credentials_are_the_services_alone():
    uid = owner_on_disk()
    expect_owned(STATE.parent, 0, 0o700)
    expect_owned(STATE / "example", uid, 0o700)
    for path in (STATE / "example").rglob("*"):
        expect_owned(path, uid, 0o700 if path.is_dir() else 0o600)
    credentials = Path(f"/run/credentials/{UNIT}")
    names = sorted(p.name for p in credentials.iterdir())
    equal(names, ["instance-key", "store-key", "tls-key"], "credentials")
    for argv in (["ls", credentials], ["cat", credentials / "store-key"],
                 ["ls", STATE / "example"]):
        true(run("setpriv", "--reuid", "1000", "--clear-groups", *argv,
                 check=False).returncode != 0, f"{argv} by another")


def test_nothing_is_swapped_or_dumped_and_limits_hold():
    limits = Path(f"/proc/{pids(UNIT, 'parent')[0]}/limits").read_text()
    true(re.search(r"Max open files +65536 +65536 ", limits), limits)
    for name, value in (("memory.max", 2 << 30), ("memory.swap.max", 0),
                        ("pids.max", 32)):
        equal(int((control_group(UNIT) / name).read_text()), value, name)


def test_exposure_of_the_running_units():
    for unit in (UNIT, NOTIFY, BACKUP):
        done = run("systemd-analyze", "security", "--no-pager",
                   "--threshold=10", unit, check=False)
        level = re.search(r"exposure level for \S+: ([0-9.]+)", done.stdout)
        true(done.returncode == 0 and float(level[1]) <= 1.0, level)
        say(f"     {unit}: exposure {level[1]}")
