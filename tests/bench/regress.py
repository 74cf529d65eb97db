#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Has the engine become slower? Its share of the yardstick's rate and how often the yardstick's CPU time it takes, on a
file system in memory with syncs that take a fixed time, beside what baseline.json keeps. Of all rounds the best counts:
other programs only slow down; root goes before them. Ends with 1 when a figure is more than 10 % worse; rates count on
a quiet machine only, CPU time always.

	regress.py --build build/gcc [--rounds N] [--seconds N] [--update]

--update writes the figures measured now into baseline.json: after a change that is meant to cost what it costs.
"""

import argparse
import contextlib
import json
import os
import sys

from rounds import Bench, progress
from servers import HERE, Engine, Forwarding

BASELINE = os.path.join(HERE, "baseline.json")
MEMORY = "/dev/shm"
SYNC_US = 200
WORSE = 0.10
NICE = -12
CPU = ": CPU"
RUNS = {
	"journaled, 256 connections": (Engine, 256),
	"forwarding, 256 connections": (Forwarding, 256),
}


def measure(bench):
	"""For each run its figures; more is better in all."""
	figures = {}
	for name, (kind, connections) in RUNS.items():
		bare, ours = bench.in_turn(name, kind, "--connections", connections)
		best = [max(run["rate"] for run in runs) for runs in (bare, ours)]
		least = [min(run["cpu_us"] for run in runs) for runs in (bare, ours)]
		figures[f"{name}: rate"] = round(best[1] / best[0], 3)
		figures[f"{name}{CPU}"] = round(least[0] / least[1], 3)
	progress("")
	return figures


def compare(figures, before, quiet):
	"""A line for each; how many are too much worse."""
	bad = 0
	for name, figure in figures.items():
		change = figure / before[name] - 1
		word = "" if change >= -WORSE else "WORSE" if quiet or name.endswith(CPU) else "not judged: the machine is busy"
		bad += word == "WORSE"
		print(f"{name:35} {figure:6.3f} of the yardstick, before {before[name]:6.3f}  {100 * change:+6.1f} %  {word}")
	return bad


def go_first():
	"""Linux weighs sessions first, then the processes of each."""
	with contextlib.suppress(OSError):
		os.nice(NICE)
		with open("/proc/self/autogroup", "w", encoding="ascii") as file:
			file.write(str(NICE))


def main():
	parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
	parser.add_argument("--build", default="build/gcc")
	parser.add_argument("--rounds", type=int, default=7)
	parser.add_argument("--seconds", type=int, default=2)
	parser.add_argument("--update", action="store_true")
	arguments = parser.parse_args()
	quiet = os.getloadavg()[0] < os.cpu_count() / 2
	library = os.path.abspath(os.path.join(arguments.build, "bench", "slow_sync.so"))
	go_first()
	bench = Bench(arguments.build, arguments.rounds, arguments.seconds, MEMORY,
	              {"LD_PRELOAD": library, "SLOW_SYNC_US": str(SYNC_US)})
	try:
		figures = measure(bench)
	finally:
		bench.close()
	if arguments.update:
		with open(BASELINE, "w", encoding="utf-8") as file:
			json.dump(figures, file, indent=1)
			file.write("\n")
	with open(BASELINE, encoding="utf-8") as file:
		if compare(figures, json.load(file), quiet):
			sys.exit("slower than before: find out why, or state the new cost with --update")


if __name__ == "__main__":
	main()
