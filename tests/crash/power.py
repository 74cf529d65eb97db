#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Power cuts. As run.py, but the journal lies on an ext4 file system of its own that is shut down in the middle of the
load: from one moment to the next nothing reaches the disk any more, not even the file system's own log, and what was
not synced is gone. The engine must end by itself with 74. Then the file system is mounted again and the engine
started.

Skipped where mounting is not permitted.

	power.py --afferent build/gcc/afferent [--cycles N] [--senders N] [--acks N]
"""

import fcntl
import os
import signal
import struct
import subprocess
import sys

import run
from peers import Failure

EXT4_IOC_SHUTDOWN = 0x8004587D  # _IOR('X', 125, __u32)
NO_LOG_FLUSH = 2
SIZE = 1 << 30  # of a sparse file
EX_IOERR = 74


def command(*words):
	result = subprocess.run(words, capture_output=True, text=True)
	if result.returncode:
		raise Failure(f"{' '.join(words)}: {result.stderr.strip()}")


class Power:
	# A sync that is under way when the file system is shut down may return as if it had succeeded. With a real power
	# cut nobody would ever hear of it.
	journal, deafens = "disk/journal", True

	def __init__(self):
		self.mounted = self.image = self.disk = None

	def prepare(self, folder):
		self.image, self.disk = os.path.join(folder, "image"), os.path.join(folder, "disk")
		os.mkdir(self.disk, 0o700)
		with open(self.image, "wb") as file:
			file.truncate(SIZE)
		try:
			command("mkfs.ext4", "-q", self.image)
			self.mount()
		except (Failure, OSError) as error:
			print(f"skipped: needs the right to mount an ext4 file system: {error}")
			raise SystemExit(77)

	def mount(self):
		command("mount", "-o", "loop", self.image, self.disk)
		self.mounted = True

	def unmount(self):
		command("umount", self.disk)
		self.mounted = False

	def cut(self, engine, starting):
		"""An engine that has nothing to write does not notice."""
		disk = os.open(self.disk, os.O_RDONLY)
		try:
			fcntl.ioctl(disk, EXT4_IOC_SHUTDOWN, struct.pack("I", NO_LOG_FLUSH))
		finally:
			os.close(disk)
		if starting:
			engine.discard()
			if engine.process.returncode in (-signal.SIGSEGV, -signal.SIGABRT):
				raise Failure("the engine crashed when the disk was gone")
		else:
			engine.exits(EX_IOERR)
		self.unmount()
		self.mount()

	def clean(self):
		if self.mounted:
			self.unmount()


if __name__ == "__main__":
	if os.geteuid() != 0:
		print("skipped: needs the right to mount an ext4 file system")
		sys.exit(77)
	run.main("power cut", Power(), 50)
