#!/usr/bin/env python3
"""A hijacked front: it has the TLS key, sees what passes, and changes it. The
clients say "not stored", or refuse to go on."""
import http.client
import http.server
import json
import re
import shutil
import ssl
import subprocess
import sys
import tempfile
import threading
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
from instance import Failed, Instance, build_directory  # noqa: E402

FIRST = "guardian-east"
REFUSED, UNAVAILABLE, SECRET = 3, 4, 6
UNIT = 49152


class Front(http.server.BaseHTTPRequestHandler):
    """Passes requests on, after `text` and `policy` had their way, and
    answers back after `answered` had its."""
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path == "/v1/policy" and self.server.policy is not None:
            return self.answer(200, self.server.policy)
        return self.pass_on(None)

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/v1/text" and self.server.text is not None:
            body = self.server.text(body)
        return self.pass_on(body)

    def pass_on(self, body):
        link = http.client.HTTPSConnection(
            "127.0.0.1", self.server.real.port, context=self.server.trust)
        link.request(self.command, self.path, body)
        got = link.getresponse()
        back = got.read()
        if got.status == 200 and self.server.answered is not None:
            back = self.server.answered(back)
        self.answer(got.status, back)
        link.close()

    def answer(self, status, body):
        self.send_response_only(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Hijacked(http.server.ThreadingHTTPServer):
    def __init__(self, real, version=ssl.TLSVersion.TLSv1_3):
        super().__init__(("127.0.0.1", 0), Front)
        self.real = real
        self.text = self.policy = self.answered = None
        self.trust = ssl.create_default_context(cafile=str(real.ca))
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.maximum_version = version
        tls.load_cert_chain(real.tls_cert, real.tls_key)
        self.socket = tls.wrap_socket(self.socket, server_side=True)
        self.url = f"https://127.0.0.1:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, daemon=True).start()


def split(body):
    """Preamble lines, and what follows the empty line."""
    head, rest = body.split(b"\n\n", 1)
    return head.split(b"\n"), rest


def join(lines, rest):
    return b"\n".join(lines) + b"\n\n" + rest


def is_concern(body):
    return body.startswith(b"speakup: v1 concern\n")


def stranger_header():
    """An age header for a key that is nobody's."""
    key = subprocess.run(["age-keygen"], capture_output=True, text=True,
                         check=True).stdout
    to = re.search(r"age1\w+", key).group()
    file = subprocess.run(["age", "-r", to], input=b"x", check=True,
                          capture_output=True).stdout
    return file[:file.index(b"\n", file.index(b"\n--- ") + 1) + 1]


def swap_envelope(body):
    """The first reader's envelope becomes a stranger's."""
    if not is_concern(body):
        return body
    lines, rest = split(body)
    n = int(next(x for x in lines if x.startswith(b"to: ")).split()[2])
    header = stranger_header()
    assert len(header) == n, (len(header), n)
    return join(lines, header + rest[n:])


def swap_mailbox(body):
    if not is_concern(body):
        return body
    lines, rest = split(body)
    return join([b"mailbox: " + b"ab" * 32 if x.startswith(b"mailbox: ")
                 else x for x in lines], rest)


class Hijack(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.dir = Path(tempfile.mkdtemp(prefix="speakup-hijack-"))
        cls.addClassCleanup(shutil.rmtree, cls.dir, ignore_errors=True)
        # one kind of keys, so that envelopes are as long as a stranger's
        org = cls.dir / "org"
        subprocess.run(
            [Path(__file__).resolve().parents[2] / "etc/demo/make-org", org,
             "--build", build_directory(), "--work-factor", "2",
             "--classic"], check=True)
        cls.i = Instance(build_directory(), cls.dir, org=org)
        cls.addClassCleanup(cls.i.stop)
        cls.front = Hijacked(cls.i)
        cls.addClassCleanup(cls.front.server_close)
        cls.addClassCleanup(cls.front.shutdown)
        cls.i.login(FIRST)
        cls.i.login(FIRST, server=cls.front.url)

    def setUp(self):
        self.front.text = self.front.policy = None

    def cases(self):
        return {r["case"] for r in self.i.queue(FIRST)["cases"]}

    def report_is_refused(self, code=REFUSED):
        with self.assertRaises(Failed) as failed:
            self.i.report("a concern", server=self.front.url)
        self.assertEqual(failed.exception.code, code)
        self.assertEqual(failed.exception.stdout, "")   # no receipt either
        return " ".join(failed.exception.stderr.split())

    def test_honest_front_is_taken(self):
        self.assertTrue(self.i.report("a concern", server=self.front.url)
                        ["stored"])

    def test_swapped_envelope_is_not_called_stored(self):
        before = self.cases()
        self.front.text = swap_envelope
        self.assertIn("NOT stored", self.report_is_refused())
        # the vault could not know; its reader does
        case = (self.cases() - before).pop()
        self.i.ftsu(FIRST, "show", case, expect=SECRET)

    def test_swapped_mailbox_is_not_called_stored(self):
        before = self.cases()
        self.front.text = swap_mailbox
        self.assertIn("NOT stored", self.report_is_refused())
        case = (self.cases() - before).pop()
        self.i.ftsu(FIRST, "show", case, expect=REFUSED)

    def test_front_that_drops_is_not_called_stored(self):
        self.front.text = lambda body: b"speakup: v1 poll\n".ljust(UNIT)
        self.assertIn("NOT stored", self.report_is_refused(code=1))

    # --- policies ---

    def ctl(self, *args):
        self.i.run([self.i.build / "client/speakupctl", *args])

    def policy(self, *args, keys=("policy-1", "policy-2")):
        org, out = self.i.org, self.dir / "policy.try"
        source = Path(__file__).resolve().parents[2] / "etc/policy.yaml"
        self.ctl("policy", "compile", source, "--keys", org / "keys.yaml",
                 "--out", out, "--force", *args)
        self.ctl("policy", "sign", out,
                 *(x for k in keys for x in ("--key", org / f"keys/{k}.key")))
        root = (org / "root0.note").read_bytes()
        note = out.read_bytes()
        body = (f"speakup: v1 policy\nroot: {len(root)}\n"
                f"policy: {len(note)}\n\n").encode() + root + note
        self.front.policy = body + b"\0" * (-len(body) % UNIT)

    def test_policy_without_its_quorum_is_refused(self):
        self.policy("--issued", "now", keys=("policy-1",))
        self.report_is_refused()

    def test_expired_policy_is_refused(self):
        self.policy("--issued", "2023-01-02")
        self.report_is_refused()

    def test_staff_refuse_a_rollback_and_remember(self):
        state = self.dir / "staff" / FIRST
        self.policy("--issued", "now", "--serial", "7")
        self.i.ftsu(FIRST, "queue", server=self.front.url)
        self.front.policy = None   # the real one has serial 1
        self.i.ftsu(FIRST, "queue", expect=REFUSED)
        self.assertTrue(list(state.glob("*newest")))
        for f in state.glob("*-*"):
            f.unlink()
        self.i.ftsu(FIRST, "queue")

    def test_other_fingerprint_is_refused(self):
        done = subprocess.run(
            [self.i.build / "client/speakup", "report", "--yes", "--server",
             self.i.url, "--cacert", self.i.ca, "--root-hash", "0" * 64],
            input="x", text=True, capture_output=True)
        self.assertEqual(done.returncode, REFUSED)
        self.assertIn("Nothing was sent", " ".join(done.stderr.split()))

    def test_unknown_certificate_is_refused(self):
        done = subprocess.run(
            [self.i.build / "client/speakup", "policy", "--server",
             self.i.url], text=True, capture_output=True)
        self.assertEqual(done.returncode, UNAVAILABLE)

    def test_nobody_there_is_said_and_kept_sealed(self):
        sealed = self.dir / "later"

        def die(_body):
            raise ConnectionAbortedError
        self.front.text = die
        self.front.handle_error = lambda *_: None
        with self.assertRaises(Failed) as failed:
            self.i.report("keep this", "--save-sealed", sealed,
                          server=self.front.url)
        self.assertEqual(failed.exception.code, UNAVAILABLE)
        said = " ".join(failed.exception.stderr.split())
        self.assertIn("NOT stored", said)
        answer = json.loads(failed.exception.stdout)
        self.assertFalse(answer["stored"])
        self.assertNotIn(b"keep this", sealed.read_bytes())
        with self.assertRaises(Failed):
            self.i.inbox(answer["receipt"])
        self.i.speakup("report", "--send", sealed)
        self.assertEqual(self.i.inbox(answer["receipt"])["messages"][0]
                         ["text"], "keep this")


if __name__ == "__main__":
    unittest.main(verbosity=2)
