"""speakup-notify between a socket that is this test and a mail server of a few
lines, or a hook: what is sent to whom, what is answered, and what is said."""
import os
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from mail_server import MailServer  # noqa: E402

PROGRAM = Path(os.environ["SPEAKUP_BUILD"]) / "notify/speakup-notify"
SAM, LEILA = "sam.archer@people.test", "l@people.test"
ADDRESSES = f"addresses:\n  1: {SAM}\n  22: {LEILA}\n"


def make_certificate(path, name):
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
         "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}",
         "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2", "-keyout",
         path / f"{name}.key", "-out", path / f"{name}.pem"],
        check=True, capture_output=True)


class Case(unittest.TestCase):
    def setUp(self):
        self.tmp = tempfile.TemporaryDirectory(prefix="speakup-notify-")
        self.addCleanup(self.tmp.cleanup)
        self.dir = Path(self.tmp.name)
        self.process = None
        self.listener = socket.socket(socket.AF_UNIX)
        self.addCleanup(self.listener.close)
        self.listener.bind(str(self.dir / "s"))
        self.listener.listen()
        self.listener.settimeout(60)

    def mail_server(self, **options):
        server = MailServer(**options)
        self.addCleanup(server.close)
        return server

    def write(self, text):
        path = self.dir / "notify.yaml"
        path.write_text(f"socket: {self.dir}/s\n{text}")
        return path

    def write_smtp(self, port, more="  tls: no\n", scheme="smtp"):
        return self.write(f"smtp:\n  url: {scheme}://127.0.0.1:{port}\n"
                          f"  from: speakup@trust.test\n{more}{ADDRESSES}")

    def start(self):
        """Runs it; the daemon's end of its connection."""
        self.log = open(self.dir / "log", "ab")
        self.addCleanup(self.log.close)
        self.process = subprocess.Popen(
            [PROGRAM, "-c", self.dir / "notify.yaml"], stderr=self.log,
            env={**os.environ, "LEAK": "this must not reach a hook"})
        self.addCleanup(self.process.wait)
        self.addCleanup(self.process.kill)
        return self.accept()

    def accept(self):
        peer, _ = self.listener.accept()
        self.addCleanup(peer.close)
        peer.settimeout(60)
        return peer

    def wait_log(self, word, seconds=60):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if word in (text := (self.dir / "log").read_text()):
                return text
            time.sleep(0.02)
        self.fail(f"{word!r} is not in the log: {text}")

    def assert_silent(self, peer, seconds=1.0):
        peer.settimeout(seconds)
        with self.assertRaises(TimeoutError):
            self.fail(f"it answers {peer.recv(100)}")
        peer.settimeout(60)


class Mail(Case):
    def test_everybody_gets_the_same_bytes(self):
        server = self.mail_server()
        self.write_smtp(server.port)
        peer = self.start()
        peer.sendall(b"1\n22\n")
        self.assertEqual(server.wait(2), [SAM, LEILA])
        one, two = (mail for _to, mail in server.mails)
        drop = [line for line in one.split(b"\r\n")
                if not line.startswith(b"Date: ")]
        self.assertEqual(drop, [line for line in two.split(b"\r\n")
                                if not line.startswith(b"Date: ")])
        self.assertEqual(len(one), len(two))
        self.assertTrue(one.endswith(
            b"\r\n\r\nSomething is waiting for you in Speakup.\r\n"))
        self.assertRegex(one, rb"(?m)^Date: [A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} "
                              rb"\d{4} \d\d:00:00 \+0000\r$")

    def test_neither_host_nor_number_nor_address_is_said(self):
        server = self.mail_server()
        self.write_smtp(server.port)
        peer = self.start()
        peer.sendall(b"22\n")
        self.assertEqual(peer.recv(100), b"22\n")
        self.assertEqual(server.said[0], b"EHLO trust.test\r\n")
        everything = b"".join(server.said) + server.mails[0][1]
        self.assertNotIn(socket.gethostname().encode(), everything)
        self.assertNotIn(b"Message-ID", server.mails[0][1])
        log = (self.dir / "log").read_text()
        self.assertNotIn("22", log)
        self.assertNotIn(LEILA, log)

    def test_the_answer_comes_after_the_mail(self):
        server = self.mail_server(refuses=[SAM])
        self.write_smtp(server.port)
        peer = self.start()
        peer.sendall(b"1\n")
        self.wait_log("refuses it")
        self.assert_silent(peer)
        self.assertEqual(server.mails, [])

    def test_one_who_cannot_be_told_does_not_delay_the_next(self):
        server = self.mail_server(refuses=[SAM])
        self.write_smtp(server.port)
        peer = self.start()
        peer.sendall(b"1\n300\n")
        self.wait_log("again in 60 s")
        peer.sendall(b"22\n")
        self.assertEqual(peer.recv(100), b"22\n")
        self.assertEqual(server.wait(1), [LEILA])

    def test_a_server_is_reached_from_the_sandbox(self):
        """That it wants TLS there shows that it got there."""
        server = self.mail_server()
        self.write(f"smtp:\n  url: smtp://localhost:{server.port}\n"
                   f"  from: speakup@trust.test\n{ADDRESSES}")
        peer = self.start()
        if not os.environ.get("SPEAKUP_SANITIZED"):
            status = Path(f"/proc/{self.process.pid}/status").read_text()
            self.assertRegex(status, r"Seccomp:\t2\n")
            self.assertRegex(status, r"NoNewPrivs:\t1\n")
        peer.sendall(b"1\n")
        self.wait_log("cannot be trusted")

    def test_a_server_that_does_not_know_us_is_said(self):
        server = self.mail_server(is_rude=True)
        self.write_smtp(server.port)
        self.start().sendall(b"1\n22\n")
        self.wait_log("2 wait, the last because the mail server does not know")
        # nobody on the line can count who waits
        greetings = [s for s in server.said if s.startswith(b"EHLO")]
        self.assertEqual(len(greetings), 1)

    def test_a_server_that_was_away(self):
        closed = MailServer()
        port = closed.port
        closed.close()
        self.write_smtp(port)
        peer = self.start()
        peer.sendall(b"1\n")
        log = self.wait_log("cannot be reached")
        self.assertNotIn(SAM, log)
        server = self.mail_server(port=port)
        peer.sendall(b"22\n")
        self.assertEqual(sorted(server.wait(2)), [LEILA, SAM])

    def test_saying_it_twice_before_it_is_sent_sends_once(self):
        server = self.mail_server()
        self.write_smtp(server.port)
        peer = self.start()
        peer.sendall(b"1\n1\n1\n")
        self.assertEqual(peer.recv(100), b"1\n")
        self.assert_silent(peer)
        self.assertEqual(len(server.mails), 1)


class Tls(Case):
    def setUp(self):
        super().setUp()
        make_certificate(self.dir, "right")
        make_certificate(self.dir, "wrong")
        (self.dir / "password").write_text("let me in\n")

    def server(self, **options):
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(self.dir / "right.pem", self.dir / "right.key")
        return self.mail_server(tls=tls, password="let me in", **options)

    def configure(self, port, ca):
        self.write_smtp(port, f"  ca: {self.dir}/{ca}.pem\n  user: speakup\n"
                              f"  password: {self.dir}/password\n")

    def test_it_signs_in_after_starttls(self):
        server = self.server()
        self.configure(server.port, "right")
        peer = self.start()
        peer.sendall(b"1\n")
        self.assertEqual(peer.recv(100), b"1\n")
        before = server.said[:server.said.index(b"STARTTLS\r\n")]
        self.assertEqual(before, [b"EHLO trust.test\r\n"])

    def test_a_server_of_another_certificate_gets_nothing(self):
        server = self.server()
        self.configure(server.port, "wrong")
        self.start().sendall(b"1\n")
        self.wait_log("cannot be trusted")
        self.assertNotIn(b"AUTH", b"".join(server.said))
        self.assertNotIn(b"RCPT", b"".join(server.said))

    def test_a_server_without_tls_gets_nothing(self):
        server = self.mail_server(password="let me in")
        self.configure(server.port, "right")
        self.start().sendall(b"1\n")
        self.wait_log("cannot be trusted")
        self.assertNotIn(b"AUTH", b"".join(server.said))
        self.assertNotIn(b"RCPT", b"".join(server.said))

    def test_a_wrong_password_is_said(self):
        server = self.server()
        (self.dir / "password").write_text("wrong\n")
        self.configure(server.port, "right")
        self.start().sendall(b"1\n")
        self.assertNotIn("wrong", self.wait_log("user and password"))


class Hook(Case):
    def hook(self, text):
        path = self.dir / "hook"
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o700)
        self.write(f"hook: {path}\n")

    def test_it_gets_a_number_and_nothing_else(self):
        self.hook(f"{{ echo $#:$1; cat /proc/self/environ; }} >{self.dir}/out")
        peer = self.start()
        peer.sendall(b"65534\n")
        self.assertEqual(peer.recv(100), b"65534\n")
        self.assertEqual((self.dir / "out").read_text().splitlines()[0],
                         "1:65534")
        self.assertNotIn("LEAK", (self.dir / "out").read_text())

    def test_it_has_none_of_our_descriptors(self):
        self.hook(f"ls -l /proc/$$/fd >{self.dir}/out")
        peer = self.start()
        peer.sendall(b"1\n")
        self.assertEqual(peer.recv(100), b"1\n")
        self.assertNotIn("socket:", (self.dir / "out").read_text())

    def test_one_that_fails_has_told_nobody(self):
        self.hook("echo $1 is at home; exit 3")
        peer = self.start()
        peer.sendall(b"7\n")
        self.assertNotIn("7 is", self.wait_log("the hook fails"))
        self.assert_silent(peer)

    def test_what_is_no_number_ends_the_connection(self):
        self.hook("exit 0")
        peer = self.start()
        for line in (b"0\n", b"65535\n", b"+1\n", b"01\n", b"1 \n", b"\n",
                     b"123456", b"a\n", b"1\r\n", b"\0\n"):
            peer.sendall(line)
            self.assertEqual(peer.recv(100), b"", line)
            peer.close()
            peer = self.accept()
            # a good line, so that the next connection comes at once
            peer.sendall(b"5\n")
            self.assertEqual(peer.recv(100), b"5\n")

    def test_it_connects_again(self):
        self.hook("exit 0")
        peer = self.start()
        for _ in range(2):
            peer.sendall(b"5\n")
            self.assertEqual(peer.recv(100), b"5\n")
            peer.close()
            peer = self.accept()

    def test_it_waits_for_a_speakupd_that_is_not_there_yet(self):
        self.hook("exit 0")
        self.listener.close()
        (self.dir / "s").unlink()
        with open(self.dir / "log", "ab") as log:
            self.process = subprocess.Popen(
                [PROGRAM, "-c", self.dir / "notify.yaml"], stderr=log)
        self.addCleanup(self.process.wait)
        self.addCleanup(self.process.kill)
        self.wait_log("no speakupd")
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(self.dir / "s"))
        self.listener.listen()
        self.listener.settimeout(60)
        peer = self.accept()
        peer.sendall(b"5\n")
        self.assertEqual(peer.recv(100), b"5\n")


class Configuration(Case):
    SMTP = ("smtp: {url: smtp://127.0.0.1, from: a@b.test, tls: no}\n"
            "addresses: {1: a@b.test}\n")

    def check(self, text):
        path = self.write(text)
        done = subprocess.run([PROGRAM, "-n", "-c", path],
                              capture_output=True, text=True, timeout=20,
                              env={"PATH": os.environ["PATH"]})
        return done.returncode, done.stdout + done.stderr

    def test_good_ones_are_quiet(self):
        self.assertEqual(self.check(self.SMTP), (0, ""))
        self.assertEqual(self.check("hook: /bin/true\n"), (0, ""))
        self.assertEqual(self.check(
            "smtp: {url: 'smtps://[::1]:4650', from: a@b.test}\n"
            "addresses: {65534: a@b.test}\n"), (0, ""))

    def test_bad_ones_are_named_with_their_place(self):
        smtp = "smtp: {url: %s, from: a@b.test}\naddresses: {1: a@b.test}\n"
        for text, place, word in [
                ("", ":1:1:", "either smtp or hook"),
                (self.SMTP + "hook: /bin/true\n", ":1:1:", "either"),
                ("hook: bin/true\n", ":2:7:", "path"),
                ("colour: red\n", ":2:9:", "colour"),
                (smtp % "http://a.test", ":2:13:", "smtp://HOST"),
                (smtp % "smtp://a.test/x", ":2:13:", "nothing else"),
                (smtp % "smtp://a.test:0", ":2:13:", "smtp://HOST"),
                (smtp % "smtp://u@a.test", ":2:13:", "smtp://HOST"),
                (smtp % "'smtp://[::1'", ":2:13:", "smtp://HOST"),
                (smtp % "smtp://a.test, tls: no", ":2:", "loopback"),
                (smtp % "smtps://127.0.0.1, tls: no", ":2:", "with TLS"),
                (smtp % "smtp://a.test, user: x", ":2:", "no password"),
                (smtp % "smtp://a.test, password: /x", ":2:", "no user"),
                (self.SMTP.replace("1: a", "0: a"), ":3:16:", "number"),
                (self.SMTP.replace("1: a", "65535: a"), ":3:20:", "number"),
                (self.SMTP.replace("1: a@b.test", "1: a@b.test, 1: c@d"),
                 ":3:", "1"),
                (self.SMTP.replace("1: a@b.test", "1: '<a@b>'"), ":3:16:",
                 "NAME@"),
                (self.SMTP.replace("1: a@b.test", "1: 'a@b, c@d'"), ":3:16:",
                 "NAME@"),
        ]:
            with self.subTest(text):
                code, said = self.check(text)
                self.assertEqual(code, 1, said)
                self.assertIn(f"notify.yaml{place}", said)
                self.assertIn(word, said)

    def test_a_missing_password_file_is_named(self):
        code, said = self.check(
            "smtp: {url: smtp://a.test, from: a@b.test, user: x, password: "
            f"{self.dir}/none}}\naddresses: {{1: a@b.test}}\n")
        self.assertEqual(code, 1)
        self.assertIn("none: No such file", said)


if __name__ == "__main__":
    unittest.main()
