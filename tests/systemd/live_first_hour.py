"""From nothing to a running service, as docs/OPERATING.md says; reload,
restart and stop."""
import os
import re
import shutil
import ssl
import subprocess
import threading
import time
from pathlib import Path

from live_kit import (Failed, HERE, MARK, PUBLIC, STAFF_URL, UNIT, URL, WORK,
                      answers, equal, follow, ftsu, inbox, is_active, journal,
                      make_authority, make_certificate, make_people, manual,
                      now_cursor, page, pids, receipts, report, root_hash, run,
                      say, sh, show, systemctl, true, wait_for, wait_whole)

GUARDIAN = "guardian-first"

# --- the first hour ---

def test_programs():
    follow("Programs")
    true(run("getent", "group", "speakup-notify").stdout, "no group")


def test_keys_root_and_policy():
    make_authority()
    make_people()
    make_certificate("cert", "speakup.trust.example")
    os.rename(WORK / "cert-key.pem", WORK / "key.pem")
    shutil.copytree(HERE / "pages", WORK / "pages")
    true("0 errors" in follow("Keys, root and policy")
         or (WORK / "policy.note").exists(), "no policy")


def test_files_on_the_server():
    follow("Files on the server")
    for name in ("store-key", "instance-key", "tls-key"):
        path = Path(f"/etc/speakup/example/{name}.cred")
        true((WORK / "store.key").read_text().strip() not in
             path.read_text(), f"{path} is not sealed")


def test_start():
    follow("Start")
    wait_whole()
    true(answers(), "it does not answer")
    equal(show(UNIT, "NRestarts"), "0", "NRestarts")
    listening = run("ss", "-Hltn").stdout
    true("192.0.2.7:8443" in listening and "*:443" in listening, listening)


def test_a_concern_is_filed_and_answered():
    receipt = report(f"The rota has {MARK}.", "--root-hash",
                     root_hash())
    receipts.append(receipt)
    ftsu(GUARDIAN, "login")
    queue = ftsu(GUARDIAN, "queue", "--json")
    case = re.search(r'"case": ?"([0-9a-f]{32})"', queue)[1]
    ftsu(GUARDIAN, "ack", case)
    ftsu(GUARDIAN, "reply", "--yes", case, stdin="Where does it hang?")
    true("Where does it hang?" in str(inbox(receipt)), "no answer came")


def test_the_configuration_is_checked_as_the_manual_says():
    sh(manual("speakupd.8", "speakupd -n"))


def test_both_pages_are_served_each_at_its_address():
    def code(url):
        return run("curl", "-s", "-o", "/dev/null", "-w", "%{http_code}",
                   url).stdout
    equal(code(URL + "/"), "200", "/")
    equal(code(STAFF_URL + "/staff"), "200", "/staff")
    equal(code(URL + "/staff"), "404", "/staff for the public")


# --- reload and restart ---

def serial():
    done = run("speakup", "policy", "--json", "--server", URL).stdout
    return int(re.search(r'"serial": ?(\d+)', done)[1])


def served_certificate(host="speakup.trust.example", port=443):
    return ssl.get_server_certificate((host, port))


def test_policy_certificate_and_key_are_renewed():
    make_certificate("next-cert", "speakup.trust.example")
    os.rename(WORK / "next-cert-key.pem", WORK / "next-key.pem")
    parent = pids(UNIT, "parent")
    policy, key = page("A new policy, certificate or key")
    sh(policy)
    true(wait_for(lambda: serial() == 2, 20), "the policy is not in force")
    # the same key, another certificate
    before = served_certificate()
    make_certificate("again", "speakup.trust.example", "key.pem")
    sh("install -m 644 again.pem /etc/speakup/example/tls/cert.pem; "
       f"systemctl reload {UNIT}")
    true(wait_for(lambda: served_certificate() != before, 20),
         "the certificate is the old one")
    equal(pids(UNIT, "parent"), parent, "the parent's pid")
    before = served_certificate()
    sh(key)
    wait_whole()
    true(wait_for(lambda: served_certificate() != before, 20),
         "the key is the old one")
    equal(ssl.PEM_cert_to_DER_cert(served_certificate()),
          ssl.PEM_cert_to_DER_cert((WORK / "next-cert.pem").read_text()),
          "the certificate")


def test_restarts_lose_nothing_and_refuse_nobody():
    stop, failed = threading.Event(), []

    def file_all():
        while not stop.is_set():
            try:
                receipts.append(report(f"Again {MARK} {len(receipts)}."))
            except Failed as e:
                failed.append(str(e))
    first = len(receipts)
    thread = threading.Thread(target=file_all)
    thread.start()
    for _ in range(3):
        time.sleep(1.5)
        systemctl("restart", UNIT)
    time.sleep(1)
    stop.set()
    thread.join(60)
    equal(failed, [], "concerns that were not stored")
    true(len(receipts) - first >= 3, "too few concerns")
    for receipt in receipts:
        true(inbox(receipt), "a receipt opens nothing")
    say(f"     {len(receipts) - first} concerns over three restarts")


def test_an_ordinary_stop_is_quick_and_says_no_error():
    idle = subprocess.Popen(
        ["openssl", "s_client", "-quiet", "-connect", "192.0.2.7:443"],
        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL)
    time.sleep(1)
    cursor, start = now_cursor(), time.monotonic()
    systemctl("stop", UNIT)
    took = time.monotonic() - start
    idle.kill()
    idle.wait()
    equal(show(UNIT, "Result"), "success", "Result")
    equal(show(UNIT, "ExecMainStatus"), "0", "ExecMainStatus")
    true(took < 25, f"the stop took {took:.1f} s")
    said = journal("-u", UNIT, "--after-cursor", cursor)
    true(not re.search(r"(?i)fail|error|kill|timed|ended|lost", said), said)
    say(f"     stopped in {took:.1f} s")
    true(is_active(PUBLIC), "the socket is closed")
    true(answers(), "a visitor does not start it again")
    wait_whole()
