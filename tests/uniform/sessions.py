"""What reporters do, by the real client over a relay, and what the line shows
of each session: counts, sizes, and times."""
import random
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests/lib"))
from instance import GUARDIAN, Instance, build_directory   # noqa: E402,F401
from relay import DOWN, UP   # noqa: E402

SHORT = "It is not safe."
LONG = "What happened, from the beginning, with all that I know of it. " * 180
EXCHANGES = 6   # as many as are looked at one by one
REPLY = "Thank you. " * 40


class Reporters:
    """An instance with a mailbox that was answered, and what is done there."""

    def __init__(self, instance, url, directory):
        self.i, self.url = instance, url
        self.picture = Path(directory) / "picture.jpg"
        self.picture.write_bytes(random.Random(7).randbytes(300_000))
        self.unknown = instance.report("to be withdrawn")["receipt"]
        self.run("withdraw", self.unknown + "\n", "--yes", url=None)
        self.empty = instance.report(SHORT)["receipt"]
        self.receipt = instance.report(SHORT)["receipt"]
        instance.login(GUARDIAN)
        instance.ftsu(GUARDIAN, "reply", instance.inbox(self.receipt)["case"],
                      "--yes", stdin=REPLY)
        self.words = Path(directory) / "receipt"

    def prepare(self):
        """A mailbox to write to; before every session, so that none comes
        after another thing than the others."""
        self.words.write_text(self.i.report(SHORT)["receipt"] + "\n")

    def run(self, command, stdin, *args, url="", **kw):
        return self.i.speakup(command, *args, stdin=stdin,
                              server=self.url if url == "" else url, **kw)

    # each is one session

    def read(self):
        self.run("inbox", self.receipt + "\n")

    def poll(self):
        self.run("inbox", self.empty + "\n")

    def nothing(self):
        self.run("inbox", self.unknown + "\n", expect=8)

    def short(self):
        self.run("report", SHORT, "--yes")

    def long(self):
        self.run("report", LONG, "--yes")

    def followup(self):
        self.run("reply", SHORT, "--yes", "--receipt-file", self.words)

    def cover(self):
        self.run("cover", "", "--once")

    def attachment(self):
        self.run("report", SHORT, "--yes", "--attach", self.picture)


TEXT = ("read", "poll", "nothing", "cover", "short", "long", "followup")
CONTROL = "attachment"


def exchanges(lines):
    """(bytes up, bytes down, began up, ended up, began down, ended down) of
    each request and answer, over all connections, in order."""
    out = []
    for line in lines:
        now = None
        for when, way, n in line.records:
            if now is None or (way == UP and now[1] > 0):
                now = [0, 0, when, when, when, when]
                out.append(now)
            if way == UP:
                now[0] += n
                now[3] = when
            else:
                if now[1] == 0:
                    now[4] = when
                now[1] += n
                now[5] = when
    return out


NAMES = (["connections", "records up", "records down", "bytes up",
          "bytes down", "exchanges", "seconds in all", "seconds to the end"]
         + [f"{what} {i}" for i in range(1, EXCHANGES + 1) for what in
            ("bytes up", "bytes down", "upload time", "answer time",
             "download time", "pause before")])


def features(lines):
    """A row for learn.py, as NAMES has it."""
    records = [r for line in lines for r in line.records]
    up = [n for _, way, n in records if way == UP]
    down = [n for _, way, n in records if way == DOWN]
    each = exchanges(lines)
    began = min(line.began for line in lines)
    ended = max(line.ended for line in lines)
    row = [len(lines), len(up), len(down), sum(up), sum(down), len(each),
           ended - began, ended - max(r[0] for r in records)]
    before = began
    for i in range(EXCHANGES):
        if i >= len(each):
            row += [0] * 6
            continue
        n_up, n_down, from_up, to_up, from_down, to_down = each[i]
        row += [n_up, n_down, to_up - from_up, from_down - to_up,
                to_down - from_down, from_up - before]
        before = to_down
    return row
