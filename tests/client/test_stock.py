#!/usr/bin/env python3
"""Stock age and tar open what ftsu saved; curl and stock age alone, as README
says, raise a concern that ftsu reads and answers."""
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
from instance import PASSPHRASE, Instance, build_directory  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
FIRST = "guardian-east"


def run(argv, **kw):
    return subprocess.run([str(a) for a in argv], check=True,
                          capture_output=True, **kw)


class Stock(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.dir = Path(tempfile.mkdtemp(prefix="speakup-stock-"))
        cls.addClassCleanup(shutil.rmtree, cls.dir, ignore_errors=True)
        # age before 1.3 knows classic keys only
        org = cls.dir / "org"
        run([ROOT / "etc/demo/make-org", org, "--build", build_directory(),
             "--work-factor", "2", "--classic"])
        cls.i = Instance(build_directory(), cls.dir, org=org)
        cls.addClassCleanup(cls.i.stop)
        cls.i.login(FIRST)
        cls.key = cls.dir / "guardian.key"
        cls.decrypt_identity()

    @classmethod
    def decrypt_identity(cls):
        """The identity file, opened by our own reader into the clear."""
        file = cls.i.org / f"staff/{FIRST}.age"
        run(["sh", "-c", f"echo {PASSPHRASE} | {cls.i.build}/client/ftsu "
             f"open --passphrase-fd 0 -o {cls.key} {file}"])

    def curl(self, path, *args):
        return run(["curl", "-sS", "--cacert", self.i.ca, *args,
                    self.i.url + path]).stdout

    # --- what ftsu saves ---

    def test_stock_age_and_tar_open_a_saved_case(self):
        i, sealed = self.i, self.dir / "sealed"
        film = self.dir / "film.bin"
        film.write_bytes(bytes(range(256)) * 2000)
        case = i.report("For stock tools.", "--attach", film)["case"]
        i.ftsu(FIRST, "reply", case, stdin="Answer for stock tools.")
        i.ftsu(FIRST, "ack", case)
        i.ftsu(FIRST, "show", case, "--sealed", sealed)
        self.assertEqual(sorted(p.name for p in sealed.iterdir()),
                         [f"{case}-talk-000{n}.age" for n in (0, 1)])
        out = self.dir / "unpacked"
        out.mkdir()
        run(["age", "-d", "-i", self.key, "-o", self.dir / "case.tar",
             sealed / f"{case}-talk-0000.age"])
        run(["tar", "-xf", self.dir / "case.tar", "-C", out])
        self.assertEqual((out / "message.txt").read_text(),
                         "For stock tools.")
        self.assertEqual((out / "attachments/film.bin").read_bytes(),
                         film.read_bytes())
        self.assertTrue((out / "manifest.note").read_text()
                        .startswith("speakup/manifest/v1\n"))

    def test_stock_age_and_ours_read_each_other(self):
        text = b"both ways\n" * 20000
        to = next(line.split(": ")[1] for line in
                  self.key.read_text().splitlines() if ": age1" in line)
        ours = run([self.i.build / "client/speakup", "seal", "-r", to],
                   input=text).stdout
        self.assertEqual(run(["age", "-d", "-i", self.key, "-"],
                             input=ours).stdout, text)
        for extra in ([], ["-a"]):
            theirs = run(["age", *extra, "-r", to], input=text).stdout
            back = run([self.i.build / "client/ftsu", "open", "-i",
                        self.key], input=theirs).stdout
            self.assertEqual(back, text)

    # --- age and curl alone ---

    def plain(self, text):
        d = self.dir
        (d / "recipients.txt").write_bytes(self.curl("/v1/plain"))
        (d / "text.txt").write_text(text)
        run(["age", "-R", d / "recipients.txt", "-o", d / "concern.age",
             d / "text.txt"])
        answer = self.curl("/v1/plain", "--data-binary",
                           f"@{d}/concern.age")
        self.assertTrue(answer.startswith(b"stored"), answer[:80])
        return (d / "concern.age").read_bytes()

    def plain_cases(self):
        return [r["case"] for r in self.i.queue(FIRST)["cases"]
                if r["kind"] == "plain"]

    def newest_plain(self, text):
        for case in self.plain_cases():
            shown = self.i.ftsu_json(FIRST, "show", case)
            if shown["messages"][0]["text"] == text:
                return case, shown
        self.fail("the concern is not in the queue")

    def test_curl_and_age_raise_a_concern_and_read_the_answer(self):
        d = self.dir
        key = run(["age-keygen"]).stdout.decode()
        (d / "reply.key").write_text(key)
        to = key[key.index("age1"):].split()[0]
        # As an editor on Windows begins a file.
        text = f"\ufeffreply: {to}\n\nNobody checks the oxygen.\n"
        file = self.plain(text)
        case, shown = self.newest_plain(text)
        self.assertTrue(shown["plain"])
        said = " ".join(self.i.ftsu(FIRST, "show", case).stdout.split())
        self.assertIn("not signed", said)
        self.i.ftsu(FIRST, "reply", case, stdin="Which vehicle?")
        token = run(["sh", "-c", "sha256sum | cut -c1-64"], input=file)
        (d / "token.txt").write_bytes(token.stdout)
        armored = self.curl("/v1/plain/answer", "--data-binary",
                            f"@{d}/token.txt")
        end = armored.index(b"-----END AGE ENCRYPTED FILE-----") + 33
        (d / "answer.age").write_bytes(armored[:end])
        out = run(["sh", "-c", f"age -d -i {d}/reply.key {d}/answer.age"
                   " | tar -xO -f - message.txt"]).stdout
        self.assertEqual(out, b"Which vehicle?")

    def test_plain_concern_without_an_address_cannot_be_answered(self):
        text = "No answer wanted.\n"
        self.plain(text)
        case, _ = self.newest_plain(text)
        said = self.i.ftsu(FIRST, "reply", case, stdin="hello", expect=1)
        self.assertIn("no address for answers",
                      " ".join(said.stderr.split()))
        self.i.ftsu(FIRST, "note", case, stdin="Nobody to answer.")
        self.i.ftsu(FIRST, "ack", case)
        shown = self.i.ftsu_json(FIRST, "show", case)
        self.assertEqual([m["kind"] for m in shown["messages"]],
                         ["concern", "note", "ack"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
