#!/usr/bin/env python3
"""Prints what has to be built for some tests: of meson's build directory, the
programs of the tests in the given suites.

    suite_programs.py BUILD --suite NAME… [--no-suite NAME…]
"""
import json
import os
import subprocess
import sys


def main():
    build = os.path.abspath(sys.argv[1])
    pairs = list(zip(sys.argv[2::2], sys.argv[3::2]))
    wanted = {name for option, name in pairs if option == "--suite"}
    unwanted = {name for option, name in pairs if option == "--no-suite"}
    tests = json.loads(subprocess.run(
        ["meson", "introspect", "--tests", build], capture_output=True,
        check=True).stdout)
    for test in tests:
        suites = {s.split(":")[-1] for s in test["suite"]}
        if suites & wanted and not suites & unwanted:
            for word in test["cmd"]:
                if word.startswith(build + "/"):
                    print(os.path.relpath(word, build))


if __name__ == "__main__":
    main()
