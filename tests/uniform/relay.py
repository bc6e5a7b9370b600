"""Somebody on the line: a relay on loopback before a server, that writes down
of each TLS record which way it went, when, and how long it was; and of each
connection when it began and ended. It sees what an employer's network sees."""
import selectors
import socket
import threading
import time

UP, DOWN = 1, -1
HEADER = 5
TURN = 0.05


class Line:
    """One connection, as it was seen."""

    def __init__(self, began):
        self.began, self.ended = began, None
        self.records = []   # (when, UP or DOWN, bytes)


class Way:
    """One direction of a connection: cuts its bytes into records."""

    def __init__(self, line, direction, source, to):
        self.line, self.direction = line, direction
        self.source, self.to, self.rest = source, to, b""

    def take(self):
        """False: this side has ended."""
        try:
            data = self.source.recv(1 << 16)
            if data:
                self.to.sendall(data)
        except OSError:
            return False
        self.note(data)
        return bool(data)

    def note(self, data):
        now = time.perf_counter()
        self.rest += data
        while len(self.rest) >= HEADER:
            n = HEADER + int.from_bytes(self.rest[3:5], "big")
            if len(self.rest) < n:
                break
            self.line.records.append((now, self.direction, n))
            self.rest = self.rest[n:]


class Relay:
    """with Relay(port) as r: … r.url …; r.take() gives what was seen."""

    def __init__(self, port):
        self.server, self.lines = port, []
        self.is_over = False
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(TURN)
        self.port = self.listener.getsockname()[1]
        self.url = f"https://127.0.0.1:{self.port}"
        self.threads = []

    def __enter__(self):
        self.start(self.accept)
        return self

    def __exit__(self, *_):
        self.is_over = True
        for thread in self.threads:
            thread.join()
        self.listener.close()

    def start(self, work, *args):
        thread = threading.Thread(target=work, args=args)
        thread.start()
        self.threads.append(thread)

    def accept(self):
        while not self.is_over:
            try:
                client, _ = self.listener.accept()
            except TimeoutError:
                continue
            self.start(self.carry, client, Line(time.perf_counter()))

    def carry(self, client, line):
        self.lines.append(line)
        with client, socket.create_connection(
                ("127.0.0.1", self.server)) as server:
            for s in (client, server):
                s.setblocking(True)
                s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.both(Way(line, UP, client, server),
                      Way(line, DOWN, server, client))
        line.ended = line.ended or time.perf_counter()

    def both(self, up, down):
        with selectors.DefaultSelector() as ready:
            for way in (up, down):
                ready.register(way.source, selectors.EVENT_READ, way)
            while ready.get_map() and not self.is_over:
                for key, _ in ready.select(TURN):
                    if key.data.take():
                        continue
                    up.line.ended = up.line.ended or time.perf_counter()
                    ready.unregister(key.fileobj)
                    try:
                        key.data.to.shutdown(socket.SHUT_WR)
                    except OSError:
                        pass

    def take(self, seconds=60):
        """The connections since the last time, once all have ended."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if all(line.ended for line in self.lines):
                break
            time.sleep(0.005)
        seen, self.lines = self.lines, []
        self.threads = [t for t in self.threads if t.is_alive()]
        return seen
