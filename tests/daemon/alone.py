"""speakupd by itself, for tests of the daemon: no client but this file.

    with Alone(limits={"idle-seconds": 1}) as d:
        answer = d.request("GET", "/v1/policy")
"""
import os
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests/lib"))
from machine import free_port  # noqa: E402

TEXT, PIECE, SMALL = 49152, 263168, 1024
WAIT = 60   # seconds, of a machine that others use


def build_directory():
    for name in (os.environ.get("SPEAKUP_BUILD"), ROOT / "build-gcc",
                 ROOT / "build"):
        if name and (Path(name) / "daemon/speakupd").exists():
            return Path(name).resolve()
    raise SystemExit("no build directory: set SPEAKUP_BUILD")


def bundle(preamble, size=TEXT, blob=b""):
    body = preamble.encode() + b"\n" + blob
    return body + bytes(size - len(body))


POLL = bundle("speakup: v1 poll\ntoken: " + "0" * 64 + "\nafter: 0\n")


def post(path, body, fields=""):
    return (f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}"
            f"\r\n{fields}\r\n").encode() + body


def get(path, fields=""):
    return f"GET {path} HTTP/1.1\r\nHost: x\r\n{fields}\r\n".encode()


class Answer:
    def __init__(self, status, head, body):
        self.status, self.head, self.body = status, head, body
        lines = head.decode("latin-1").split("\r\n")[1:]
        self.fields = {k.lower(): v for k, v in
                       (line.split(": ", 1) for line in lines if line)}


class Connection:
    """One connection; reads answers exactly as long as they say."""

    def __init__(self, sock):
        self.sock, self.rest = sock, b""

    def send(self, data):
        self.sock.sendall(data)
        return self

    def more(self):
        data = self.sock.recv(65536)
        if not data:
            raise EOFError(self.rest)
        self.rest += data

    def head(self):
        while b"\r\n\r\n" not in self.rest:
            self.more()
        head, self.rest = self.rest.split(b"\r\n\r\n", 1)
        return head

    def answer(self):
        head = self.head()
        a = Answer(int(head.split(b" ")[1]), head, b"")
        n = int(a.fields["content-length"])
        while len(self.rest) < n:
            self.more()
        a.body, self.rest = self.rest[:n], self.rest[n:]
        return a

    def ended(self):
        """Waits for the end; False where something came before it. A TLS
        connection that ends without close_notify raises."""
        return self.rest == b"" and self.sock.recv(1) == b""

    def close(self):
        self.sock.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def make_certificate(directory, name):
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
         "ec_paramgen_curve:P-256", "-nodes", "-days", "30", "-subj",
         f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout",
         str(directory / "key.pem"), "-out", str(directory / "cert.pem")],
        check=True, capture_output=True)


class Alone:
    def __init__(self, limits=None, fronts=1, listeners=None, minimum=None,
                 start=True, env=None, wrap=(), deaths=False):
        self.build = build_directory()
        self.tmp = tempfile.TemporaryDirectory(prefix="speakup-test-")
        self.dir = Path(self.tmp.name)
        self.port = free_port()
        self.limits, self.fronts, self.minimum = limits or {}, fronts, minimum
        self.listeners = listeners or [
            f"{{name: main, kind: both, address: \"127.0.0.1:{self.port}\"}}"]
        self.env = {**os.environ, **(env or {})}
        self.wrap, self.deaths = list(wrap), deaths
        self.process = None
        (self.dir / "state").mkdir(mode=0o700)
        self.make_policy(1)
        make_certificate(self.dir, "one")
        self.write_config()
        if start:
            self.start()

    def make_policy(self, serial):
        subprocess.run([str(self.build / "tests/daemon/make_files"),
                        str(self.dir), str(serial)], check=True)

    def write_config(self):
        d, lines = self.dir, []
        lines += [f"state: {d}/state", f"policy: {d}/policy.note",
                  f"roots: {d}/root0.note", f"fronts: {self.fronts}",
                  f"instance-key: {d}/instance.key",
                  f"store-key: {d}/store.key", "tls:",
                  f"  certificate: {d}/cert.pem", f"  key: {d}/key.pem"]
        if self.minimum:
            lines.append(f"  minimum: \"{self.minimum}\"")
        lines += ["listeners:"] + [f"  - {x}" for x in self.listeners]
        if self.limits:
            lines += ["limits:"] + [f"  {k}: {v}"
                                    for k, v in self.limits.items()]
        (d / "speakupd.yaml").write_text("\n".join(lines) + "\n")

    def command(self, *options):
        return [*self.wrap, str(self.build / "daemon/speakupd"), *options,
                "-c", str(self.dir / "speakupd.yaml")]

    def check(self):
        """speakupd -n."""
        return subprocess.run(self.command("-n"), capture_output=True,
                              text=True, env=self.env)

    def log(self):
        return (self.dir / "log").read_text()

    def launch(self):
        with (self.dir / "log").open("ab") as log:
            self.process = subprocess.Popen(
                self.command(), stdin=subprocess.DEVNULL, stdout=log,
                stderr=log, env=self.env)

    def start(self):
        path = self.dir / "log"
        before = path.read_text().count(" ready ") if path.exists() else 0
        self.launch()
        self.wait_log(" ready ", before + 1)

    def wait_log(self, word, count=1, seconds=WAIT):
        end = time.monotonic() + seconds
        while self.log().count(word) < count:
            if time.monotonic() > end or self.process.poll() is not None:
                raise RuntimeError(f"no '{word}' in:\n{self.log()}")
            time.sleep(0.01)

    def children(self):
        """{pid: role} of what the parent started."""
        pid = self.process.pid
        out = {}
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
        for child in map(int, text.split()):
            try:
                words = Path(f"/proc/{child}/cmdline").read_bytes()
            except (FileNotFoundError, ProcessLookupError):
                continue
            words = words.split(b"\0")
            if len(words) > 1:   # otherwise it has ended
                out[child] = words[1].decode().removeprefix("--role=")
        return out

    def pid_of(self, role):
        return next(p for p, r in self.children().items() if r == role)

    def signal(self, sig):
        self.process.send_signal(sig)

    def wait(self, seconds=WAIT):
        return self.process.wait(timeout=seconds)

    def stop(self):
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        path = self.dir / "log"
        log = path.read_text() if path.exists() else ""
        self.tmp.cleanup()
        if not self.deaths and ("-ended" in log or "Sanitizer" in log):
            raise AssertionError(f"a process died:\n{log}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    # --- talking to it ---

    def context(self):
        c = ssl.create_default_context(cafile=str(self.dir / "cert.pem"))
        return c

    def tcp(self, port=None):
        s = socket.create_connection(("127.0.0.1", port or self.port),
                                     timeout=WAIT)
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return s

    def connect(self, context=None, port=None):
        s = (context or self.context()).wrap_socket(
            self.tcp(port), server_hostname="127.0.0.1",
            suppress_ragged_eofs=False)
        return Connection(s)

    def records(self, raw):
        """Lengths of the TLS records of the answer, as the network has them:
        what somebody who watches it sees. Without the one that closes."""
        come, go = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = self.context().wrap_bio(come, go, server_hostname="127.0.0.1")
        with self.tcp() as s:
            while True:
                try:
                    tls.do_handshake()
                    break
                except ssl.SSLWantReadError:
                    s.sendall(go.read())
                    come.write(s.recv(65536))
            tls.write(raw)
            s.sendall(go.read())
            data, plain, lengths, whole = b"", b"", [], 0
            while not whole or len(plain) < whole:
                data += s.recv(65536)
                while (not whole or len(plain) < whole) and len(data) >= 5 \
                        and len(data) >= 5 + int.from_bytes(data[3:5], "big"):
                    end = 5 + int.from_bytes(data[3:5], "big")
                    lengths.append(end - 5)
                    come.write(data[:end])
                    plain, data = plain + tls.read(65536), data[end:]
                    head, found, _ = plain.partition(b"\r\n\r\n")
                    whole = found and len(head) + 4 + int(
                        head.split(b"Content-Length: ")[1].split(b"\r")[0])
        return lengths

    def request(self, raw, port=None):
        with self.connect(port=port) as c:
            return c.send(raw).answer()


def gone(pid, seconds=WAIT):
    """Whether the process ends in that time (a zombie has ended)."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1]
        except (FileNotFoundError, ProcessLookupError):
            return True
        if state.split()[0] == "Z":
            return True
        time.sleep(0.01)
    return False
