#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The promise behind an AA: senders under load, the engine is killed with SIGKILL in the middle of it, again and again.
What a sender had no answer to it sends again, byte by byte, when the engine is back. After the last start every
message that was ever acknowledged is in the journal exactly once, beside the duplicates, and has reached the
destination at least once, each connection's messages in order.

	run.py --afferent build/gcc/afferent [--cycles N] [--senders N] [--acks N]
"""

import argparse
import os
import random
import shutil
import sys
import tempfile
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "scenario"))

import hl7  # noqa: E402
from engine import Engine  # noqa: E402
from peers import Box, Device, Ehr, Failure, free_port, until  # noqa: E402

MESSAGE = hl7.message([
	"MSH|^~\\&|MONITOR|ICU|EHR|HOSP|20260110081500+0100||ORU^R01^ORU_R01|ID|P|2.6",
	"PID|||CANARY4711^^^HOSP^PI||Canary^Zofia",
	"OBR|1|||182777000^monitoring of patient^SCT|||20260110081459+0100",
	"OBX|1|NM|147842^MDC_ECG_HEART_RATE^MDC|1.1.1.1|78|264864^MDC_DIM_BEAT_PER_MIN^MDC|60-100|N|||R",
])
CONFIG = """channel: crash
source:
  mllp: {{listen: "127.0.0.1:{port_in}"}}
destinations:
  - name: ehr
    mllp: {{to: "127.0.0.1:{port_out}"}}
    lanes: 4
    retry: {{first: 50ms, most: 200ms}}
"""


class Sender(threading.Thread):
	"""One connection a cycle, one message in flight, until the engine dies: first those that had no answer the last
	time, then new ones. Remembers what was acknowledged and what had no answer."""

	def __init__(self, name, port, acked, again):
		super().__init__(daemon=True)
		self.prefix, self.port, self.acked = name, port, acked
		self.again, self.unanswered = list(again), list(again)
		self.sent = 0

	def next_id(self):
		if self.again:
			return self.again.pop(0)
		self.sent += 1
		return f"{self.prefix}.{self.sent - 1}"

	def run(self):
		try:
			device = Device(self.port)
			while True:
				control_id = self.next_id()
				if control_id not in self.unanswered:
					self.unanswered.append(control_id)
				device.send(hl7.frame(hl7.set_(MESSAGE, "MSH-10", control_id)))
				answer = device.answer()
				if hl7.get(answer, "MSA-2") == control_id and hl7.get(answer, "MSA-1") == "AA":
					self.acked.put(control_id)
					self.unanswered.remove(control_id)
		except (Failure, OSError):
			pass


def journaled(engine, verdict):
	"""Control ids of all messages with this verdict, page after page."""
	ids, before = [], None
	while True:
		page = engine.search("--verdict", verdict, "--limit", "1000", *(["--before", str(before)] if before else []))
		ids += [row["control_id"] for row in page]
		if len(page) < 1000:
			return ids
		before = min(int(row["id"]) for row in page)


def in_order(received, resent=()):
	"""Each connection's messages arrived for the first time in the order in which they were sent. Which connection one
	came over that was sent again is not known."""
	last = {}
	for control_id in dict.fromkeys(i for i in received if i not in resent):
		connection, number = control_id.rsplit(".", 1)
		if int(number) < last.get(connection, -1):
			raise Failure(f"{control_id} arrived after {connection}.{last[connection]}")
		last[connection] = int(number)


def crash(arguments, folder):
	port_in, port_out = free_port(), free_port()
	os.mkdir(os.path.join(folder, "channels"), 0o700)
	for name, text in (("afferent.yaml", "journal: journal\ncontrol: control.sock\n"),
	                   ("channels/crash.yaml", CONFIG.format(port_in=port_in, port_out=port_out))):
		path = os.path.join(folder, name)
		with open(path, "w", encoding="utf-8") as file:
			file.write(text)
		os.chmod(path, 0o600)
	engine, ehr, acked = Engine(arguments.afferent, folder), Ehr(port_out), Box()
	sent, unanswered, resent = 0, [[] for _ in range(arguments.senders)], set()
	try:
		for cycle in range(arguments.cycles):
			engine.start()
			before = len(acked.items)
			senders = [Sender(f"{cycle}-{i}", port_in, acked, unanswered[i]) for i in range(arguments.senders)]
			for sender in senders:
				sender.start()
			target = before + random.randrange(arguments.acks // 2, arguments.acks)
			acked.wait(lambda items: len(items) >= target, f"{target} acknowledgements")
			engine.kill()
			engine.verify()
			for sender in senders:
				sender.join()
				sent += sender.sent
			resent.update(*unanswered)
			unanswered = [sender.unanswered for sender in senders]
		engine.start()
		until(lambda: ((ledger := engine.ledger("crash/ehr"))["pending"] == 0, ledger), "everything to be delivered")
		engine.wait_ledger("crash/ehr", {"pending": 0})
		accepted, duplicates = journaled(engine, "accepted"), journaled(engine, "duplicate")
		engine.verify()
		engine.stop()
		engine.verify()
	finally:
		engine.discard()
	promised, stored = set(acked.items), set(accepted)
	received = [hl7.get(m, "MSH-10") for m in ehr.messages.items]
	print(f"{arguments.cycles} kills, {sent} sent, {len(resent)} sent again, "
	      f"{len(promised)} acknowledged, {len(accepted)} in the journal, "
	      f"{len(duplicates)} duplicates, "
	      f"{len(set(received))} delivered, {len(received) - len(set(received))} delivered again")
	if len(accepted) != len(stored):
		raise Failure("a message that was sent again was taken for a new one")
	if set(duplicates) - stored:
		raise Failure("a duplicate has no original")
	if promised - stored:
		raise Failure(f"acknowledged but not in the journal: {sorted(promised - stored)[:5]}")
	if promised - set(received):
		raise Failure(f"acknowledged but not delivered: {sorted(promised - set(received))[:5]}")
	in_order(received, resent)


def main():
	parser = argparse.ArgumentParser()
	parser.add_argument("--afferent", default="build/gcc/afferent")
	parser.add_argument("--cycles", type=int, default=5)
	parser.add_argument("--senders", type=int, default=8)
	parser.add_argument("--acks", type=int, default=2000, help="at most so many a cycle")
	arguments = parser.parse_args()
	if not os.access(arguments.afferent, os.X_OK):
		sys.exit(f"FAIL: there is no {arguments.afferent}; run make first")
	folder = tempfile.mkdtemp(prefix="afferent-crash-")
	try:
		crash(arguments, folder)
	except Failure as failure:
		print(f"FAIL crash: {failure}")
		print("0 passed, 1 failed, 0 skipped")
		sys.exit(1)
	finally:
		shutil.rmtree(folder, ignore_errors=True)
	print("1 passed, 0 failed, 0 skipped")


if __name__ == "__main__":
	main()
