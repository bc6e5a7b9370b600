#!/usr/bin/env python3
"""Through a SOCKS proxy: the proxy gets the server's name, nothing is looked up
here, and what goes out tells nothing of the program that sent it."""
import http.server
import shutil
import socket
import socketserver
import ssl
import subprocess
import sys
import tempfile
import threading
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
from instance import Instance, build_directory  # noqa: E402

USAGE = 2


class Socks(socketserver.BaseRequestHandler):
    """RFC 1928, CONNECT without authentication."""

    def handle(self):
        s = self.request
        _version, n = s.recv(2)
        s.recv(n)
        s.sendall(b"\x05\x00")
        head = s.recv(4)
        if head[3] != 3:   # not a name: it was looked up before
            self.server.asked.append(None)
            return
        name = s.recv(s.recv(1)[0])
        port = int.from_bytes(s.recv(2), "big")
        self.server.asked.append((name.decode(), port))
        with socket.create_connection(("127.0.0.1", port)) as out:
            s.sendall(b"\x05\x00\x00\x01" + b"\0" * 6)
            back = threading.Thread(target=self.copy, args=(out, s))
            back.start()
            self.copy(s, out)
            back.join()

    @staticmethod
    def copy(a, b):
        try:
            while data := a.recv(65536):
                b.sendall(data)
            b.shutdown(socket.SHUT_WR)
        except OSError:
            pass


class Proxy(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.dir = Path(tempfile.mkdtemp(prefix="speakup-proxy-"))
        cls.addClassCleanup(shutil.rmtree, cls.dir, ignore_errors=True)
        cls.i = Instance(build_directory(), cls.dir)
        cls.addClassCleanup(cls.i.stop)
        cls.socks = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Socks)
        cls.socks.daemon_threads, cls.socks.asked = True, []
        threading.Thread(target=cls.socks.serve_forever, daemon=True).start()
        cls.addClassCleanup(cls.socks.server_close)
        cls.addClassCleanup(cls.socks.shutdown)

    def test_the_proxy_looks_the_name_up(self):
        i = self.i
        stored = i.report("through the proxy", "--proxy",
                          f"socks5h://127.0.0.1:{self.socks.server_address[1]}",
                          server=f"https://localhost:{i.port}")
        self.assertTrue(stored["stored"])
        self.assertEqual(set(self.socks.asked), {("localhost", i.port)})

    def test_proxies_that_look_up_here_are_refused(self):
        for proxy in ("socks5://127.0.0.1:1", "socks4://127.0.0.1:1",
                      "127.0.0.1:1"):
            done = subprocess.run(
                [self.i.build / "client/speakup", "policy", "--server",
                 self.i.url, "--proxy", proxy], capture_output=True)
            self.assertEqual(done.returncode, USAGE)

    def test_environment_chooses_no_proxy(self):
        env = {**self.i.env, "https_proxy": "http://127.0.0.1:1",
               "ALL_PROXY": "socks5://127.0.0.1:1"}
        self.assertTrue(self.i.report("direct", env=env)["stored"])

    def test_requests_carry_no_more_than_they_must(self):
        seen = []

        class Look(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                seen.append({k.lower() for k in self.headers})
                self.send_response_only(503)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        server = http.server.HTTPServer(("127.0.0.1", 0), Look)
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(self.i.tls_cert, self.i.tls_key)
        server.socket = tls.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        subprocess.run(
            [self.i.build / "client/speakup", "policy", "--cacert",
             self.i.ca, "--server",
             f"https://127.0.0.1:{server.server_address[1]}"],
            capture_output=True)
        server.shutdown()
        server.server_close()
        self.assertEqual(seen, [{"host", "content-type"}])

    def test_plain_http_is_refused(self):
        done = subprocess.run(
            [self.i.build / "client/speakup", "policy", "--server",
             f"http://127.0.0.1:{self.i.port}"], capture_output=True)
        self.assertEqual(done.returncode, USAGE)


if __name__ == "__main__":
    unittest.main(verbosity=2)
