"""Mailboxes of every sort under one instance, and raw polls of them."""
import hashlib
import hmac
import re
import socket
import ssl
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests/lib"))
from instance import GUARDIAN   # noqa: E402

TEXT_LEN = 49152
TEXT = "It is not safe. " * 20
FULL = 5   # messages; three of them fill an answer


def hkdf(secret, salt, info, n=32):
    key = hmac.digest(salt, secret, "sha256")
    return hmac.digest(key, info + b"\x01", "sha256")[:n]


def token_of(instance, receipt):
    """What the receipt gives: docs/PROTOCOL.md, "Receipt"."""
    text = (ROOT / "crypto/bip39_words.inc").read_text()
    words = re.findall(r'"([a-z]+)"', text)
    bits = 0
    for word in receipt.split():
        bits = bits << 11 | words.index(word)
    secret = (bits >> 4).to_bytes(16, "big")
    note = (instance.org / "root0.note").read_text()
    realm = re.search(r"^realm:? ([0-9a-f]{64})$", note, re.M).group(1)
    return hkdf(secret, bytes.fromhex(realm),
                b"speakup/receipt/mailbox-token/v1").hex()


def make(instance, directory):
    """Token of a mailbox of each sort. `removed` was withdrawn before anybody
    looked at it and is no more; `withdrawn` is marked so."""
    i, words = instance, Path(directory) / "words"
    i.login(GUARDIAN)

    def file(what):
        receipt = i.report(TEXT + what)["receipt"]
        words.write_text(receipt + "\n")
        return receipt

    def again(command):
        i.speakup(command, "--yes", "--receipt-file", words, stdin=TEXT)

    out = {"unknown": hashlib.sha256(b"nobody's").hexdigest()}
    out["filed"] = token_of(i, file("filed"))
    out["full"] = token_of(i, file("full"))
    for _ in range(FULL - 1):
        again("reply")
    out["removed"] = token_of(i, file("removed"))
    again("withdraw")
    receipt = file("withdrawn")
    out["withdrawn"] = token_of(i, receipt)
    i.ftsu(GUARDIAN, "ack", i.inbox(receipt)["case"], "--yes")
    again("withdraw")
    return out


class Caller:
    """One connection that is kept."""

    def __init__(self, port, ca):
        context = ssl.create_default_context(cafile=str(ca))
        plain = socket.create_connection(("127.0.0.1", port))
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.tls = context.wrap_socket(plain, server_hostname="127.0.0.1")

    def poll(self, token):
        """The answer's head and body."""
        body = f"speakup: v1 poll\ntoken: {token}\nafter: 0\n\n".encode()
        head = ("POST /v1/text HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                "Content-Type: application/octet-stream\r\n"
                f"Content-Length: {TEXT_LEN}\r\n\r\n").encode()
        self.tls.sendall(head + body.ljust(TEXT_LEN, b"\0"))
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += self.some()
        head, _, body = answer.partition(b"\r\n\r\n")
        length = int(re.search(rb"Content-Length: (\d+)", head).group(1))
        while len(body) < length:
            body += self.some()
        return head, body

    def some(self):
        data = self.tls.recv(1 << 16)
        if not data:
            raise ConnectionError("the server hung up")
        return data

    def close(self):
        self.tls.close()
