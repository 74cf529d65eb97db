# SPDX-License-Identifier: Apache-2.0
"""The engine under test as a process, and its commands."""

import json
import os
import re
import resource
import signal
import subprocess
import threading
import time

from peers import PATIENCE, Box, Failure, until

# Every patient, name and value in the scenarios' messages has this in it: it must never be seen in a log or an error.
CANARY = re.compile("canary", re.IGNORECASE)


class Engine:
	def __init__(self, binary, folder):
		self.binary = os.path.abspath(binary)
		self.folder = folder
		self.process = None
		self.environment = {}  # of commands, besides ours
		self.log = Box()
		self.reader = None
		self.environment = {}

	def spawn(self, files=0):
		"""Starts it and does not wait. files: at most so many descriptors."""
		def limit():
			if files:
				resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
		self.log = Box()
		self.process = subprocess.Popen([self.binary, "run", self.folder], stdin=subprocess.DEVNULL,
		                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, preexec_fn=limit,
		                                env={**os.environ, **self.environment})
		self.reader = threading.Thread(target=self.read, args=(self.process, self.log), daemon=True)
		self.reader.start()

	@staticmethod
	def read(process, log):
		for line in process.stdout:
			log.put(line.decode(errors="replace").rstrip())
		log.put(None)  # the end

	def lines(self):
		return [line for line in self.log.items if line is not None]

	def start(self, files=0):
		self.spawn(files)
		seen = self.log.wait(lambda lines: None in lines or any(re.search(r"\bready\b", line) for line in lines),
		                     "the engine to be ready")
		if None in seen:
			raise Failure(f"the engine ended with {self.process.wait()} instead of starting")

	def exits(self, code):
		try:
			got = self.process.wait(PATIENCE)
		except subprocess.TimeoutExpired:
			raise Failure("the engine does not end")
		self.reader.join()
		if got != code:
			raise Failure(f"the engine ended with {got}, not with {code}")

	def signal(self, number):
		self.process.send_signal(number)

	def stop(self):
		self.signal(signal.SIGTERM)
		self.exits(0)

	def kill(self):
		self.signal(signal.SIGKILL)
		self.exits(-signal.SIGKILL)

	def discard(self):
		"""After a failed scenario."""
		if self.process and self.process.poll() is None:
			self.process.kill()
			self.process.wait()

	def cpu_seconds(self):
		with open(f"/proc/{self.process.pid}/stat", encoding="ascii") as file:
			times = file.read().rpartition(")")[2].split()
		return (int(times[11]) + int(times[12])) / os.sysconf("SC_CLK_TCK")

	def rests(self):
		"""Waits for a third of a second in which it hardly computes: a thread that spins never has one."""
		begin, cpu, share = time.monotonic(), self.cpu_seconds(), 1

		def probe():
			nonlocal begin, cpu, share
			now = time.monotonic()
			if now - begin > 0.33:
				share = (self.cpu_seconds() - cpu) / (now - begin)
				begin, cpu = now, self.cpu_seconds()
			return share < 0.2, f"{share:.0%} of a core in use"
		until(probe, "the engine to rest")

	def logs(self, text):
		self.log.wait(lambda lines: any(line and text in line for line in lines), f"the log line {text!r}")

	# ---- commands

	def run(self, *words):
		return subprocess.run([self.binary, *words], stdin=subprocess.DEVNULL, capture_output=True, text=True,
		                      timeout=PATIENCE, cwd=self.folder, env={**os.environ, **self.environment})

	def json_lines(self, *words, allowed=(0,)):
		result = self.run(*words, "--config", self.folder, "--json")
		if result.returncode not in allowed:
			raise Failure(f"afferent {' '.join(words)}: exit {result.returncode}: {result.stderr.strip()}")
		return [json.loads(line) for line in result.stdout.splitlines()]

	def search(self, *options):
		return self.json_lines("journal", "search", *options, allowed=(0, 1))

	def verify(self):
		"""The journal is what was written; the engine may run."""
		self.json_lines("journal", "verify")

	def ledger(self, destination):
		"""Exit 1: it does not add up; wait_ledger tells how."""
		[stats] = self.json_lines("journal", "stats", allowed=(0, 1))
		for ledger in stats["ledgers"]:
			if ledger["destination"] == destination:
				return ledger
		return {}

	def wait_ledger(self, destination, wanted):
		"""Waits until the destination's ledger says so, then checks that it adds up."""
		def probe():
			ledger = self.ledger(destination)
			return all(ledger.get(key) == number for key, number in wanted.items()), ledger
		ledger = until(probe, f"{destination} to have {wanted}")
		total = sum(ledger[key] for key in ("delivered", "filtered", "merged", "dead", "pending"))
		if ledger["received"] != total:
			raise Failure(f"the ledger of {destination} does not add up: {ledger}")
		if self.process and self.process.poll() is None:
			self.wait_gauge(destination)

	def wait_gauge(self, destination):
		"""Waits until the running engine has counted again; its gauge must be 0."""
		begin = time.time() * 1e6

		def probe():
			result = self.run("status", self.folder, "--json")
			status = json.loads(result.stdout) if result.returncode == 0 else {}
			return status.get("ledger_counted_us", 0) >= begin, status
		status = until(probe, "the ledger to be counted")
		off = [d["ledger_imbalance"] for d in status["destinations"] if d["destination"] == destination]
		if status["ledger_imbalance"] or off != [0]:
			raise Failure(f"the gauge of the ledger of {destination}: {status['ledger_imbalance']}, {off}")
