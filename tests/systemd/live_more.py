"""Backups, notifications, two organisations, and what is left behind."""
import os
import re
import shutil
import signal
import ssl
import subprocess
from pathlib import Path

from live_kit import (BACKUP, MARK, NOTIFY, PUBLIC, SAVED, STATE, UNIT, URL,
                      WORK, answers, control_group, equal, expect_confined,
                      expect_owned, follow, inbox, is_active, is_whole,
                      journal, make_certificate, manual, now_cursor,
                      owner_on_disk, pids, processes, receipts, report, run,
                      sh, show, status, systemctl, true, wait_for, wait_whole,
                      within)
from mail_server import MailServer

OTHER = "speakupd@other.service"
BACKUPS = Path("/var/lib/private/speakup-backup/example")

# --- backups ---

def test_backups_are_made_and_hold():
    timer = "speakup-backup@example.timer"
    equal(is_active(timer), True, timer)
    true(show(timer, "NextElapseUSecRealtime"), "it never comes")
    follow("Backups")
    equal(show(BACKUP, "Result"), "success", "Result")
    uid = owner_on_disk()
    expect_owned(BACKUPS, uid, 0o700)
    copies = list(BACKUPS.iterdir())
    equal(len(copies), 1, copies)
    expect_owned(copies[0], uid, 0o600)
    for _ in range(15):
        systemctl("start", BACKUP)
    equal(len(list(BACKUPS.iterdir())), 14, "backups kept")
    systemctl("stop", UNIT)
    systemctl("start", BACKUP)
    systemctl("start", UNIT)
    wait_whole()
    said = journal("-u", BACKUP)
    true(not re.search(r"(?i)fail|error|denied", said), said)


class Visitors:
    """Somebody calls all the time, which must not start what the operator has
    stopped."""

    def __enter__(self):
        self.cursor = now_cursor()
        self.process = subprocess.Popen(
            ["bash", "-c", "while :; do curl -s -o /dev/null --max-time 5 "
             f"{URL}/; sleep 0.2; done"], start_new_session=True)

    def __exit__(self, *_):
        os.killpg(self.process.pid, signal.SIGTERM)
        self.process.wait()
        said = journal("-u", UNIT, "--after-cursor", self.cursor)
        equal(said.count(f"Starting {UNIT}"), 1, "starts")


def test_a_backup_is_restored_as_the_manual_says():
    systemctl("start", BACKUP)
    newest = max(BACKUPS.iterdir(), key=lambda p: p.stat().st_mtime)
    later = report(f"Later than the backup: {MARK}.")
    shutil.copy(WORK / "store.key", "/run/store.key")
    commands = manual("speakupctl.8", "example.before")
    with Visitors():
        sh(re.sub(r"speakup-\d+\.db", newest.name, commands))
    os.unlink("/run/store.key")
    wait_whole()
    for receipt in receipts:
        true(inbox(receipt), "a receipt opens nothing")
    true(run("speakup", "inbox", "--json", "--server", URL, stdin=later + "\n",
             check=False).stdout != inbox(receipts[0]), "it is still there")
    uid = owner_on_disk()
    for path in (STATE / "example", STATE / "example/db/data.mdb"):
        equal(path.stat().st_uid, uid, path)


def test_the_store_gets_a_new_key_as_the_manual_says():
    old = Path("/etc/speakup/example/store-key.cred").read_bytes()
    with Visitors():
        sh(manual("speakupctl.8", "speakupctl epoch"))
    wait_whole()
    true(Path("/etc/speakup/example/store-key.cred").read_bytes() != old,
         "the credential is the old one")
    for receipt in receipts:
        true(inbox(receipt), "a receipt opens nothing")


# --- notifications ---

def make_mail_server(address, port):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(WORK / "mail.pem", WORK / "mail-key.pem")
    return MailServer(tls=context, password="opensesame", host=address,
                      port=port)


def test_notifications_are_sent():
    make_certificate("mail", "mail.trust.example")
    (WORK / "smtp-password").write_text("opensesame\n")
    sample = Path("/usr/share/doc/speakup/examples/speakup-notify.yaml")
    (WORK / "speakup-notify.yaml").write_text(sample.read_text())
    server = make_mail_server("192.0.2.25", 587)
    follow("Notifications")
    wait_whole()
    true(wait_for(lambda: is_active(NOTIFY), 20), journal("-u", NOTIFY))
    receipts.append(report(f"It burns: {MARK}.", "--answer",
                           "at-risk-now=yes"))
    to = server.wait(2, 150)
    equal(sorted(to), ["guardian.first@trust.example",
                       "guardian.second@trust.example"],
          f"mails went\n{journal('-u', NOTIFY, '-n', '9')}\n")
    said = journal("_SYSTEMD_UNIT=" + NOTIFY)
    true("connected" in said and "@" not in said and MARK not in said, said)
    server.close()


def test_the_notifier_is_confined():
    (name, pid), = processes(NOTIFY)
    expect_confined(pid, networked=True)
    equal(show(NOTIFY, "NRestarts"), "0", "NRestarts")
    groups = status(pid)["Groups"].split()
    gid = run("getent", "group", "speakup-notify").stdout.split(":")[2]
    equal(status(pid)["Gid"].split()[0], gid, "its group")
    true(set(groups) <= {gid, status(pid)["Uid"].split()[0]}, groups)
    for path in (STATE / "example", f"/run/credentials/{UNIT}/store-key",
                 "/etc/speakup/example/store-key.cred"):
        true(within(pid, "ls", path).returncode != 0
             or within(pid, "cat", path).returncode != 0, path)
    expect_owned(Path("/run/speakup/example/notify"), 0, 0o660)


def test_the_notifier_reaches_no_other_machine():
    """As a process within its control group sees it."""
    other = MailServer(host="192.0.2.26", port=587)
    named = MailServer(host="192.0.2.25", port=588)
    group = control_group(NOTIFY)

    def reaches(address, port):
        script = ("echo $$ >\"$1/cgroup.procs\" || exit 9; exec timeout 10 "
                  "bash -c 'exec 3<>/dev/tcp/$0/$1' $2 $3")
        code = run("bash", "-c", script, "-", group, address, port,
                   check=False).returncode
        true(code != 9, "it does not come into the control group")
        return code == 0
    equal(reaches("192.0.2.26", 587), False, "another machine")
    equal(reaches("192.0.2.25", 588), True, "the one that is named")
    other.close()
    named.close()


# --- two organisations ---

def test_two_organisations_at_once():
    """From the same keys and policy; with a hook, and so without a password."""
    old = "/etc/speakup/example"
    make_certificate("other", "other.trust.example")
    sh(f"""umask 077; cp -r {old} /etc/speakup/other
        cd /etc/speakup/other; rm *.cred speakup-notify.yaml
        install -m 644 /root/speakup/other.pem tls/cert.pem
        chmod -R go+rX .
        sed -i s/example/other/g speakupd.yaml
        cd /root/speakup; speakupctl key new --kind store --out other-store.key
        for k in store:other-store.key instance:instance.key \
            tls:other-key.pem; do
            systemd-creds encrypt --name=${{k%%:*}}-key ${{k#*:}} \
                /etc/speakup/other/${{k%%:*}}-key.cred
        done""")
    for name, port in (("public", 443), ("staff", 8443)):
        for org, ip in (("example", 7), ("other", 8)):
            folder = Path("/etc/systemd/system/"
                          f"speakupd-{name}@{org}.socket.d")
            folder.mkdir(exist_ok=True)
            (folder / "address.conf").write_text(
                "[Socket]\nListenStream=\nFreeBind=yes\n"
                f"ListenStream=192.0.2.{ip}:{port}\n")
    sh(f"""systemctl daemon-reload; systemctl stop {UNIT}
        systemctl restart {PUBLIC} speakupd-staff@example.socket
        systemctl start {UNIT}
        systemctl enable --now speakupd-public@other.socket \
            speakupd-staff@other.socket {OTHER}""")
    wait_whole()
    wait_whole(OTHER)
    url = "https://other.trust.example"
    receipt = report(f"The other {MARK}.", server=url)
    true(inbox(receipt, url), "no concern there")
    done = run("speakup", "inbox", "--json", "--server", URL,
               stdin=receipt + "\n", check=False)
    true(receipts[0] and MARK not in done.stdout, "it is in both")


def test_a_hook_is_run_and_needs_no_password():
    hook = Path("/usr/local/bin/tell")
    hook.write_text("#!/bin/sh\nlogger -t hook \"person $1 is told\"\n")
    hook.chmod(0o755)
    path = Path("/etc/speakup/other/speakup-notify.yaml")
    path.write_text(f"socket: /run/speakup/other/notify\nhook: {hook}\n")
    path.chmod(0o644)
    unit = "speakup-notify@other.service"
    systemctl("start", unit)
    report(f"It burns: {MARK}.", "--answer", "at-risk-now=yes",
           server="https://other.trust.example")
    true(wait_for(lambda: "person 2 is told" in journal("-t", "hook"), 180),
         journal("-u", unit))
    equal(show(unit, "NRestarts"), "0", "NRestarts")


def test_organisations_cannot_see_each_other():
    a, b = (pids(unit, "parent")[0] for unit in (UNIT, OTHER))
    true(status(a)["Uid"] != status(b)["Uid"], "they have one user")
    for pid, org in ((a, "other"), (b, "example")):
        for path in (STATE / org / "db/data.mdb", f"/run/credentials/"
                     f"speakupd@{org}.service/store-key",
                     f"/etc/speakup/{org}/store-key.cred"):
            equal(within(pid, "cat", path).returncode, 1, path)
        true(str(b if pid == a else a) not in
             within(pid, "ls", "/proc").stdout.split(), "sees the other")
    systemctl("stop", OTHER)
    true(is_whole(UNIT) and answers(), "one stops with the other")
    systemctl("start", OTHER)


# --- what is left behind ---

LOG_LINE = re.compile(r"speakupd (parent|vault|front): ([a-z-]+ -?\d+|totals:"
                      r"( [a-z-]+=\d+)+)$|speakupd: /etc/speakup/example/\S+")


def test_the_journal_has_nothing_of_anybody():
    run("curl", "-s", "--interface", "198.51.100.9", "-A", f"agent-{MARK}",
        "-H", f"Cookie: {MARK}", "-o", "/dev/null", URL + f"/{MARK}?{MARK}",
        check=False)
    run("bash", "-c", "echo nonsense | openssl s_client -quiet -connect "
        "192.0.2.7:443", check=False)
    systemctl("restart", UNIT)
    everything = journal("-b", "-o", "export")
    marks = [MARK, "198.51.100.9", "192.0.2.25"]
    marks += [" ".join(r.split()[:3]) for r in receipts]
    for word in marks:
        true(word not in everything, f"{word!r} is in the journal")
    for line in journal("-b", "_SYSTEMD_UNIT=" + UNIT).splitlines():
        true(LOG_LINE.match(line), line)


def test_everything_comes_again_with_the_machine():
    wait_whole(seconds=120)
    wait_whole(OTHER, seconds=120)
    for unit in (NOTIFY, "speakup-backup@example.timer", PUBLIC):
        true(wait_for(lambda: is_active(unit), 60), unit)
    equal(show(UNIT, "NRestarts"), "0", "NRestarts")
    for receipt in SAVED.read_text().splitlines():
        true(inbox(receipt), "a receipt opens nothing")
