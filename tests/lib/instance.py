"""A running Speakup for tests: an organisation made by etc/demo/make-org, one
speakupd on loopback, and the client commands. Standard library only.

    with Instance(build, directory) as i:
        receipt = i.report("text")["receipt"]
        i.login(GUARDIAN)
        i.ftsu(GUARDIAN, "queue", "--json")
"""
import contextlib
import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

from machine import free_port

ROOT = Path(__file__).resolve().parent.parent.parent
PASSPHRASE = "demonstration"
GUARDIAN = "guardian-east"   # reads what takes the general route


def build_directory():
    """Where meson built: meson test sets it, or the first that exists."""
    for name in (os.environ.get("SPEAKUP_BUILD"), ROOT / "build-gcc",
                 ROOT / "build"):
        if name and (Path(name) / "daemon/speakupd").exists():
            return Path(name).resolve()
    raise SystemExit("no build directory: set SPEAKUP_BUILD")


def children(pid):
    """The process and everything below it."""
    out = [pid]
    try:
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except FileNotFoundError:
        return out
    for child in text.split():
        out += children(int(child))
    return out


def pss_kib(pid):
    """Proportional set size."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1])
    raise RuntimeError("no Pss")


def own_kib(pid):
    """What is a process's own: its anonymous memory, and what it has of
    databases. Pages of programs and libraries are left out: how much of them
    counts for it changes with what else runs on the machine."""
    own, is_database = 0, False
    for line in Path(f"/proc/{pid}/smaps").read_text().splitlines():
        word, rest = line.split(maxsplit=1)
        if not word.endswith(":"):
            is_database = rest.endswith(".mdb")
        elif word == ("Rss:" if is_database else "Anonymous:"):
            own += int(rest.split()[0])
    return own


def role_of(pid):
    """'parent', 'vault' or 'front'."""
    words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    for word in words:
        if word.startswith(b"--role="):
            return word[7:].decode()
    return "parent"


class Failed(Exception):
    """A client command ended with another status than was expected."""

    def __init__(self, argv, done):
        super().__init__(f"{' '.join(map(str, argv))}: exit "
                         f"{done.returncode}\n{done.stdout}\n{done.stderr}")
        self.code = done.returncode
        self.stdout, self.stderr = done.stdout, done.stderr


class Instance:
    def __init__(self, build, directory, limits=None, fronts=1, env=None,
                 kind="both", org=None, start=True, web=None,
                 log_by_pipe=False):
        """log_by_pipe: a front may write to no file, as its log would be."""
        self.log_by_pipe, self.logger = log_by_pipe, None
        self.build, self.dir = Path(build), Path(directory)
        self.limits, self.fronts, self.kind = limits or {}, fronts, kind
        self.env = {**os.environ, **(env or {})}
        self.port = free_port()
        self.web, self.process = web, None
        self.dir.mkdir(parents=True, exist_ok=True)
        self.org = Path(org) if org else self.dir / "org"
        if not self.org.exists():
            self.run([ROOT / "etc/demo/make-org", self.org, "--build",
                      self.build, "--port", str(self.port),
                      "--work-factor", "2",
                      *(("--web", web) if web else ())])
        self.state = self.dir / "state"
        self.state.mkdir(mode=0o700, exist_ok=True)
        self.config = self.dir / "speakupd.yaml"
        self.config.write_text(self.config_text())
        self.log = self.dir / "log"
        if start:
            self.start()

    # what make-org made
    tls_cert = property(lambda self: self.org / "tls/cert.pem")
    tls_key = property(lambda self: self.org / "tls/key.pem")
    ca = property(lambda self: self.org / "tls/ca.pem")
    root_hash = property(
        lambda self: (self.org / "root0.sha256").read_text().strip())
    url = property(lambda self: f"https://127.0.0.1:{self.port}")

    def config_text(self):
        limits = "".join(f"  {k}: {v}\n" for k, v in self.limits.items())
        return (f"fronts: {self.fronts}\n"
                f"state: {self.state}\n"
                f"policy: {self.org}/policy.note\n"
                f"roots:\n  - {self.org}/root0.note\n"
                f"instance-key: {self.org}/keys/instance.key\n"
                f"store-key: {self.org}/keys/store.key\n"
                f"tls:\n  certificate: {self.tls_cert}\n"
                f"  key: {self.tls_key}\n"
                + (f"web: {self.org}/web\n" if self.web else "") +
                f"listeners:\n  - name: main\n    kind: {self.kind}\n"
                f"    address: 127.0.0.1:{self.port}\n"
                + (f"limits:\n{limits}" if limits else ""))

    # --- the daemon ---

    def start(self):
        with self.log.open("ab") as log:
            if self.log_by_pipe:
                if self.logger:   # of the one that has ended
                    self.logger.wait(timeout=60)
                self.logger = subprocess.Popen(
                    ["cat"], stdin=subprocess.PIPE, stdout=log)
            out = self.logger.stdin if self.logger else log
            self.process = subprocess.Popen(
                [str(self.build / "daemon/speakupd"), "-c",
                 str(self.config)], stdin=subprocess.DEVNULL, stdout=out,
                stderr=out, env=self.env, start_new_session=True)
        if self.logger:
            self.logger.stdin.close()
        self.wait_ready()

    def wait_ready(self, seconds=60):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.process.poll() is not None:
                break
            if self.answers():
                return
            time.sleep(0.01)
        raise RuntimeError("speakupd did not start:\n"
                           + self.log.read_text(errors="replace")[-4000:])

    def answers(self):
        """Whether the whole service, vault included, answers."""
        argv = ["curl", "-sS", "--max-time", "5", "--cacert", str(self.ca),
                "-o", "/dev/null", "-w", "%{http_code}",
                "--data-binary", "0" * 64, self.url + "/v1/plain/answer"]
        done = subprocess.run(argv, capture_output=True, text=True)
        return done.stdout not in ("", "000", "503")

    def pids(self):
        return children(self.process.pid)

    def pid_of(self, role, seconds=60):
        """Its first process, once there is one: after some deaths a front is
        started again only after some seconds."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for pid in self.pids():
                try:
                    if role_of(pid) == role:
                        return pid
                except OSError:
                    continue
            time.sleep(0.01)
        raise RuntimeError(f"no {role}")

    def own_kib(self):
        return sum(own_kib(p) for p in self.pids())

    def stop(self, sig=signal.SIGTERM):
        """The parent's exit status."""
        if self.process is None:
            return None
        mine = self.pids()
        self.process.send_signal(sig)
        try:
            code = self.process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = self.process.wait()
        for pid in mine:
            self.wait_gone(pid)
        if self.logger:
            self.logger.wait(timeout=60)
        self.process = None
        return code

    @staticmethod
    def wait_gone(pid, seconds=10):
        """Until it has ended; one that nobody has reaped yet has."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                stat = Path(f"/proc/{pid}/stat").read_text()
            except (FileNotFoundError, ProcessLookupError):
                return
            if stat.rsplit(")", 1)[1].split()[0] == "Z":
                return
            time.sleep(0.01)
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def remove(self):
        self.stop()
        shutil.rmtree(self.dir, ignore_errors=True)

    # --- the clients ---

    def run(self, argv, stdin="", expect=0, env=None, **kw):
        done = subprocess.run([str(a) for a in argv], input=stdin, text=True,
                              capture_output=True, env=env or self.env, **kw)
        if done.returncode != expect:
            raise Failed(argv, done)
        return done

    def server_options(self):
        return ["--server", self.url, "--cacert", self.ca, "--root-hash",
                self.root_hash]

    def speakup(self, command, *args, server=None, **kw):
        options = self.server_options()
        if server:
            options[1] = server
        return self.run([self.build / "client/speakup", command, *options,
                         *args], **kw)

    def report(self, text, *args, **kw):
        """Files a concern without questions; the JSON answer."""
        done = self.speakup("report", "--yes", "--json", *args, stdin=text,
                            **kw)
        return json.loads(done.stdout) if done.stdout else None

    def inbox(self, receipt, *args, **kw):
        done = self.speakup("inbox", "--json", *args, stdin=receipt + "\n",
                            **kw)
        return json.loads(done.stdout) if done.stdout else None

    def ftsu(self, who, command, *args, expect=0, stdin="", server=None):
        """A staff command; the passphrase goes in by a pipe of its own. A
        session is one server's."""
        options = self.server_options()
        session = "session"
        if server:
            options[1] = server
            session += "-" + server.rsplit("/", 1)[-1]
        r, w = os.pipe()
        os.write(w, (PASSPHRASE + "\n").encode())
        os.close(w)
        state = self.dir / "staff" / who
        state.mkdir(parents=True, exist_ok=True)
        try:
            return self.run(
                [self.build / "client/ftsu", command, *options, "--identity",
                 self.org / f"staff/{who}.age", "--state", state,
                 "--session-file", state / session, "--passphrase-fd",
                 str(r), *args], stdin=stdin, expect=expect, pass_fds=(r,))
        finally:
            os.close(r)

    def ftsu_json(self, who, command, *args, **kw):
        return json.loads(self.ftsu(who, command, "--json", *args,
                                    **kw).stdout)

    def login(self, who, server=None):
        return self.ftsu(who, "login", server=server)

    def queue(self, who):
        return self.ftsu_json(who, "queue")

    # --- another policy ---

    def ctl(self, *args):
        return self.run([self.build / "client/speakupctl", *args])

    def keygen(self, slug):
        """Keys for somebody new, beside those of the others."""
        r, w = os.pipe()
        os.write(w, (PASSPHRASE + "\n").encode())
        os.close(w)
        try:
            done = self.run(
                [self.build / "client/ftsu", "keygen", "--work-factor", "2",
                 "--passphrase-fd", str(r), "--out",
                 self.org / f"staff/{slug}.age"], pass_fds=(r,))
        finally:
            os.close(r)
        with (self.org / "keys.yaml").open("a") as keys:
            keys.write(f"  {slug}:\n" + "".join(
                f"    {line}\n" for line in done.stdout.splitlines()))

    def change_policy(self, text, serial=2):
        """Compiles and signs this text, and waits until it is in force."""
        org = self.org
        (org / "policy.yaml").write_text(text)
        self.ctl("policy", "compile", org / "policy.yaml", "--keys",
                 org / "keys.yaml", "--issued", "now", "--serial",
                 str(serial), "--out", org / f"policy-{serial}.json")
        self.ctl("policy", "sign", org / f"policy-{serial}.json", "--key",
                 org / "keys/policy-1.key", "--key",
                 org / "keys/policy-2.key", "--out", org / "policy.note",
                 "--force")
        self.process.send_signal(signal.SIGHUP)
        end = time.monotonic() + 60
        while time.monotonic() < end:
            done = self.speakup("policy", "--json")
            if json.loads(done.stdout)["policy"]["serial"] == serial:
                return
            time.sleep(0.1)
        raise RuntimeError("the new policy is not in force")

    def check(self):
        """speakupctl check over the stopped store; its exit status."""
        return subprocess.run(
            [str(self.build / "client/speakupctl"), "check", "--config",
             str(self.config)], capture_output=True, text=True)
