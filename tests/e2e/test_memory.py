#!/usr/bin/env python3
"""What a visitor sent is not in the memory of the daemon's processes once it is
answered; keys are only where they are used."""
import base64
import os
import re
import secrets
import shutil
import socket
import ssl
import sys
import tempfile
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
from instance import (GUARDIAN, Instance, build_directory,  # noqa: E402
                      role_of)

TEXT_LEN = 49152
CHUNK = 1 << 22


def regions(pid):
    """Address ranges that can be read and hold data of the process."""
    for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
        m = re.match(r"([0-9a-f]+)-([0-9a-f]+) (....) \S+ \S+ \S+ *(.*)", line)
        if m[3][0] == "r" and m[4] not in ("[vvar]", "[vvar_vclock]",
                                           "[vsyscall]", "[vdso]"):
            yield int(m[1], 16), int(m[2], 16), m[4]


def finds(pid, needles):
    """Names of the needles that are somewhere in the process's memory."""
    found, longest = set(), max(map(len, needles.values()))
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as mem:
        for start, end, name in regions(pid):
            tail = b""
            for at in range(start, end, CHUNK):
                try:
                    mem.seek(at)
                    data = tail + mem.read(min(CHUNK, end - at))
                except OSError:
                    break   # behind the end of a mapped file, or guarded
                found |= {f"{n} in {name or 'anonymous memory'}"
                          for n, x in needles.items() if x in data}
                tail = data[-longest:]
    return found


def both(name, raw):
    """A secret as bytes and as the text that goes over the wire."""
    return {name: raw, f"{name}, hexadecimal": raw.hex().encode()}


class Memory(unittest.TestCase):
    def setUp(self):
        if os.geteuid() != 0:
            self.skipTest("only root may read the memory of others")
        if os.environ.get("SPEAKUP_SANITIZED"):
            self.skipTest("sanitizers map terabytes, and keep what is freed")
        self.dir = Path(tempfile.mkdtemp(prefix="speakup-memory-"))
        self.addCleanup(shutil.rmtree, self.dir, ignore_errors=True)
        self.instance = Instance(build_directory(), self.dir)
        self.addCleanup(self.instance.stop)
        context = ssl.create_default_context(cafile=str(self.instance.ca))
        context.check_hostname = False
        self.context = context

    def connect(self):
        raw = socket.create_connection(("127.0.0.1", self.instance.port),
                                       timeout=20)
        return self.context.wrap_socket(raw, server_hostname="localhost")

    def roles(self):
        return {role_of(p): p for p in self.instance.pids()}

    def assert_forgotten(self, needles, roles=("parent", "front", "vault")):
        """At once, or at the latest with the next tick of the process."""
        pids = self.roles()
        for role in roles:
            end = time.monotonic() + 30
            while (left := finds(pids[role], needles)) and \
                    time.monotonic() < end:
                time.sleep(1)
            self.assertEqual(left, set(), f"left in the {role}")

    def exchange(self, s, path, body, mark="none"):
        s.sendall((f"POST {path} HTTP/1.1\r\nHost: localhost\r\n"
                   f"User-Agent: {mark}\r\n"
                   f"Content-Length: {len(body)}\r\n\r\n").encode() + body)
        answer = b""
        while len(answer) < TEXT_LEN:
            piece = s.recv(65536)
            if not piece:
                break
            answer += piece
        return answer

    def test_a_request_is_forgotten_when_it_is_answered(self):
        token, mark = secrets.token_bytes(32), secrets.token_hex(16)
        needles = {"mark of a header": mark.encode(), **both("token", token)}
        body = (f"speakup: v1 poll\ntoken: {token.hex()}\nafter: 0\n\n"
                ).encode().ljust(TEXT_LEN, b"\0")
        with self.connect() as s:
            # while it comes in, it is found: what is looked for can be found
            s.sendall((f"POST /v1/text HTTP/1.1\r\nHost: localhost\r\n"
                       f"User-Agent: {mark}\r\nContent-Length: {TEXT_LEN}"
                       "\r\n\r\n").encode() + body[:4096])
            end = time.monotonic() + 30
            while not any(n.startswith("token, hexadecimal") for n in
                          finds(self.roles()["front"], needles)):
                self.assertLess(time.monotonic(), end)
                time.sleep(0.1)
            s.sendall(body[4096:])
            self.assertTrue(s.recv(64).startswith(b"HTTP/1.1 200 "))
        self.assert_forgotten(needles)

    def test_a_connection_that_stays_keeps_nothing_either(self):
        token, mark = secrets.token_bytes(32), secrets.token_hex(16)
        body = (f"speakup: v1 poll\ntoken: {token.hex()}\nafter: 0\n\n"
                ).encode().ljust(TEXT_LEN, b"\0")
        with self.connect() as s:
            answer = self.exchange(s, "/v1/text", body, mark)
            self.assertTrue(answer.startswith(b"HTTP/1.1 200 "))
            self.assert_forgotten({"mark of a header": mark.encode(),
                                   **both("token", token)})

    def test_a_concern_and_its_reader_are_forgotten(self):
        i = self.instance
        receipt = i.report("Words nobody else would write: zanzibar-oboe")
        i.login(GUARDIAN)
        row = i.queue(GUARDIAN)["cases"][0]
        i.ftsu(GUARDIAN, "show", row["case"])
        i.inbox(receipt["receipt"])
        session = (i.dir / "staff" / GUARDIAN / "session").read_text()
        token = re.search(r"^session: ([0-9a-f]{64})$", session, re.M)[1]
        i.ftsu(GUARDIAN, "logout")
        self.assert_forgotten({
            "words": b"zanzibar-oboe", "receipt": receipt["receipt"].encode(),
            **both("session", bytes.fromhex(token))})

    def test_keys_are_only_where_they_are_used(self):
        i = self.instance
        pem = i.tls_key.read_text().splitlines()[1].encode()
        store = key_bytes(i.org / "keys/store.key")
        instance = key_bytes(i.org / "keys/instance.key")
        pids = self.roles()
        self.assertTrue(finds(pids["vault"], {"instance key": instance}))
        self.assert_forgotten({"TLS key's text": pem}, ("front", "vault"))
        self.assert_forgotten(both("store key", store))
        self.assert_forgotten(both("instance key", instance),
                              ("parent", "front"))


def key_bytes(path):
    """The 32 bytes of a key file: hexadecimal, or a note signer's key."""
    text = path.read_text().strip()
    if not text.startswith("PRIVATE+KEY+"):
        return bytes.fromhex(text)
    return base64.b64decode(text.split("+", 4)[4])[1:]


if __name__ == "__main__":
    unittest.main(verbosity=2)
