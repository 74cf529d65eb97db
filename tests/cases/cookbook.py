#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs doc/cookbook.md as its reader would, each recipe in a folder of its own. A yaml, csv or hl7 block is saved under
the name that stands last in backquotes before it; those before the first recipe are there in each. The lines of an sh
block are run; `afferent run`, `receive` and `simulate` in a terminal of their own. A text block behind it holds lines
that are seen, in this order; "..." in them is any text. A block that ends with a failure says so in the line before:
"exit 1"."""
import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "cli"))
from stage import free_port  # noqa: E402  pylint: disable=wrong-import-position

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FENCE = re.compile(r"^```(\w+)\n(.*?)^```\n", re.M | re.S)
ID = "1795163400123456"
SERVERS = ("run", "receive", "simulate")


def blocks(text):
    """(language, body, the line before) of each block."""
    return [(m.group(1), m.group(2), text[:m.start()].rstrip().rpartition("\n")[2]) for m in FENCE.finditer(text)]


class Kitchen:
    def __init__(self, afferent):
        self.folder = tempfile.mkdtemp(prefix="cookbook-")
        self.ports, self.servers, self.id = {}, [], ID
        os.mkdir(os.path.join(self.folder, ".bin"))
        os.symlink(os.path.abspath(afferent), os.path.join(self.folder, ".bin", "afferent"))
        self.env = dict(os.environ, PATH=os.path.join(self.folder, ".bin") + ":" + os.environ["PATH"], TZ="UTC",
                        AFF_SOURCE=TOP, GIT_CONFIG_GLOBAL="/dev/null")

    def move_ports(self, text):
        return re.sub(r"127\.0\.0\.1:(\d{4,})",
                      lambda m: f"127.0.0.1:{self.ports.setdefault(m.group(1), free_port())}", text)

    def localise(self, text):
        """With ports of this machine, and the id that was seen last in place of the one in the book."""
        return self.move_ports(text).replace(ID, self.id)

    def save(self, name, text, language):
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        text = self.move_ports(text)
        with open(path, "w", encoding="utf-8", newline="") as f:
            f.write(text.replace("\n", "\r") if language == "hl7" else text)

    def serve(self, line):
        with open(os.path.join(self.folder, ".log"), "ab") as log:
            self.servers.append(subprocess.Popen(["bash", "-c", "exec " + line], cwd=self.folder, env=self.env,
                                                 stdout=log, stderr=log))
        if line.split()[1] == "run":
            self.shell("afferent status --wait 20s " + " ".join(line.split()[2:]))

    def shell(self, commands):
        done = subprocess.run(["bash", "-ec", commands], cwd=self.folder, env=self.env, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60, check=False)
        return done.returncode, done.stdout.decode(errors="replace")

    def run(self, body):
        """Runs servers beside, and what stands before, between and behind them. (exit code, output)"""
        code, out, some = 0, "", ""
        for line in self.localise(body).splitlines(keepends=True) + [""]:
            server = line.split()[:1] == ["afferent"] and line.split()[1] in SERVERS
            if server or not line:
                code, said = self.shell(some) if some and not code else (code, "")
                out, some = out + said, ""
            else:
                some += line
            if server:
                self.serve(line.strip())
        ids = re.findall(r"^(\d{16}) ", out, re.M)
        self.id = ids[-1] if ids else self.id
        return code, out

    def close(self):
        for server in reversed(self.servers):
            server.send_signal(signal.SIGTERM)
            server.wait(timeout=30)
        with open(os.path.join(self.folder, ".log"), "ab+") as log:
            log.seek(0)
            said = log.read().decode(errors="replace")
        shutil.rmtree(self.folder)
        return said


def missing(expected, out):
    """The first line that is not seen behind those before it."""
    lines = iter(out.splitlines())
    for line in expected.splitlines():
        pattern = ".*".join(re.escape(part.strip()) for part in line.split("..."))
        if line.strip() and line.strip() != "..." and not any(re.fullmatch(pattern, seen.strip()) for seen in lines):
            return line
    return None


def cook(afferent, common, recipe, show):
    """What is wrong, as a list of lines."""
    kitchen, wrong, seen = Kitchen(afferent), [], ("", "")
    try:
        for language, body, before in common + recipe:
            if language == "sh":
                wanted = 1 if before.rstrip(":").endswith("exit 1") else 0
                code, out = kitchen.run(body)
                seen = (body, out)
                if show:
                    print(body + out)
                if code != wanted:
                    wrong.append(f"exit {code}, expected {wanted}:\n{body}{out}")
            elif language == "text":
                line = missing(kitchen.localise(body), seen[1])
                if line is not None:
                    wrong.append(f"not seen: {line}\n{seen[0]}--- was\n{seen[1]}")
            else:
                kitchen.save(re.findall(r"`([^`]+)`", before)[-1], body, language)
    finally:
        said = kitchen.close()
    return wrong + ([said] if wrong else [])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--afferent", default=os.environ.get("AFFERENT", os.path.join(TOP, "build/gcc/afferent")))
    parser.add_argument("--show", action="store_true", help="print what the commands print")
    parser.add_argument("only", nargs="*", help="part of a title")
    args = parser.parse_args()
    with open(os.path.join(TOP, "doc", "cookbook.md"), encoding="utf-8") as f:
        parts = re.split(r"^## (\d+\. .*)\n", f.read(), flags=re.M)
    common, recipes, failed = blocks(parts[0]), list(zip(parts[1::2], parts[2::2])), 0
    meant = [recipe for recipe in recipes if not args.only or any(part in recipe[0] for part in args.only)]
    for title, text in meant:
        wrong = cook(args.afferent, common, blocks(text), args.show)
        failed += bool(wrong)
        if wrong:
            print(f"FAIL {title}")
            print("\n".join("    " + line for entry in wrong for line in entry.rstrip().splitlines()))
    print(f"{len(meant) - failed} passed, {failed} failed")
    return 1 if failed or len(recipes) < 12 else 0


sys.exit(main())
