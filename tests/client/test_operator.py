#!/usr/bin/env python3
"""speakupctl: keys, roots that follow one another, signing by several people,
checking and counting a store."""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree as ElementTree
import zlib
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
from instance import Instance, build_directory  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
FAILED, USAGE, REFUSED, SECRET = 1, 2, 3, 6


def ink_at_the_edges(png):
    """Whether anything but a row of one colour is within 12 mm of the left or
    right edge, or 4 mm of the lower one, of a page of a pixel a millimetre."""
    data, at, idat = png.read_bytes(), 8, b""
    while at < len(data):
        size, kind = int.from_bytes(data[at:at + 4]), data[at + 4:at + 8]
        if kind == b"IHDR":
            width = int.from_bytes(data[at + 8:at + 12])
            height = int.from_bytes(data[at + 12:at + 16])
            assert data[at + 16:at + 18] in (b"\x08\x06", b"\x08\x02")
            depth = 4 if data[at + 17] == 6 else 3
        elif kind == b"IDAT":
            idat += data[at + 8:at + 8 + size]
        at += size + 12
    raw, stride = zlib.decompress(idat), width * depth
    before = bytearray(stride)
    for y in range(height):
        kind = raw[y * (stride + 1)]
        row = bytearray(raw[y * (stride + 1) + 1:(y + 1) * (stride + 1)])
        for x in range(stride):
            a = row[x - depth] if x >= depth else 0
            b, c = before[x], before[x - depth] if x >= depth else 0
            p = a + b - c
            paeth = min((a, b, c), key=lambda v: abs(p - v))
            row[x] = row[x] + (0, a, b, (a + b) // 2, paeth)[kind] & 255
        before = row
        margin = width if y >= height - 4 else 12
        edges = row[:margin * depth] + row[-margin * depth:]
        if edges != edges[:depth] * (len(edges) // depth):
            return True
    return False


class Operator(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.dir = Path(tempfile.mkdtemp(prefix="speakup-operator-"))
        cls.addClassCleanup(shutil.rmtree, cls.dir, ignore_errors=True)
        cls.ctl_path = build_directory() / "client/speakupctl"
        cls.i = Instance(build_directory(), cls.dir, start=False)

    def ctl(self, *args, expect=0, words=()):
        r, w = os.pipe()
        os.write(w, "".join(x + "\n" for x in words).encode())
        os.close(w)
        try:
            done = subprocess.run(
                [str(a) for a in (self.ctl_path, *args)], text=True,
                capture_output=True, pass_fds=(r,), stdin=subprocess.DEVNULL)
        finally:
            os.close(r)
        self.assertEqual(done.returncode, expect, done.stderr)
        return done.stdout

    def fd(self):
        """The descriptor number that the next pipe gets."""
        r, w = os.pipe()
        os.close(r)
        os.close(w)
        return r

    def test_key_with_a_passphrase_signs_only_with_it(self):
        key, root = self.dir / "p.key", self.dir / "p.note"
        vkey = self.ctl("key", "new", "--kind", "policy", "--name",
                        "x.example/1", "--out", key, "--passphrase",
                        "--work-factor", "2", "--passphrase-fd", self.fd(),
                        words=["secret words"]).strip()
        self.assertTrue(vkey.startswith("x.example/1+"))
        self.assertEqual(key.stat().st_mode & 0o777, 0o600)
        self.assertNotIn(b"PRIVATE", key.read_bytes())
        self.assertEqual(self.ctl("key", "show", key, "--passphrase-fd",
                                  self.fd(), words=["secret words"]).strip(),
                         vkey)
        self.ctl("key", "show", key, "--passphrase-fd", self.fd(),
                 words=["other words"], expect=SECRET)
        self.ctl("root", "new", "--org", "X", "--quorum", "1",
                 "--policy-key", vkey, "--instance-key", vkey, "--out", root)
        self.ctl("root", "show", root, expect=REFUSED)   # not signed yet
        self.ctl("root", "sign", root, "--key", key, "--passphrase-fd",
                 self.fd(), words=["secret words"])
        self.ctl("root", "show", root)

    def test_existing_key_is_never_written_over(self):
        key = self.dir / "once.key"
        self.ctl("key", "new", "--kind", "store", "--out", key)
        before = key.read_bytes()
        self.ctl("key", "new", "--kind", "store", "--out", key,
                 expect=FAILED)
        self.assertEqual(key.read_bytes(), before)

    def test_next_root_needs_old_and_new_quorum(self):
        org, new = self.i.org, self.dir / "root1.note"
        keys = [org / f"keys/policy-{n}.key" for n in (1, 2, 3)]
        fresh = self.dir / "fresh.key"
        vkey = self.ctl("key", "new", "--kind", "policy", "--name",
                        "fresh.example/1", "--out", fresh).strip()
        instance = (org / "keys/instance.vkey").read_text().strip()
        self.ctl("root", "new", "--previous", org / "root0.note", "--quorum",
                 "1", "--policy-key", vkey, "--instance-key", instance,
                 "--out", new)
        self.ctl("root", "sign", new, "--key", fresh)
        self.ctl("root", "show", org / "root0.note", new, expect=REFUSED)
        self.ctl("root", "sign", new, "--key", keys[0])
        self.ctl("root", "show", org / "root0.note", new, expect=REFUSED)
        self.ctl("root", "sign", new, "--key", keys[2])
        shown = json.loads(self.ctl("root", "show", "--json",
                                    org / "root0.note", new))
        self.assertEqual((shown["serial"], shown["quorum"]), (1, 1))
        self.assertEqual(shown["root_hash"], self.i.root_hash)
        self.ctl("root", "show", org / "root0.note", new, "--root-hash",
                 "0" * 64, expect=REFUSED)
        self.ctl("root", "show", org / "root0.note", new, "--root-hash",
                 shown["words"])

    def test_policy_is_held_against_the_one_before(self):
        org, old = self.i.org, self.i.org / "policy.note"
        source = self.dir / "renumbered.yaml"
        check = ("policy", "check", "--keys", org / "keys.yaml",
                 "--previous", old)
        self.ctl(*check, ROOT / "etc/policy.yaml")
        text = (ROOT / "etc/policy.yaml").read_text()
        self.assertEqual(text.count("number: 2\n"), 2)   # person and route
        source.write_text(text.replace("number: 2\n", "number: 99\n", 1))
        self.assertIn("is not in this policy any more",
                      " ".join(self.ctl(*check, source,
                                        expect=REFUSED).split()))

    def test_policy_is_explained_for_one_concern_and_for_all(self):
        policy = ("policy", "explain", ROOT / "etc/policy.yaml", "--keys",
                  self.i.org / "keys.yaml")
        said = self.ctl(*policy, "subcategory=fraud", "--about",
                        "finance-director")
        self.assertIn("takes route 5, board", said)
        self.assertIn("who reports to finance-director", said)
        one = json.loads(self.ctl(*policy, "--json", "element=bullying",
                                  "element=detriment"))
        self.assertEqual((one["route"], one["band"]), ("small-circle", 1))
        self.assertEqual(one["first"], ["lead-guardian", "deputy-guardian"])
        self.assertEqual(one["ladder"][0]["people"],
                         ["guardian-east", "guardian-west"])
        every = json.loads(self.ctl(*policy, "--json"))
        self.assertEqual(len(every), 8)
        self.ctl(*policy, "element=gossip", expect=USAGE)
        self.ctl(*policy, "--about", "nobody", expect=USAGE)

    def test_a_change_of_policy_is_said_in_people(self):
        source, other = ROOT / "etc/policy.yaml", self.dir / "other.yaml"
        other.write_text(source.read_text().replace(
            "if: {subcategory: fraud}", "if: {subcategory: [fraud, records]}"))
        found = json.loads(self.ctl("policy", "diff", "--json", source, other))
        self.assertEqual(found["moved"], 52)
        self.assertEqual({x["part"] for x in found["found"]}, {"concerns"})
        self.assertIn("are the same", self.ctl("policy", "diff", source,
                                               source))

    def test_a_route_that_goes_is_warned_of(self):
        source, other = ROOT / "etc/policy.yaml", self.dir / "shorter.yaml"
        text = source.read_text().replace(
            "    route: money\n    band: P2", "    route: general\n    band: P2")
        end = text.index("  - number: 5\n    slug: board\n")
        other.write_text(
            text[:text.index("  - number: 4\n    slug: money\n")] + text[end:])
        for files, n in ((source, other), 1), ((other, source), 0):
            done = subprocess.run(
                [self.ctl_path, "policy", "diff", *files], check=True,
                capture_output=True, text=True)
            said = " ".join(done.stderr.split())
            self.assertEqual("WARNING: 1 route of the old policy is gone. Do "
                             "not sign the new one while a case on it is "
                             "open" in said, n == 1, said)
            found = json.loads(self.ctl("policy", "diff", "--json", *files))
            self.assertEqual(found["gone"], n)
        self.assertIn("Its open cases are stuck", self.ctl(
            "policy", "diff", source, other))

    def test_a_case_is_played_and_what_it_does_not_allow_is_refused(self):
        script = self.dir / "case.yaml"
        script.write_text("""
- id: late
  concern: rota-gap
  filed: 2026-11-23 10:00
  until: 2026-11-25 00:00
  actions: [{at: 2026-11-24 12:00, do: triage, by: chair, band: P1}]
""")
        play = ("policy", "simulate", "--keys", self.i.org / "keys.yaml",
                ROOT / "etc/policy.yaml")
        concerns = ("--concerns", ROOT / "etc/demo/concerns.yaml")
        cases = json.loads(self.ctl(*play, script, *concerns, "--json",
                                    expect=REFUSED))
        self.assertEqual([(x["time"], x["what"]) for x in cases[0]["events"]],
                         [("2026-11-23 10:00", "filed"),
                          ("2026-11-24 10:00", "overdue"),
                          ("2026-11-24 10:00", "joined"),
                          ("2026-11-24 12:00", "refused")])
        said = self.ctl(*play, *concerns, "--from", "2027-03-25 16:00")
        self.assertEqual(said.count("partner-guardian may read"), 10)
        self.assertIn("2027-03-30 16:00  overdue: acknowledge", said)
        self.ctl(*play, *concerns, "--from", "tomorrow", expect=USAGE)
        self.ctl(*play, expect=USAGE)
        script.write_text("filed: 2026-11-23 10:00\nanswer: {}\n")
        self.ctl(*play, script, expect=FAILED)

    def test_policy_is_checked_and_verified(self):
        org, source = self.i.org, ROOT / "etc/policy.yaml"
        found = json.loads(self.ctl("policy", "check", "--json", "--keys",
                                    org / "keys.yaml", source))
        self.assertEqual(found["errors"], 0)
        self.assertGreater(found["combinations"], 100)
        self.ctl("policy", "verify", org / "policy.note", "--root",
                 org / "root0.note")
        broken = self.dir / "broken.yaml"
        broken.write_text(source.read_text().replace(
            "warn-after:", "warn-afer:", 1))
        done = subprocess.run([self.ctl_path, "policy", "check", broken],
                              capture_output=True, text=True)
        self.assertEqual(done.returncode, FAILED)
        self.assertRegex(" ".join(done.stderr.split()),
                         r"broken\.yaml:\d+:\d+:")

    def poster(self, org, *args, expect=0):
        return self.ctl("poster", "--root", org / "root0.note", "--policy",
                        org / "policy.note", *args, expect=expect)

    def draw(self, svg, pixels):
        """The poster as a picture so wide; skips where nothing can draw it."""
        if not shutil.which("rsvg-convert"):
            self.skipTest("there is no rsvg-convert")
        png = self.dir / "poster.png"
        subprocess.run(["rsvg-convert", "-w", str(pixels), "-o", png],
                       input=svg.encode(), check=True)
        return png

    def test_poster_has_addresses_words_and_crisis_line(self):
        onion = "http://" + "abcdefg2" * 7 + ".onion"
        svg = self.poster(self.i.org, "--server", "https://speak.example",
                          "--onion", onion)
        page = ElementTree.fromstring(svg)
        self.assertEqual((page.get("width"), page.get("height")),
                         ("210mm", "297mm"))
        texts = [t.text for t in page.iter("{http://www.w3.org/2000/svg}text")]
        root = json.loads(self.ctl("root", "show", "--json",
                                   self.i.org / "root0.note"))
        for text in (*root["words"].split(), onion, "https://speak.example",
                     "Northshire Ambulance Service (fictional)",
                     "Emergency: 999", "Not from a work phone or network"):
            self.assertIn(text, texts)
        self.assertNotIn("script", svg)
        out = self.dir / "poster.svg"
        self.poster(self.i.org, "--server", "https://speak.example",
                    "--onion", onion, "-o", out)
        self.assertEqual(out.read_text(), svg)

    def test_qr_code_of_the_poster_is_the_address(self):
        if not shutil.which("zbarimg"):
            self.skipTest("there is no zbarimg")
        for url in ("https://a.example", "https://[2001:db8::1]:8443",
                    "https://" + "a" * 180 + ".example"):
            png = self.draw(self.poster(self.i.org, "--server", url), 1600)
            done = subprocess.run(["zbarimg", "-q", "--raw", png],
                                  capture_output=True, text=True)
            self.assertEqual(done.stdout.strip(), url)

    def test_poster_holds_the_longest_names(self):
        source, org = self.dir / "wide.yaml", self.dir / "wide"
        text = (ROOT / "etc/policy.yaml").read_text()
        text = text[:text.index("\ncrisis:")] + "\ncrisis:\n" + "".join(
            f"  - name: {'W' * 80}\n    text: x\n    contact: \"{'@' * 390}\"\n"
            for _ in range(16))
        lines = text.splitlines(keepends=True)
        at = next(i for i, x in enumerate(lines)
                  if x.startswith("organisation:"))
        for name in ("W" * 80, "\u4e2d" * 26, "<&>" * 26):
            lines[at] = f"organisation: {name}\n"
            source.write_text("".join(lines))
            shutil.rmtree(org, ignore_errors=True)
            self.i.run([ROOT / "etc/demo/make-org", org, "--build",
                        self.i.build, "--work-factor", "2", "--policy",
                        source])
            svg = self.poster(org, "--server",
                              "https://" + "m" * 180 + ".example")
            ElementTree.fromstring(svg)
            self.assertFalse(ink_at_the_edges(self.draw(svg, 210)), name)

    def test_poster_is_only_of_what_was_signed(self):
        org = self.i.org
        for url in ("http://a.example", "https://", "https://a.example/x",
                    "https://a.example\"/>", "https://" + "a" * 200):
            self.poster(org, "--server", url, expect=USAGE)
        self.poster(org, "--server", "https://a.example", "--onion",
                    "http://a.example", expect=USAGE)
        self.poster(org, expect=USAGE)
        self.poster(org, "--server", "https://a.example", "--root-hash",
                    "0" * 64, expect=REFUSED)
        changed = self.dir / "changed.note"
        changed.write_text((org / "policy.note").read_text().replace(
            "Samaritans", "Somebodies"))
        self.ctl("poster", "--root", org / "root0.note", "--policy", changed,
                 "--server", "https://a.example", expect=REFUSED)

    def test_store_is_checked_and_counted_while_stopped(self):
        i = self.i
        i.start()
        for n in range(3):
            i.report(f"concern {n}")
        running = json.loads(self.ctl("status", "--json", "--config",
                                      i.config))
        self.assertTrue(running["running"])
        self.ctl("check", "--config", i.config, expect=FAILED)
        i.stop()
        report = json.loads(self.ctl("check", "--json", "--config",
                                     i.config))
        self.assertEqual((report["cases"], report["findings"]), (3, 0))
        counted = json.loads(self.ctl("status", "--json", "--config",
                                      i.config))
        self.assertEqual((counted["running"], counted["cases"]), (False, 3))
        other = self.dir / "other.key"
        self.ctl("key", "new", "--kind", "store", "--out", other)
        self.ctl("check", i.state, "--store-key", other, expect=SECRET)

    def test_what_is_no_store_is_not_called_a_sound_one(self):
        """A restore into the wrong place, and one that the disk cut off."""
        i = self.i
        state = self.dir / "wrong"
        state.mkdir(mode=0o700)
        (state / "data.mdb").write_bytes(b"a backup in the wrong place")
        key = i.org / "keys/store.key"
        self.ctl("check", state, "--store-key", key, expect=FAILED)
        self.assertEqual([x.name for x in state.iterdir()], ["data.mdb"])
        config = self.dir / "wrong.yaml"
        config.write_text(i.config_text().replace(str(i.state), str(state)))
        status = json.loads(self.ctl("status", "--json", "--config", config))
        self.assertNotIn("cases", status)
        self.assertEqual([x.name for x in state.iterdir()], ["data.mdb"])
        (state / "db").mkdir(mode=0o700)
        (state / "db/data.mdb").touch()
        self.ctl("check", state, "--store-key", key, expect=REFUSED)
        done = subprocess.run([i.build / "daemon/speakupd", "-c", config],
                              capture_output=True, text=True)
        self.assertNotEqual(done.returncode, 0)
        self.assertEqual((state / "db/data.mdb").read_bytes(), b"")


if __name__ == "__main__":
    unittest.main(verbosity=2)
