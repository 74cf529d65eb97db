# SPDX-License-Identifier: Apache-2.0
"""Runs of a load against a server, one after the other, yardstick and engine in turn; the median of each figure."""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile

from servers import HERE, Meters, Yardstick

MESSAGES = os.path.join(HERE, "messages")
MESSAGE = os.path.join(MESSAGES, "typical.hl7")
WARM_MS = 700


def progress(text):
	if sys.stderr.isatty():
		print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)


class Bench:
	"""Where the programs are and how long and often they run. folder: on the disk that is measured."""

	def __init__(self, build, rounds, seconds, folder=None, env=None):
		self.build = os.path.abspath(build)
		self.afferent = self.path("afferent")
		self.rounds, self.seconds = rounds, seconds
		self.env = {**os.environ, **(env or {})}
		self.work = tempfile.mkdtemp(prefix="bench-", dir=folder or self.build)

	def path(self, *names):
		return os.path.join(self.build, *names)

	def program(self, name):
		return self.path("bench", name)

	def close(self):
		shutil.rmtree(self.work, ignore_errors=True)

	def load(self, server, *options):
		"""The load's figures, and what the server used from when it was warm until it had settled."""
		words = [self.program("load"), "--port", str(server.port), "--message", MESSAGE, "--warm-ms", str(WARM_MS),
		         *map(str, options)]
		with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as load:
			load.stdout.readline()
			before = Meters(server.process.pid)
			text = load.stdout.read()
		if load.returncode:
			sys.exit(f"the load generator reports wrong or missing answers: {text}")
		figures = {**json.loads(text), **server.settle()}
		after = Meters(server.process.pid)
		figures["cpu_us"] = round((after.cpu_s - before.cpu_s) * 1e6 / figures["acked"], 1)
		figures["written_share"] = round((after.written - before.written) / figures["acked"] / figures["bytes"], 3)
		if "delivered" in figures:
			figures["delivered_share"] = round(figures["delivered"] / figures["sent"], 3)
		return figures

	def one(self, kind, *options):
		server = kind(self)
		try:
			return self.load(server, *options)
		finally:
			server.stop()

	def in_turn(self, name, kind, *options):
		"""The figures of each round of the yardstick and of the kind."""
		runs = {Yardstick: [], kind: []}
		for number in range(self.rounds):
			for which in (Yardstick, kind) if number % 2 == 0 else (kind, Yardstick):
				progress(f"{name}, round {number + 1} of {self.rounds}: {which.name}")
				runs[which].append(self.one(which, "--seconds", self.seconds, *options))
		return runs[Yardstick], runs[kind]

	def compared(self, name, kind, *options):
		"""The medians of both, and the median of the rounds' shares."""
		bare, ours = self.in_turn(name, kind, *options)
		medians = {name: {key: statistics.median(run[key] for run in runs) for key in runs[0]}
		           for name, runs in (("yardstick", bare), ("engine", ours))}
		return {**medians, "share": round(statistics.median(b["rate"] / a["rate"] for a, b in zip(bare, ours)), 3)}
