#!/usr/bin/env python3
"""Every call with which a command writes a file fails in turn: EIO, ENOSPC,
EINTR, or half is written. What has the final name is whole, or it is what was
there before; the exit status and a sentence say so; nothing lies about beside
it; and a receipt is told whatever became of the proof's file. Then every
allocation of these commands fails in turn (SPEAKUP_STRIDE: each so-manieth).

    test_files.py [NAME…]
"""
import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
from instance import GUARDIAN, PASSPHRASE, Instance, \
    build_directory  # noqa: E402

BUILD = build_directory()
STRIDE = int(os.environ.get("SPEAKUP_STRIDE", "499"))
SANITIZED = os.environ.get("SPEAKUP_SANITIZED") == "1"
CALLS = {"write": [errno.EIO, errno.ENOSPC, errno.EINTR, "short"],
         "fsync": [errno.EIO, errno.ENOSPC], "mkdir": [errno.ENOSPC],
         "open": [errno.ENOSPC, errno.EIO], "rename": [errno.EIO]}
START = 60
# From 3.2 on OpenSSL waits for itself for ever where one of its own start's
# allocations fails, before any of our code is asked.
OPENSSL = subprocess.run(["openssl", "version"], capture_output=True,
                         text=True, check=True).stdout.split()[1]
OPENSSL_WAITS = tuple(int(n) for n in OPENSSL.split(".")[:2]) >= (3, 2)
FAILED = 1
# For want of memory: any but 3, which accuses somebody of tampering.
SAID = {0, 1, 2, 4, 5, 6, 9}


def said(done):
    """Sentences, whatever the width at which they were wrapped."""
    return " ".join(done.stderr.split())


class Faults:
    """The environment of one command with a fault, and whether it came."""

    def __init__(self, directory, call, error, at, whole_rest=False):
        self.said = directory / "said"
        self.said.unlink(missing_ok=True)
        self.env = {**os.environ, "LD_PRELOAD":
                    str(BUILD / "tests/faults/libfaults.so"),
                    "FAULT_CALL": call, "FAULT_ERROR": str(error),
                    "FAULT_AT": str(at), "FAULT_UNDER": f"{directory}/out/",
                    "FAULT_SAY": str(self.said)}
        if whole_rest:
            self.env["FAULT_FROM"] = "1"

    def __str__(self):
        return str({k: v for k, v in self.env.items() if k.startswith("FAULT_")})

    def came(self):
        return self.said.exists()


class Files(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.dir = Path(tempfile.mkdtemp(prefix="speakup-files-"))
        cls.addClassCleanup(shutil.rmtree, cls.dir, ignore_errors=True)
        cls.i = Instance(BUILD, cls.dir)
        cls.addClassCleanup(cls.i.stop)
        cls.out = cls.dir / "out"
        cls.case = cls.i.report("It is not safe.", "--attach",
                                str(cls.attachment()))["case"]
        cls.i.login(GUARDIAN)

    @classmethod
    def attachment(cls):
        path = cls.dir / "picture.bin"
        path.write_bytes(bytes(range(256)) * 64)
        return path

    # --- one command, whatever becomes of it ---

    def fresh(self):
        shutil.rmtree(self.out, ignore_errors=True)
        self.out.mkdir()

    def command(self, argv, env, stdin="", passphrase=True):
        r, w = os.pipe()
        os.write(w, (PASSPHRASE + "\n").encode() * 2)
        os.close(w)
        words = [str(a).replace("@FD", str(r)) for a in argv]
        try:
            return subprocess.run(words, input=stdin, text=True, env=env,
                                  capture_output=True, pass_fds=(r,),
                                  timeout=60)
        finally:
            os.close(r)

    def staff(self, command, *args):
        state = self.dir / "staff" / GUARDIAN
        return [BUILD / "client/ftsu", command, *self.i.server_options(),
                "--identity", self.i.org / f"staff/{GUARDIAN}.age",
                "--state", state, "--session-file", state / "session",
                "--passphrase-fd", "@FD", *args]

    def names(self):
        """All files under their final names."""
        return {str(p.relative_to(self.out)) for p in self.out.rglob("*")
                if p.is_file()}

    def judge(self, done, faults, whole, before):
        """whole: {name: what a whole file satisfies}, all there on success."""
        where = f"{faults} {done}"
        self.assertGreaterEqual(done.returncode, 0, where)   # no signal
        names = self.names()
        self.assertFalse([n for n in names if n.endswith("~")
                          or ".partial" in n], where)
        for name in names:
            fits = next((f for n, f in whole.items()
                         if Path(name).match(n)), None)
            self.assertIsNotNone(fits, f"{name} {where}")
            self.assertTrue(fits((self.out / name).read_bytes()),
                            f"{name} {where}")
        self.assertTrue(before <= names, where)
        if done.returncode == 0:
            for pattern in whole:
                self.assertTrue([n for n in names if Path(n).match(pattern)],
                                f"{pattern} {where}")
            return
        self.assertTrue(faults.came(), where)
        self.assertRegex(said(done), r"(?:speakup|ftsu|speakupctl): \S.*\.",
                         where)

    def each(self, argv, whole, stdin="", prepare=None, also=None):
        n = 0
        for call, errors in CALLS.items():
            for error in errors:
                for at in range(1000):
                    self.fresh()
                    if prepare:
                        prepare()
                    before = self.names()
                    faults = Faults(self.dir, call, error, at)
                    done = self.command(argv, faults.env, stdin)
                    self.judge(done, faults, whole, before)
                    if error in (errno.EINTR, "short"):
                        self.assertEqual(done.returncode, 0, done)
                    elif faults.came():
                        self.assertEqual(done.returncode, FAILED,
                                         f"{faults} {done}")
                    if also:
                        also(done)
                    if not faults.came():
                        self.assertEqual(done.returncode, 0, done)
                        break
                    n += 1
        print(f"{self.id().rsplit('.', 1)[1]}: {n} faults", file=sys.stderr)
        self.assertGreater(n, 5)

    # --- what is on the disk, and when ---

    def assert_synced(self, path, dirty, where):
        """Nothing waits to be written in it, or below."""
        self.assertFalse([p for p in dirty if p == path
                          or p.startswith(path + "/")], f"{path} {where}")

    def in_order(self, argv, stdin="", names=False):
        """Without a fault: what gets its final name was synced before, with
        the names in it. names: and this name too, in the end."""
        self.fresh()
        log = self.dir / "log"
        log.unlink(missing_ok=True)
        done = self.command(argv, {
            **Faults(self.dir, "", 0, 0).env, "FAULT_LOG": str(log)}, stdin)
        self.assertEqual(done.returncode, 0, done)
        dirty, last = set(), None
        for line in log.read_text().splitlines():
            call, path, *to = line.split("\t")
            if call in ("write", "create"):
                dirty.add(path)
            if call == "create":
                dirty.add(os.path.dirname(path))
            if call == "fsync":
                dirty.discard(path)
            if call == "rename":
                last = to[0]
                self.assert_synced(path, dirty, line)
                dirty.add(os.path.dirname(last))
        self.assertIsNotNone(last, "nothing got its final name")
        if names:
            self.assertNotIn(os.path.dirname(last), dirty)

    def test_data_is_on_the_disk_before_its_name_is(self):
        self.policy_yaml()
        for argv in (self.ctl("key", "new", "--kind", "store", "--out",
                              self.out / "key"), self.compile(), self.sign(),
                     [BUILD / "client/ftsu", "keygen", "--no-passphrase",
                      "--out", self.out / "me.age"]):
            self.in_order(argv)
        self.in_order(self.report(), stdin="In order.")
        self.in_order(self.staff("show", "--save", self.out / "case",
                                 self.case), names=True)
        self.in_order(self.staff("show", "--sealed", self.out / "all",
                                 self.case), names=True)

    # --- operators ---

    def ctl(self, *args):
        return [BUILD / "client/speakupctl", *args]

    def test_key_of_a_store(self):
        self.each(self.ctl("key", "new", "--kind", "store", "--out",
                           self.out / "key"),
                  {"key": lambda x: len(x.strip()) == 64})

    def test_key_that_signs(self):
        self.each(self.ctl("key", "new", "--kind", "policy", "--name",
                           "a.example/1", "--out", self.out / "key"),
                  {"key": lambda x: x.endswith(b"\n") and len(x) > 60})

    def compile(self):
        return self.ctl("policy", "compile", self.i.org / "policy.yaml",
                        "--keys", self.i.org / "keys.yaml", "--issued",
                        "now", "--serial", "2", "--out", self.out / "json")

    def is_json(self, data):
        return bool(json.loads(data)["people"])

    def policy_yaml(self):
        """What make-org compiled."""
        path = self.i.org / "policy.yaml"
        if not path.exists():
            shutil.copy(Path(__file__).resolve().parents[2] /
                        "etc/policy.yaml", path)

    def test_policy_compile(self):
        self.policy_yaml()
        self.each(self.compile(), {"json": self.is_json})

    def sign(self):
        return self.ctl("policy", "sign", self.i.org / "policy.json", "--key",
                        self.i.org / "keys/policy-1.key", "--key",
                        self.i.org / "keys/policy-2.key", "--out",
                        self.out / "note", "--force")

    def test_policy_sign_over_an_old_one(self):
        old = (self.i.org / "policy.note").read_bytes()
        self.each(self.sign(),
                  {"note": lambda x: x == old or (
                      x.count("\n\u2014 ".encode()) == 2
                      and x.endswith(b"\n"))},
                  prepare=lambda: (self.out / "note").write_bytes(old))

    # --- staff ---

    def test_keygen(self):
        self.each([BUILD / "client/ftsu", "keygen", "--work-factor", "2",
                   "--passphrase-fd", "@FD", "--out", self.out / "me.age"],
                  {"me.age": lambda x: b"END AGE" in x
                   or x.startswith(b"age-encryption.org/v1\n")})

    def sealed(self):
        """A text sealed to a passphrase's key file: the store's key."""
        plain = self.dir / "plain"
        plain.write_bytes(b"x" * 200000)
        to = self.dir / "to"
        if not to.exists():
            done = self.command(
                [BUILD / "client/ftsu", "keygen", "--no-passphrase",
                 "--json", "--out", self.dir / "open.age"], os.environ)
            self.assertEqual(done.returncode, 0, done)
            text = (self.dir / "open.age").read_text()
            to.write_text("".join(
                line.split(": ")[1] + "\n" for line in text.splitlines()
                if line.startswith("# public key: age1"))[:0] or
                json.loads(done.stdout)["classic"] + "\n")
        self.i.run([BUILD / "client/speakup", "seal", "-R", to, "-o",
                    self.dir / "sealed.age", plain])
        return plain.read_bytes()

    def test_open(self):
        plain = self.sealed()
        self.each([BUILD / "client/ftsu", "open", "--identity",
                   self.dir / "open.age", "--out", self.out / "plain",
                   self.dir / "sealed.age"], {"plain": lambda x: x == plain})
        (self.dir / "sealed.age").unlink()

    def shown(self):
        return {"*/message.txt": lambda x: x == b"It is not safe.",
                "*/manifest.txt": lambda x: b"concern" in x
                and x.endswith(b"\n"),
                "*/attachments/*": lambda x: x == self.attachment()
                .read_bytes()}

    def test_show_and_save(self):
        self.each(self.staff("show", "--save", self.out / "case", self.case),
                  self.shown())

    def test_show_sealed(self):
        self.each(self.staff("show", "--sealed", self.out / "all", self.case),
                  {"*.age": lambda x: x.startswith(b"age-encryption.org/v1")
                   and len(x) > 16000})

    # --- reporters ---

    def report(self):
        return [BUILD / "client/speakup", "report", "--yes", "--json",
                *self.i.server_options(), "--save-proof", self.out / "proof"]

    def test_report_and_proof(self):
        def told(done):
            got = json.loads(done.stdout)
            self.assertEqual(len(got["receipt"].split()), 12, got)
            self.assertEqual(self.i.inbox(got["receipt"])["case"],
                             got["case"])
        self.each(self.report(), {"proof": lambda x: x.startswith(
            b"speakup/stored/v1\n") and x.endswith(b"\n")},
            stdin="Once more.", also=told)

    def test_what_cannot_be_printed_is_said(self):
        for argv in (self.report(), self.staff("queue", "--json"),
                     self.ctl("policy", "show", self.i.org / "policy.json")):
            self.fresh()
            r, w = os.pipe()
            os.write(w, (PASSPHRASE + "\n").encode())
            os.close(w)
            with open("/dev/full", "w") as full:
                done = subprocess.run(
                    [str(a).replace("@FD", str(r)) for a in argv],
                    input="x", text=True, stdout=full, pass_fds=(r,),
                    stderr=subprocess.PIPE)
            os.close(r)
            self.assertEqual(done.returncode, FAILED, done)
            self.assertIn("not all of the output could be written",
                          said(done))

    # --- memory ---

    def test_no_start_without_memory_is_a_crash(self):
        """The first allocations of every program are OpenSSL's own start,
        which crashes where it is not looked at."""
        if SANITIZED:
            self.skipTest("the sanitizers bring a malloc of their own")
        if OPENSSL_WAITS:
            self.skipTest("this OpenSSL waits for itself for ever")
        notify = self.dir / "notify.yaml"
        notify.write_text("")
        for argv in ([BUILD / "daemon/speakupd", "-n", "-c", self.i.config],
                     [BUILD / "notify/speakup-notify", "-n", "-c", notify],
                     [BUILD / "client/speakup", "cases"],
                     [BUILD / "client/ftsu", "queue"],
                     self.ctl("policy", "show", "/nowhere")):
            texts = Counter()
            for at in range(0, START, 2):
                faults = Faults(self.dir, "malloc", errno.ENOMEM, at, at % 4)
                done = self.command(argv, faults.env)
                self.assertNotEqual(done.returncode, -signal.SIGSEGV,
                                    f"{faults} {done}")
                texts["is not enough memory" in said(done)] += 1
            self.assertTrue(texts[True], f"{argv[0]} says so")

    def test_nothing_is_called_misconfigured_for_want_of_memory(self):
        if SANITIZED:
            self.skipTest("the sanitizers bring a malloc of their own")
        ends = Counter()
        for rest in (False, True):
            for at in range(START, 1000000, STRIDE):
                faults = Faults(self.dir, "malloc", errno.ENOMEM, at, rest)
                done = self.command([BUILD / "daemon/speakupd", "-n", "-c",
                                     self.i.config], faults.env)
                ends[done.returncode] += 1
                if done.returncode != 0:
                    self.assertRegex(said(done), "memory|libcrypto failed",
                                     f"{faults} {done}")
                if not faults.came():
                    break
        print(f"speakupd -n: exit {dict(ends)}", file=sys.stderr)
        self.assertGreater(ends[1], 5)

    def starve(self, argv, whole, stdin="", prepare=None):
        """Every STRIDE-th allocation, alone and with all behind it."""
        n, codes = 0, Counter()
        for rest in (False, True):
            at = START if OPENSSL_WAITS else 0
            while True:
                self.fresh()
                if prepare:
                    prepare()
                before = self.names()
                faults = Faults(self.dir, "malloc", errno.ENOMEM, at, rest)
                done = self.command(argv, faults.env, stdin)
                codes[done.returncode] += 1
                if done.returncode != 127:   # the loader's own
                    self.judge_starved(done, faults, whole, before)
                if not faults.came():
                    break
                n, at = n + 1, at + STRIDE
        print(f"{self.id().rsplit('.', 1)[1]}: {n} faults, exit "
              f"{dict(codes)}", file=sys.stderr)
        self.assertGreater(n, 5)

    def judge_starved(self, done, faults, whole, before):
        """As judge; with no memory at all there may be no sentence."""
        self.assertIn(done.returncode, SAID, f"{faults} {done}")
        self.assertFalse([n for n in self.names() if n.endswith("~")])
        for name in self.names():
            fits = next(f for n, f in whole.items() if Path(name).match(n))
            self.assertTrue(fits((self.out / name).read_bytes()), name)
        if done.returncode == 0:
            self.assertTrue(self.names() or not whole, f"{faults} {done}")


@unittest.skipIf(SANITIZED, "the sanitizers bring a malloc of their own")
class Memory(Files):
    """The commands' allocations, with those of every library in them."""


for name in [n for n in vars(Files) if n.startswith("test_")]:
    setattr(Memory, name, None)


def memory(name, argv, whole, **kw):
    def test(self):
        given = {k: v(self) for k, v in kw.items()}
        self.starve(argv(self), whole(self), **given)
    setattr(Memory, f"test_{name}_without_memory", test)


memory("policy_sign", lambda s: s.sign(), lambda s: {
    "note": lambda x: x.endswith(b"\n")})
memory("key", lambda s: s.ctl("key", "new", "--kind", "store", "--out",
                              s.out / "key"),
       lambda s: {"key": lambda x: len(x.strip()) == 64})
memory("show", lambda s: s.staff("show", "--save", s.out / "case", s.case),
       lambda s: s.shown())
memory("queue", lambda s: s.staff("queue"), lambda s: {})
memory("report", lambda s: s.report(), lambda s: {
    "proof": lambda x: x.endswith(b"\n")}, stdin=lambda s: "Starved.")


if __name__ == "__main__":
    unittest.main(verbosity=2)
