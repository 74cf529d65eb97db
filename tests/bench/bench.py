#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The figures: what the library needs for a message, and what the engine does on loopback beside the yardstick (a bare
group commit on the same disk). Engine and yardstick take turns, medians over the rounds are shown; everything goes to a
JSON file too.

	bench.py --build build/gcc [--rounds N] [--seconds N] [--json FILE] [--only library|floor|ingest|open|idle]...
"""

import argparse
import datetime
import glob
import json
import os
import platform
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "scenario"))
from peers import free_port  # noqa: E402

TOP = os.path.join(HERE, "..", "..")
MESSAGES = os.path.join(HERE, "messages")
SHARED = os.path.join(TOP, "..", "shared")
FLOOR = os.path.join(SHARED, "tools", "limits", "parse_limit.c")  # what parsing takes at least on this processor
FLOOR_MODEL = "model-avx2"
CONNECTIONS = (1, 16, 64, 256)
RATES = (1000, 10000, 25000)
FLOOR_ROUNDS = 3
CHANNEL = """channel: bench
source:
  mllp: {{listen: "127.0.0.1:{listen}"}}
destinations:
  - name: ehr
    mllp: {{to: "127.0.0.1:{sink}"}}
    lanes: 16
"""


class Server:
	"""A program that says "listening PORT" on its standard output."""

	def __init__(self, *words):
		self.process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
		self.port = int(self.process.stdout.readline().split()[1])

	def frames(self):
		self.process.send_signal(signal.SIGUSR1)
		return int(self.process.stdout.readline().split()[1])

	def stop(self):
		self.process.send_signal(signal.SIGTERM)
		self.process.wait()


class Yardstick(Server):
	name = "yardstick"

	def __init__(self, bench):
		self.folder = tempfile.mkdtemp(dir=bench.work)
		super().__init__(bench.program("commit"), "--file", os.path.join(self.folder, "log"))

	def settle(self):
		return {}

	def stop(self):
		super().stop()
		shutil.rmtree(self.folder)


class Engine:
	"""One channel, one MLLP destination that keeps up."""

	name = "engine"

	def __init__(self, bench):
		self.bench = bench
		self.folder = tempfile.mkdtemp(dir=bench.work)
		self.sink = Server(bench.program("sink"))
		self.port = free_port()
		os.mkdir(os.path.join(self.folder, "channels"), 0o700)
		self.write("afferent.yaml", "journal: journal\ncontrol: control.sock\n")
		self.write("channels/bench.yaml", CHANNEL.format(listen=self.port, sink=self.sink.port))
		with open(os.path.join(self.folder, "log"), "w", encoding="utf-8") as log:
			before = time.monotonic()
			self.process = subprocess.Popen([bench.afferent, "run", self.folder], stderr=log)
		self.connect(before + 20)
		self.start_ms = (time.monotonic() - before) * 1000

	def connect(self, deadline):
		"""Tries until it listens."""
		while True:
			try:
				socket.create_connection(("127.0.0.1", self.port)).close()
				return
			except ConnectionRefusedError:
				if time.monotonic() > deadline or self.process.poll() is not None:
					with open(os.path.join(self.folder, "log"), encoding="utf-8") as log:
						sys.exit("the engine did not start: " + log.read())

	def write(self, name, text):
		path = os.path.join(self.folder, name)
		with open(path, "w", encoding="utf-8") as file:
			file.write(text)
		os.chmod(path, 0o600)

	def rss_mb(self):
		with open(f"/proc/{self.process.pid}/status", encoding="ascii") as file:
			return int(re.search(r"VmRSS:\s+(\d+)", file.read())[1]) / 1024

	def cpu_s(self):
		with open(f"/proc/{self.process.pid}/stat", encoding="ascii") as file:
			fields = file.read().rsplit(")", 1)[1].split()
		return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

	def settle(self):
		"""What the destination had got when the load ended, and how long the rest took."""
		delivered, before = self.sink.frames(), time.monotonic()
		subprocess.run([self.bench.afferent, "status", self.folder, "--wait", "60s", "--drained", "--json"], check=True,
		               stdout=subprocess.DEVNULL)
		return {"delivered": delivered, "drain_s": round(time.monotonic() - before, 2), "cpu_s": self.cpu_s()}

	def stop(self):
		self.process.send_signal(signal.SIGTERM)
		code = self.process.wait()
		self.sink.stop()
		shutil.rmtree(self.folder)
		if code:
			sys.exit(f"the engine ended with {code}")


class Bench:
	def __init__(self, arguments):
		self.build = os.path.abspath(arguments.build)
		self.afferent = os.path.join(self.build, "afferent")
		self.rounds, self.seconds = arguments.rounds, arguments.seconds
		self.work = tempfile.mkdtemp(prefix="bench-", dir=self.build)  # on the same disk as the project, not in memory

	def program(self, name):
		return os.path.join(self.build, "bench", name)

	def load(self, server, *options):
		result = subprocess.run([self.program("load"), "--port", str(server.port), "--message",
		                         os.path.join(MESSAGES, "typical.hl7"), *map(str, options)], stdout=subprocess.PIPE,
		                        text=True, check=False)
		if result.returncode:
			sys.exit(f"the load generator reports wrong or missing answers: {result.stdout}")
		return json.loads(result.stdout)

	def one(self, kind, *options):
		server = kind(self)
		try:
			figures = self.load(server, *options)
			figures.update(server.settle())
			if "delivered" in figures:
				figures["delivered_share"] = round(figures["delivered"] / figures["sent"], 3)
				figures["cpu_us"] = round(figures["cpu_s"] * 1e6 / figures["sent"], 1)
			return figures
		finally:
			server.stop()

	def compared(self, name, *options):
		"""Both kinds, in turn, round after round; the median of each figure."""
		runs = {kind.name: [] for kind in (Yardstick, Engine)}
		for number in range(self.rounds):
			for kind in (Yardstick, Engine) if number % 2 == 0 else (Engine, Yardstick):
				progress(f"{name}, round {number + 1} of {self.rounds}: {kind.name}")
				runs[kind.name].append(self.one(kind, *options))
		return {kind: {key: statistics.median(run[key] for run in all_runs) for key in all_runs[0]}
		        for kind, all_runs in runs.items()}

	# ---- the parts

	def library(self):
		progress("library")
		files = sorted(glob.glob(os.path.join(MESSAGES, "*.hl7")))
		files += sorted(glob.glob(os.path.join(SHARED, "corpus", "bench", "*.hl7")))
		result = subprocess.run([self.program("lib"), *(os.path.relpath(f) for f in files)], stdout=subprocess.PIPE,
		                        stderr=subprocess.DEVNULL, check=True)
		return json.loads(result.stdout)

	def floor(self):
		"""Parsing beside its floor, in turn; the best of all rounds for both, as the floor's program tells its best."""
		folder = os.path.join(SHARED, "corpus", "bench")
		if not os.path.exists(FLOOR) or not os.path.isdir(folder):
			progress("")
			print("floor: skipped, ../shared/tools/limits or ../shared/corpus/bench is not there", file=sys.stderr)
			return []
		program = os.path.join(self.work, "parse_limit")
		if subprocess.run(["cc", "-O3", "-march=native", "-w", "-o", program, FLOOR], check=False).returncode:
			print("floor: skipped, its program does not compile for this processor", file=sys.stderr)
			return []
		ours, least = {}, {}
		for number in range(FLOOR_ROUNDS):
			progress(f"parsing and its floor, round {number + 1} of {FLOOR_ROUNDS}")
			for row in self.parse_times(sorted(glob.glob(os.path.join(folder, "*.hl7")))):
				name = os.path.basename(row["message"]).split(".")[0]
				ours[name] = min(ours.get(name, row["best_ns"]), row["best_ns"])
			for name, ns in self.floor_times(program, folder):
				least[name] = min(least.get(name, ns), ns)
		return [{"message": name, "floor_ns": least[name], "parse_ns": ours[name],
		         "ratio": round(ours[name] / least[name], 2)} for name in least]

	def parse_times(self, files):
		result = subprocess.run([self.program("lib"), "--parse", *files], stdout=subprocess.PIPE,
		                        stderr=subprocess.DEVNULL, check=True)
		return json.loads(result.stdout)

	@staticmethod
	def floor_times(program, folder):
		output = subprocess.run([program, folder], stdout=subprocess.PIPE, text=True, check=True).stdout
		name = None
		for line in output.splitlines():
			words = line.split()
			if re.match(r"\w+: \d+ B,", line):
				name = words[0].rstrip(":")
			elif words and words[0] == FLOOR_MODEL:
				yield name, float(words[1])

	def ingest(self):
		return [{"connections": c, **self.compared(f"{c} connections", "--connections", c, "--seconds", self.seconds,
		                                           "--warm-ms", 300)} for c in CONNECTIONS]

	def open(self):
		return [{"rate": r, **self.compared(f"{r} messages/s", "--connections", 64, "--seconds", self.seconds + 1,
		                                    "--warm-ms", 300, "--rate", r)} for r in RATES]

	def idle(self):
		runs = []
		for _ in range(self.rounds):
			progress("start and idle memory")
			engine = Engine(self)
			runs.append({"start_ms": engine.start_ms, "rss_mb": engine.rss_mb()})
			engine.stop()
		return {key: round(statistics.median(run[key] for run in runs), 1) for key in runs[0]}


def progress(text):
	if sys.stderr.isatty():
		print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)


def table(titles, rows):
	cells = [titles, *([str(cell) for cell in row] for row in rows)]
	widths = [max(len(row[i]) for row in cells) for i in range(len(titles))]
	for row in cells:
		print("  ".join(cell.ljust(width) if i == 0 else cell.rjust(width)
		                for i, (cell, width) in enumerate(zip(row, widths))).rstrip())
	print()


def show_library(rows):
	table(["library", "bytes", "step", "ns", "best", "ns/byte", "messages/s", "instructions", "allocations"],
	      [[r["message"], r["bytes"], r["step"], f"{r['ns']:.0f}", f"{r['best_ns']:.0f}", f"{r['ns'] / r['bytes']:.2f}",
	        f"{1e9 / r['ns']:,.0f}", r["instructions"] or "-", f"{r['allocations']:g}"] for r in rows])


def show_floor(rows):
	table(["parsing", f"floor ({FLOOR_MODEL}) ns", "parse ns", "ratio"],
	      [[r["message"], f"{r['floor_ns']:.0f}", f"{r['parse_ns']:.0f}", f"{r['ratio']:.2f}"] for r in rows])


def show_compared(title, key, rows):
	table([title, "yardstick/s", "engine/s", "share", "answer p50", "p99 ms", "yardstick p99", "p99.9 ms", "delivered",
	       "CPU us"],
	      [[row[key], f"{row['yardstick']['rate']:,.0f}", f"{row['engine']['rate']:,.0f}",
	        f"{100 * row['engine']['rate'] / row['yardstick']['rate']:.0f} %", f"{row['engine']['p50_ms']:.2f}",
	        f"{row['engine']['p99_ms']:.2f}", f"{row['yardstick']['p99_ms']:.2f}", f"{row['engine']['p999_ms']:.2f}",
	        f"{100 * row['engine']['delivered_share']:.0f} %", f"{row['engine']['cpu_us']:.0f}"] for row in rows])


def show(figures):
	print(f"\n{figures['date']}  {figures['machine']}  {figures['version']}\n")
	if "library" in figures:
		show_library(figures["library"])
	if figures.get("floor"):
		show_floor(figures["floor"])
	if "ingest" in figures:
		show_compared("closed loop: connections", "connections", figures["ingest"])
	if "open" in figures:
		show_compared("open loop: messages/s due", "rate", figures["open"])
	if "idle" in figures:
		idle = figures["idle"]
		print(f"start to listening {idle['start_ms']:.0f} ms, idle memory {idle['rss_mb']:.1f} MB")


def machine():
	with open("/proc/cpuinfo", encoding="utf-8") as file:
		model = re.search(r"model name\s*:\s*(.*)", file.read())
	return f"{os.cpu_count()} x {model[1] if model else platform.machine()}, Linux {platform.release()}"


def main():
	parser = argparse.ArgumentParser()
	parser.add_argument("--build", default="build/gcc")
	parser.add_argument("--rounds", type=int, default=3)
	parser.add_argument("--seconds", type=int, default=3)
	parser.add_argument("--json")
	parser.add_argument("--only", action="append", choices=["library", "floor", "ingest", "open", "idle"])
	arguments = parser.parse_args()
	bench = Bench(arguments)
	figures = {"date": datetime.date.today().isoformat(), "machine": machine(),
	           "version": subprocess.run([bench.afferent, "version"], stdout=subprocess.PIPE, text=True,
	                                     check=True).stdout.split("\n")[0], "rounds": bench.rounds}
	try:
		for part in arguments.only or ("library", "floor", "idle", "ingest", "open"):
			figures[part] = getattr(bench, part)()
	finally:
		shutil.rmtree(bench.work, ignore_errors=True)
	progress("")
	show(figures)
	if arguments.json:
		with open(arguments.json, "w", encoding="utf-8") as file:
			json.dump(figures, file, indent=1)
			file.write("\n")


if __name__ == "__main__":
	main()
