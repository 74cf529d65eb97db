# SPDX-License-Identifier: Apache-2.0
"""What the library needs for a message, and what parsing takes at least on this processor."""

import glob
import json
import os
import re
import subprocess
import sys

from rounds import MESSAGES, progress
from servers import HERE

SHARED = os.path.join(HERE, "..", "..", "..", "shared")
FLOOR = os.path.join(SHARED, "tools", "limits", "parse_limit.c")
FLOOR_MODEL = "model-avx2"
FLOOR_ROUNDS = 2


def library(bench):
	progress("library")
	files = sorted(glob.glob(os.path.join(MESSAGES, "*.hl7")))
	files += sorted(glob.glob(os.path.join(SHARED, "corpus", "bench", "*.hl7")))
	result = subprocess.run([bench.program("lib"), *(os.path.relpath(f) for f in files)], stdout=subprocess.PIPE,
	                        stderr=subprocess.DEVNULL, check=True)
	rows = json.loads(result.stdout)
	for row in rows:
		row["us"] = round(row["ns"] / 1000, 2)
	return rows


def floor(bench):
	"""Parsing beside its floor, in turn; the best of all rounds for both, as the floor's program tells its best."""
	folder = os.path.join(SHARED, "corpus", "bench")
	if not os.path.exists(FLOOR) or not os.path.isdir(folder):
		progress("")
		print("floor: skipped, ../shared/tools/limits or ../shared/corpus/bench is not there", file=sys.stderr)
		return []
	program = os.path.join(bench.work, "parse_limit")
	if subprocess.run(["cc", "-O3", "-march=native", "-w", "-o", program, FLOOR], check=False).returncode:
		print("floor: skipped, its program does not compile for this processor", file=sys.stderr)
		return []
	ours, least = {}, {}
	for number in range(FLOOR_ROUNDS):
		progress(f"parsing and its floor, round {number + 1} of {FLOOR_ROUNDS}")
		for row in parse_times(bench, sorted(glob.glob(os.path.join(folder, "*.hl7")))):
			name = os.path.basename(row["message"]).split(".")[0]
			ours[name] = min(ours.get(name, row["best_ns"]), row["best_ns"])
		for name, ns in floor_times(program, folder):
			least[name] = min(least.get(name, ns), ns)
	return [{"message": name, "floor_ns": least[name], "parse_ns": ours[name],
	         "ratio": round(ours[name] / least[name], 2)} for name in least]


def parse_times(bench, files):
	result = subprocess.run([bench.program("lib"), "--parse", *files], stdout=subprocess.PIPE,
	                        stderr=subprocess.DEVNULL, check=True)
	return json.loads(result.stdout)


def floor_times(program, folder):
	output = subprocess.run([program, folder], stdout=subprocess.PIPE, text=True, check=True).stdout
	name = None
	for line in output.splitlines():
		words = line.split()
		if re.match(r"\w+: \d+ B,", line):
			name = words[0].rstrip(":")
		elif words and words[0] == FLOOR_MODEL:
			yield name, float(words[1])
