#!/usr/bin/env python3
"""What a handshake that fails is taken for: one that is cut says nothing about
the server and is tried again; a certificate that is not the server's does."""
import os
import shutil
import socket
import ssl
import struct
import sys
import tempfile
import threading
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
from instance import Instance, build_directory  # noqa: E402
from test_hijack import Hijacked  # noqa: E402

UNAVAILABLE = 4
RESET = struct.pack("ii", 1, 0)   # SO_LINGER


def end_at_once(_client):
    pass


def end_after_hello(client):
    client.recv(65536)


def reset_after_hello(client):
    client.recv(65536)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)


class Cutting:
    """Passes bytes on to the daemon, but ends the first connection that sent
    more than `most` bytes, and then the next ones by `cuts`, in turn."""

    def __init__(self, port, most, cuts):
        self.port, self.most, self.cuts = port, most, list(cuts)
        self.is_cut = False   # the first, after which the cuts begin
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"https://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            if (self.is_cut or self.most == 0) and self.cuts:
                self.cuts.pop(0)(client)
                client.close()
            else:
                threading.Thread(target=self.relay, args=(client,),
                                 daemon=True).start()

    def relay(self, client):
        with client, socket.create_connection(
                ("127.0.0.1", self.port)) as daemon:
            back = threading.Thread(target=self.copy, args=(daemon, client),
                                    daemon=True)
            back.start()
            self.copy(client, daemon, self.most)
            for s in (client, daemon):
                try:
                    s.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass   # the other thread was first
            back.join()

    def copy(self, a, b, most=0):
        n = 0
        try:
            while data := a.recv(65536):
                n += len(data)
                if most and n > most and not self.is_cut:
                    self.is_cut = True
                    return
                b.sendall(data)
            b.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def close(self):
        self.listener.close()


class Tls(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.dir = Path(tempfile.mkdtemp(prefix="speakup-tls-"))
        cls.addClassCleanup(shutil.rmtree, cls.dir, ignore_errors=True)
        cls.i = Instance(build_directory(), cls.dir)
        cls.addClassCleanup(cls.i.stop)

    def cutting(self, most, cuts):
        relay = Cutting(self.i.port, most, cuts)
        self.addCleanup(relay.close)
        return relay

    def said(self, done):
        return " ".join(done.stderr.split())

    def test_upload_goes_on_after_handshakes_that_were_cut(self):
        file = self.dir / "recording.bin"
        file.write_bytes(os.urandom(1 << 20))
        cuts = [end_at_once, end_after_hello, reset_after_hello]
        relay = self.cutting(600_000, cuts)
        stored = self.i.report("cut", "--attach", file, server=relay.url)
        self.assertTrue(stored["stored"])
        self.assertTrue(relay.is_cut)
        self.assertEqual(relay.cuts, [])

    def test_handshake_that_is_cut_does_not_accuse_the_server(self):
        for cut in (end_at_once, end_after_hello, reset_after_hello):
            with self.subTest(cut.__name__):
                relay = self.cutting(0, [cut] * 9)
                said = self.said(self.i.speakup(
                    "policy", server=relay.url, expect=UNAVAILABLE))
                self.assertIn("No secure connection came about", said)
                self.assertNotIn("right server", said)

    def hijacked(self, real, **kw):
        server = Hijacked(real, **kw)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        server.handle_error = lambda *_: None
        return server

    def test_older_tls_is_refused(self):
        old = self.hijacked(self.i, version=ssl.TLSVersion.TLSv1_2)
        said = self.said(self.i.speakup("policy", server=old.url,
                                        expect=UNAVAILABLE))
        self.assertIn("does not speak TLS 1.3", said)

    def test_certificate_of_another_is_not_the_right_server(self):
        other = Instance(self.i.build, self.dir / "other", start=False)
        server = self.hijacked(other)
        said = self.said(self.i.speakup("policy", server=server.url,
                                        expect=UNAVAILABLE))
        self.assertIn("may not be the right server", said)

    def test_certificate_of_another_name_is_not_the_right_server(self):
        relay = socket.create_server(("127.0.0.2", 0))
        self.addCleanup(relay.close)
        server = f"https://127.0.0.2:{relay.getsockname()[1]}"
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(self.i.tls_cert, self.i.tls_key)
        threading.Thread(target=self.shake_hands, args=(relay, tls),
                         daemon=True).start()
        said = self.said(self.i.speakup("policy", server=server,
                                        expect=UNAVAILABLE))
        self.assertIn("may not be the right server", said)

    @staticmethod
    def shake_hands(listener, tls):
        client, _ = listener.accept()
        with client:
            try:
                tls.wrap_socket(client, server_side=True).close()
            except OSError:
                pass   # it was refused, as it should be


if __name__ == "__main__":
    unittest.main(verbosity=2)
