"""What the tests of the running units stand on: an operator who does as the
page says, the people of a policy, a certificate authority, and looks at units
and processes. Runs in the virtual machine of tests/systemd/live, as root."""
import json
import os
import re
import subprocess
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
WORK = Path("/root/speakup")
STATE = Path("/var/lib/private/speakup")
ADDRESSES = ["192.0.2.7", "192.0.2.8", "192.0.2.25", "192.0.2.26",
             "198.51.100.9"]
HOSTS = ("127.0.0.1 localhost\n192.0.2.7 speakup.trust.example\n192.0.2.8 other.trust.example\n"
         "192.0.2.25 mail.trust.example\n")
URL = "https://speakup.trust.example"
STAFF_URL = "https://speakup.trust.example:8443"


UNIT = "speakupd@example.service"
PUBLIC = "speakupd-public@example.socket"
NOTIFY = "speakup-notify@example.service"
BACKUP = "speakup-backup@example.service"
NOBODY = 65534
MARK = "marmalade-over-the-fence"   # in what reporters write
receipts = []
SAVED = HERE / "receipts"    # for after the machine's new start


class Failed(Exception):
    pass


def say(text):
    print(text, flush=True)


def equal(found, wanted, of=""):
    if found != wanted:
        raise Failed(f"{of} {found!r}, not {wanted!r}")


def true(value, why):
    if not value:
        raise Failed(why)
    return value


def run(*argv, stdin="", check=True, cwd=WORK, seconds=300):
    done = subprocess.run([str(a) for a in argv], input=stdin, text=True,
                          errors="replace", capture_output=True, cwd=cwd,
                          timeout=seconds)
    if check and done.returncode != 0:
        raise Failed(f"{' '.join(map(str, argv))[:200]}: exit "
                     f"{done.returncode}\n{done.stdout[-1500:]}"
                     f"{done.stderr[-1500:]}")
    return done


def sh(script, **kw):
    return run("bash", "-e", "-u", "-o", "pipefail", "-c", script, **kw)


def wait_for(what, seconds=60, every=0.1):
    """What `what` returns as soon as that is true; at the end whatever it is."""
    end = time.monotonic() + seconds
    while not (value := what()) and time.monotonic() < end:
        time.sleep(every)
    return value


# --- the documents ---

def page(title):
    """The blocks marked `sh` of one section of OPERATING.md."""
    text = (HERE / "OPERATING.md").read_text()
    section = re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", text,
                        re.M | re.S)
    return re.findall(r"^```sh\n(.*?)^```", section[1], re.M | re.S)


def follow(title, change=lambda text: text):
    blocks = page(title)
    if not blocks:
        raise Failed(f"{title}: no commands there")
    return "".join(sh(change(block)).stdout for block in blocks)


def manual(name, word):
    """The commands of a manual page that have this word among them."""
    text = (HERE / name).read_text()
    for block in re.findall(r"^\.Bd -literal.*?\n(.*?)^\.Ed", text,
                            re.M | re.S):
        if word in block:
            return re.sub(r"^# ", "", block, flags=re.M).replace("\\e", "\\")
    raise Failed(f"{name} has no commands with {word}")


# --- people and certificates ---

def make_people():
    lines = ["keys:"]
    policy = (HERE / "policy-small.yaml").read_text()
    for slug in re.findall(r"slug: ([a-z-]+), name", policy):
        keys = run("ftsu", "keygen", "--no-passphrase", "--out",
                   f"{slug}.age").stdout
        lines += [f"  {slug}:"] + [f"    {x}" for x in keys.splitlines()]
    (WORK / "keys.yaml").write_text("\n".join(lines) + "\n")
    (WORK / "policy.yaml").write_text(policy)
    # the same, and urgent ones are told of within the minute
    (WORK / "policy-2.yaml").write_text(
        policy + "limits:\n  notify-at-once: [P1]\n")


def make_authority():
    sh("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes "
       "-days 90 -subj '/CN=test authority' -keyout ca.key -out ca.pem && "
       "cat ca.pem >>/etc/ssl/certs/ca-certificates.crt")


def make_certificate(name, host, key=None):
    """NAME.pem by the authority, and its key as NAME-key.pem."""
    if key is None:
        key = f"{name}-key.pem"
        sh(f"openssl ecparam -name prime256v1 -genkey -noout -out {key}")
    sh(f"openssl req -new -key {key} -subj /CN={host} | openssl x509 -req "
       "-CA ca.pem -CAkey ca.key -days 60 "
       f"-extfile <(echo subjectAltName=DNS:{host}) -out {name}.pem")


# --- clients ---

def root_hash():
    return json.loads(run("speakupctl", "root", "show", "--json",
                          "root0.note").stdout)["root_hash"]


def report(text, *args, server=URL, **kw):
    done = run("speakup", "report", "--yes", "--json", "--server", server,
               *args, stdin=text, **kw)
    return json.loads(done.stdout)["receipt"] if done.stdout else None


def inbox(receipt, server=URL):
    done = run("speakup", "inbox", "--json", "--server", server,
               stdin=receipt + "\n")
    return json.loads(done.stdout)


def ftsu(who, command, *args, server=STAFF_URL, **kw):
    state = WORK / f"state-{who}-{server[8:13]}"
    state.mkdir(exist_ok=True)
    return run("ftsu", command, "--server", server, "--identity",
               f"{who}.age", "--state", state, "--session-file",
               state / "session", "--root-hash", root_hash(), *args,
               **kw).stdout


def answers(server=URL):
    """Whether the whole service answers, vault included."""
    code = run("curl", "-s", "--max-time", "10", "-o", "/dev/null", "-w",
               "%{http_code}", "--data-binary", "0" * 64,
               server + "/v1/plain/answer", check=False).stdout
    return code not in ("", "000", "503")


# --- units and processes ---

def systemctl(*args, **kw):
    return run("systemctl", "--no-pager", *args, **kw)


def show(unit, name):
    return systemctl("show", "--value", "-p", name, unit).stdout.strip()


def is_active(unit):
    return show(unit, "ActiveState") == "active"


def role(pid):
    words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    for word in words:
        if word.startswith(b"--role="):
            return word[7:].decode()
    return "parent"


def control_group(unit):
    return Path("/sys/fs/cgroup") / show(unit, "ControlGroup").lstrip("/")


def processes(unit):
    """(role, pid) of all that is in the unit's control group."""
    out = []
    if not show(unit, "ControlGroup"):   # of one that does not run
        return out
    try:
        for pid in (control_group(unit) / "cgroup.procs").read_text().split():
            out.append((role(pid), int(pid)))
    except (FileNotFoundError, ProcessLookupError):
        pass   # it ends just now
    return sorted(out)


def pids(unit, which):
    return [pid for name, pid in processes(unit) if name == which]


def is_whole(unit):
    """Parent, vault and both fronts run, and the unit is active."""
    return is_active(unit) and [name for name, _ in processes(unit)] == [
        "front", "front", "parent", "vault"]


def status(pid):
    return dict(line.split(":\t", 1) for line in
                Path(f"/proc/{pid}/status").read_text().splitlines()
                if ":\t" in line)


def within(pid, *argv):
    """What a program of the process's user sees in its namespaces."""
    uid = status(pid)["Uid"].split()[0]
    return run("nsenter", "--target", pid, "--mount", "--net", "--ipc",
               "setpriv", "--reuid", uid, "--regid", uid, "--clear-groups",
               *argv, check=False, cwd="/")


def journal(*args):
    run("journalctl", "--sync", "--quiet")
    return run("journalctl", "--no-pager", "-o", "cat", "-a", *args).stdout


def now_cursor():
    text = run("journalctl", "--no-pager", "-n", "0", "--show-cursor").stdout
    return text.rsplit("-- cursor: ")[1].strip()


# --- what is expected of them ---

def wait_whole(unit=UNIT, seconds=300):
    true(wait_for(lambda: is_whole(unit), seconds),
         f"{unit}: {show(unit, 'ActiveState')}, {processes(unit)}")


def owner_on_disk():
    """Who owns what the service keeps: its user, or since systemd 257 nobody,
    whom the service sees as its user."""
    uid = (STATE / "example").stat().st_uid
    pid = pids(UNIT, "parent")[0]
    user = int(status(pid)["Uid"].split()[0])
    true(uid in (user, NOBODY), f"the state belongs to {uid}")
    seen = Path(f"/proc/{pid}/root{STATE}/example").stat().st_uid
    equal(seen, user, "who owns the state, as the service sees it")
    return uid


def expect_owned(path, uid, mode):
    st = path.stat()
    equal((st.st_uid, oct(st.st_mode & 0o7777)), (uid, oct(mode)), path)


def expect_confined(pid, networked=False):
    s = status(pid)
    for field in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        equal(int(s[field], 16), 0, field)
    equal((s["NoNewPrivs"], s["Seccomp"]), ("1", "2"), "NoNewPrivs, Seccomp")
    uids = set(s["Uid"].split())
    true(len(uids) == 1 and 61184 <= int(uids.pop()) <= 65519,
         f"not a dynamic user: {s['Uid']}")
    limits = Path(f"/proc/{pid}/limits").read_text()
    true(re.search(r"Max core file size +0 +0 ", limits), limits)
    for space in ("net", "mnt", "ipc", "user"):
        same = (os.readlink(f"/proc/{pid}/ns/{space}")
                == os.readlink(f"/proc/1/ns/{space}"))
        equal(same, space == "net" and networked, f"{space} of init")
