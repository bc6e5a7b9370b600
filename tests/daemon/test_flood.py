#!/usr/bin/env python3
"""Who floods, and who is slow on purpose: connections of one address are
pressed and the first to go, others are not; single bytes stretch no phase."""
import hashlib
import re
import select
import socket
import ssl
import sys
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from alone import Alone, Connection, WAIT, get  # noqa: E402

PIECE, SMALL = 263168, 1024
BURST = 240   # daemon/front_peer.h
FLOODER = "127.0.0.1"
# Any one may be in the flooder's place, of a thousand that a key chooses.
OTHERS = "127.9.8.7", "127.9.8.6", "127.9.8.5"


def put(upload, work=bytes(64)):
    head = (f"speakup: v1 put\nupload: {upload * 32} 5\npiece: 0 5\n\n"
            "hello").encode()
    return (b"POST /v1/piece HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n"
            % PIECE) + head + bytes(PIECE - 64 - len(head)) + work


class Flood(unittest.TestCase):
    def start(self, peers="", **limits):
        d = Alone(limits=limits, start=False)
        self.addCleanup(d.__exit__, None, None, None)
        d.listeners = [f'{{name: main, kind: both, address: '
                       f'"127.0.0.1:{d.port}"{peers}}}']
        d.write_config()
        d.start()
        return d

    def connect(self, d, source):
        # Without a port of its choice where it need not be: a flood of these
        # would take them from others who look for one.
        s = socket.create_connection(
            ("127.0.0.1", d.port), timeout=WAIT,
            source_address=None if source == FLOODER else (source, 0))
        self.addCleanup(s.close)
        return s

    def flood(self, d, n=BURST + 60):
        for _ in range(n):
            self.connect(d, FLOODER).close()

    def ask(self, d, source, upload):
        """What an upload from there is answered: pieces, or work and bits."""
        with d.context().wrap_socket(self.connect(d, source),
                                     server_hostname="127.0.0.1") as t:
            t.sendall(put(upload))
            data = b""
            while b"\n\n" not in data.partition(b"\r\n\r\n")[2]:
                chunk = t.recv(65536)
                self.assertTrue(chunk, data)
                data += chunk
        m = re.search(rb"speakup: v1 (pieces|work\nchallenge: \d+)", data)
        self.assertIsNotNone(m, data[:400])
        return m[1]

    def test_only_the_address_that_floods_is_asked_for_work(self):
        d = self.start()
        self.assertEqual(self.ask(d, FLOODER, "a"), b"pieces")
        self.flood(d)
        # A second that begins between two connections lets in two more.
        said = []
        for upload in "bcdef":
            self.flood(d, 10)
            said.append(self.ask(d, FLOODER, upload))
        self.assertIn(b"work\nchallenge: 4", said)
        self.assertIn(b"pieces", [self.ask(d, other, upload) for other, upload
                                  in zip(OTHERS, "789")])

    def test_where_peers_are_not_counted_nobody_is(self):
        d = self.start(peers=", peers: no")
        self.flood(d)
        self.assertEqual(self.ask(d, FLOODER, "a"), b"pieces")

    def test_the_flooders_connections_are_the_first_to_go(self):
        d = self.start(connections=8)
        self.flood(d)
        others = [self.connect(d, other) for other in 2 * OTHERS[:2]]
        flood = [self.connect(d, FLOODER) for _ in range(40)]
        self.wait_gone(flood, 30)
        # They are there still, and are served.
        self.assertGreaterEqual(sum(self.is_served(d, s) for s in others), 2)

    def is_served(self, d, s):
        try:
            with d.context().wrap_socket(
                    s, server_hostname="127.0.0.1") as t:
                t.sendall(get("/v1/policy"))
                return t.recv(12).startswith(b"HTTP/1.1 200")
        except OSError:
            return False

    def wait_gone(self, connections, n):
        """Until so many had to go: nothing else is said to who is silent."""
        end = time.monotonic() + WAIT
        while len(select.select(connections, [], [], 0)[0]) < n:
            self.assertLess(time.monotonic(), end)
            time.sleep(0.01)

    def test_of_one_address_the_oldest_connection_goes_first(self):
        """Behind a flooder's address there are others: who comes has time."""
        d = self.start(connections=8)
        self.flood(d)
        held = [self.connect(d, FLOODER) for _ in range(8)]
        visitor = self.connect(d, FLOODER)
        held += [self.connect(d, FLOODER) for _ in range(4)]
        self.wait_gone(held, 4)
        self.assertTrue(self.is_served(d, visitor))


class Work(unittest.TestCase):
    """A service that asks for work, and somebody who sends none that is any:
    a challenge that was given, and counters that are not its solution."""

    def setUp(self):
        self.d = Alone(limits={"quiet-filings-per-minute": 1,
                               "in-flight-mib": 256})
        self.addCleanup(self.d.__exit__, None, None, None)
        with self.connect() as c:
            for name in "0123456789ab":
                answer = c.send(put(name)).answer()
                self.upload = name
        asked = re.search(rb"work\nchallenge: \d+ ([0-9a-f]{96})\n",
                          answer.body)
        self.challenge = bytes.fromhex(asked[1].decode())

    def connect(self):
        s = socket.create_connection(("127.0.0.1", self.d.port), timeout=60)
        return Connection(self.d.context().wrap_socket(
            s, server_hostname="127.0.0.1"))

    def work(self, is_good):
        bits = self.challenge[4]
        for n in range(1 << 20):
            counter = n.to_bytes(8, "big")
            h = hashlib.scrypt(counter, salt=self.challenge, n=1024, r=8,
                               p=1, dklen=32)
            if (int.from_bytes(h, "big") >> 256 - bits == 0) == is_good:
                return self.challenge + counter + bytes(8)

    def answered_before_a_page(self, many, bad):
        for c in many:
            c.send(bad[:-1])
        page = self.connect()
        for c in many:
            c.send(bad[-1:])
        self.assertEqual(page.send(get("/v1/policy")).answer().status, 200)
        done = len(select.select([c.sock for c in many], [], [], 0)[0])
        for c in (*many, page):
            c.close()
        return done

    def test_work_that_is_checked_keeps_nobody_else_waiting(self):
        """Each check takes milliseconds; a page is not behind all of them."""
        bad = put(self.upload, self.work(False))
        done = []
        while len(done) < 10 and min(done, default=64) >= 32:
            # on a busy machine the answer may lie about meanwhile
            done.append(self.answered_before_a_page(
                [self.connect() for _ in range(64)], bad))
        self.assertLess(min(done), 32, done)

    def test_who_sends_bad_work_is_not_listened_to_any_longer(self):
        with self.connect() as c:
            answer = c.send(put(self.upload, self.work(False))).answer()
            self.assertIn(b"speakup: v1 work", answer.body)
            self.assertEqual(answer.fields.get("connection"), "close")
            self.assertTrue(c.ended())
        with self.connect() as c:
            answer = c.send(put(self.upload, self.work(True))).answer()
            self.assertIn(b"speakup: v1 pieces", answer.body)
            self.assertNotIn("connection", answer.fields)
            # Of a time before a restart, or damaged: that may happen.
            other = self.work(True)
            other = other[:47] + bytes([other[47] ^ 1]) + bytes(16)
            answer = c.send(put("f", other)).answer()
            self.assertIn(b"speakup: v1 work", answer.body)
            self.assertNotIn("connection", answer.fields)


class SingleBytes(unittest.TestCase):
    """A byte every half second is no silence, and stretches nothing. (Heads and
    bodies: test_front.py.)"""

    def test_one_byte_at_a_time_does_not_stretch_a_handshake(self):
        out = ssl.MemoryBIO()
        with Alone(limits={"handshake-seconds": 2}) as d:
            tls = d.context().wrap_bio(ssl.MemoryBIO(), out,
                                       server_hostname="127.0.0.1")
            with self.assertRaises(ssl.SSLWantReadError):
                tls.do_handshake()
            hello = out.read()
            with socket.create_connection(("127.0.0.1", d.port)) as s:
                s.settimeout(0.5)
                with self.assertRaises(ConnectionError):
                    for i in range(60):
                        s.sendall(hello[i:i + 1])
                        try:
                            if s.recv(1) == b"":
                                raise ConnectionError
                        except TimeoutError:
                            pass

    def test_one_byte_at_a_time_does_not_stretch_an_answer(self):
        with Alone(limits={"answer-seconds": 2,
                           "bytes-per-second": 1000000}) as d:
            s = socket.socket()
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            s.connect(("127.0.0.1", d.port))
            t = d.context().wrap_socket(s, server_hostname="127.0.0.1",
                                        suppress_ragged_eofs=False)
            t.sendall(get("/v1/policy") * 200)
            t.settimeout(WAIT)
            with t, self.assertRaises((ssl.SSLEOFError, ConnectionError)):
                for _ in range(12):
                    t.recv(1)
                    time.sleep(0.5)
                while t.recv(65536):   # cut off, without a clean end
                    pass


if __name__ == "__main__":
    unittest.main()
