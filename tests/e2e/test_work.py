#!/usr/bin/env python3
"""A flooded service asks for work: speakup does it and is stored; what is done
wrongly, twice, or for another upload is none. In quiet times, and with work
off, nobody is asked."""
import hashlib
import http.client
import os
import pty
import re
import shutil
import ssl
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
from instance import GUARDIAN, Instance, build_directory  # noqa: E402

TEXT, PIECE, SMALL = 49152, 263168, 1024
ASKS = re.compile(rb"speakup: v1 work\nchallenge: (\d+) ([0-9a-f]{96})\n\n")


def solve(bits, challenge, wrong=False):
    counter = 0
    while True:
        h = hashlib.scrypt(counter.to_bytes(8, "big"), salt=challenge,
                           n=1024, r=8, p=1, dklen=32)
        if (int.from_bytes(h, "big") >> 256 - bits == 0) != wrong:
            return challenge + counter.to_bytes(8, "big") + bytes(8)
        counter += 1


def put(upload, work=bytes(64), size=5, index=0, piece=b"hello"):
    """The body of a piece."""
    head = (f"speakup: v1 put\nupload: {upload.hex()} {size}\n"
            f"piece: {index} {len(piece)}\n\n").encode() + piece
    return head + bytes(PIECE - 64 - len(head)) + work


class Work(unittest.TestCase):
    def instance(self, **limits):
        where = Path(tempfile.mkdtemp(prefix="speakup-work-"))
        self.addCleanup(shutil.rmtree, where, ignore_errors=True)
        i = Instance(build_directory(), where, limits={
            k.replace("_", "-"): v for k, v in limits.items()})
        self.addCleanup(i.stop)
        return i

    def post(self, i, body, path="/v1/piece"):
        c = http.client.HTTPSConnection(
            "127.0.0.1", i.port, timeout=60,
            context=ssl.create_default_context(cafile=i.ca))
        c.request("POST", path, body)
        answer = c.getresponse()
        data = answer.read()
        c.close()
        return answer.status, data

    def asked(self, i, upload):
        status, data = self.post(i, put(upload))
        self.assertEqual((status, len(data)), (200, SMALL))
        m = ASKS.fullmatch(data.rstrip(b"\0"))
        self.assertIsNotNone(m, data[:80])
        return int(m[1]), bytes.fromhex(m[2].decode())

    def is_stored(self, answer):
        return answer[0] == 200 and b"speakup: v1 pieces\nhave: 1" in answer[1]

    def test_a_flooded_service_is_spoken_up_to_with_work(self):
        i = self.instance(quiet_filings_per_minute=1)
        receipts = [i.report(f"concern {n}")["receipt"] for n in range(8)]
        self.assertEqual(len(set(receipts)), 8)
        i.login(GUARDIAN)
        self.assertEqual(len(i.queue(GUARDIAN)["cases"]), 8)
        for receipt in receipts[:4]:
            words = i.dir / "receipt"
            words.write_text(receipt + "\n")
            i.speakup("reply", "--yes", "--receipt-file", words,
                      stdin="and more")
            self.assertEqual(len(i.inbox(receipt)["messages"]), 2)
        attached = i.dir / "notes.bin"
        attached.write_bytes(os.urandom(600_000))
        receipt = i.report("with an attachment", "--attach",
                           attached)["receipt"]
        i.inbox(receipt, "--save", i.dir / "saved")
        saved = next((i.dir / "saved").rglob("notes.bin"))
        self.assertEqual(saved.read_bytes(), attached.read_bytes())
        # It was asked for indeed.
        self.asked(i, os.urandom(16))

    def test_only_work_that_was_done_counts_and_once(self):
        i = self.instance(quiet_filings_per_minute=1)
        for n in range(5):
            i.report(f"concern {n}")
        mine, other = os.urandom(16), os.urandom(16)
        bits, challenge = self.asked(i, mine)
        self.assertGreaterEqual(bits, 1)
        good = solve(bits, challenge)
        for work in (solve(bits, challenge, wrong=True),
                     bytes(48) + good[48:],
                     good[:10] + bytes([good[10] ^ 1]) + good[11:]):
            status, data = self.post(i, put(mine, work))
            self.assertEqual((status, len(data)), (200, SMALL))
            self.assertRegex(data, ASKS)
        self.assertRegex(self.post(i, put(other, good))[1], ASKS)
        self.assertEqual(self.post(i, put(mine, good[:56] + b"x" * 8))[0], 400)
        self.assertTrue(self.is_stored(self.post(i, put(mine, good))))
        # Lost answers: the same again, with the work and without.
        self.assertTrue(self.is_stored(self.post(i, put(mine, good))))
        self.assertTrue(self.is_stored(self.post(i, put(mine))))

    def test_in_quiet_times_and_with_work_off_nobody_is_asked(self):
        i = self.instance(quiet_filings_per_minute=1, work="off")
        for n in range(5):
            i.report(f"concern {n}")
        self.assertTrue(self.is_stored(self.post(i, put(os.urandom(16)))))
        i.stop()
        i = self.instance()
        for n in range(5):
            i.report(f"concern {n}")
        self.assertTrue(self.is_stored(self.post(i, put(os.urandom(16)))))

    def test_plain_concerns_are_not_drowned_by_themselves(self):
        i = self.instance(quiet_filings_per_minute=8)
        page = subprocess.run(
            ["curl", "-sS", "--cacert", i.ca, i.url + "/v1/plain"],
            capture_output=True, text=True, check=True).stdout
        recipients = re.findall(r"age1[0-9a-z]+", page)
        said = []
        for n in range(4):
            sealed = subprocess.run(
                ["age", *(a for r in recipients for a in ("-r", r))],
                input=f"concern {n}".encode(), capture_output=True,
                check=True).stdout
            status, data = self.post(i, sealed, "/v1/plain")
            said.append((status, data.strip()))
        self.assertEqual([s for s, _ in said], [200, 200, 503, 503])
        self.assertEqual(said[0][1], b"stored")
        # Those who can do work are not kept waiting by it.
        i.report("a sealed concern")

    def test_the_terminal_hears_how_long_it_takes(self):
        i = self.instance(quiet_filings_per_minute=1)
        # Nine bits, by so many filings in two minutes.
        for _ in range(64):
            upload = os.urandom(16)
            status, data = self.post(i, put(upload))
            m = ASKS.search(data)
            if m and int(m[1]) >= 9:
                break
            if m:
                self.post(i, put(upload, solve(
                    int(m[1]), bytes.fromhex(m[2].decode()))))
        ours, theirs = pty.openpty()
        r = subprocess.run(
            [str(a) for a in (i.build / "client/speakup", "report",
                              *i.server_options(), "--yes", "--json")],
            input=b"a concern\n", stdout=subprocess.PIPE, stderr=theirs,
            timeout=120)
        os.close(theirs)
        said = b""
        while chunk := self.read(ours):
            said += chunk
        self.assertEqual(r.returncode, 0, said)
        self.assertRegex(b" ".join(said.split()), rb"The server is busy: doing "
                         rb"a piece of work first, about \d+ seconds?\.")

    @staticmethod
    def read(fd):
        try:
            return os.read(fd, 4096)
        except OSError:
            return b""


if __name__ == "__main__":
    unittest.main()
