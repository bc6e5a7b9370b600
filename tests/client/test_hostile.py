#!/usr/bin/env python3
"""A hostile server, and a machine that keeps what it should not: answers are
changed on their way back, roots go back, output has no place to go."""
import hashlib
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
from instance import Instance, build_directory  # noqa: E402
from test_hijack import (  # noqa: E402
    UNIT, Hijacked, is_concern, join, split)

WHO = "guardian-east"
FAILED, REFUSED, UNAVAILABLE, UNKNOWN, LOGIN = 1, 3, 4, 8, 9


def without_messages(body):
    """A case, or a mailbox, that has become empty."""
    lines, _ = split(body)
    if lines[0] != b"speakup: v1 case":
        return body
    kept = [b"count: 0" if x.startswith(b"count: ") else x
            for x in lines if not x.startswith(b"head: ")]
    return join(kept, b"").ljust(UNIT, b"\0")


def without_rows(body):
    """A page of the queue that only says that there is another."""
    lines, rest = split(body)
    return join([x for x in lines if not x.startswith(b"row: ")],
                rest.rstrip(b"\0")).ljust(UNIT, b"\0")


def damaged(body):
    """The last message of a conversation, in its last byte."""
    if body.count(b"\nhead: ") < 3:
        return body
    whole = bytearray(body.rstrip(b"\0"))
    whole[-1] ^= 1
    return bytes(whole).ljust(UNIT, b"\0")


def withdrawn(body):
    lines, rest = split(body)
    more = [b"state: withdrawn" if x.startswith(b"state: ") else x
            for x in lines]
    if more == lines:
        return body
    return join(more, rest.rstrip(b"\0")).ljust(UNIT, b"\0")


class Hostile(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.dir = Path(tempfile.mkdtemp(prefix="speakup-hostile-"))
        cls.addClassCleanup(shutil.rmtree, cls.dir, ignore_errors=True)
        cls.i = Instance(build_directory(), cls.dir)
        cls.addClassCleanup(cls.i.stop)
        cls.front = Hijacked(cls.i)
        cls.addClassCleanup(cls.front.server_close)
        cls.addClassCleanup(cls.front.shutdown)
        cls.i.login(WHO)
        cls.i.login(WHO, server=cls.front.url)

    def setUp(self):
        self.front.text = self.front.policy = self.front.answered = None

    def said(self, done):
        return " ".join(done.stderr.split())

    def test_work_without_end_is_left_after_four_challenges(self):
        """Nothing is passed on, and what has to be done has no end."""
        challenge = b"speakup: v1 work\nchallenge: 1 " + b"0a" * 48 + b"\n\n"
        poll = (b"speakup: v1 poll\ntoken: " + b"ab" * 32 +
                b"\nafter: 0\n\n").ljust(UNIT, b"\0")
        seen = []

        def text(body):
            self.front.answered = None
            if not is_concern(body):
                return body
            seen.append(body)
            self.front.answered = lambda _: challenge.ljust(UNIT, b"\0")
            return poll
        self.front.text = text
        done = self.i.speakup("report", "--yes", stdin="x",
                              server=self.front.url, expect=UNAVAILABLE)
        self.assertEqual(len(seen), 4)
        self.assertEqual({body[:-64] for body in seen}, {seen[0][:-64]})
        self.assertEqual(seen[0][-64:], bytes(64))
        for body in seen[1:]:
            self.assertEqual((body[-64:-16], body[-8:]),
                             (b"\x0a" * 48, bytes(8)))
        self.assertIn("asked for work again and again. Nothing was stored. "
                      "Please try again later.", self.said(done))

    def test_work_that_a_mailbox_asks_for_comes_with_whatever_is_next(self):
        """Done before the second exchange of a session, whatever that is: a
        pause, or its want, tells nobody who files something."""
        challenge = b"0a" * 48
        receipt = self.i.report("to be read")["receipt"]
        seen = []

        def text(body):
            seen.append(body)
            return body

        def asking(body):
            if not body.startswith(b"speakup: v1 mailbox\n"):
                return body
            lines, rest = split(body)
            lines.insert(3, b"challenge: 4 " + challenge)
            return join(lines, rest.rstrip(b"\0")).ljust(UNIT, b"\0")
        self.front.text, self.front.answered = text, asking
        for kind, command, stdin in (
                ("poll", ("inbox",), receipt), ("poll", ("cover", "--once"), ""),
                ("concern", ("report", "--yes"), "x"),
                ("withdraw", ("withdraw", "--yes"), receipt)):
            seen.clear()
            self.i.speakup(*command, stdin=stdin + "\n",
                           server=self.front.url)
            self.assertEqual([x[:x.index(b"\n")].decode() for x in seen],
                             ["speakup: v1 poll", f"speakup: v1 {kind}"])
            self.assertEqual(seen[0][-64:], bytes(64))
            self.assertEqual((seen[1][-64:-16], seen[1][-8:]),
                             (b"\x0a" * 48, bytes(8)), command)
            self.assertLess(hashlib.scrypt(seen[1][-16:-8], salt=b"\x0a" * 48,
                                           n=1024, r=8, p=1, dklen=1), b"\x10")

    # --- cases ---

    def test_case_that_has_become_empty_is_refused(self):
        case = self.i.report("one")["case"]
        self.front.answered = without_messages
        for command in ("show", "reply", "note", "ack"):
            self.i.ftsu(WHO, command, case, stdin="x", expect=REFUSED,
                        server=self.front.url)

    def test_server_cannot_withdraw_in_the_reporters_name(self):
        stored = self.i.report("two")
        receipt, case = stored["receipt"], stored["case"]
        self.i.ftsu(WHO, "ack", case)
        self.front.answered = withdrawn
        shown = self.i.ftsu_json(WHO, "show", case, server=self.front.url)
        self.assertFalse(shown["withdrawn"])
        text = self.i.ftsu(WHO, "show", case, server=self.front.url).stdout
        self.assertNotIn("WITHDRAWN", text)
        self.assertFalse(self.i.inbox(receipt, server=self.front.url)
                         ["withdrawn"])
        self.front.answered = None
        self.i.speakup("withdraw", "--yes", stdin=receipt + "\n")
        self.assertTrue(self.i.ftsu_json(WHO, "show", case)["withdrawn"])

    def test_damaged_message_hides_itself_only(self):
        stored = self.i.report("before it")
        case, receipt = stored["case"], stored["receipt"]
        self.i.ftsu(WHO, "ack", case)
        self.i.ftsu(WHO, "reply", case, stdin="the damaged one")
        self.front.answered = damaged
        for shown in (
                self.i.ftsu(WHO, "show", case, server=self.front.url),
                self.i.speakup("inbox", stdin=receipt + "\n",
                               server=self.front.url)):
            self.assertIn("before it", shown.stdout)
            self.assertNotIn("the damaged one", shown.stdout)
            self.assertIn("altered or cut", shown.stdout)
        last = self.i.inbox(receipt, server=self.front.url)["messages"][-1]
        self.assertFalse(last["readable"])
        self.assertNotIn("text", last)

    def test_queue_without_end_is_left(self):
        for _ in range(3):
            self.i.report("three")
        self.front.answered = without_rows
        self.i.ftsu(WHO, "queue", "--all", "--limit", "1", expect=REFUSED,
                    server=self.front.url)

    def test_withdrawal_whose_answer_is_lost_is_no_alarm(self):
        receipt = self.i.report("six")["receipt"]
        lost = []

        def lose(body):
            if body.startswith(b"speakup: v1 stored\n") and not lost:
                lost.append(body)
                raise ConnectionAbortedError
            return body

        self.front.answered = lose
        self.front.handle_error = lambda *_: None
        done = self.i.speakup("withdraw", "--yes", stdin=receipt + "\n",
                              server=self.front.url, expect=UNKNOWN)
        self.assertEqual(len(lost), 1)
        self.assertIn("not there any more", self.said(done))
        self.assertNotIn("NOT", self.said(done))
        done = self.i.speakup("inbox", stdin=receipt + "\n", expect=UNKNOWN)
        self.assertIn("may have been withdrawn", self.said(done))

    # --- roots ---

    def ctl(self, *args):
        self.i.run([self.i.build / "client/speakupctl", *args])

    def second_root(self):
        org, out = self.i.org, self.dir / "root1.note"
        keys = [f"keys/policy-{n}" for n in (1, 2, 3)]
        self.ctl("root", "new", "--previous", org / "root0.note", "--quorum",
                 "2", *(x for k in keys for x in (
                     "--policy-key", (org / f"{k}.vkey").read_text().strip())),
                 "--instance-key",
                 (org / "keys/instance.vkey").read_text().strip(),
                 "--out", out)
        self.ctl("root", "sign", out, "--key", org / f"{keys[0]}.key",
                 "--key", org / f"{keys[1]}.key")
        return [(org / "root0.note").read_bytes(), out.read_bytes()]

    def bundle(self, roots, policy):
        lines = [b"speakup: v1 policy",
                 *(b"root: %d" % len(r) for r in roots),
                 b"policy: %d" % len(policy)]
        body = join(lines, b"".join(roots) + policy)
        return body + b"\0" * (-len(body) % UNIT)

    def staff(self, state, *args, expect=0):
        """ftsu with a memory of its own, and perhaps no fingerprint."""
        done = subprocess.run(
            [self.i.build / "client/ftsu", "queue", "--server",
             self.front.url, "--cacert", self.i.ca, "--state", state, *args],
            text=True, capture_output=True)
        self.assertEqual(done.returncode, expect, done.stderr)
        return self.said(done)

    def test_staff_refuse_an_older_root(self):
        state = self.dir / "roots"
        policy = (self.i.org / "policy.note").read_bytes()
        roots = self.second_root()
        self.front.policy = self.bundle(roots, policy)
        self.staff(state, expect=LOGIN)
        self.front.policy = self.bundle(roots[:1], policy)
        said = self.staff(state, expect=REFUSED)
        self.assertIn("under root 1 before", said)
        self.front.policy = self.bundle(roots, policy)
        self.staff(state, expect=LOGIN)

    def test_staff_remember_a_servers_organisation(self):
        state = self.dir / "first-use"
        self.assertIn("new here", self.staff(state, expect=LOGIN))
        self.assertNotIn("new here", self.staff(state, expect=LOGIN))
        pinned = ("--root-hash", self.i.root_hash)
        fresh = self.dir / "first-use-pinned"
        self.assertIn("not used here before",
                      self.staff(fresh, *pinned, expect=LOGIN))
        self.assertNotIn("not used here before",
                         self.staff(fresh, *pinned, expect=LOGIN))
        self.front.policy = self.other_organisation()
        self.staff(state, expect=REFUSED)
        self.front.policy = None
        for f in state.glob("server-*"):
            f.write_text("nonsense\n")
        self.assertIn("damaged", self.staff(state, expect=REFUSED))

    def test_reporters_without_a_fingerprint_are_told_to_compare(self):
        words = json.loads(self.i.speakup("policy", "--json").stdout)["words"]
        receipt = self.i.report("seven")["receipt"]
        pinned = [*map(str, self.i.server_options())]
        for command, stdin in (("report", "eight"),
                               ("inbox", receipt + "\n")):
            for options, more, shown in (
                    (pinned[:4], [], True), (pinned, [], False),
                    (pinned[:4], ["--json"], False)):
                done = self.i.run(
                    [self.i.build / "client/speakup", command, *options,
                     "--yes", *more], stdin=stdin)
                self.assertEqual(words in self.said(done), shown)
                self.assertNotIn(words, done.stdout)

    def other_organisation(self):
        """The same people under a root of the attacker's own."""
        org, root = self.i.org, self.dir / "other0.note"
        name = next(x for x in (org / "root0.note").read_text().split("\n")
                    if x.startswith("org: "))[5:]
        key = org / "keys/policy-1"
        self.ctl("root", "new", "--org", name, "--quorum", "1",
                 "--policy-key",
                 key.with_suffix(".vkey").read_text().strip(),
                 "--instance-key",
                 (org / "keys/instance.vkey").read_text().strip(),
                 "--out", root)
        self.ctl("root", "sign", root, "--key", key.with_suffix(".key"))
        policy = self.dir / "other.note"
        self.ctl("policy", "sign", org / "policy.json", "--key",
                 key.with_suffix(".key"), "--out", policy)
        return self.bundle([root.read_bytes()], policy.read_bytes())

    def test_policy_that_changes_meanwhile_is_no_tampering(self):
        org, sealed = self.i.org, self.dir / "kept"
        old = self.bundle([(org / "root0.note").read_bytes()],
                          (org / "policy.note").read_bytes())
        receipt = self.i.report("four")["receipt"]
        self.keep_sealed(sealed)
        self.ctl("policy", "compile",
                 Path(__file__).resolve().parents[2] / "etc/policy.yaml",
                 "--keys", org / "keys.yaml", "--issued", "now", "--serial",
                 "2", "--out", org / "policy2.json")
        self.ctl("policy", "sign", org / "policy2.json", "--key",
                 org / "keys/policy-1.key", "--key",
                 org / "keys/policy-2.key", "--out", org / "policy.note",
                 "--force")
        self.i.process.send_signal(signal.SIGHUP)
        end = time.monotonic() + 60
        while self.serial() != 2 and time.monotonic() < end:
            time.sleep(0.1)
        self.assertEqual(self.serial(), 2)
        # stored under a policy that the reporter has not seen yet
        self.front.policy = old
        self.i.speakup("reply", "--yes", stdin=receipt + "\nmore",
                       server=self.front.url)
        # and one that was sealed before, with the new one at hand
        self.i.speakup("report", "--send", sealed)

    def keep_sealed(self, path, *args):
        """A concern that the server does not answer to."""
        def die(_body):
            raise ConnectionAbortedError
        self.front.text = die
        self.front.handle_error = lambda *_: None
        done = self.i.speakup("report", "--yes", "--save-sealed", path, *args,
                              stdin="x", server=self.front.url,
                              expect=UNAVAILABLE)
        self.front.text = None
        return done

    def serial(self):
        done = self.i.speakup("policy", "--json")
        return json.loads(done.stdout)["policy"]["serial"]

    # --- TLS ---

    def test_keys_of_the_connection_are_not_written_down(self):
        log = self.dir / "keylog"
        env = {**os.environ, "SSLKEYLOGFILE": str(log)}
        self.i.speakup("policy", env=env)
        self.assertFalse(log.exists())

    # --- this machine ---

    def test_what_is_interrupted_leaves_no_opened_files(self):
        big, saved = self.dir / "recording", self.dir / "interrupted"
        big.write_bytes(os.urandom(1 << 20))
        receipt = self.i.report("five", "--attach", big)["receipt"]
        pieces, go_on = [], threading.Event()
        self.addCleanup(go_on.set)
        self.front.handle_error = lambda *_: None

        def slow(body):
            pieces.append(len(body))
            if sum(n > 200_000 for n in pieces) == 3:
                go_on.wait(100)
            return body

        self.front.answered = slow
        options = [*map(str, self.i.server_options())]
        options[1] = self.front.url
        for sig in (signal.SIGINT, signal.SIGTERM):
            pieces.clear()
            p = subprocess.Popen(
                [self.i.build / "client/speakup", "inbox", *options,
                 "--save", saved], stdin=subprocess.PIPE, text=True,
                stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            p.stdin.write(receipt + "\n")
            p.stdin.flush()
            end = time.monotonic() + 60
            while not list(saved.glob(".partial-*/attachments/recording")) \
                    and time.monotonic() < end:
                time.sleep(0.01)
            self.assertTrue(list(saved.glob(".partial-*/attachments/*")))
            p.send_signal(sig)
            p.communicate(timeout=60)
            self.assertEqual(p.returncode, -sig)
            self.assertEqual(list(saved.iterdir()), [])

    def test_receipt_that_could_not_be_printed_is_no_success(self):
        for more in ([], ["--json"]):
            with open("/dev/full", "w") as full:
                done = subprocess.run(
                    [self.i.build / "client/speakup", "report", "--yes",
                     *map(str, self.i.server_options()), *more],
                    input="x", text=True, stdout=full,
                    stderr=subprocess.PIPE)
            self.assertEqual(done.returncode, FAILED)
            self.assertIn("could be written", self.said(done))

    def test_memory_is_not_dumped(self):
        soft, hard = resource.getrlimit(resource.RLIMIT_CORE)
        if hard == 0:
            self.skipTest("nothing is dumped here at all")
        secret, go = os.pipe()   # it waits for a passphrase
        resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
        p = subprocess.Popen(
            [self.i.build / "client/speakup", "seal", "--passphrase",
             "--passphrase-fd", str(secret)], pass_fds=(secret,),
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        resource.setrlimit(resource.RLIMIT_CORE, (soft, hard))
        try:
            end = time.monotonic() + 60
            while self.core(p.pid) != ["0", "0"] and time.monotonic() < end:
                time.sleep(0.01)
            self.assertIsNone(p.poll())
            self.assertEqual(self.core(p.pid), ["0", "0"])
        finally:
            os.close(go)
            os.close(secret)
            p.wait()

    @staticmethod
    def core(pid):
        lines = Path(f"/proc/{pid}/limits").read_text().split("\n")
        return next(x for x in lines if "core file" in x).split()[4:6]

    def test_json_is_ascii(self):
        receipt = self.i.report("a\u009b2J\u202eb")["receipt"]
        out = self.i.speakup("inbox", "--json", stdin=receipt + "\n").stdout
        self.assertTrue(out.isascii())
        self.assertEqual(json.loads(out)["messages"][0]["text"],
                         "a\u009b2J\u202eb")

    def test_attachments_are_not_called_saved(self):
        big, sealed = self.dir / "big", self.dir / "later"
        big.write_bytes(os.urandom(100_000))
        done = self.keep_sealed(sealed, "--attach", big)
        self.assertFalse(sealed.exists())
        self.assertIn("not saved", self.said(done))


if __name__ == "__main__":
    unittest.main(verbosity=2)
