# SPDX-License-Identifier: Apache-2.0
"""The programs that are measured: the yardstick and the engine, each in a folder of its own below the bench's, and what
the kernel counts of them."""

import contextlib
import glob
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "scenario"))
from peers import Ehr, free_port  # noqa: E402

CHANNEL = """channel: bench
source:
  mllp: {{listen: "127.0.0.1:{listen}", max_connections: 4096}}
destinations:
  - name: ehr
    mllp: {{to: "127.0.0.1:{sink}"}}
    lanes: 16
"""
SETTLE_S = 60


class Meters:
	"""What a process has used since it began."""

	def __init__(self, pid):
		with open(f"/proc/{pid}/stat", encoding="ascii") as file:
			fields = file.read().rsplit(")", 1)[1].split()
		self.cpu_s = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
		with open(f"/proc/{pid}/io", encoding="ascii") as file:
			self.written = int(re.search(r"^write_bytes: (\d+)", file.read(), re.M)[1])


class Server:
	"""A program that says "listening PORT" on its standard output."""

	def __init__(self, *words, env=None):
		self.process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=env)
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
		super().__init__(bench.program("commit"), "--file", os.path.join(self.folder, "log"), env=bench.env)

	def settle(self):
		return {}

	def stop(self):
		super().stop()
		shutil.rmtree(self.folder)


class Engine:
	"""One channel whose destination is down: it journals, everything waits."""

	name = "engine"
	settings = ""

	def __init__(self, bench):
		self.bench = bench
		self.folder = tempfile.mkdtemp(dir=bench.work)
		self.port = free_port()
		os.mkdir(os.path.join(self.folder, "channels"), 0o700)
		self.write("afferent.yaml", "journal: journal\ncontrol: control.sock\n" + self.settings)
		self.write("channels/bench.yaml", CHANNEL.format(listen=self.port, sink=self.destination()))
		self.fill()
		with open(os.path.join(self.folder, "log"), "w", encoding="utf-8") as log:
			before = time.monotonic()
			self.process = subprocess.Popen([bench.afferent, "run", self.folder], stderr=log, env=bench.env)
		self.connect(before + 20)
		self.start_ms = (time.monotonic() - before) * 1000

	def destination(self):
		return free_port()

	def fill(self):
		"""Before the start."""

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

	def settle(self):
		return {}

	def stop(self):
		self.process.send_signal(signal.SIGTERM)
		code = self.process.wait()
		shutil.rmtree(self.folder)
		if code:
			sys.exit(f"the engine ended with {code}")


class Pending(Engine):
	"""With messages in its journal that the destination, which is down, has not got."""

	messages = 1000000
	destinations = ("bench/ehr",)

	def fill(self):
		subprocess.run([self.bench.path("crash", "pending"), os.path.join(self.folder, "journal"), str(self.messages),
		                "bench", *self.destinations], check=True, capture_output=True)

	def connect(self, deadline):
		"""The socket is there before the engine reads from it: until it says that it is ready."""
		super().connect(deadline)
		while True:
			with open(os.path.join(self.folder, "log"), encoding="utf-8") as log:
				if re.search(r"\bready\b", log.read()):
					return
			if time.monotonic() > deadline:
				sys.exit("the engine is not ready")
			threading.Event().wait(0.002)


class Behind(Pending):
	"""With 100,000 of them, for a destination that takes 50 a second and for one that is down; alarms overtake."""

	messages = 100000
	destinations = ("bench/ehr", "bench/away")

	def fill(self):
		super().fill()
		self.ehr, self.away = Ehr(free_port()), free_port()
		self.write("channels/bench.yaml", f"""channel: bench
source:
  mllp: {{listen: "127.0.0.1:{self.port}"}}
accept: {{check: none}}
destinations:
  - {{name: ehr, mllp: {{to: "127.0.0.1:{self.ehr.port}"}}, priority: MSH-9.2 = R40, rate: 50/s}}
  - {{name: away, mllp: {{to: "127.0.0.1:{self.away}"}}, priority: MSH-9.2 = R40}}
""")


class Forwarding(Engine):
	"""The same with a destination that keeps up."""

	def __init__(self, bench):
		self.sink = Server(bench.program("sink"))
		super().__init__(bench)

	def destination(self):
		return self.sink.port

	def settle(self):
		"""What the destination had got when the load ended, and how long the rest took."""
		delivered, before = self.sink.frames(), time.monotonic()
		subprocess.run([self.bench.afferent, "status", self.folder, "--wait", f"{SETTLE_S}s", "--drained", "--json"],
		               check=True, stdout=subprocess.DEVNULL)
		return {"delivered": delivered, "drain_s": round(time.monotonic() - before, 2)}

	def stop(self):
		super().stop()
		self.sink.stop()


class Clear(Engine):
	"""Nothing is encrypted."""

	settings = "encrypt: off\n"


class ClearForwarding(Forwarding):
	settings = "encrypt: off\n"


class Sealing(Forwarding):
	"""The same with small log files; it has settled when all but the open one are sealed."""

	settings = "log_file: {rows: 20000}\n"

	def settle(self):
		figures, deadline = super().settle(), time.monotonic() + SETTLE_S
		files = sorted(glob.glob(os.path.join(self.folder, "journal", "*.db")))
		while not all(is_sealed(path) for path in files[:-1]):
			if time.monotonic() > deadline:
				sys.exit("the log files were not sealed in time")
			threading.Event().wait(0.05)
		return {**figures, "files": len(files)}


def is_sealed(path):
	with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as file:
		return file.execute("SELECT 1 FROM meta WHERE key = 'sealed'").fetchone() is not None
