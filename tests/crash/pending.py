#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A start with many messages pending: everything is delivered once and in order, and the memory stays small. Once more
with a SIGKILL in the middle: nothing is missing, and what came again came after its first copy.

	pending.py --afferent build/gcc/afferent [--messages N]

The time to the start is told, not judged: make bench measures it.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "scenario"))

from engine import Engine  # noqa: E402
from peers import Failure, free_port, until  # noqa: E402

CHANNEL = """channel: ward
source:
  mllp: {{listen: "127.0.0.1:{port}"}}
destinations:
  - name: archive
    file: {{to: "{folder}/archive.hl7"}}
"""
CONNECTIONS = 16
MOST_KIB = 64 * 1024


class Pending:
	def __init__(self, arguments, folder):
		self.folder, self.messages = folder, arguments.messages
		self.archive = os.path.join(folder, "archive.hl7")
		self.make = os.path.join(os.path.dirname(arguments.afferent), "crash", "pending")
		os.mkdir(os.path.join(folder, "channels"), 0o700)
		for name, text in (("afferent.yaml", "journal: journal\ncontrol: control.sock\n"),
		                   ("channels/ward.yaml", CHANNEL.format(port=free_port(), folder=folder))):
			path = os.path.join(folder, name)
			with open(path, "w", encoding="utf-8") as file:
				file.write(text)
			os.chmod(path, 0o600)
		self.engine = Engine(arguments.afferent, folder)

	def fill(self):
		shutil.rmtree(os.path.join(self.folder, "journal"), ignore_errors=True)
		if os.path.exists(self.archive):
			os.remove(self.archive)
		subprocess.run([self.make, os.path.join(self.folder, "journal"), str(self.messages), "ward", "ward/archive"],
		               check=True, capture_output=True)

	def start(self):
		before = time.monotonic()
		self.engine.start()
		return time.monotonic() - before

	def most_memory(self):
		with open(f"/proc/{self.engine.process.pid}/status", encoding="ascii") as file:
			return int(re.search(r"VmHWM:\s+(\d+) kB", file.read())[1])

	def archived(self):
		"""Connection and number of each message that arrived; the last one may not be whole."""
		with open(self.archive, "rb") as file:
			return re.findall(rb"\|ORU\^R01\^ORU_R01\|(\d+)\.(\d+)\|", file.read())

	def size(self):
		return os.path.getsize(self.archive) if os.path.exists(self.archive) else 0

	def drain(self):
		"""As long as something is delivered there is hope."""
		last = -1
		while (size := self.size()) > last:
			last = size
			if self.engine.run("status", self.folder, "--wait", "10s", "--drained").returncode == 0:
				return
		raise Failure("nothing is delivered any more")

	def check(self, got):
		expected = [(b"%d" % (i % CONNECTIONS), b"%d" % (i // CONNECTIONS)) for i in range(self.messages)]
		if list(dict.fromkeys(got)) != expected:
			raise Failure(f"of {self.messages} messages {len(set(got))} arrived, or they are out of order")

	def whole(self):
		self.fill()
		seconds = self.start()
		at_start = self.most_memory()
		self.drain()
		got, most = self.archived(), self.most_memory()
		self.engine.stop()
		self.check(got)
		if len(got) != self.messages:
			raise Failure(f"{len(got) - self.messages} messages were delivered twice")
		print(f"{self.messages} messages pending: started in {seconds:.2f} s with {at_start / 1024:.0f} MB, "
		      f"{most / 1024:.0f} MB at most; delivered once, in order")
		if most > MOST_KIB:
			raise Failure(f"{most} KiB of memory are more than {MOST_KIB}")

	def killed(self):
		self.fill()
		self.start()
		until(lambda: ((size := self.size()) > 1 << 20, size), "some to be delivered")
		self.engine.kill()
		seconds = self.start()
		self.drain()
		got, most = self.archived(), self.most_memory()
		self.engine.stop()
		self.check(got)
		print(f"killed and started again in {seconds:.2f} s, {most / 1024:.0f} MB at most; "
		      f"{len(got) - self.messages} delivered again")
		if most > MOST_KIB:
			raise Failure(f"{most} KiB of memory are more than {MOST_KIB}")


def main():
	parser = argparse.ArgumentParser()
	parser.add_argument("--afferent", default="build/gcc/afferent")
	parser.add_argument("--messages", type=int, default=100000)
	arguments = parser.parse_args()
	# A file is synced after each message: in memory, where that is possible.
	folder = tempfile.mkdtemp(prefix="afferent-pending-", dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None)
	trial = Pending(arguments, folder)
	try:
		trial.whole()
		trial.killed()
	except Failure as failure:
		print(f"FAIL pending: {failure}")
		print("\n".join("    | " + line for line in trial.engine.lines()[-15:]))
		print("0 passed, 1 failed, 0 skipped")
		sys.exit(1)
	finally:
		trial.engine.discard()
		shutil.rmtree(folder, ignore_errors=True)
	print("1 passed, 0 failed, 0 skipped")


if __name__ == "__main__":
	main()
