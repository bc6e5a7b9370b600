#!/usr/bin/env python3
"""Every transcript (transcripts/README) over TLS, in pieces of several sizes,
to a running daemon: answered as the parser's outcome and the table of pages
below say, ended wherever it could be misread, and nothing behind a refusal is
ever taken for a request."""
import re
import socket
import ssl
import sys
import threading
import time
import unittest
from pathlib import Path
from queue import Empty, SimpleQueue

sys.path.insert(0, str(Path(__file__).resolve().parent))
from alone import (Alone, Connection, POLL, SMALL, TEXT,  # noqa: E402
                   get, post)

HERE = Path(__file__).resolve().parent / "transcripts"
HONEST = get("/v1/policy")
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
LETTERS = {"r": b"\r", "n": b"\n", "t": b"\t", "\\": b"\\"}
WHOLE = 1 << 20
WORKERS = 4


def unescape(text):
    """The bytes that a tabbed line stands for."""
    out, i = b"", 0
    while i < len(text):
        if text[i] != "\\":
            out += text[i].encode("latin-1")
            i += 1
        elif text[i + 1] == "x":
            out += bytes([int(text[i + 2:i + 4], 16)])
            i += 4
        elif text[i + 1] == "*":
            n, rest = text[i + 2:].split("(", 1)
            inner = rest.split(")", 1)[0]
            out += unescape(inner) * int(n)
            i += 2 + len(n) + 1 + len(inner) + 1
        else:
            out += LETTERS[text[i + 1]]
            i += 2
    return out


def transcripts():
    """(file and name, bytes, outcomes) of all."""
    for path in sorted(HERE.glob("*.txt")):
        for case in path.read_text().rstrip("\n").split("\n\n"):
            name, *lines = case.split("\n")
            yield (f"{path.stem}: {name}",
                   unescape("".join(x[1:] for x in lines if x[0] == "\t")),
                   [x[2:] for x in lines if x[0] == ">"])


# A second description of daemon/endpoint.c, for `kind: both` without pages
# for browsers: what a whole head leads to, before any content is looked at.
GETS = {"/v1/policy": TEXT, "/v1/plain": TEXT}
PAGES = ("/", "/staff")   # a word for browsers: no page is installed
HEAD, PAGE_HEAD = 256, 1792
POSTS = {"/v1/text": (TEXT, TEXT), "/v1/staff": (TEXT, TEXT),
         "/v1/piece": (SMALL, SMALL), "/v1/plain": (1, 48640),
         "/v1/plain/answer": (64, 80)}


def expected(outcome):
    """(status, length of the body, whether the connection ends) of one
    outcome, None where nothing is answered. A page's length is None."""
    words = outcome.split()
    if words[0] == "more":
        return None
    if words[0] != "ok":
        return int(words[0]), SMALL, True
    method, path, length, ends = words[1], words[2], int(words[3]), \
        words[4] == "close"
    errors = SMALL if path == "/v1/piece" or path not in POSTS else TEXT
    if method == "GET" and path in PAGES:
        return 200, None, ends
    if method == "GET" and path in GETS:
        return 200, GETS[path], ends
    if method == "GET":
        return (405, errors, True) if path in POSTS else (404, SMALL, True)
    if path in POSTS:
        least, most = POSTS[path]
        if least <= length <= most:   # and the vault finds it no age file
            return 400, TEXT, ends
        return 413, errors, True
    known = path in GETS or path in PAGES or path.startswith("/web/")
    return (405 if known else 404), SMALL, True


def plan(outcomes):
    """The answers that must come, and whether the daemon then ends it; None:
    it waits for more."""
    answers = []
    for i, outcome in enumerate(outcomes):
        e = expected(outcome)
        # A content that is to come is waited for, where it may come.
        if e is None or (e[0] == 400 and outcome.startswith("ok") and
                         outcomes[i + 1:] == ["more"]):
            return answers, None
        answers.append(e)
        if e[2]:
            return answers, True
    return answers, False


class Transcripts(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.d = Alone()
        cls.addClassCleanup(cls.d.stop)
        cls.all = list(transcripts())

    def connection(self):
        return self.d.connect()

    def answers(self, c, wanted, name):
        for status, length, ends in wanted:
            while True:
                a_head = c.head()
                if not a_head.startswith(CONTINUE[:12]):
                    break
            fields = a_head.decode().split("\r\n")
            n = int(re.search(r"Content-Length: (\d+)",
                              a_head.decode())[1])
            while len(c.rest) < n:
                c.more()
            c.rest = c.rest[n:]
            self.assertEqual(
                (int(fields[0].split()[1]), n, len(a_head) + 4,
                 "Connection: close" in fields),
                (status, length or n, HEAD if length else PAGE_HEAD, ends),
                name)

    def send(self, c, data, size):
        """Each piece in a record of its own. Once the daemon has ended its
        side and what may still come is over, sending fails: that is right."""
        try:
            for i in range(0, len(data), size):
                c.send(data[i:i + size])
        except (ssl.SSLError, ConnectionError):
            pass

    def play(self, name, data, outcomes, size):
        wanted, ends = plan(outcomes)
        with self.connection() as c:
            # What follows a refusal, or an answer that ends: never taken.
            self.send(c, data + (b"" if ends is None else HONEST), size)
            self.answers(c, wanted, name)
            if ends is None:
                socket.socket.shutdown(c.sock, socket.SHUT_WR)
                self.assertTrue(self.nothing_more(c), name)
                return
            if not ends:   # an honest request on the same connection
                self.answers(c, [(200, TEXT, False)], name)
                return
            self.assertTrue(c.ended(), name)   # raises without close_notify

    @staticmethod
    def nothing_more(c):
        if c.rest.replace(CONTINUE, b""):
            return False
        try:
            return c.sock.recv(65536) in (b"", CONTINUE)
        except (ssl.SSLEOFError, ConnectionError):
            return True

    def play_all(self, size, longest):
        work, failures = SimpleQueue(), []
        for case in self.all:
            if len(case[1]) <= longest:
                work.put(case)

        def player():
            while True:
                try:
                    case = work.get_nowait()
                except Empty:
                    return
                try:
                    self.play(*case, size)
                except Exception as e:   # pylint: disable=broad-except
                    failures.append(f"{case[0]}: {e!r}")

        threads = [threading.Thread(target=player) for _ in range(WORKERS)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        self.assertEqual(failures, [])
        with self.connection() as c:   # whoever comes next is served
            self.assertEqual(c.send(post("/v1/text", POLL)).answer().status,
                             200)

    def test_there_are_as_many_as_the_parser_reads(self):
        self.assertGreaterEqual(len(self.all), 600)
        self.assertEqual(len(set(x[0] for x in self.all)), len(self.all))

    def test_whole(self):
        self.play_all(WHOLE, WHOLE)

    def test_in_pieces_of_1(self):
        self.play_all(1, 1000)   # longer ones are more than the stream lets
        # pass in records of a byte (STREAM_WASTE_MAX)

    def test_in_pieces_of_2(self):
        self.play_all(2, 1000)

    def test_in_pieces_of_3(self):
        self.play_all(3, 1000)

    def test_in_pieces_of_7(self):
        self.play_all(7, WHOLE)


class OneAtATime(unittest.TestCase):
    def test_pipelined_requests_wait_for_one_another(self):
        with Alone() as d, d.connect() as c:
            poll = post("/v1/text", POLL)
            c.send(poll * 4 + get("/v1/plain") + poll)
            starts = [b"speakup: v1 mailbox"] * 4 + [b"# Northshire",
                                                     b"speakup: v1 mailbox"]
            for start in starts:
                a = c.answer()
                self.assertEqual((a.status, len(a.body)), (200, TEXT))
                self.assertTrue(a.body.startswith(start))

    def test_a_refusal_behind_good_ones_ends_it_after_their_answers(self):
        with Alone() as d, d.connect() as c:
            c.send(get("/v1/plain") + post("/v1/text", POLL) +
                   b"GET / HTTP/1.0\r\n\r\n" + get("/v1/plain"))
            self.assertEqual([c.answer().status for _ in range(3)],
                             [200, 200, 505])
            self.assertTrue(c.ended())

    def test_who_sends_no_more_is_still_answered(self):
        with Alone() as d:
            for raw in (get("/v1/plain"), post("/v1/text", POLL),
                        get("/v1/plain") + post("/v1/text", POLL),
                        b"nonsense\r\n\r\n"):
                with self.subTest(raw[:20]), d.connect() as c:
                    c.send(raw)
                    socket.socket.shutdown(c.sock, socket.SHUT_WR)
                    for _ in range(raw.count(b"Host") or 1):
                        self.assertIn(c.answer().status, (200, 400))


class Slow(unittest.TestCase):
    """A byte every half second, in each phase: ended by the deadline of the
    phase, however many bytes came."""
    LIMITS = {"handshake-seconds": 4, "header-seconds": 4, "body-seconds": 4,
              "idle-seconds": 4, "answer-seconds": 4,
              "bytes-per-second": 1000000}
    PACE, MOST = 0.5, 20   # seconds; the deadline is at 4

    @classmethod
    def setUpClass(cls):
        cls.d = Alone(limits=cls.LIMITS)
        cls.addClassCleanup(cls.d.stop)

    def drip(self, sock, send, data):
        """Until something comes back, or the end: how long that took. What
        is sent takes longer than MOST."""
        self.assertGreater(len(data) * self.PACE, self.MOST)
        begin = time.monotonic()
        sock.settimeout(self.PACE)
        for i in range(len(data)):
            if time.monotonic() - begin > self.MOST:
                break
            try:
                send(data[i:i + 1])
                if sock.recv(1) is not None:
                    break
            except (TimeoutError, ssl.SSLWantReadError):
                continue
            except (OSError, ssl.SSLError):
                break
        return time.monotonic() - begin

    def ends(self, seconds):
        self.assertGreater(seconds, 1)
        self.assertLess(seconds, self.MOST)

    def test_a_byte_every_half_second_in_the_handshake(self):
        come, go = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = self.d.context().wrap_bio(come, go, server_hostname="127.0.0.1")
        with self.assertRaises(ssl.SSLWantReadError):
            tls.do_handshake()
        with self.d.tcp() as s:
            self.ends(self.drip(s, s.sendall, go.read()))

    def test_a_byte_every_half_second_in_the_head(self):
        with self.d.connect() as c:
            self.ends(self.drip(c.sock, c.send, get("/" + "a" * 50)))

    def test_a_byte_every_half_second_in_the_body(self):
        with self.d.connect() as c:
            raw = post("/v1/text", POLL)
            c.send(raw[:-TEXT])
            self.ends(self.drip(c.sock, c.send, POLL[:200]))

    def test_a_byte_every_half_second_of_the_answer(self):
        with self.d.tcp() as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            t = self.d.context().wrap_socket(s, server_hostname="127.0.0.1",
                                             suppress_ragged_eofs=False)
            with t:
                t.sendall(HONEST * 200)   # more than the system holds
                for _ in range(16):
                    t.recv(1)
                    time.sleep(self.PACE)
                # What is left of them ends in the middle; what the system
                # held comes slowly, through a window as small.
                end = time.monotonic() + 3 * self.MOST
                with self.assertRaises((ssl.SSLError, ConnectionError)):
                    while t.recv(65536):
                        self.assertLess(time.monotonic(), end)

    def test_an_honest_visitor_beside_them(self):
        slow = [self.d.connect() for _ in range(20)]
        for c in slow:
            c.send(b"GET /v1/pl")
        for _ in range(10):
            self.assertEqual(self.d.request(HONEST).status, 200)
        for c in slow:
            c.close()


if __name__ == "__main__":
    unittest.main()
