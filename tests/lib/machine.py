"""What tests share: the machine's ports, and its clock; and that one which meson
ends, for it takes too long, says where it was. Standard library only."""
import faulthandler
import random
import signal
import socket
import time

# Below those that the system gives to connections by itself, of which others
# make thousands meanwhile.
PORTS = range(20000, 32768)

faulthandler.register(signal.SIGTERM, all_threads=True, chain=True)
reserved = []


def free_port():
    """One of 127.0.0.1 that nobody listens on, and that no other test gets
    while this process lives: a name in the abstract is its sign."""
    for port in random.sample(PORTS, len(PORTS)):
        sign = socket.socket(socket.AF_UNIX)
        with socket.socket() as s:
            try:
                sign.bind(f"\0speakup-test-port-{port}")
                s.bind(("127.0.0.1", port))
            except OSError:
                sign.close()
                continue
        reserved.append(sign)
        return port
    raise RuntimeError("no port is free")


def begin_within_a_day(seconds=60):
    """Returns at a time after which the day (UTC) lasts that much longer."""
    left = 86400 - time.time() % 86400
    if left < seconds:
        time.sleep(left)
