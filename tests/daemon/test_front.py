"""Fronts from outside: sizes, refusals, deadlines, limits, TLS."""
import json
import os
import re
import signal
import socket
import ssl
import struct
import sys
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from alone import (Alone, Connection, PIECE, POLL, SMALL,  # noqa: E402
                   TEXT, bundle, free_port, get, post)

MARK = "mArK7e3f"


class Shared(unittest.TestCase):
    """One daemon for all tests of a class."""
    options = {}

    @classmethod
    def setUpClass(cls):
        cls.d = Alone(**cls.options)

    @classmethod
    def tearDownClass(cls):
        cls.d.stop()


class Sizes(Shared):
    def test_every_answer_of_a_page_has_its_one_size(self):
        status = bundle("speakup: v1 status\nupload: " + "1" * 32 + "\n",
                        SMALL)
        for raw, code, size in [
                (get("/v1/policy"), 200, TEXT),
                (get("/v1/plain"), 200, TEXT),
                (post("/v1/text", POLL), 200, TEXT),
                (post("/v1/text", bytes(TEXT)), 400, TEXT),
                (post("/v1/text", b"x"), 413, TEXT),
                (post("/v1/staff", bytes(TEXT)), 400, TEXT),
                (post("/v1/staff", POLL), 400, TEXT),
                (post("/v1/piece", status), 200, SMALL),
                (post("/v1/piece", bytes(SMALL)), 400, SMALL),
                (post("/v1/piece", bytes(PIECE)), 400, SMALL),
                (post("/v1/plain", b"no age file"), 400, TEXT),
                (post("/v1/plain/answer", b"0" * 64 + b"\n"), 404, TEXT),
                (get("/no"), 404, SMALL)]:
            with self.subTest(raw[:40]):
                a = self.d.request(raw)
                self.assertEqual((a.status, len(a.body)), (code, size))

    def test_an_answer_and_an_error_look_the_same_on_the_network(self):
        for raws in [
                [post("/v1/text", POLL), post("/v1/text", bytes(TEXT)),
                 post("/v1/text", POLL, "Connection: close\r\n"),
                 post("/v1/text", b"x"), get("/v1/text"),
                 post("/v1/staff", bundle(
                     "speakup: v1 challenge\nperson: 1\n")),
                 post("/v1/staff", bytes(TEXT)),
                 post("/v1/plain", b"no age file"),
                 post("/v1/plain/answer", b"0" * 64 + b"\n")],
                [get("/no"), post("/v1/piece", bytes(SMALL)),
                 post("/v1/piece", bundle("speakup: v1 status\nupload: "
                                          + "1" * 32 + "\n", SMALL))]]:
            seen = {tuple(self.d.records(raw)) for raw in raws}
            self.assertEqual(len(seen), 1, seen)

    def test_answers_say_nothing_of_time_build_or_visitor(self):
        for raw in get("/v1/policy"), post("/v1/text", POLL), get("/no"):
            a = self.d.request(raw)
            self.assertLessEqual(set(a.fields), {
                "content-type", "content-length", "cache-control",
                "x-content-type-options", "connection", "x-padding"})

    def test_errors_are_json_and_text_for_plain_pages(self):
        a = self.d.request(post("/v1/text", bytes(TEXT)))
        self.assertEqual(a.fields["content-type"], "application/json")
        self.assertEqual(json.loads(a.body)["error"], "bad-bundle")
        a = self.d.request(post("/v1/plain", b"no age file"))
        self.assertEqual(a.fields["content-type"],
                         "text/plain; charset=utf-8")
        self.assertRegex(a.body.strip().decode(), r"^[A-Z].*\.$")

    def test_no_answer_yet_is_said_in_plain_words(self):
        a = self.d.request(post("/v1/plain/answer", b"0" * 64 + b"\n"))
        self.assertIn(b"no answer to it yet", a.body.rstrip())

    def test_plain_page_is_for_age(self):
        text = self.d.request(get("/v1/plain")).body.decode()
        lines = [x for x in text.splitlines() if not x.startswith("#")]
        self.assertEqual(len(lines), 2)
        self.assertTrue(all(re.fullmatch("age1[a-z0-9]{58}", x)
                            for x in lines))
        self.assertIn("Amara Okafor", text)


class Refusals(Shared):
    TABLE = [
        (b"nonsense\r\n\r\n", 400, "bad-request"),
        (b"GET /v1/policy HTTP/1.1\r\n\r\n", 400, "bad-request"),
        (b"GET /v1/policy HTTP/1.1\nHost: x\n\n", 400, "bad-request"),
        (get("/nothing"), 404, "unknown"),
        (get("/v1/text"), 405, "bad-request"),
        (post("/v1/policy", b""), 405, "bad-request"),
        (b"POST /v1/text HTTP/1.1\r\nHost: x\r\n\r\n", 411, "bad-request"),
        (b"POST /v1/text HTTP/1.1\r\nHost: x\r\nContent-Length: 49151\r\n"
         b"\r\n", 413, "too-large"),
        (b"POST /v1/piece HTTP/1.1\r\nHost: x\r\nContent-Length: 1025\r\n"
         b"\r\n", 413, "too-large"),
        (b"POST /v1/text HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999"
         b"\r\n\r\n", 413, "too-large"),
        (get("/" + "a" * 100), 414, "bad-request"),
        (post("/v1/text", b"", "Expect: tea\r\n"), 417, "bad-request"),
        (get("/v1/policy", "X: " + "a" * 9000 + "\r\n"), 431, "bad-request"),
        (b"POST /v1/text HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked"
         b"\r\n\r\n", 501, "bad-request"),
        (b"GET /v1/policy HTTP/1.0\r\nHost: x\r\n\r\n", 505, "bad-request"),
    ]

    def test_what_is_refused_and_how(self):
        for raw, status, code in self.TABLE:
            with self.subTest(raw[:60]), self.d.connect() as c:
                a = c.send(raw).answer()
                self.assertEqual(a.status, status)
                self.assertEqual(json.loads(a.body)["error"], code)
                self.assertEqual(a.fields["connection"], "close")
                self.assertTrue(c.ended())

    def test_405_names_the_method_that_there_is(self):
        self.assertEqual(self.d.request(get("/v1/text")).fields["allow"],
                         "POST")
        self.assertEqual(
            self.d.request(post("/v1/policy", b"")).fields["allow"], "GET")

    def test_nothing_of_a_request_comes_back(self):
        for raw in (get("/" + MARK), get("/v1/policy", f"X-A: {MARK}\r\n"),
                    f"{MARK}\r\n\r\n".encode(),
                    post("/v1/text", bundle(f"speakup: v1 {MARK}\n")),
                    post("/v1/plain", MARK.encode())):
            a = self.d.request(raw)
            self.assertNotIn(MARK.encode(), a.head + a.body)
        self.assertNotIn(MARK, self.d.log())

    def test_too_large_a_body_is_refused_before_it_is_read(self):
        with self.d.connect() as c:
            c.send(b"POST /v1/text HTTP/1.1\r\nHost: x\r\n"
                   b"Content-Length: 200000000\r\n\r\n")
            self.assertEqual(c.answer().status, 413)

    def test_the_answer_reaches_a_client_that_goes_on_sending(self):
        with self.d.connect() as c:
            c.send(b"POST /v1/text HTTP/1.1\r\nHost: x\r\n"
                   b"Content-Length: 400000\r\n\r\n")
            c.send(bytes(400000))  # a reset would break this, or the answer
            self.assertEqual(c.answer().status, 413)
            self.assertTrue(c.ended())


class KeepAlive(Shared):
    def test_many_requests_on_one_connection(self):
        with self.d.connect() as c:
            for _ in range(50):
                a = c.send(post("/v1/text", POLL)).answer()
                self.assertEqual(a.status, 200)
                self.assertNotIn("connection", a.fields)

    def test_an_error_of_the_vault_keeps_the_connection(self):
        with self.d.connect() as c:
            for _ in range(3):
                self.assertEqual(
                    c.send(post("/v1/text", bytes(TEXT))).answer().status,
                    400)

    def test_pipelined_requests_are_answered_in_order(self):
        with self.d.connect() as c:
            c.send(post("/v1/text", POLL) + get("/v1/policy") +
                   post("/v1/text", bytes(TEXT)) + get("/v1/plain"))
            self.assertTrue(c.answer().body.startswith(b"speakup: v1 mailbox"))
            self.assertTrue(c.answer().body.startswith(b"speakup: v1 policy"))
            self.assertEqual(c.answer().status, 400)
            self.assertTrue(c.answer().body.startswith(b"# Northshire"))

    def test_connection_close_is_honoured_and_tls_ends_cleanly(self):
        with self.d.connect() as c:
            a = c.send(get("/v1/policy", "Connection: close\r\n")).answer()
            self.assertEqual(a.fields["connection"], "close")
            self.assertTrue(c.ended())  # raises without close_notify

    def test_expect_is_answered_before_the_body(self):
        with self.d.connect() as c:
            c.send(post("/v1/text", POLL, "Expect: 100-continue\r\n")[:-TEXT])
            self.assertEqual(c.head(), b"HTTP/1.1 100 Continue")
            self.assertEqual(c.send(POLL).answer().status, 200)

    def test_a_request_in_single_bytes_is_the_same_request(self):
        with self.d.connect() as c:
            for b in get("/v1/policy"):
                c.send(bytes([b]))
            self.assertEqual(c.answer().status, 200)


class Deadlines(Shared):
    """Far from what an honest visitor on a busy machine takes, and farther from
    what would be without them."""
    SECONDS, MOST = 3, 20
    options = {"limits": {
        "handshake-seconds": SECONDS, "header-seconds": SECONDS,
        "body-seconds": SECONDS, "idle-seconds": SECONDS,
        "answer-seconds": SECONDS, "bytes-per-second": 1000000}}

    def drip(self, c, data):
        """A byte every tenth of a second, until something comes back: longer
        than MOST without a deadline."""
        self.assertGreater(len(data) / 10, self.MOST)
        begin = time.monotonic()
        c.sock.settimeout(0.1)
        for b in data:
            c.send(bytes([b]))
            try:
                c.more()
                break
            except (TimeoutError, ssl.SSLWantReadError):
                pass
        c.sock.settimeout(10)
        return time.monotonic() - begin

    def test_one_byte_at_a_time_does_not_stretch_a_head(self):
        with self.d.connect() as c:
            drip = self.drip(c, get("/", f"X: {'a' * 300}\r\n"))
            self.assertLess(drip, self.MOST)
            self.assertEqual(c.answer().status, 408)
            self.assertTrue(c.ended())

    def test_one_byte_at_a_time_does_not_stretch_a_body(self):
        with self.d.connect() as c:
            c.send(post("/v1/text", POLL)[:-TEXT])
            self.assertLess(self.drip(c, POLL[:300]), self.MOST)
            a = c.answer()
            self.assertEqual((a.status, len(a.body)), (408, TEXT))

    def test_a_silent_handshake_ends(self):
        with self.d.tcp() as s:
            begin = time.monotonic()
            self.assertEqual(s.recv(1), b"")
            self.assertLess(time.monotonic() - begin, self.MOST)

    def test_an_idle_connection_ends_cleanly(self):
        with self.d.connect() as c:
            c.send(get("/v1/policy")).answer()
            begin = time.monotonic()
            self.assertTrue(c.ended())
            self.assertLess(time.monotonic() - begin, self.MOST)

    def test_a_client_that_does_not_read_is_ended(self):
        context = self.d.context()
        with self.d.tcp() as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            t = context.wrap_socket(s, server_hostname="127.0.0.1",
                                    suppress_ragged_eofs=False)
            t.sendall(get("/v1/policy") * 200)
            time.sleep(2 * self.SECONDS)
            t.settimeout(self.MOST)
            with t, self.assertRaises((ssl.SSLEOFError, ConnectionError)):
                while t.recv(65536):  # cut off, without a clean end
                    pass


class VaultSilent(unittest.TestCase):
    def test_a_vault_that_does_not_answer_is_said_in_time(self):
        with Alone(limits={"answer-seconds": 3,
                           "bytes-per-second": 1000000}) as d:
            vault = d.pid_of("vault")
            os.kill(vault, signal.SIGSTOP)
            try:
                with d.connect() as c:
                    a = c.send(post("/v1/text", POLL)).answer()
                    self.assertEqual((a.status, len(a.body)), (503, TEXT))
                    self.assertEqual(json.loads(a.body)["error"], "down")
                    # Pages from memory go on, on the same connection.
                    self.assertEqual(c.send(get("/v1/policy")).answer()
                                     .status, 200)
            finally:
                os.kill(vault, signal.SIGCONT)
            # It answers again. (A poll waits for as long as the disk took.)
            self.assertEqual(d.request(post("/v1/staff", POLL)).status, 400)


class Leaving(unittest.TestCase):
    """A visitor who leaves while the vault takes minutes for `watch`: each way
    to leave frees the connection, of which there are two."""
    WATCH = post("/v1/staff", bundle(f"speakup: v1 watch\nsession: {'1' * 64}"
                                     f"\nmark: {'0' * 16}\n"))

    @staticmethod
    def close(c):
        c.close()

    @staticmethod
    def say_goodbye(c):
        c.sock.settimeout(0.1)
        try:
            c.sock.unwrap()
        except (TimeoutError, ssl.SSLError, OSError):
            pass
        c.close()

    @staticmethod
    def close_behind_more(c):
        c.send(get("/v1/policy"))
        time.sleep(0.2)
        c.close()

    @staticmethod
    def reset(c):
        c.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                          struct.pack("ii", 1, 0))
        c.close()

    @staticmethod
    def shut(c):
        socket.socket.shutdown(c.sock, socket.SHUT_WR)

    def watch_and_leave(self, d, leave, pause):
        both = [d.connect() for _ in range(2)]
        for c in both:
            c.send(self.WATCH)
        time.sleep(pause)
        for c in both:
            leave(c)
        with d.connect() as c:
            self.assertEqual(c.send(get("/v1/policy")).answer().status, 200)
        for c in both:
            c.close()

    def test_who_leaves_a_watch_holds_no_connection(self):
        with Alone(limits={"connections": 2}) as d:
            vault = d.pid_of("vault")
            os.kill(vault, signal.SIGSTOP)
            try:
                for leave in (self.close, self.say_goodbye, self.reset,
                              self.close_behind_more, self.shut):
                    for pause in (0, 0.3):
                        with self.subTest(leave.__name__, pause=pause):
                            self.watch_and_leave(d, leave, pause)
            finally:
                os.kill(vault, signal.SIGCONT)
            # The answers to them come now, and are nobody's.
            self.assertEqual(d.request(post("/v1/text", POLL)).status, 200)
            self.assertEqual(d.request(self.WATCH).status, 403)

    def test_who_sends_no_more_still_gets_an_answer(self):
        with Alone() as d, d.connect() as c:
            vault = d.pid_of("vault")
            os.kill(vault, signal.SIGSTOP)
            try:
                c.send(post("/v1/text", POLL))
                self.shut(c)
                time.sleep(0.3)
            finally:
                os.kill(vault, signal.SIGCONT)
            self.assertEqual(c.answer().status, 200)


class Limits(unittest.TestCase):
    def test_an_idle_connection_makes_room_for_a_new_one(self):
        with Alone(limits={"connections": 4}) as d:
            old = [d.connect() for _ in range(4)]
            for c in old:
                c.send(get("/v1/policy")).answer()
            self.assertEqual(d.request(get("/v1/policy")).status, 200)
            with self.assertRaises((ssl.SSLEOFError, ConnectionResetError)):
                old[0].ended()
            for c in old:
                c.close()

    def test_one_without_a_whole_head_makes_room_the_oldest_first(self):
        with Alone(limits={"connections": 4}) as d:
            head = d.connect()
            head.send(b"POST /v1/text HT")
            time.sleep(0.2)
            silent = [d.tcp() for _ in range(3)]
            time.sleep(0.2)
            with d.connect() as c:  # in the place of the half-sent head
                with self.assertRaises((ssl.SSLEOFError,
                                        ConnectionResetError)):
                    head.ended()
                self.assertEqual(c.send(get("/v1/policy")).answer().status,
                                 200)
                with d.connect():  # and in that of a handshake that waits
                    self.assertEqual(silent[0].recv(1), b"")
                    self.assertEqual(c.send(get("/v1/policy")).answer()
                                     .status, 200)
            silent[2].setblocking(False)
            with self.assertRaises(BlockingIOError):
                silent[2].recv(1)
            for s in (head, *silent):
                s.close()

    def test_busy_connections_are_kept_and_a_new_one_waits(self):
        with Alone(limits={"connections": 2}) as d:
            busy = [d.connect() for _ in range(2)]
            for c in busy:
                # Their heads were read: that is what makes them busy.
                c.send(post("/v1/text", POLL,
                            "Expect: 100-continue\r\n")[:-TEXT])
                self.assertEqual(c.head(), b"HTTP/1.1 100 Continue")
                c.send(POLL[:-10])
            waiting = d.tcp()
            waiting.settimeout(0.5)
            with self.assertRaises(TimeoutError):
                d.context().wrap_socket(waiting, server_hostname="127.0.0.1")
            for c in busy:
                self.assertEqual(c.send(POLL[-10:]).answer().status, 200)
                c.close()
            self.assertEqual(d.request(get("/v1/policy")).status, 200)

    def test_bodies_over_the_budget_wait_and_text_goes_on(self):
        with Alone(limits={"in-flight-mib": 1}) as d:
            raw = post("/v1/piece", bytes(PIECE))
            held = [d.connect() for _ in range(2)]
            for c in held:  # one is within the budget, one may go over it
                c.send(raw[:-1])
            with self.one_that_waits(d, raw) as waits:
                self.assertEqual(d.request(post("/v1/text", POLL)).status,
                                 200)
                for c in held:
                    c.close()
                waits.sock.settimeout(60)
                self.assertEqual(waits.answer().status, 400)

    def one_that_waits(self, d, raw):
        """One that comes before the held ones were read is answered."""
        for _ in range(20):
            c = d.connect()
            c.sock.settimeout(1)
            try:
                c.send(raw).answer()
                c.close()
            except (TimeoutError, ssl.SSLWantReadError):
                return c
        self.fail("nobody has to wait")

    def test_bodies_that_all_wait_for_memory_all_get_it(self):
        with Alone(limits={"in-flight-mib": 1}) as d:
            raw = post("/v1/piece", bytes(PIECE))
            many = [d.connect() for _ in range(12)]
            for c in many:
                c.send(raw[:200000])
            for c in many:
                c.send(raw[200000:])
            for c in many:
                self.assertEqual(c.answer().status, 400)
                c.close()

    def test_a_stalled_body_does_not_hold_up_the_others_for_long(self):
        with Alone(limits={"in-flight-mib": 1}) as d:
            raw = post("/v1/piece", bytes(PIECE))
            stalled = [d.connect() for _ in range(2)]
            for c in stalled:
                c.send(raw[:-1])
            time.sleep(0.3)
            self.assertEqual(d.request(raw).status, 400)
            for c in stalled:
                c.close()


class Kinds(unittest.TestCase):
    def test_each_listener_answers_its_own_pages(self):
        a, b = free_port(), free_port()
        with Alone(listeners=[
                f"{{name: web, kind: public, address: \"127.0.0.1:{a}\"}}",
                f"{{name: in, kind: staff, address: \"127.0.0.1:{b}\"}}",
                ]) as d:
            for port, raw, status in [
                    (a, post("/v1/text", POLL), 200),
                    (a, post("/v1/staff", bytes(TEXT)), 404),
                    (a, get("/v1/plain"), 200), (a, get("/v1/policy"), 200),
                    (b, post("/v1/text", POLL), 404),
                    (b, post("/v1/staff", bytes(TEXT)), 400),
                    (b, get("/v1/plain"), 404), (b, get("/v1/policy"), 200)]:
                with self.subTest((port == a, raw[:30])):
                    self.assertEqual(d.request(raw, port=port).status, status)

    def test_a_unix_socket_without_tls(self):
        path = Path("/tmp") / f"speakup-test-{free_port()}"
        try:
            with Alone(listeners=[f"{{name: onion, kind: public, tls: no, "
                                  f"address: \"unix:{path}\"}}"]) as d:
                with socket.socket(socket.AF_UNIX) as s:
                    s.settimeout(10)
                    s.connect(str(path))
                    c = Connection(s)
                    a = c.send(post("/v1/text", POLL)).answer()
                    self.assertEqual((a.status, len(a.body)), (200, TEXT))
                    self.assertEqual(path.stat().st_mode & 0o777, 0o660)
                self.assertNotIn("bad-tls", d.log())
        finally:
            path.unlink(missing_ok=True)


class Tls(unittest.TestCase):
    def version(self, minimum, highest):
        with Alone(minimum=minimum) as d:
            context = d.context()
            context.maximum_version = highest
            with d.connect(context) as c:
                c.send(get("/v1/policy")).answer()
                return c.sock.version(), c.sock.cipher()[0]

    def test_tls_1_2_is_refused(self):
        with self.assertRaises((ssl.SSLError, ConnectionError)):
            self.version(None, ssl.TLSVersion.TLSv1_2)

    def test_tls_1_2_can_be_allowed_and_is_forward_secret(self):
        version, cipher = self.version("1.2", ssl.TLSVersion.TLSv1_2)
        self.assertEqual(version, "TLSv1.2")
        self.assertTrue(cipher.startswith("ECDHE-"))

    def test_nothing_links_two_visits(self):
        with Alone() as d:
            context = d.context()
            with d.connect(context) as c:
                c.send(get("/v1/policy")).answer()
                session = c.sock.session
                self.assertFalse(session is not None and session.has_ticket)
        with Alone(minimum="1.2") as d:
            context = d.context()
            context.maximum_version = ssl.TLSVersion.TLSv1_2
            with d.connect(context) as c:
                c.send(get("/v1/policy")).answer()
                self.assertFalse(c.sock.session.has_ticket)
                self.assertEqual(c.sock.session.id, b"")


if __name__ == "__main__":
    unittest.main()
