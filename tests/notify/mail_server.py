"""A mail server of a few lines, for tests: one connection at a time, with or
without STARTTLS, with or without a password. Standard library only."""
import base64
import contextlib
import socket
import threading


class MailServer:
    """`said` is every line of every client, `mails` what was taken, as
    (recipient, bytes)."""

    def __init__(self, tls=None, password=None, refuses=(), port=0,
                 host="127.0.0.1", is_rude=False):
        self.is_rude = is_rude
        self.tls, self.password, self.refuses = tls, password, set(refuses)
        self.said, self.mails = [], []
        self.socket = socket.create_server((host, port))
        self.port = self.socket.getsockname()[1]
        self.changed = threading.Condition()
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def close(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        self.thread.join(10)

    def wait(self, n, seconds=60):
        """The recipients, once there are n mails."""
        with self.changed:
            self.changed.wait_for(lambda: len(self.mails) >= n, seconds)
            return [to for to, _mail in self.mails]

    def serve(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            connection.settimeout(10)
            try:
                self.talk(connection)
            except OSError:
                pass

    def talk(self, connection):
        with contextlib.ExitStack() as stack:
            stack.enter_context(connection)
            self.answer(connection, stack)

    def answer(self, c, stack):
        f = c.makefile("rwb", buffering=0)
        is_secure = self.tls is None
        is_known = self.password is None
        to = None
        f.write(b"220 mail.test\r\n")
        while line := f.readline():
            self.said.append(line)
            word = line.split()[0].upper() if line.split() else b""
            if word in (b"EHLO", b"HELO") and self.is_rude:
                f.write(b"550 not you\r\n")
            elif word == b"EHLO":
                f.write(b"250-mail.test\r\n")
                if self.tls and not is_secure:
                    f.write(b"250-STARTTLS\r\n")
                if self.password:
                    f.write(b"250-AUTH PLAIN\r\n")
                f.write(b"250 8BITMIME\r\n")
            elif word == b"STARTTLS" and self.tls:
                f.write(b"220 go on\r\n")
                c = stack.enter_context(
                    self.tls.wrap_socket(c, server_side=True))
                f = c.makefile("rwb", buffering=0)
                is_secure = True
            elif word == b"AUTH" and is_secure:
                is_known = self.is_password(f, line)
                f.write(b"235 good\r\n" if is_known else b"535 no\r\n")
            elif word == b"MAIL":
                f.write(b"250 good\r\n" if is_secure and is_known
                        else b"530 sign in\r\n")
            elif word == b"RCPT":
                to = line.split(b"<")[1].split(b">")[0].decode()
                f.write(b"550 nobody\r\n" if to in self.refuses
                        else b"250 good\r\n")
            elif word == b"DATA":
                f.write(b"354 go on\r\n")
                self.take(f, to)
                f.write(b"250 good\r\n")
            elif word == b"QUIT":
                f.write(b"221 bye\r\n")
                return
            else:
                f.write(b"500 what\r\n")

    def is_password(self, f, line):
        words = line.split()
        if len(words) == 2:
            f.write(b"334 \r\n")
            words.append(f.readline().strip())
        parts = base64.b64decode(words[2]).split(b"\0")
        return parts[1:] == [b"speakup", self.password.encode()]

    def take(self, f, to):
        mail = b""
        while (line := f.readline()) not in (b".\r\n", b""):
            mail += line
        with self.changed:
            self.mails.append((to, mail))
            self.changed.notify_all()
