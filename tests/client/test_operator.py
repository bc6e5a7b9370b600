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
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
from instance import Instance, build_directory  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
FAILED, USAGE, REFUSED, SECRET = 1, 2, 3, 6


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


if __name__ == "__main__":
    unittest.main(verbosity=2)
