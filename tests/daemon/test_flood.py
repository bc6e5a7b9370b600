#!/usr/bin/env python3
"""Who floods, and who is slow on purpose: connections of one address are
pressed and the first to go, others are not; single bytes stretch no phase."""
import re
import socket
import ssl
import sys
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from alone import Alone, get  # noqa: E402

PIECE, SMALL = 263168, 1024
BURST = 240   # daemon/front_peer.h
FLOODER, OTHER = "127.0.0.1", "127.9.8.7"


def put(upload):
    head = (f"speakup: v1 put\nupload: {upload * 32} 5\npiece: 0 5\n\n"
            "hello").encode()
    return (b"POST /v1/piece HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n"
            % PIECE) + head + bytes(PIECE - len(head))


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
        s = socket.create_connection(("127.0.0.1", d.port), timeout=20,
                                     source_address=(source, 0))
        self.addCleanup(s.close)
        return s

    def flood(self, d, n=BURST + 20):
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
        self.assertEqual(self.ask(d, FLOODER, "b"), b"work\nchallenge: 4")
        self.assertEqual(self.ask(d, OTHER, "c"), b"pieces")

    def test_where_peers_are_not_counted_nobody_is(self):
        d = self.start(peers=", peers: no")
        self.flood(d)
        self.assertEqual(self.ask(d, FLOODER, "a"), b"pieces")

    def test_the_flooders_connections_are_the_first_to_go(self):
        d = self.start(connections=8)
        self.flood(d)
        others = [self.connect(d, OTHER) for _ in range(4)]
        flood = [self.connect(d, FLOODER) for _ in range(40)]
        # They are there still, and are served.
        for s in others:
            with d.context().wrap_socket(
                    s, server_hostname="127.0.0.1") as t:
                t.sendall(get("/v1/policy"))
                self.assertTrue(t.recv(12).startswith(b"HTTP/1.1 200"))
        gone = 0
        for s in flood:
            s.settimeout(0.05)
            try:
                gone += s.recv(1) == b""
            except ConnectionError:
                gone += 1
            except TimeoutError:
                pass
        self.assertGreater(gone, 30)


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
                    for i in range(12):
                        s.sendall(hello[i:i + 1])
                        try:
                            if s.recv(1) == b"":
                                raise ConnectionError
                        except TimeoutError:
                            pass

    def test_one_byte_at_a_time_does_not_stretch_an_answer(self):
        with Alone(limits={"answer-seconds": 1,
                           "bytes-per-second": 1000000}) as d:
            s = socket.socket()
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            s.connect(("127.0.0.1", d.port))
            t = d.context().wrap_socket(s, server_hostname="127.0.0.1",
                                        suppress_ragged_eofs=False)
            t.sendall(get("/v1/policy") * 200)
            t.settimeout(20)
            with t, self.assertRaises((ssl.SSLEOFError, ConnectionError)):
                for _ in range(8):
                    t.recv(1)
                    time.sleep(0.5)
                while t.recv(65536):   # cut off, without a clean end
                    pass


if __name__ == "__main__":
    unittest.main()
