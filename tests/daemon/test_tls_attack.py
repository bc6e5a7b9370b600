#!/usr/bin/env python3
"""TLS attacked: each attack ends in bounded time, nobody else waits for it,
nothing is stored by halves, and the daemon is as large afterwards as before."""
import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
from alone import (Alone, Connection, POLL, get,  # noqa: E402
                   post)
from instance import (GUARDIAN, Instance, build_directory,  # noqa: E402
                      own_kib)

PAGE = get("/v1/plain")
LONG = {"handshake-seconds": 300, "header-seconds": 300, "idle-seconds": 300}


def client_hello(name="speakup.example"):
    """The handshake's first message, without its record's header."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    out = ssl.MemoryBIO()
    tls = context.wrap_bio(ssl.MemoryBIO(), out, server_hostname=name)
    try:
        tls.do_handshake()
    except ssl.SSLWantReadError:
        pass
    return out.read()[5:]


def record(kind, data):
    return bytes([kind, 3, 1]) + len(data).to_bytes(2, "big") + data


class Attacked(unittest.TestCase):
    """Deadlines are minutes away: what ends, ends for what it is."""

    @classmethod
    def setUpClass(cls):
        cls.d = Alone(minimum="1.2", limits=LONG)
        cls.addClassCleanup(cls.d.stop)
        cls.front, cls.vault = cls.d.pid_of("front"), cls.d.pid_of("vault")

    def tearDown(self):
        self.assertEqual(self.d.request(PAGE).status, 200)
        self.assertEqual(sorted(self.d.children()),
                         sorted([self.front, self.vault]))

    def attack(self, what, n=1):
        done = subprocess.run(
            [str(self.d.build / "tests/daemon/tls_attack"), str(self.d.port),
             what, str(n)], capture_output=True, text=True, timeout=100)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def need_figures(self):
        if os.environ.get("SPEAKUP_SANITIZED"):
            self.skipTest("sanitizers keep what was freed")
        if os.geteuid() != 0:
            self.skipTest("only root may look at another process's memory")

    def raw(self, data, shut=False):
        """All that comes back for bytes on the bare port, until the daemon
        ends it: with a reset, where it did not read them all."""
        out = b""
        with self.d.tcp() as s:
            try:
                s.sendall(data)
                if shut:
                    s.shutdown(socket.SHUT_WR)
                while more := s.recv(65536):
                    out += more
            except TimeoutError:
                raise
            except OSError:
                pass
        return out


class Floods(Attacked):
    # What each may send at most until it is ended: what the daemon takes, and
    # what the system holds in between.
    MOST = 12 << 20

    def test_what_is_no_content_is_taken_in_small_amounts_only(self):
        for what in ("quiet-updates", "asking-updates", "empty",
                     "nearly-empty", "warnings", "change-spec", "padded",
                     "tiny", "only-padding", "endless-message"):
            with self.subTest(what):
                n = 2000 if what in ("padded", "endless-message") else 1000000
                a = self.attack(what, n)
                self.assertTrue(a["ended"])
                self.assertLess(a["sent"], self.MOST)

    def test_what_breaks_a_record_ends_the_connection(self):
        for what in ("odd-type", "second-hello", "too-long", "forged",
                     "replayed"):
            with self.subTest(what):
                a = self.attack(what, 2)
                self.assertTrue(a["ended"])
                self.assertLess(a["got"], 256)   # an alert at most

    def test_others_are_served_while_it_goes_on(self):
        attacks = [subprocess.Popen(
            [str(self.d.build / "tests/daemon/tls_attack"), str(self.d.port),
             "quiet-updates", "1000000"], stdout=subprocess.DEVNULL)
            for _ in range(2)]
        served = 0
        while any(p.poll() is None for p in attacks) or served < 10:
            self.assertEqual(self.d.request(PAGE).status, 200)
            served += 1
        self.assertEqual([p.wait() for p in attacks], [0, 0])

    def test_memory_is_as_before(self):
        self.need_figures()
        self.attack("quiet-updates", 1000000)
        before = own_kib(self.front)
        for _ in range(20):
            for what in ("tiny", "nearly-empty", "endless-message", "padded"):
                self.assertTrue(self.attack(what, 20000)["ended"])
        self.assertLess(own_kib(self.front), before + 1024)


class Handshakes(Attacked):
    def finish(self, pieces):
        """A handshake whose first message comes in these records, and a
        page."""
        context = self.d.context()
        come, go = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = context.wrap_bio(come, go, server_hostname="127.0.0.1")
        is_first = True
        with self.d.tcp() as s:
            while True:
                try:
                    tls.do_handshake()
                    break
                except ssl.SSLWantReadError:
                    data = go.read()
                    if is_first:
                        data = pieces(data[5:])
                        is_first = False
                    s.sendall(data)
                    got = s.recv(65536)
                    if not got:
                        return None
                    come.write(got)
            tls.write(PAGE)
            s.sendall(go.read())
            come.write(s.recv(65536))
            return tls.read(12)

    def test_a_hello_in_pieces_is_a_hello_or_the_end(self):
        for n in (1, 2, 7, 100):
            with self.subTest(n):
                try:
                    got = self.finish(lambda hello, n=n: b"".join(
                        record(22, hello[i:i + n])
                        for i in range(0, len(hello), n)))
                except ConnectionError:
                    got = None
                self.assertIn(got, (b"HTTP/1.1 200", None))

    def test_a_hello_without_end_is_cut_off(self):
        # OpenSSL by itself would hold 128 KiB of each.
        hello = client_hello()
        head = hello[:1] + (131000).to_bytes(3, "big") + hello[4:]
        flight = record(22, head) + record(22, bytes(16384)) * 2
        self.assertEqual(self.raw(flight), b"")
        rest = b"".join(record(22, b"\0") for _ in range(20000))
        self.assertEqual(self.raw(record(22, head) + rest), b"")

    def test_odd_names_are_all_the_same_to_it(self):
        context = self.d.context()
        context.check_hostname = False
        for name in ("localhost", "a" * 63, ".".join(["b" * 60] * 4),
                     "xn--caf-dma.example", "other.example"):
            with self.subTest(name), context.wrap_socket(
                    self.d.tcp(), server_hostname=name,
                    suppress_ragged_eofs=False) as s:
                c = Connection(s)
                self.assertEqual(c.send(PAGE).answer().status, 200)
        plain = client_hello("speakup.example")
        for name in (b"speakup\0example", b"speakup\nexample", b"\xff" * 15,
                     b"               ", b"../../../../etc"):
            with self.subTest(name):
                s = record(22, plain.replace(b"speakup.example", name))
                with self.d.tcp() as t:
                    t.sendall(s)
                    self.assertIn(t.recv(1), (b"\x16", b"\x15"))

    def test_what_is_no_tls_gets_no_answer_but_an_alert(self):
        hello = client_hello()
        for name, data in [
                ("HTTP", PAGE),
                ("HTTP after nothing", b"\r\n\r\n" + PAGE),
                ("HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
                ("SSLv2", bytes([0x80, 46, 1, 0, 2, 0, 21, 0, 0, 0, 16])
                 + bytes(37)),
                ("SSLv3", bytes([22, 3, 0]) + len(hello).to_bytes(2, "big")
                 + hello),
                ("letters", b"A" * 4096), ("zeros", bytes(4096)),
                ("ones", b"\xff" * 4096), ("SSH", b"SSH-2.0-OpenSSH_9.2\r\n"),
                ("an empty record", record(22, b"") * 4096),
                ("an alert", record(21, b"\x02\x28")),
                ("alerts", record(21, b"\x01\x5a") * 4096),
                ("change of cipher", record(20, b"\x01") * 4096),
                ("data first", record(23, PAGE)),
                ("a server's hello", record(22, b"\x02" + hello[1:])),
                ("Finished first", record(22, b"\x14\0\0\x20" + bytes(32))),
                ("a hello of the wrong length", record(
                    22, hello[:1] + b"\0\0\x05" + hello[4:])),
                ("two hellos", record(22, hello + hello))]:
            with self.subTest(name):
                out = self.raw(data, shut=True)
                self.assertNotIn(b"HTTP", out)
                if name not in ("SSLv3", "two hellos"):
                    self.assertLess(len(out), 64)

    def test_early_data_is_no_request(self):
        a = self.attack("early")
        self.assertEqual((a["accepted"], a["got"]), (False, 0))

    def test_no_visit_is_resumed(self):
        for version in ("1.2", "1.3"):
            with self.subTest(version):
                a = self.attack(f"resume-{version}")
                self.assertGreater(a.pop("got"), 0)
                self.assertEqual(a, {"reused": False, "id": 0,
                                     "ticket": False, "resumable": False,
                                     "new": 0})

    def test_no_renegotiation(self):
        a = self.attack("renegotiate")
        self.assertGreater(a["got"], 0)
        self.assertFalse(a["renegotiated"])

    def test_handshakes_left_alone_do_not_cost_what_they_ask_for(self):
        self.need_figures()
        hello = client_hello()
        head = record(22, hello[:1] + (16000).to_bytes(3, "big") + hello[4:])
        before = own_kib(self.front)
        waiting = []
        for _ in range(100):
            waiting.append(self.d.tcp())
            waiting[-1].sendall(head + record(22, bytes(8000)))
        self.assertEqual(self.d.request(PAGE).status, 200)
        self.assertLess(own_kib(self.front), before + 100 * 100)
        for s in waiting:
            s.close()


class Halves(Attacked):
    """A client that goes without saying so, within a request."""

    def test_half_a_request_is_none(self):
        raw = post("/v1/text", POLL)
        for end in (socket.SHUT_WR, socket.SHUT_RDWR, None):
            for n in (10, 60, 1000, len(raw) - 1):
                with self.subTest((end, n)):
                    with self.d.connect() as c:
                        c.send(raw[:n])
                        if end is not None:
                            socket.socket.shutdown(c.sock, end)
                        if end == socket.SHUT_WR:
                            c.sock.settimeout(20)
                            with self.assertRaises(
                                    (ssl.SSLEOFError, ConnectionError)):
                                c.ended()

    def test_a_whole_request_is_answered_to_who_says_that_it_is_all(self):
        for raw in (PAGE, post("/v1/text", POLL)):
            with self.d.connect() as c:
                c.send(raw)
                socket.socket.shutdown(c.sock, socket.SHUT_WR)
                self.assertEqual(c.answer().status, 200)


class Cut:
    """Passes on, and cuts connections without a word: those that send more than
    `up` bytes, or that got more than `down` bytes after a whole text."""
    TEXT_SENT = 45000

    def __init__(self, port, up=None, down=None, times=1000):
        self.port, self.up, self.down, self.times = port, up, down, times
        self.n = 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"https://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.relay, args=(client,),
                             daemon=True).start()

    def relay(self, client):
        passed = {True: 0, False: 0}   # up, and down after a whole text
        with client, socket.create_connection(
                ("127.0.0.1", self.port)) as daemon:
            down = threading.Thread(target=self.copy, daemon=True,
                                    args=(daemon, client, passed, False))
            down.start()
            self.copy(client, daemon, passed, True)
            down.join()

    def copy(self, a, b, passed, is_up):
        limit = self.up if is_up else self.down
        try:
            while data := a.recv(4096):
                if is_up or passed[True] > self.TEXT_SENT:
                    passed[is_up] += len(data)
                if limit and passed[is_up] > limit and self.n < self.times:
                    self.n += 1
                    break
                b.sendall(data)
        except OSError:
            pass
        for s in (a, b):
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass   # the other thread was first

    def close(self):
        self.listener.close()


class Truncation(unittest.TestCase):
    UNAVAILABLE = 4

    @classmethod
    def setUpClass(cls):
        cls.dir = Path(tempfile.mkdtemp(prefix="speakup-tls-"))
        cls.addClassCleanup(shutil.rmtree, cls.dir, ignore_errors=True)
        cls.i = Instance(build_directory(), cls.dir)
        cls.addClassCleanup(cls.i.stop)
        cls.i.login(GUARDIAN)

    def cases(self):
        return len(self.i.queue(GUARDIAN)["cases"])

    def cut(self, **how):
        c = Cut(self.i.port, **how)
        self.addCleanup(c.close)
        return c

    def test_half_a_concern_is_not_stored_and_not_said_to_be(self):
        before, c = self.cases(), self.cut(up=30000)
        done = self.i.speakup("report", "--yes", "--json", stdin="half",
                              server=c.url, expect=self.UNAVAILABLE)
        self.assertGreater(c.n, 1)   # it was tried again
        self.assertNotIn("receipt", done.stdout)
        self.assertIn("NOT stored", " ".join(done.stderr.split()))
        self.assertEqual(self.cases(), before)

    def test_half_an_answer_is_not_taken_for_a_proof(self):
        before, c = self.cases(), self.cut(down=20000)
        done = self.i.speakup("report", "--yes", "--json", stdin="half",
                              server=c.url, expect=self.UNAVAILABLE)
        self.assertGreater(c.n, 1)
        self.assertNotIn("receipt", done.stdout)
        self.assertIn("NOT stored", " ".join(done.stderr.split()))
        # Sent several times, it is there once.
        self.assertLessEqual(self.cases(), before + 1)

    def test_a_cut_in_either_half_is_overcome_and_stores_once(self):
        for how in ({"up": 30000}, {"down": 20000}):
            with self.subTest(how):
                before, c = self.cases(), self.cut(**how, times=1)
                stored = self.i.report("whole", server=c.url)
                self.assertEqual(c.n, 1)
                self.assertTrue(stored["stored"])
                self.assertEqual(self.cases(), before + 1)


if __name__ == "__main__":
    unittest.main()
