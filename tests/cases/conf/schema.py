#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The JSON Schemas that `afferent check --schema` prints: they are schemas; shipped files, those of the cookbook and
the good ones of the cases beside this one are valid, and files with the mistakes that a schema can find are not."""
import argparse
import glob
import json
import os
import re
import subprocess
import sys

try:
    import jsonschema
    import yaml
except ImportError as missing:
    print(f"skipped: {missing}; python3-jsonschema and python3-yaml are needed")
    sys.exit(77)

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))
KINDS = ("engine", "channel", "mapping", "profile")
FINDING = re.compile(r"^#( *\^)? (error|warning|info): ")
# What a schema can find.
VISIBLE = re.compile(r"error: (unknown key|'[^']*' is missing in|'[^']*' cannot be '|"
                     r"'[^']*' takes a (?:map|list|name)\b|"
                     r"'[^']*' is no (?:address with a port|segment id|time zone)|'[^']*' cannot be a name|"
                     r"'(?:io_threads|lanes|tries|rows|most)' must be in|"
                     r"'[^']*' takes a (?:whole number|duration|size|rate)|a URL starts with|"
                     r"a (?:channel|destination|step of transform|row|rule) takes a map|'[^']*' is not supported yet)")


class Loader(yaml.SafeLoader):
    """Scalars as the core schema of YAML 1.2 has them, which is what editors read."""


Loader.yaml_implicit_resolvers = {}
for tag, pattern, first in (
        ("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", "tTfF"),
        ("int", r"^[-+]?[0-9]+$", "-+0123456789"),
        ("float", r"^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$", "-+0123456789."),
        ("null", r"^(?:~|null|Null|NULL|)$", ["~", "n", "N", ""])):
    Loader.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(pattern), list(first))
Loader.add_constructor("tag:yaml.org,2002:int", lambda loader, node: int(node.value))


def kind_of(name):
    for start, kind in (("channels/", "channel"), ("mappings/", "mapping"), ("profiles/", "profile")):
        if name.startswith(start):
            return kind
    return "engine" if name == "afferent.yaml" else None


def cases():
    """(where, kind, text, findings, findings about other files too) of each YAML file of a case."""
    for path in sorted(glob.glob(os.path.join(HERE, "*.case"))):
        with open(path, encoding="utf-8") as f:
            parts = re.split(r"^=== (.*)\n", f.read(), flags=re.M)
        for title, body in zip(parts[1::2], parts[2::2]):
            files, expected = [], ""
            sections = re.split(r"^--- (.*)\n", body, flags=re.M)
            for name, text in zip(sections[1::2], sections[2::2]):
                if name == "expect":
                    expected = text
                else:
                    files.append((name, text.splitlines()))
            for name, lines in files:
                found = [line for line in lines if FINDING.match(line)]
                found += [line for line in expected.splitlines() if line.startswith(name + ":")]
                text = "\n".join(line for line in lines if not FINDING.match(line))
                yield f"{os.path.basename(path)}: {title}: {name}", kind_of(name), text, found


def recipes():
    """(where, kind, text) of each file in the cookbook."""
    with open(os.path.join(TOP, "doc", "cookbook.md"), encoding="utf-8") as f:
        book = f.read()
    for match in re.finditer(r"`site/([^`]+)`:\n\n```yaml\n(.*?)^```", book, re.M | re.S):
        yield f"cookbook: {match.group(1)}", kind_of(match.group(1)), match.group(2)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--afferent", default=os.environ.get("AFFERENT", os.path.join(TOP, "build/gcc/afferent")))
    args = parser.parse_args()
    validators, wrong, valid, invalid = {}, [], 0, 0
    for kind in KINDS:
        text = subprocess.run([args.afferent, "check", "--schema", kind], stdout=subprocess.PIPE, check=True).stdout
        schema = json.loads(text)
        jsonschema.Draft7Validator.check_schema(schema)
        validators[kind] = jsonschema.Draft7Validator(schema)

    def errors(kind, text):
        return [f"/{'/'.join(map(str, e.absolute_path))}: {e.message}"[:200]
                for e in validators[kind].iter_errors(yaml.load(text, Loader))]

    shipped = [(path, kind) for kind, pattern in (("engine", "examples/afferent.yaml"), ("channel", "channels/*.yaml"),
                                                  ("mapping", "mappings/*.yaml"),
                                                  ("profile", "examples/profiles/*.yaml"))
               for path in sorted(glob.glob(os.path.join(TOP, pattern)))]
    for path, kind in shipped:
        with open(path, encoding="utf-8") as f:
            found = errors(kind, f.read())
        valid += not found
        wrong += [f"{os.path.relpath(path, TOP)} is not valid: {e}" for e in found]
    for where, kind, text in recipes():
        found = errors(kind, text)
        valid += not found
        wrong += [f"{where} is not valid: {e}" for e in found]
    for where, kind, text, findings in cases():
        if not kind or "escaped" in where or "not YAML" in "".join(findings) or where.endswith((".csv", ".xml")):
            continue
        try:
            found = errors(kind, text)
        except yaml.YAMLError:
            continue
        bad = [line for line in findings if "error: " in line]
        if not bad:
            valid += not found
            wrong += [f"{where} is not valid: {e}" for e in found]
        elif any(VISIBLE.search(line) for line in bad):
            invalid += bool(found)
            wrong += [] if found else [f"{where} is valid, but: {bad[0]}"]
    print("\n".join(wrong))
    print(f"{len(shipped)} shipped files; {valid} files are valid, {invalid} broken ones are not")
    if valid < len(shipped) + 20 or invalid < 50:
        wrong.append("too few")
        print("FAIL there should be more")
    print(f"{valid + invalid} passed, {len(wrong)} failed")
    return 1 if wrong else 0


sys.exit(main())
