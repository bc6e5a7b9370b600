#!/usr/bin/env python3
"""A marked concern from a marked client: the mark is found nowhere in logs,
state directory or core."""
import base64
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
from instance import Instance, build_directory  # noqa: E402

ADDRESS = "127.77.88.99"
MARK = "quokka7731marker"
WORDS = f"I saw {MARK} under the stairs of the old depot"


def forms(text):
    """A text as it might be written down."""
    raw = text.encode()
    yield raw
    yield raw.hex().encode()
    yield raw.hex().upper().encode()
    for shift in range(3):   # inside a longer base64 run
        yield base64.b64encode(b"x" * shift + raw)[4:-4]


class Marks(unittest.TestCase):
    def setUp(self):
        self.dir = Path(tempfile.mkdtemp(prefix="speakup-marks-"))
        self.addCleanup(shutil.rmtree, self.dir, ignore_errors=True)
        self.instance = Instance(build_directory(), self.dir,
                                 log_by_pipe=True)
        self.addCleanup(self.instance.stop)

    def marked_request(self, method, path, body, extra=()):
        """Raw HTTP over TLS from the marked address."""
        head = [f"{method} {path} HTTP/1.1", "Host: localhost",
                f"User-Agent: {MARK}", f"X-Forwarded-For: {ADDRESS}",
                f"Referer: https://{MARK}.example/", f"Cookie: id={MARK}",
                f"Content-Length: {len(body)}", *extra]
        context = ssl.create_default_context(cafile=str(self.instance.ca))
        context.check_hostname = False
        with socket.create_connection(
                ("127.0.0.1", self.instance.port), timeout=20,
                source_address=(ADDRESS, 0)) as raw:
            with context.wrap_socket(
                    raw, server_hostname=f"{MARK}.example") as s:
                s.sendall(("\r\n".join(head) + "\r\n\r\n").encode() + body)
                answer = b""
                while b"\r\n\r\n" not in answer:
                    piece = s.recv(65536)
                    if not piece:
                        break
                    answer += piece
        return answer

    def plain_concern(self):
        i = self.instance
        to = self.dir / "recipients.txt"
        subprocess.run(["curl", "-sS", "--cacert", i.ca, "-o", to,
                        i.url + "/v1/plain"], check=True)
        return subprocess.run(["age", "-R", to], input=WORDS.encode(),
                              capture_output=True, check=True).stdout

    def everything_written(self, skip):
        for path in self.dir.rglob("*"):
            if path.is_file() and not any(s in path.parents or s == path
                                          for s in skip):
                yield path, path.read_bytes()

    def assert_no_mark(self, skip):
        needles = [f for t in (MARK, ADDRESS, WORDS) for f in forms(t)]
        needles.append(socket.inet_aton(ADDRESS))
        seen = 0
        for path, data in self.everything_written(skip):
            seen += len(data)
            for needle in needles:
                self.assertNotIn(needle, data, f"{needle!r} in {path}")
        self.assertGreater(seen, 100000, "the state was looked at")

    def test_no_trace_of_a_marked_client(self):
        i = self.instance
        answer = self.marked_request("POST", "/v1/plain",
                                     self.plain_concern())
        self.assertTrue(answer.startswith(b"HTTP/1.1 200 "), answer[:200])
        for method, path, body in (
                ("POST", "/v1/text", MARK.encode() * 3072),
                ("POST", f"/{MARK}", b""), ("POST", "/v1/text", b"short"),
                (MARK, "/v1/policy", b""),
                ("POST", "/v1/staff",
                 f"speakup: v1 {MARK}\n\n".encode().ljust(49152, b"\0"))):
            self.marked_request(method, path, body, (f"Expect: {MARK}",)
                                if method == MARK else ())
        i.report(WORDS)   # by our own client too
        for role in ("front", "vault"):
            self.abort_leaves_no_core(i.pid_of(role))
        # and by a front that ends in order: it writes what it has counted
        self.marked_request("POST", f"/{MARK}", b"")
        i.stop()
        self.assertRegex(i.log.read_text(),
                         r"speakupd front: totals:.* bad-request=1")
        # what the test itself made: the recipients, the organisation
        self.assert_no_mark(skip=[i.org, self.dir / "recipients.txt"])

    def abort_leaves_no_core(self, pid):
        """Undumpable and without a core limit: the kernel writes none."""
        limits = Path(f"/proc/{pid}/limits").read_text()
        core = next(line for line in limits.splitlines()
                    if line.startswith("Max core file size"))
        self.assertEqual(core.split()[4:6], ["0", "0"])
        # of an undumpable process, /proc files belong to root only
        self.assertEqual(os.stat(f"/proc/{pid}/environ").st_uid, 0)
        cwd = Path(os.readlink(f"/proc/{pid}/cwd"))
        before = set(cwd.glob("core*"))
        os.kill(pid, signal.SIGABRT)
        self.instance.wait_gone(pid)
        self.assertEqual(set(cwd.glob("core*")), before)
        if role_needs_restart(self.instance):
            self.instance.start()


def role_needs_restart(instance):
    try:
        instance.process.wait(timeout=2)
        return True
    except subprocess.TimeoutExpired:
        return False


if __name__ == "__main__":
    unittest.main(verbosity=2)
