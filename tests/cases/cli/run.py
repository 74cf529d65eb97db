#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the command line cases (*.case beside this file), every example that a --help prints, and the README's first
channel.

A case file is a row of cases:

    === title
    --- file NAME         a file to make; lines end with LF, with CR when NAME ends with .hl7, or as told: cr lf crlf
    --- run               a shell command line; `afferent` is the binary, examples/, channels/ and mappings/ are there
    --- needs             a shell command; where it fails the case is skipped
    --- stdin             what it reads
    --- stdout            exactly what it must print (left out: anything)
    --- stderr            likewise
    --- stdout has        each line must occur somewhere
    --- stderr has
    --- exit N            0 when left out

Within a case \\xhh in files and stdin is that byte; "<*>" in expected text stands for anything within a line.
"""
import argparse
import concurrent.futures
import os
import re
import shutil
import subprocess
import sys
import tempfile

import stage

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))
ENDS = {"cr": b"\r", "lf": b"\n", "crlf": b"\r\n"}
# Examples of these run until they are stopped, or need a running engine and its peers (stage.py).
ENDLESS = ("run", "receive")
STAGED = ("send", "simulate", "status", "diff", "reload", "journal", "unmapped", "replay", "dead")


def unescape(text):
    return re.sub(rb"\\x([0-9a-f]{2})", lambda m: bytes([int(m.group(1), 16)]), text.encode())


class Case:
    def __init__(self, where, title):
        self.where, self.title = where, title
        self.files, self.command, self.stdin, self.exit, self.needs = [], "", b"", 0, None
        self.exact, self.has = {}, {}

    def take(self, head, lines):
        words = head.split()
        text = "".join(line + "\n" for line in lines)
        if words[0] == "file":
            end = ENDS[words[2]] if len(words) > 2 else ENDS["cr" if words[1].endswith(".hl7") else "lf"]
            self.files.append((words[1], b"".join(unescape(line) + end for line in lines)))
        elif words[0] == "run":
            self.command = text
        elif words[0] == "needs":
            self.needs = text
        elif words[0] == "stdin":
            self.stdin = unescape(text)
        elif words[0] == "exit":
            self.exit = int(words[1])
        elif words[0] in ("stdout", "stderr") and words[1:] == ["has"]:
            self.has[words[0]] = lines
        elif words[0] in ("stdout", "stderr"):
            self.exact[words[0]] = text
        else:
            raise ValueError(f"{self.where}: unknown part '{head}'")


def read_cases(path):
    cases, head, lines = [], None, []

    def end_part():
        if head is not None:
            while lines and not lines[-1]:
                lines.pop()
            cases[-1].take(head, list(lines))

    with open(path, encoding="utf-8") as f:
        for number, line in enumerate(f, 1):
            line = line.rstrip("\n")
            if line.startswith("=== "):
                end_part()
                head, lines = None, []
                cases.append(Case(f"{os.path.basename(path)}:{number}", line[4:]))
            elif line.startswith("--- "):
                end_part()
                head, lines = line[4:], []
            else:
                lines.append(line)
    end_part()
    return cases


def pattern(text):
    return "[^\n]*".join(re.escape(part) for part in text.split("<*>"))


def execute(command, stdin, files, afferent):
    with tempfile.TemporaryDirectory() as folder:
        os.mkdir(os.path.join(folder, "bin"))
        os.symlink(os.path.abspath(afferent), os.path.join(folder, "bin", "afferent"))
        for shipped in ("examples", "channels", "mappings"):
            if os.path.isdir(os.path.join(TOP, shipped)):
                shutil.copytree(os.path.join(TOP, shipped), os.path.join(folder, shipped))
        for name, content in files:
            os.makedirs(os.path.dirname(os.path.join(folder, name)), exist_ok=True)
            with open(os.path.join(folder, name), "wb") as f:
                f.write(content)
        env = dict(os.environ, PATH=os.path.join(folder, "bin") + ":" + os.environ["PATH"], TZ="UTC", LC_ALL="C.UTF-8")
        done = subprocess.run(["bash", "-c", command], input=stdin, cwd=folder, env=env, timeout=60, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        return done.returncode, {"stdout": done.stdout.decode(errors="backslashreplace"),
                                 "stderr": done.stderr.decode(errors="backslashreplace")}


def run_case(case, afferent):
    """What is wrong, as a list of lines."""
    code, out = execute(case.command, case.stdin, case.files, afferent)
    wrong = []
    if code != case.exit:
        wrong.append(f"exit {code}, expected {case.exit}")
    for stream, text in case.exact.items():
        if not re.fullmatch(pattern(text), out[stream].replace("\r", "\\r")):
            wrong.append(f"{stream} is not:\n{text}")
    for stream, lines in case.has.items():
        wrong += [f"{stream} lacks: {line}" for line in lines if not re.search(pattern(line), out[stream])]
    if wrong:
        wrong += [f"{stream} was:\n{text}" for stream, text in out.items()]
    return wrong


def helps(afferent, words=()):
    """(command words, help text) of every command that is not a group of others."""
    text = subprocess.run([afferent, *words, "--help"], stdout=subprocess.PIPE, check=True, text=True).stdout
    if "\ncommands:\n" not in text:
        return [(words, text)]
    names = re.findall(r"^  (\S+)  ", text.split("\ncommands:\n")[1], re.M)
    return [found for name in names for found in helps(afferent, (*words, name))]


def examples(afferent):
    """(first word, command line) of every example."""
    for words, text in helps(afferent):
        if "\nexamples:\n" in text:
            for line in text.split("\nexamples:\n")[1].split("\n\n")[0].splitlines():
                yield words[0], line.strip()


def plain_examples(afferent):
    for command, line in examples(afferent):
        if command not in ENDLESS + STAGED:
            case = Case("--help", f"example: {line}")
            case.command = "set -o pipefail; " + line
            case.exact["stderr"] = ""
            yield case


def staged_examples(afferent):
    """(title, what is wrong) of the examples that need more than files."""
    every = list(examples(afferent))
    with stage.Stage(afferent, TOP) as s:
        for command, line in every:
            if command in ENDLESS:
                yield line, s.run_until_stopped(line)
    if not any(command == "run" for command, _ in every):
        return
    with stage.Stage(afferent, TOP) as s:
        wrong = s.start()
        yield "a stage with engine and peers", wrong
        for command, line in every:
            if command in STAGED and not wrong:
                yield line, s.run(line)


def readme(afferent):
    """What is wrong with the commands of the README's first channel, run in their order."""
    with open(os.path.join(TOP, "README.md"), encoding="utf-8") as f:
        chapter = re.search(r"^## A first channel.*?(?=^## )", f.read(), re.M | re.S).group()
    blocks = re.findall(r"^```sh\n(.*?)^```", chapter, re.M | re.S)
    with stage.Stage(afferent, TOP) as s:
        wrong = s.run(blocks[0])
        for line in "".join(blocks[1:]).splitlines():
            words = s.move_ports(line).split()
            if words[1] in ENDLESS:
                s.background(*words[1:])
            elif not wrong:
                done = s.shell("afferent status first --wait 20s >/dev/null && " + s.move_ports(line))
                wrong = [f"{line}: exit {done.returncode}", done.stdout] if done.returncode else []
    return wrong


def main():
    parser = argparse.ArgumentParser(description="Runs the command line cases.")
    parser.add_argument("--afferent", default=os.environ.get("AFFERENT", os.path.join(TOP, "build/gcc/afferent")))
    parser.add_argument("only", nargs="*", help="part of a title")
    args = parser.parse_args()
    cases = [case for name in sorted(os.listdir(HERE)) if name.endswith(".case")
             for case in read_cases(os.path.join(HERE, name))]
    cases += plain_examples(args.afferent)
    cases = [case for case in cases if not args.only or any(part in case.title for part in args.only)]
    skipped = [case for case in cases
               if case.needs and subprocess.run(["sh", "-c", case.needs], capture_output=True, check=False).returncode]
    cases = [case for case in cases if case not in skipped]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        wrongs = pool.map(lambda case: run_case(case, args.afferent), cases)
        results = [(f"{case.where}: {case.title}", wrong) for case, wrong in zip(cases, wrongs)]
    if not args.only:
        results += [(f"--help: example: {line}", wrong) for line, wrong in staged_examples(args.afferent)]
        results.append(("README.md: a first channel", readme(args.afferent)))
    failed = [(title, wrong) for title, wrong in results if wrong]
    for title, wrong in failed:
        print(f"FAIL {title}")
        print("\n".join("    " + line for entry in wrong for line in entry.rstrip().splitlines()))
    for case in skipped:
        print(f"skipped {case.where}: {case.title} (needs: {case.needs.strip()})")
    print(f"{len(results) - len(failed)} passed, {len(failed)} failed, {len(skipped)} skipped")
    return 1 if failed else 0


sys.exit(main())
