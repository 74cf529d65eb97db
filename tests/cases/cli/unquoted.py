#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds `afferent validate` to its promise that no form of its output repeats a value, over messages of many senders.

Every message is checked as it is and with all its longer values made wrong, so that nearly every rule has something to
say. What is printed may hold names of segments, rules and tables: text of the program or of the profile files. A value
of six characters or more that is neither must not be there."""
import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as xml

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
CORPUS = os.path.join(TOP, "..", "shared", "corpus", "messages")
PROFILES = [os.path.join(TOP, "examples", "profiles", name) for name in ("monitor.xml", "monitor.yaml")]
VALUE = re.compile(rb"[^|^~&\\\r\n\x0b\x1c]{6,}")
HARM = b"Zq"


def values(message):
    """Every part of every field; the first three characters of a segment are its name."""
    found = set()
    for line in re.split(rb"[\r\n\x0b\x1c]+", message):
        found.update(part.strip() for part in VALUE.findall(line[3:]))
    return {value for value in found if len(value) >= 6}


def harmed(message):
    lines = re.split(rb"([\r\n]+)", message)
    return b"".join(line if line[:3] in (b"MSH", b"FHS", b"BHS") else line[:4] + VALUE.sub(HARM + rb"\g<0>", line[4:])
                        for line in lines)


def strings(node):
    if isinstance(node, dict):
        for name, below in node.items():
            yield from () if name in ("file", "uri") else strings(below)
    elif isinstance(node, list):
        for below in node:
            yield from strings(below)
    elif isinstance(node, str):
        yield node


PLACE = re.compile(r"(message [0-9]+: )?\b[A-Z][A-Z0-9]{2}(\[[0-9]+\])?(-[0-9]+(\[[0-9]+\])?(\.[0-9]+)*)?:? ?|^[0-9]+$")


def told(form, output):
    """What was said, each thing once, without places."""
    return {PLACE.sub("", text) for text in pieces(form, output)}


def pieces(form, output):
    """Without the names of the files."""
    if form == "json":
        return {text for line in output.splitlines() for text in strings(json.loads(line))}
    if form == "sarif":
        return set(strings(json.loads(output)["runs"][0]["results"]))
    if form == "junit":
        texts = [text for node in xml.fromstring(output).iter() for text in [node.text or "", *node.attrib.values()]]
        return {re.sub(r"\S*m[0-9]{5}\.hl7", "", line) for text in texts for line in text.splitlines()}
    return {re.sub(r"^\S*m[0-9]{5}\.hl7", "", line) for line in output.splitlines()}


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--afferent", required=True)
    afferent = os.path.abspath(options.parse_args().afferent)
    if not os.path.isdir(CORPUS):
        print("skipped: the folder of collected messages is not there")
        return 77
    known = b"".join(open(path, "rb").read() for path in [afferent, *PROFILES])
    secrets, said, n = set(), {}, 0
    with tempfile.TemporaryDirectory(prefix="afferent-unquoted-") as folder:
        for path in sorted(os.path.join(d, f) for d, _, files in os.walk(CORPUS) for f in files):
            message = open(path, "rb").read()
            for variant in (message, harmed(message)):
                secrets |= values(variant)
                with open(os.path.join(folder, f"m{n:05}.hl7"), "wb") as f:
                    f.write(variant)
                n += 1
        checks = ["--level", "profile", "--profile", "ihe-pcd", *(x for p in PROFILES for x in ("--profile", p))]
        for form in ("text", "json", "junit", "sarif"):
            run = subprocess.run([afferent, "validate", "--no-quote", "--clock", "--format", form, *checks, folder],
                                 capture_output=True)
            said[form] = told(form, run.stdout.decode()) | {run.stderr.decode().replace(folder, "")}
    everything = "\n".join(set().union(*said.values())).encode()
    leaked = {value for value in secrets if value not in known and value in everything}
    failed = 0
    for form, texts in said.items():
        repeated = sum(1 for text in texts if any(value in text.encode() for value in leaked))
        rules = len({rule for text in texts for rule in re.findall(r"\b(?:hl7|sense|pcd|ihe)-[a-z0-9-]+", text)})
        if repeated or rules < 50:
            failed += 1
            # the values stay out of this log too
            print(f"FAIL unquoted {form}: {repeated} texts repeat values, {rules} rules are named")
    print(f"{n} messages, {len(secrets)} values, {len(everything)} bytes of texts")
    print(f"{len(said) - failed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
