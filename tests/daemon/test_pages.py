#!/usr/bin/env python3
"""Pages for browsers: what is served to whom and how, from which files the
daemon starts, and what `speakupctl web manifest` says of a server."""
import gzip
import hashlib
import json
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
from alone import Connection, get, post  # noqa: E402
from instance import Instance, build_directory, free_port  # noqa: E402

MARK = "<!-- speakup: policy -->"
END = "<!-- speakup: end -->"
REFUSED, UNAVAILABLE, CONFIG = 3, 4, 78
FILES = {
    "index.html": f"<p>before</p><noscript>{MARK}</noscript><p>after</p>\n",
    "staff.html": "<p>for staff</p>\n",
    "reporter.js": "let a = 1;\n" * 1000,
    "reporter-worker.js": "let b = 1;\n",
    "staff.js": "let c = 1;\n",
    "style.css": "p { margin: 0 }\n",
    "cross.svg": "<svg xmlns='http://www.w3.org/2000/svg'/>\n",
}
EVERY_PAGE = {
    "content-security-policy": "default-src 'none'; script-src 'self'; "
    "style-src 'self'; img-src 'self'; connect-src 'self'; worker-src 'self'; "
    "form-action 'none'; base-uri 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types speakup",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-embedder-policy": "require-corp",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
}


def write_web(directory, files):
    """As web/build.mjs does, with these files."""
    directory.mkdir(exist_ok=True)
    lines = ["speakup/web/v1\n"]
    for name in sorted(files):
        data = files[name].encode()
        (directory / name).write_bytes(data)
        lines.append(f"file: {len(data)} {hashlib.sha256(data).hexdigest()} "
                     f"{name}\n")
    (directory / "manifest").write_text("".join(lines))
    return directory


def sign(i, force=True):
    web = i.org / "web"
    i.ctl("web", "sign", web / "manifest", "--key", i.org / "keys/policy-1.key",
          "--key", i.org / "keys/policy-3.key", "--out",
          web / "manifest.note", *(["--force"] if force else []))


class Pages(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.dir = Path(tempfile.mkdtemp(prefix="speakup-pages-"))
        cls.addClassCleanup(shutil.rmtree, cls.dir, ignore_errors=True)
        cls.built = write_web(cls.dir / "built", FILES)
        cls.i = Instance(build_directory(), cls.dir / "i", web=cls.built,
                         start=False)
        # two more listeners: one for reporters without TLS, as behind an
        # onion service, and one for staff alone
        cls.plain_port, cls.staff_port = free_port(), free_port()
        cls.i.config.write_text(cls.i.config_text() + (
            "  - name: onion\n    kind: public\n    tls: false\n"
            f"    address: 127.0.0.1:{cls.plain_port}\n"
            "  - name: staff\n    kind: staff\n"
            f"    address: 127.0.0.1:{cls.staff_port}\n"))
        cls.i.start()
        cls.addClassCleanup(cls.i.stop)

    def ask(self, path, port=None, raw=None):
        port = port or self.i.port
        sock = socket.create_connection(("127.0.0.1", port), 20)
        if port != self.plain_port:
            context = ssl.create_default_context(cafile=self.i.ca)
            sock = context.wrap_socket(sock, server_hostname="127.0.0.1")
        with Connection(sock) as c:
            return c.send(raw or get(path)).answer()

    def text(self, path, **kw):
        a = self.ask(path, **kw)
        self.assertEqual(a.status, 200, path)
        body = a.body
        if a.fields.get("content-encoding"):
            self.assertEqual(a.fields["content-encoding"], "gzip")
            body = gzip.decompress(body)
        return body.decode()

    # --- what is served ---

    def test_files_are_what_was_built(self):
        for name in FILES:
            if name not in ("index.html", "staff.html"):
                self.assertEqual(self.text(f"/web/{name}"), FILES[name])
        self.assertEqual(self.text("/staff"), FILES["staff.html"])
        self.assertEqual(self.text("/web/manifest"),
                         (self.i.org / "web/manifest.note").read_text())

    def test_scripts_are_gzipped_always_and_html_never(self):
        for path, packed in (("/", False), ("/staff", False),
                             ("/web/manifest", False),
                             ("/web/reporter.js", True),
                             ("/web/style.css", True)):
            fields = self.ask(path).fields
            self.assertEqual(fields.get("content-encoding"),
                             "gzip" if packed else None, path)
        self.assertLess(len(self.ask("/web/reporter.js").body), 200)

    def test_the_policy_of_all_clients_is_there_gzipped(self):
        honest = self.ask("/v1/policy")
        for port in (self.i.port, self.plain_port, self.staff_port):
            a = self.ask("/web/policy", port=port)
            self.assertEqual((a.status, a.fields["content-encoding"]),
                             (200, "gzip"))
            self.assertEqual(a.fields["content-type"],
                             honest.fields["content-type"])
            self.assertEqual(gzip.decompress(a.body), honest.body)
            self.assertLess(len(a.body), len(honest.body) / 2)

    def test_types(self):
        for path, type_ in (("/", "text/html; charset=utf-8"),
                            ("/web/reporter.js",
                             "text/javascript; charset=utf-8"),
                            ("/web/style.css", "text/css; charset=utf-8"),
                            ("/web/cross.svg", "image/svg+xml"),
                            ("/web/manifest", "text/plain; charset=utf-8")):
            self.assertEqual(self.ask(path).fields["content-type"], type_)

    def test_every_page_says_what_a_browser_may_not_do(self):
        for path in ("/", "/staff", "/web/reporter.js", "/web/manifest",
                     "/web/policy"):
            a = self.ask(path)
            for name, value in EVERY_PAGE.items():
                self.assertEqual(a.fields[name], value, path)
            for what in ("camera", "microphone", "geolocation",
                         "clipboard-read"):
                self.assertIn(f"{what}=()", a.fields["permissions-policy"])
            self.assertEqual(
                set(a.fields) - set(EVERY_PAGE) - {"content-encoding"},
                {"content-type", "content-length", "permissions-policy",
                 "strict-transport-security", "x-padding"})

    def test_heads_of_pages_have_one_length(self):
        heads = {len(self.ask(path, port=port).head)
                 for path in ("/", "/web/reporter.js", "/web/manifest")
                 for port in (self.i.port, self.plain_port)}
        heads.add(len(self.ask("", raw=get("/", "Connection: close\r\n"))
                      .head))
        self.assertEqual(len(heads), 1)

    def test_only_tls_is_asked_for_ever_after(self):
        self.assertEqual(self.ask("/").fields["strict-transport-security"],
                         "max-age=63072000")
        self.assertNotIn("strict-transport-security",
                         self.ask("/", port=self.plain_port).fields)

    def test_each_listener_gives_its_own_people_what_is_theirs(self):
        both = ["/web/style.css", "/web/cross.svg", "/web/manifest",
                "/web/policy"]
        reporter = ["/", "/web/reporter.js", "/web/reporter-worker.js"]
        staff = ["/staff", "/web/staff.js"]
        for port, there, absent in (
                (self.i.port, both + reporter + staff, []),
                (self.plain_port, both + reporter, staff),
                (self.staff_port, both + staff, reporter)):
            for path in there:
                self.assertEqual(self.ask(path, port=port).status, 200, path)
            for path in absent:
                self.assertEqual(self.ask(path, port=port).status, 404, path)

    def test_nothing_else_is_there(self):
        for path in ("/web/", "/web", "/web/index.html", "/web/staff.html",
                     "/web/manifest.note", "/web/a/reporter.js", "/staff/",
                     "/index.html", "/web/reporter.jsx", "/webreporter.js"):
            self.assertEqual(self.ask(path).status, 404, path)
        self.assertEqual(self.ask("", raw=post("/", b"x")).status, 405)
        self.assertEqual(self.ask("", raw=post("/web/style.css", b"x"))
                         .fields["allow"], "GET")

    def test_policy_is_in_the_page_for_browsers_without_scripts(self):
        before, after = FILES["index.html"].split(MARK)
        page = self.text("/")
        self.assertTrue(page.startswith(before + MARK))
        self.assertTrue(page.endswith(END + after))
        root = json.loads(self.i.ctl("root", "show", "--json",
                                     self.i.org / "root0.note").stdout)
        self.assertIn(root["words"], page)
        for line in self.i.run(["curl", "-s", "--cacert", self.i.ca,
                                self.i.url + "/v1/plain"]).stdout.split("\n"):
            if line.startswith("age1"):
                self.assertIn(line, page)

    # --- what is refused ---

    def complaint(self, directory):
        """What speakupd -n says of this directory's pages."""
        config = self.dir / "other.yaml"
        config.write_text(self.i.config_text().replace(
            f"{self.i.org}/web", str(directory)))
        done = subprocess.run(
            [self.i.build / "daemon/speakupd", "-n", "-c", config],
            capture_output=True, text=True)
        self.assertIn(done.returncode, (0, 1))
        self.assertEqual(done.returncode == 0, done.stderr == "")
        return done.stderr

    def copy(self, name):
        return Path(shutil.copytree(self.i.org / "web", self.dir / name))

    def test_changed_missing_or_unsigned_files_are_refused_by_name(self):
        web = self.copy("changed")
        self.assertEqual(self.complaint(web), "")
        (web / "staff.js").write_text("let c = 2;\n")
        self.assertIn("changed/staff.js is not the file that manifest.note "
                      "lists", self.complaint(web))
        (web / "staff.js").unlink()
        self.assertIn("changed/staff.js cannot be opened",
                      self.complaint(web))
        (web / "manifest.note").unlink()
        self.assertIn("changed/manifest.note cannot be opened",
                      self.complaint(web))

    def test_one_signature_is_not_enough(self):
        web = self.copy("once")
        self.i.ctl("web", "sign", web / "manifest", "--key",
                   self.i.org / "keys/policy-2.key", "--out",
                   web / "manifest.note", "--force")
        self.assertIn("not signed by enough", self.complaint(web))
        self.i.ctl("web", "sign", web / "manifest.note", "--key",
                   self.i.org / "keys/policy-3.key")
        self.assertEqual(self.complaint(web), "")

    def test_page_without_one_place_for_the_policy_is_refused(self):
        for n, text in enumerate(("<p>none</p>", MARK + MARK)):
            web = write_web(self.dir / f"mark{n}", {"index.html": text})
            self.i.ctl("web", "sign", web / "manifest", "--key",
                       self.i.org / "keys/policy-1.key", "--key",
                       self.i.org / "keys/policy-2.key", "--out",
                       web / "manifest.note")
            self.assertIn("has not one line for the policy",
                          self.complaint(web))

    # --- what a server is held to ---

    def manifest(self, *args, expect=0):
        done = subprocess.run(
            [str(a) for a in (self.i.build / "client/speakupctl", "web",
                              "manifest", *args)],
            capture_output=True, text=True)
        self.assertEqual(done.returncode, expect, done.stderr)
        return done.stdout

    def of_server(self, port=None, **kw):
        return self.manifest("--server",
                             f"https://127.0.0.1:{port or self.i.port}",
                             "--cacert", self.i.ca, "--root-hash",
                             self.i.root_hash, **kw)

    def test_manifest_is_printed_and_every_file_compared(self):
        self.assertEqual(self.of_server(),
                         (self.i.org / "web/manifest.note").read_text())
        found = json.loads(self.manifest(
            "--json", "--server", self.i.url, "--cacert", self.i.ca))
        self.assertEqual({f["name"]: f["found"] for f in found["files"]},
                         {name: "same" for name in FILES})
        self.assertEqual(found["policy_section"], "same")

    def test_staff_listener_is_held_to_its_own_files(self):
        found = json.loads(self.manifest(
            "--json", "--server", f"https://127.0.0.1:{self.staff_port}",
            "--cacert", self.i.ca))
        found = {f["name"]: f["found"] for f in found["files"]}
        self.assertEqual(found["staff.js"], "same")
        self.assertEqual(found["reporter.js"], "absent")
        self.assertEqual(found["index.html"], "absent")

    def test_directory_is_held_to_its_manifest(self):
        web = self.copy("directory")
        args = ("--dir", web, "--root", self.i.org / "root0.note")
        self.manifest(*args)
        (web / "style.css").write_text("p { margin: 1 }\n")
        self.manifest(*args, expect=REFUSED)


class Hostile(unittest.TestCase):
    """A front of the test's own, which changes one thing at a time."""

    @classmethod
    def setUpClass(cls):
        cls.dir = Path(tempfile.mkdtemp(prefix="speakup-hostile-"))
        cls.addClassCleanup(shutil.rmtree, cls.dir, ignore_errors=True)
        built = write_web(cls.dir / "built", FILES)
        cls.i = Instance(build_directory(), cls.dir / "i", web=built)
        cls.addClassCleanup(cls.i.stop)

    def serve(self, change):
        """A listener in front of the daemon; its port."""
        server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        server.load_cert_chain(self.i.tls_cert, self.i.tls_key)
        listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listener.close)

        def run():
            while True:
                try:
                    c = server.wrap_socket(listener.accept()[0], True)
                except OSError:
                    return
                try:
                    self.visit(c, change)
                except OSError:   # whoever has seen enough goes
                    pass
                c.close()
        threading.Thread(target=run, daemon=True).start()
        return listener.getsockname()[1]

    def visit(self, c, change):
        context = ssl.create_default_context(cafile=self.i.ca)
        while True:
            head = b""
            while b"\r\n\r\n" not in head:
                part = c.recv(4096)
                if not part:
                    return
                head += part
            path = head.split(b" ")[1].decode()
            up = context.wrap_socket(
                socket.create_connection(("127.0.0.1", self.i.port), 20),
                server_hostname="127.0.0.1")
            with Connection(up) as u:
                a = u.send(get(path)).answer()
            body = a.body
            packed = "content-encoding" in a.fields
            if packed:
                body = gzip.decompress(body)
            status, body = change(path, a.status, body)
            c.sendall(f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}"
                      "\r\n\r\n".encode() + body)

    def check(self, change, expect):
        done = subprocess.run(
            [str(a) for a in (
                self.i.build / "client/speakupctl", "web", "manifest",
                "--server", f"https://127.0.0.1:{self.serve(change)}",
                "--cacert", self.i.ca, "--root-hash", self.i.root_hash)],
            capture_output=True, text=True)
        said = " ".join(done.stderr.split())
        self.assertEqual(done.returncode, expect, said)
        return said

    def test_what_differs_is_named(self):
        def of(path, change):
            return lambda p, s, b: (s, change(b)) if p == path else (s, b)
        said = self.check(lambda p, s, b: (s, b), 0)
        self.assertIn("7 of 7 files are as they were signed", said)
        said = self.check(of("/web/reporter.js", lambda b: b + b" "),
                          REFUSED)
        self.assertIn("reporter.js is not the file that was signed", said)
        said = self.check(of("/", lambda b: b.replace(b"<p>before", b"<p>after")),
                          REFUSED)
        self.assertIn("index.html is not the file", said)
        self.assertNotIn("where no scripts run", said)
        said = self.check(of("/web/staff.js", lambda b: b"x" * 6_000_000),
                          REFUSED)
        self.assertIn("staff.js is not the file", said)

    def test_what_the_policy_does_not_say_is_named(self):
        for change in (lambda b: b.replace(b"age1", b"age2", 1),
                       lambda b: b.replace(END.encode(), b"x" + END.encode()),
                       lambda b: b.replace(END.encode(), b"")):
            said = self.check(
                lambda p, s, b, f=change: (s, f(b)) if p == "/" else (s, b),
                REFUSED)
            self.assertIn("where no scripts run", said)

    def test_absent_files_of_a_page_that_is_there_are_missed(self):
        said = self.check(lambda p, s, b: (404, b"{}")
                          if p == "/web/reporter-worker.js" else (s, b),
                          REFUSED)
        self.assertIn("reporter-worker.js is not the file", said)
        said = self.check(lambda p, s, b: (404, b"{}")
                          if p in ("/", "/staff") else (s, b), REFUSED)
        self.assertIn("index.html is not the file", said)

    def test_manifest_of_other_keys_is_refused(self):
        said = self.check(
            lambda p, s, b: (s, b.replace(b"file: 11 ", b"file: 12 "))
            if p == "/web/manifest" else (s, b), REFUSED)
        self.assertIn("not signed by enough", said)
        self.check(lambda p, s, b: (404, b"{}") if p.startswith("/web/")
                   else (s, b), UNAVAILABLE)


class Changes(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.dir = Path(tempfile.mkdtemp(prefix="speakup-changes-"))
        cls.addClassCleanup(shutil.rmtree, cls.dir, ignore_errors=True)

    def curl(self, i, path):
        return i.run(["curl", "-s", "--compressed", "--cacert", i.ca,
                      i.url + path]).stdout

    def reload_until(self, i, path, text, seconds=60):
        i.process.send_signal(signal.SIGHUP)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.curl(i, path) == text:
                return True
            time.sleep(0.1)
        return False

    def test_pages_are_read_again_on_sighup(self):
        built = write_web(self.dir / "built", FILES)
        with Instance(build_directory(), self.dir / "i", web=built) as i:
            web = i.org / "web"
            fresh = {**FILES, "style.css": "p { margin: 2 }\n"}
            write_web(web, fresh)
            # not signed: the old ones stay
            self.assertFalse(self.reload_until(i, "/web/style.css",
                                               fresh["style.css"], 5))
            self.assertIn("is not the file that manifest.note lists",
                          i.log.read_text())
            sign(i)
            self.assertTrue(self.reload_until(i, "/web/style.css",
                                              fresh["style.css"]))
            # and a new policy changes what the page says
            policy = (Path(__file__).parents[2] / "etc/policy.yaml")
            i.change_policy(policy.read_text())
            self.assertIn("policy 2.", self.curl(i, "/"))

    def test_without_pages_the_service_says_so(self):
        with Instance(build_directory(), self.dir / "none") as i:
            self.assertIn("has no pages for browsers", self.curl(i, "/"))
            self.assertIn('"unknown"', self.curl(i, "/staff"))
            self.assertIn('"unknown"', self.curl(i, "/web/manifest"))

    def test_service_does_not_start_from_broken_pages(self):
        built = write_web(self.dir / "broken", FILES)
        i = Instance(build_directory(), self.dir / "b", web=built,
                     start=False)
        (i.org / "web/reporter.js").write_text("let evil = 1;\n")
        done = subprocess.run([i.build / "daemon/speakupd", "-c", i.config],
                              capture_output=True, text=True)
        self.assertEqual(done.returncode, CONFIG)
        self.assertIn("web/reporter.js is not the file", done.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
