"""What reporters do on the page, in Chromium over a relay, and what the line
shows of the one thing that is looked at, whatever came before."""
import json
import shutil
import subprocess
import time
from pathlib import Path

from relay import Line
from sessions import LONG, ROOT, SHORT, Reporters

TEXT = ("read", "poll", "nothing", "look", "short", "long", "followup")
# what stands in web/net/even.ts, and what evens nothing out
EVEN = ("export const TEXTS = 2;", "export const TEXTS = 0;")


def build(directory, is_even=True):
    """The pages; without evening they are built of a changed copy."""
    out, source = Path(directory) / "pages", ROOT / "web"
    if not is_even:
        source = Path(directory) / "web"
        shutil.copytree(ROOT / "web", source,
                        ignore=shutil.ignore_patterns("node_modules"))
        (source / "node_modules").symlink_to(ROOT / "web/node_modules")
        shutil.copy(ROOT / "LICENSE", directory)
        even = source / "net/even.ts"
        text = even.read_text()
        if text.count(EVEN[0]) != 1:
            raise SystemExit(f"{even} evens out in another way")
        even.write_text(text.replace(*EVEN))
    subprocess.run(["node", source / "build.mjs", out], check=True,
                   stdout=subprocess.DEVNULL)
    return out


def between(lines, begin, end):
    """What was seen of connections in that time."""
    out = []
    for line in lines:
        cut = Line(begin)
        cut.records = [r for r in line.records if begin <= r[0] <= end]
        if cut.records:
            cut.began, cut.ended = cut.records[0][0], cut.records[-1][0]
            out.append(cut)
    return out


class Pages:
    """with Pages(instance, relay, directory) as p: lines = p.play("read")"""

    def __init__(self, instance, relay, directory):
        self.people = Reporters(instance, relay.url, directory)
        self.i, self.relay = instance, relay

    def __enter__(self):
        self.node = subprocess.Popen(
            ["node", ROOT / "tests/uniform/page.mjs"], text=True, bufsize=1,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        return self

    def __exit__(self, *_):
        self.node.stdin.close()
        self.node.wait()

    def say(self, line, answer):
        self.node.stdin.write(line + "\n")
        if self.node.stdout.readline().strip() != answer:
            raise SystemExit(f"tests/uniform/page.mjs: no “{answer}”")
        return time.perf_counter()

    def play(self, kind):
        words = {"read": self.people.receipt, "poll": self.people.empty,
                 "nothing": self.people.unknown}
        session = {"kind": kind, "url": self.relay.url,
                   "text": LONG if kind == "long" else SHORT,
                   "words": words.get(kind, ""),
                   "warm": self.i.report(SHORT)["receipt"]}
        self.relay.take()
        begin = self.say(json.dumps(session), "ready")
        end = self.say("go", "done")
        self.say("close", "closed")
        return between(self.relay.take(), begin, end)
