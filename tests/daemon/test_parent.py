"""Processes from outside: start, reload, drain, deaths, systemd's protocols."""
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from alone import (Alone, POLL, TEXT, WAIT, free_port, get,  # noqa: E402
                   gone, make_certificate, post)


class Check(unittest.TestCase):
    def setUp(self):
        self.d = Alone(start=False, deaths=True)
        self.addCleanup(self.d.stop)

    def refused(self, *words):
        done = self.d.check()
        self.assertEqual(done.returncode, 1, done.stderr)
        for word in words:
            self.assertIn(word, done.stderr)

    def test_a_good_configuration_is_quiet(self):
        done = self.d.check()
        self.assertEqual((done.returncode, done.stdout, done.stderr),
                         (0, "", ""))

    def test_a_bad_line_is_named(self):
        path = self.d.dir / "speakupd.yaml"
        path.write_text(path.read_text() + "colour: red\n")
        n = len(path.read_text().splitlines())
        self.refused(f"speakupd.yaml:{n}:", "colour")

    def test_a_missing_file_is_named(self):
        (self.d.dir / "store.key").unlink()
        self.refused("store.key cannot be opened: No such file")

    def test_a_key_of_another_certificate(self):
        key = (self.d.dir / "key.pem").read_bytes()
        make_certificate(self.d.dir, "two")
        (self.d.dir / "key.pem").write_bytes(key)
        self.refused("not that of the certificate")

    def test_a_certificate_that_is_none(self):
        (self.d.dir / "cert.pem").write_text("hello\n")
        self.refused("cert.pem")

    def end_certificate(self):
        """Another for the same key, of last year."""
        d = self.d.dir
        (d / "index").touch()
        (d / "ca.conf").write_text(
            f"[ca]\ndefault_ca=it\n[it]\ndatabase={d}/index\n"
            f"new_certs_dir={d}\nrand_serial=yes\ndefault_md=sha256\n"
            "policy=names\n[names]\ncommonName=supplied\n")
        for words in (["req", "-new", "-key", "key.pem", "-subj", "/CN=one",
                       "-out", "csr.pem"],
                      ["ca", "-batch", "-selfsign", "-notext", "-config",
                       "ca.conf", "-keyfile", "key.pem", "-in", "csr.pem",
                       "-startdate", "20200101000000Z", "-enddate",
                       "20210101000000Z", "-out", "cert.pem"]):
            subprocess.run(["openssl", *words], cwd=d, check=True,
                           capture_output=True)

    def test_a_certificate_that_has_ended(self):
        """It is said; an onion service goes on without it."""
        self.end_certificate()
        self.refused("The certificate in", "cert.pem has ended")
        self.d.launch()
        self.d.wait_log(" ready ")
        self.assertIn("parent: certificate-ended", self.d.log())

    def test_a_policy_that_nobody_of_the_root_signed(self):
        policy = (self.d.dir / "policy.note").read_bytes()
        self.d.make_policy(1)  # new keys, new root
        (self.d.dir / "policy.note").write_bytes(policy)
        self.refused("policy.note", "not signed")

    def test_an_instance_key_that_the_root_does_not_name(self):
        key = (self.d.dir / "instance.key").read_bytes()
        self.d.make_policy(1)
        (self.d.dir / "instance.key").write_bytes(key)
        self.refused("instance.key", "root")

    def test_a_state_directory_that_others_can_read(self):
        (self.d.dir / "state").chmod(0o755)
        self.refused("0700")

    def test_serving_refuses_the_same(self):
        (self.d.dir / "policy.note").write_text("hello\n")
        self.d.launch()
        self.assertEqual(self.d.wait(), 78)
        self.assertIn("policy.note", self.d.log())

    def test_a_taken_port_is_said(self):
        with socket.socket() as s:
            s.bind(("127.0.0.1", self.d.port))
            s.listen()
            self.d.launch()
            self.assertEqual(self.d.wait(), 78)
        self.assertIn("Address already in use", self.d.log())

    def test_the_wrong_store_key_is_not_tried_again(self):
        self.d.start()
        self.d.signal(signal.SIGTERM)
        self.assertEqual(self.d.wait(), 0)
        (self.d.dir / "store.key").write_text("0" * 64 + "\n")
        self.d.launch()
        self.assertEqual(self.d.wait(), 78)
        self.assertIn("the store key does not fit", self.d.log())

    def test_a_file_of_the_store_that_is_anothers_is_named(self):
        """A failed disk, after which the store is to be checked, is another
        thing: 74."""
        mark = self.d.dir / "state/state"
        mark.touch()
        if os.geteuid() == 0:
            os.chmod(self.d.dir, 0o755)
            mark.chmod(0o600)
            shutil.chown(mark.parent, "nobody")
            path = self.d.dir / "speakupd.yaml"
            path.write_text("user: nobody\n" + path.read_text())
        else:
            mark.chmod(0)
        self.d.launch()
        self.assertEqual(self.d.wait(), 78)
        self.assertIn(f"{mark}: Permission denied", self.d.log())


class Log(unittest.TestCase):
    def test_every_word_of_the_log_is_in_the_manual(self):
        root = Path(__file__).resolve().parents[2]
        words = re.findall(r'\[EV_\w+\] = "([a-z-]+)"',
                           (root / "daemon/log.c").read_text())
        self.assertGreater(len(words), 25)
        manual = (root / "man/speakupd.8").read_text()
        said = " ".join(re.findall(r"^\.It Ql (.*)$", manual, re.M)).split()
        self.assertEqual(sorted(words), sorted(set(said) - {","}))


class Deaths(unittest.TestCase):
    def test_a_killed_front_is_started_again(self):
        with Alone(fronts=2, deaths=True) as d:
            for n in range(1, 4):
                front = d.pid_of("front")
                os.kill(front, signal.SIGKILL)
                self.assertTrue(gone(front))
                d.wait_log("front-started", 2 + n)
                self.assertEqual(d.request(post("/v1/text", POLL)).status,
                                 200)
            self.assertEqual(len(d.children()), 3)

    def new_front(self, d, old):
        """The front that was started after `old` ended, stopped before it
        is ready: it has not entered its sandbox."""
        end = time.monotonic() + WAIT
        while time.monotonic() < end:
            new = [p for p, role in d.children().items()
                   if role == "front" and p not in old]
            if not new:
                continue
            os.kill(new[0], signal.SIGSTOP)
            limits = Path(f"/proc/{new[0]}/limits").read_text()
            if "Max file size             0 " not in limits:
                return new[0]
            old.add(new[0])   # too late: the next one
            os.kill(new[0], signal.SIGKILL)
        raise RuntimeError("no new front")

    def test_a_front_that_hangs_is_started_again(self):
        """Ready or not: one of each, at the same time."""
        with Alone(fronts=2, deaths=True) as d:
            fronts = [p for p, role in d.children().items()
                      if role == "front"]
            os.kill(fronts[0], signal.SIGKILL)
            early = self.new_front(d, set(fronts))
            os.kill(fronts[1], signal.SIGSTOP)
            self.assertTrue(gone(early, 60))
            self.assertTrue(gone(fronts[1], 60))
            d.wait_log("front-hangs", 2)
            d.wait_log("front-started", 5)
            self.assertEqual(d.request(post("/v1/text", POLL)).status, 200)

    def test_the_service_ends_with_its_vault(self):
        with Alone(fronts=2, deaths=True) as d:
            children = d.children()
            os.kill(d.pid_of("vault"), signal.SIGKILL)
            self.assertEqual(d.wait(), 1)
            self.assertTrue(all(gone(p) for p in children))
            d.start()  # and nothing is in the way of a new start
            self.assertEqual(d.request(post("/v1/text", POLL)).status, 200)

    def test_signals_to_the_group_are_for_the_parent(self):
        with Alone() as d:
            for pid in d.children():
                for sig in signal.SIGTERM, signal.SIGINT, signal.SIGHUP:
                    os.kill(pid, sig)
            self.assertEqual(d.request(post("/v1/text", POLL)).status, 200)
            self.assertNotIn("ended", d.log())

    def test_no_child_outlives_its_parent(self):
        with Alone(fronts=2, deaths=True) as d:
            children = d.children()
            self.assertEqual(len(children), 3)
            d.process.kill()
            d.wait()
            self.assertTrue(all(gone(p) for p in children))


@unittest.skipIf(os.geteuid() != 0, "only root may look into these processes")
class Inside(unittest.TestCase):
    def test_a_front_has_no_file_open_and_may_write_none(self):
        with Alone() as d:
            front = d.pid_of("front")
            log = str(d.dir / "log")
            for fd in Path(f"/proc/{front}/fd").iterdir():
                to = os.readlink(fd)
                self.assertTrue(
                    to.startswith(("socket:", "pipe:", "anon_inode:")) or
                    to in ("/dev/null", log), to)
            limits = Path(f"/proc/{front}/limits").read_text()
            self.assertRegex(limits, r"Max file size +0 +0 ")
            self.assertRegex(limits, r"Max core file size +0 +0 ")
            for pid in [d.process.pid, *d.children()]:
                status = Path(f"/proc/{pid}/status").read_text()
                self.assertIn("NoNewPrivs:\t1", status)

    def test_no_role_has_huge_pages(self):
        with Alone() as d:
            for pid in [d.process.pid, *d.children()]:
                status = Path(f"/proc/{pid}/status").read_text()
                self.assertIn("THP_enabled:\t0", status)

    def test_nobody_else_of_the_same_user_may_look(self):
        with Alone() as d:
            for pid in [d.process.pid, *d.children()]:
                self.assertEqual(os.stat(f"/proc/{pid}/mem").st_uid, 0)

    def test_the_children_have_none_of_the_keys_names(self):
        with Alone(env={"CREDENTIALS_DIRECTORY": "/x"}) as d:
            for pid in d.children():
                env = Path(f"/proc/{pid}/environ").read_bytes()
                self.assertNotIn(b"CREDENTIALS_DIRECTORY", env)

    def test_root_can_be_given_up(self):
        d = Alone(start=False)
        with d:
            os.chmod(d.dir, 0o755)
            shutil.chown(d.dir / "state", "nobody")
            path = d.dir / "speakupd.yaml"
            path.write_text("user: nobody\n" + path.read_text())
            d.start()
            for pid in [d.process.pid, *d.children()]:
                status = Path(f"/proc/{pid}/status").read_text()
                self.assertRegex(status, r"Uid:(\t65534){4}")
            self.assertEqual(d.request(post("/v1/text", POLL)).status, 200)


class Reload(unittest.TestCase):
    def setUp(self):
        self.d = Alone(fronts=2)
        self.addCleanup(self.d.stop)

    def serial(self):
        """What a new connection is served."""
        body = self.d.request(get("/v1/policy")).body
        return int(body.split(b'"serial":')[1].split(b",")[0])

    def becomes(self, what):
        """Each front takes what is new when it comes to it."""
        end = time.monotonic() + WAIT
        while not what():
            self.assertLess(time.monotonic(), end)
            time.sleep(0.05)

    def becomes_of_each(self, what):
        """Of each front, while the other stands still."""
        fronts = [p for p, role in self.d.children().items()
                  if role == "front"]
        self.assertEqual(len(fronts), 2)
        for other in fronts:
            os.kill(other, signal.SIGSTOP)
            try:
                self.becomes(what)
            finally:
                os.kill(other, signal.SIGCONT)

    def settle(self, serial):
        self.becomes_of_each(lambda: self.serial() == serial)

    def test_a_new_policy_is_served_without_a_break(self):
        with self.d.connect() as c:
            c.send(get("/v1/policy")).answer()
            self.d.make_policy(2)
            self.d.signal(signal.SIGHUP)
            self.settle(2)
            self.becomes(lambda: b'"serial":2' in
                         c.send(get("/v1/policy")).answer().body)

    def test_an_older_policy_is_refused(self):
        self.d.make_policy(7)
        self.d.signal(signal.SIGHUP)
        self.settle(7)
        self.d.make_policy(6)
        self.d.signal(signal.SIGHUP)
        self.d.wait_log("policy-refused")
        self.settle(7)
        self.assertIn("older", self.d.log())

    def test_a_broken_file_changes_nothing(self):
        (self.d.dir / "policy.note").write_text("hello\n")
        self.d.signal(signal.SIGHUP)
        self.d.wait_log("policy-refused")
        self.settle(1)

    def test_what_the_vault_refuses_no_front_serves(self):
        """Another policy under the same serial: only the vault can know."""
        self.d.make_policy(2)
        self.d.signal(signal.SIGHUP)
        self.settle(2)
        before = self.d.request(get("/v1/policy")).body
        self.d.make_policy(2)  # the same serial, other keys
        self.d.signal(signal.SIGHUP)
        self.d.wait_log("policy-refused")
        self.assertEqual(self.d.request(get("/v1/policy")).body, before)

    def test_a_new_certificate_is_used(self):
        old = self.d.context()
        make_certificate(self.d.dir, "two")
        self.d.signal(signal.SIGHUP)
        self.d.wait_log("policy-taken", 2)
        self.becomes_of_each(lambda: self.is_trusted(self.d.context())
                             and not self.is_trusted(old))

    def is_trusted(self, context):
        try:
            with self.d.connect(context) as c:
                return c.send(get("/v1/policy")).answer().status == 200
        except OSError:
            return False


class Drain(unittest.TestCase):
    def test_what_is_under_way_is_finished(self):
        with Alone() as d, d.connect() as c, d.connect() as idle:
            idle.send(get("/v1/policy")).answer()
            # Its head was read: it is under way.
            c.send(post("/v1/text", POLL,
                        "Expect: 100-continue\r\n")[:-TEXT])
            self.assertEqual(c.head(), b"HTTP/1.1 100 Continue")
            c.send(POLL[:30000])
            d.signal(signal.SIGTERM)
            self.assertTrue(idle.ended())
            with self.assertRaises(OSError):
                d.tcp().close()
            a = c.send(POLL[30000:]).answer()
            self.assertEqual((a.status, len(a.body)), (200, TEXT))
            self.assertEqual(a.fields["connection"], "close")
            self.assertTrue(c.ended())
            c.close()
            self.assertEqual(d.wait(), 0)

    def test_it_does_not_wait_for_ever(self):
        # of all that could end it, only the drain does so soon
        with Alone(limits={"drain-seconds": 1, "body-seconds": 300}) as d, \
                d.connect() as c:
            c.send(post("/v1/text", POLL,
                        "Expect: 100-continue\r\n")[:-TEXT])
            self.assertEqual(c.head(), b"HTTP/1.1 100 Continue")
            d.signal(signal.SIGTERM)
            self.assertEqual(d.wait(), 0)


class Systemd(unittest.TestCase):
    def test_it_tells_systemd_how_it_is(self):
        with tempfile.TemporaryDirectory() as tmp, \
                socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
            s.bind(tmp + "/notify")
            s.settimeout(WAIT)
            with Alone(env={"NOTIFY_SOCKET": tmp + "/notify",
                            "WATCHDOG_USEC": "200000"}, start=False) as d:
                def said():
                    for _ in range(10 * WAIT):
                        if (x := s.recv(200)) != b"WATCHDOG=1":
                            return x
                    self.fail("it is alive, and nothing else")
                # A slow machine is alive before it is ready, more often than
                # the socket holds: it is read from the start.
                d.launch()
                self.assertEqual(said(), b"READY=1")
                self.assertEqual(s.recv(200), b"WATCHDOG=1")
                d.signal(signal.SIGHUP)
                self.assertTrue(said().startswith(
                    b"RELOADING=1\nMONOTONIC_USEC="))
                self.assertEqual(said(), b"READY=1")
                d.signal(signal.SIGTERM)
                self.assertEqual(said(), b"STOPPING=1")

    @unittest.skipUnless(shutil.which("systemd-socket-activate"),
                         "no systemd-socket-activate")
    def test_listeners_are_taken_by_name(self):
        port = free_port()
        with Alone(listeners=["{name: web, kind: both}"], start=False,
                   wrap=["systemd-socket-activate", f"--listen=127.0.0.1:"
                         f"{port}", "--fdname=web"]) as d:
            d.launch()
            d.wait_log("Listening on")
            self.assertEqual(d.request(post("/v1/text", POLL),
                                       port=port).status, 200)

    @unittest.skipUnless(shutil.which("systemd-socket-activate"),
                         "no systemd-socket-activate")
    def test_the_socket_of_speakup_notify_goes_to_the_vault(self):
        port = free_port()
        with tempfile.TemporaryDirectory() as tmp, \
                Alone(listeners=["{name: web, kind: both}"], start=False,
                      wrap=["systemd-socket-activate", f"--listen=127.0.0.1:"
                            f"{port}", f"--listen={tmp}/n",
                            "--fdname=web:notify"]) as d:
            d.launch()
            d.wait_log("Listening on", 2)
            self.assertEqual(d.request(post("/v1/text", POLL),
                                       port=port).status, 200)
            with socket.socket(socket.AF_UNIX) as s:
                s.settimeout(10)
                s.connect(f"{tmp}/n")
                s.sendall(b"no number\n")
                self.assertEqual(s.recv(1), b"")

    @unittest.skipUnless(shutil.which("systemd-socket-activate"),
                         "no systemd-socket-activate")
    def test_a_socket_of_another_name_is_refused(self):
        port = free_port()
        with Alone(listeners=["{name: web, kind: both}"], start=False,
                   wrap=["systemd-socket-activate", f"--listen=127.0.0.1:"
                         f"{port}", "--fdname=wap"]) as d:
            d.launch()
            d.wait_log("Listening on")
            d.tcp(port).close()
            self.assertEqual(d.wait(), 78)
            self.assertIn('"wap"', d.log())


if __name__ == "__main__":
    unittest.main()
