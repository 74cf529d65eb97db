#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""No configuration makes `afferent check` slow or large: each hostile one ends with findings, within a second of
processor time, 512 MiB of address space and a megabyte of output. AFF_PATIENCE=N allows N times the second."""
import argparse
import os
import resource
import subprocess
import sys
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
MEMORY = 512 << 20
OUTPUT = 1 << 20
CHANNEL = 'channel: {0}\nsource: {{mllp: {{listen: "127.0.0.1:{1}"}}}}\n' \
          'destinations: [{{name: x, file: {{to: {0}.hl7}}}}]\n'
GOOD = CHANNEL.format("good", 2575)
TABLE = "mapping: t\nrows: t.csv\n"


class Folder:
    def __init__(self, path):
        self.path = path

    def write(self, name, *parts):
        path = os.path.join(self.path.encode(), name if isinstance(name, bytes) else name.encode())
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as f:
            for part in parts:
                f.write(part if isinstance(part, bytes) else part.encode())
        return path


def only(*parts, name="channels/a.yaml"):
    return lambda f: f.write(name, *parts)


def csv(*parts):
    def make(f):
        f.write("channels/good.yaml", GOOD)
        f.write("mappings/t.yaml", TABLE)
        f.write("mappings/t.csv", *parts)
    return make


def script(text):
    def make(f):
        f.write("channels/a.yaml", GOOD, "transform: [{lua: scripts/a.lua}]\n")
        f.write("scripts/a.lua", text)
    return make


def profile(text):
    def make(f):
        f.write("channels/good.yaml", GOOD)
        f.write("profiles/p.xml", text)
    return make


def laughs(levels, width):
    lines = ["a0: &a0 [x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * width)}]" for i in range(1, levels)]
    return "\n".join(lines) + "\n"


def files(count, text=None):
    def make(f):
        for i in range(count):
            f.write(f"channels/c{i}.yaml", text or CHANNEL.format(f"c{i}", 2575 + i))
    return make


def special(make):
    def whole(f):
        f.write("channels/good.yaml", GOOD)
        make(os.path.join(f.path, "channels/a.yaml"))
    return whole


def sparse(path):
    with open(path, "wb") as f:
        f.truncate(1 << 40)


def unreadable(path):
    with open(path, "wb") as f:
        f.write(b"x")
    os.chmod(path, 0)


def open_to_all(path):
    with open(path, "w", encoding="utf-8") as f:
        f.write(CHANNEL.format("a", 2576))
    os.chmod(path, 0o666)


def entities(levels):
    lines = ["<!ENTITY e0 'x'>"] + [f"<!ENTITY e{i} '{f'&e{i - 1};' * 10}'>" for i in range(1, levels)]
    return f"<?xml version='1.0'?><!DOCTYPE p [{''.join(lines)}]><HL7v2xConformanceProfile>&e{levels - 1};" \
           "</HL7v2xConformanceProfile>"


NOISE = bytes((i * 2654435761 >> 13) & 0xff for i in range(1 << 20))

# what, how to make it, what must be said (None: anything)
CASES = [
    ("a bomb of aliases", only(laughs(100, 9)), "anchors (&)"),
    ("100,000 aliases", only("a: &a x\nb: [", "*a, " * 100000, "]\n"), "anchors (&)"),
    ("an alias of itself", only("a: &a [*a]\n"), "anchors (&)"),
    ("a plain text of 10 MB", only("channel: ", "x" * 10000000, "\n"), "longer than"),
    ("plain words of 10 MB", only("channel: ", "x " * 5000000, "\n"), None),
    ("a quoted text of 10 MB", only('channel: "', "x" * 10000000, '"\n'), "longer than"),
    ("a quote that is never closed before 10 MB", only('channel: "', "x\n" * 5000000), "never closed"),
    ("a block of 10 MB", only("channel: |\n", "  0123456789\n" * 800000), "longer than"),
    ("a key of 10 MB", only("x" * 10000000, ": y\n"), None),
    ("a million bytes as a name", only("channel: ", "x" * 1000000, "\n"), "cannot be a name"),
    ("90,000 unknown keys", only("".join(f"key{i}: x\n" for i in range(90000))), "unknown key"),
    ("90,000 misspelt keys", only("".join(f"chanel{i}: x\n" for i in range(90000))), "unknown key"),
    ("one key 90,000 times", only("channel: a\n" * 90000), "duplicate key"),
    ("a condition of a megabyte", only(GOOD.replace("name: x,", 'name: x, when: "' + "not " * 250000 + '",')), None),
    ("a condition of 8,000 brackets",
     only(GOOD.replace("name: x,", 'name: x, when: "' + "(" * 8000 + '",')), "nested too deep"),
    ("a path of a megabyte", only(GOOD, "transform: [{set: {PID-", "1" * 900000, ": x}}]\n"), None),
    ("90,000 fields to set",
     only(GOOD, "transform: [{set: {", ", ".join(f"ZZZ-{i}: x" for i in range(1, 90000)), "}}]\n"), "takes 1 to"),
    ("a template of a megabyte", only(GOOD, 'transform: [{set: {PID-5: "', "{PID-3}" * 120000, '"}}]\n'), None),
    ("60,000 steps", only(GOOD, "transform:\n", "  - {units: ucum}\n" * 60000), "steps"),
    ("60,000 destinations", only("channel: a\ndestinations:\n", "  - {name: a}\n" * 60000), "destinations"),
    ("100,000 message types", only(GOOD, "accept: {messages: [", "ORU^R01, " * 100000, "]}\n"), "more than"),
    ("256 wrong message types", only(GOOD, "accept: {messages: [", "ORU, " * 256, "]}\n"), "message type"),
    ("a regular expression of a megabyte",
     only(GOOD.replace("name: x,", 'name: x, when: "PID-3 matches /' + "(a|b)" * 150000 + '/",')), None),
    ("a million brackets", only("a: ", "[" * 1000000), "nested deeper"),
    ("a million maps", only("a: ", "{b: " * 1000000), "nested deeper"),
    ("a million dashes", only("- " * 1000000), "nested deeper"),
    ("a million question marks", only("? " * 1000000), None),
    ("300,000 values", only("a: [", "x, " * 300000, "]\n"), "more than"),
    ("16 MB of comments", only("# x\n" * 4000000), "empty"),
    ("17 MB", only("#" * 17000000), "larger than"),
    ("noise", only(NOISE), None),
    ("NUL bytes", only(b"\0" * 10000000), "control character"),
    ("UTF-16", only(GOOD.encode("utf-16")), "UTF-8"),
    ("60,000 rows",
     only("mapping: t\nrows:\n", "".join(f"  c{i}: {{}}\n" for i in range(60000)), name="mappings/t.yaml"), None),
    ("a CSV of 60 MB in one line", csv("from,code", "x" * 60000000), None),
    ("a CSV with a field of 60 MB", csv("from,code\na,", "x" * 60000000, "\n"), "longer than 64 KiB"),
    ("a CSV with a quote that is never closed before 60 MB", csv('from,code\na,"', "x\n" * 30000000), "never closed"),
    ("a CSV with a million fields", csv("from,code\n", "," * 1000000, "\n"), "fields"),
    ("a CSV with 5 million empty lines", csv("from,code\n", "\n" * 5000000, "x\n"), None),
    ("a CSV with the same code half a million times", csv("from,code\n", "a,1\n" * 500000), None),
    ("a CSV with half a million short lines", csv("from,code\n", "a\n" * 500000), "fields"),
    ("a CSV with 10,000 mistakes behind 60 million empty lines", csv("from,code\n", "\n" * 60000000, "a\n" * 10000),
     "fields"),
    ("a script of 10 MB", script("x = 1\n" * 1700000), None),
    ("a script of 900,000 brackets", script("x = " + "(" * 900000), None),
    ("a script in the channel of a megabyte",
     only(GOOD, "transform:\n  - lua: |\n", "      x = 1\n" * 100000), None),
    ("a CSV with a blank behind each of 2 million codes", csv("from,code\n", "a          ,1\n" * 2000000), None),
    ("1,000 files", files(1000), ""),
    ("1,000 files with one mistake each", files(1000, "chanel: x\n"), "did you mean"),
    ("1,000 channels on one port", files(1000, GOOD), "too"),
    ("1,001 files", files(1001), "more than 1000 files"),
    ("a bomb of entities", profile(entities(12)), None),
    ("a profile of a million levels", profile("<a>" * 1000000), None),
    ("a FIFO", special(os.mkfifo), "not a regular file"),
    ("a device", special(lambda path: os.symlink("/dev/zero", path)), "not a regular file"),
    ("a folder with the name of a file", special(os.mkdir), "not a regular file"),
    ("a link to itself", special(lambda path: os.symlink("a.yaml", path)), "not a regular file"),
    ("a sparse file of a terabyte", special(sparse), "larger than"),
    ("a file that everybody may write", special(open_to_all), "everybody may write"),
    ("a name with an escape sequence",
     lambda f: (f.write("channels/good.yaml", GOOD), f.write(b"channels/a\x1b[31m.yaml", "x")), "rename it"),
    ("a name that is not UTF-8",
     lambda f: (f.write("channels/good.yaml", GOOD), f.write(b"channels/\xff.yaml", "x")), "rename it"),
]
if os.geteuid() != 0:
    CASES.append(("a file that may not be read", special(unreadable), "ermission"))


def limits(memory):
    resource.setrlimit(resource.RLIMIT_CPU, (60, 60))
    if memory:
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def run(afferent, make, said, patience):
    """What is wrong, and the seconds of processor time."""
    sanitized = "-address" in afferent or "-thread" in afferent
    with tempfile.TemporaryDirectory() as folder:
        make(Folder(folder))
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run([afferent, "check", folder], stdin=subprocess.DEVNULL, capture_output=True, timeout=120,
                              preexec_fn=lambda: limits(not sanitized), check=False)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    out = (done.stdout + done.stderr).decode(errors="replace")
    wrong = []
    if done.returncode not in ((0,) if said == "" else (1, 2)):
        wrong.append(f"exit {done.returncode}")
    if said is not None and said not in out:
        wrong.append(f"does not say '{said}'")
    if said != "" and "error: " not in out and done.returncode != 2:
        wrong.append("no error")
    if len(out) > OUTPUT:
        wrong.append(f"{len(out)} bytes of output")
    if seconds > patience:
        wrong.append(f"{seconds:.2f} s of processor time")
    return wrong + ([out[:600]] if wrong else []), seconds


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--afferent", default=os.environ.get("AFFERENT", os.path.join(TOP, "build/gcc/afferent")))
    parser.add_argument("--times", action="store_true", help="print the processor time of each")
    parser.add_argument("only", nargs="*", help="part of a title")
    args = parser.parse_args()
    os.umask(0o022)
    patience, failed, slowest = float(os.environ.get("AFF_PATIENCE", "1")), 0, (0, "")
    cases = [case for case in CASES if not args.only or any(part in case[0] for part in args.only)]
    for title, make, said in cases:
        wrong, seconds = run(os.path.abspath(args.afferent), make, said, patience)
        slowest = max(slowest, (seconds, title))
        failed += bool(wrong)
        if args.times:
            print(f"{seconds:6.2f} s  {title}")
        if wrong:
            print(f"FAIL {title}")
            print("\n".join("    " + line for entry in wrong for line in entry.splitlines()))
    print(f"slowest: {slowest[1]}, {slowest[0]:.2f} s")
    print(f"{len(cases) - failed} passed, {failed} failed")
    return 1 if failed else 0


sys.exit(main())
