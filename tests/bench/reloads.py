# SPDX-License-Identifier: Apache-2.0
"""What a changed configuration costs: checking 500 channels, and the answers while the engine reloads again and
again."""

import json
import os
import statistics
import subprocess
import sys
import threading
import time

from rounds import progress
from servers import CHANNEL, Forwarding

CHANNELS = 500
RATE, CONNECTIONS, SECONDS = 1000, 64, 5
PAUSE_S = 0.25
TEN_STEPS = """transform:
  - for: OBX
    when: OBX-2 = NM and OBX-11 = X and empty OBX-5
    drop: segment
  - {translate: OBX-3, with: codes}
  - {suspect: drop-segment, rules: [sense-sentinel, sense-demo]}
  - {suspect: drop-value, rules: [sense-limits, sense-code, sense-unit]}
  - units: ucum
  - {when: empty MSH-5, set: {MSH-5: EHR}}
  - {when: "any OBX (OBX-3.1 = 147842 and OBX-5 > 150 /min)", set: {MSH-6: HIGH}}
  - {set: {MSH-4: "{PV1-3.4}"}}
  - {when: "PV1-3.1 in [ICU, CCU]", set: {MSH-3: MONITORS}}
  - {when: exists MSH-7, set: {MSH-8: "{MSH-10}"}}
"""


def check(bench, _):
	"""Channels of ten steps each and a table that all of them use."""
	progress(f"a check of {CHANNELS} channels")
	folder = os.path.join(bench.work, "many")
	rows = "".join(f'  "C{i}": {{code: {i}}}\n' for i in range(500))
	files = {"mappings/codes.yaml": "mapping: codes\nrows:\n" + rows}
	for i in range(CHANNELS):
		text = CHANNEL.format(listen=10000 + i, sink=9000).replace("channel: bench", f"channel: c{i}")
		files[f"channels/c{i}.yaml"] = text.replace("destinations:", TEN_STEPS + "destinations:")
	for name, text in files.items():
		path = os.path.join(folder, name)
		os.makedirs(os.path.dirname(path), exist_ok=True)
		with open(path, "w", encoding="utf-8") as file:
			file.write(text)
	times = []
	for _ in range(bench.rounds):
		before = time.monotonic()
		done = subprocess.run([bench.afferent, "check", folder], capture_output=True, text=True, check=False)
		times.append(time.monotonic() - before)
		if done.returncode:
			sys.exit(f"the {CHANNELS} channels are not right: {done.stdout[:500]}")
	return {"channels": CHANNELS, "ms": round(1000 * statistics.median(times), 1)}


class Reloading(Forwarding):
	"""It gets another transform, and a second destination or not, four times a second."""

	def __init__(self, bench):
		super().__init__(bench)
		self.reloads, self.over = 0, threading.Event()
		self.thread = threading.Thread(target=self.reload, daemon=True)
		self.thread.start()

	def reload(self):
		while not self.over.wait(PAUSE_S):
			text = CHANNEL.format(listen=self.port, sink=self.sink.port)
			text = text.replace("destinations:", f"transform:\n  - set: {{MSH-6: T{self.reloads}}}\ndestinations:")
			if self.reloads % 2:
				text += f"  - name: copy\n    file: {{to: {os.path.join(self.folder, 'copy.hl7')}}}\n"
			self.write("channels/bench.yaml", text)
			done = subprocess.run([self.bench.afferent, "reload", self.folder], capture_output=True, text=True,
			                      check=False)
			if done.returncode:
				sys.exit(f"afferent reload: {done.stdout}{done.stderr}")
			self.reloads += 1

	def settle(self):
		self.over.set()
		self.thread.join()
		figures = super().settle()
		done = subprocess.run([self.bench.afferent, "journal", "stats", "--config", self.folder, "--json"],
		                      capture_output=True, text=True, check=False)
		[ledger] = [row for row in json.loads(done.stdout)["ledgers"] if row["destination"] == "bench/ehr"]
		if ledger["delivered"] != ledger["received"] or ledger["received"] != self.sink.frames():
			sys.exit(f"{self.sink.frames()} arrived, but the ledger says {ledger}")
		return {**figures, "reloads": self.reloads}


def reload(bench, _):
	"""The same rate without reloads and with them, in turn; nothing may be lost or doubled."""
	options = ("--connections", CONNECTIONS, "--rate", RATE, "--seconds", SECONDS)
	runs = {Forwarding: [], Reloading: []}
	for number in range(bench.rounds):
		for kind in (Forwarding, Reloading) if number % 2 else (Reloading, Forwarding):
			progress(f"{RATE} messages/s, round {number + 1} of {bench.rounds}: {kind.__name__.lower()}")
			runs[kind].append(bench.one(kind, *options))
	row = {"rate": RATE, "reloads": sum(run["reloads"] for run in runs[Reloading])}
	for name, kind in (("without", Forwarding), ("with", Reloading)):
		row[name] = {key: statistics.median(run[key] for run in runs[kind]) for key in ("p50_ms", "p99_ms", "max_ms")}
	row["p99_ratio"] = round(row["with"]["p99_ms"] / row["without"]["p99_ms"], 2)
	return row
