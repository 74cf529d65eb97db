#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Reloads under load: devices send as fast as they are answered while destinations stall, senders fall out of memory,
log files are begun every thousand rows, the ledger is read, and the configuration changes again and again, by SIGHUP
and by afferent reload: lanes, order, a destination that comes and goes, a channel that comes and goes. No connection
may break, every ledger must add up at every moment, and at the end each destination has each message exactly once,
each connection's in order.

	reload.py --afferent build/gcc/afferent [--reloads N] [--devices N] [--messages N]
"""

import argparse
import os
import shutil
import signal
import sys
import tempfile
import threading

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "scenario"))

import hl7  # noqa: E402
from engine import Engine  # noqa: E402
from peers import Device, Ehr, Failure, free_port  # noqa: E402
from trial import MESSAGE, in_order  # noqa: E402

CHANNELS = ("east", "west")
PIPELINED = 40
FORCE = "the new configuration is in force"
engine_log = []
HEAD, TAIL = MESSAGE.split(b"|ID|")


class Sender(threading.Thread):
	"""One connection from the beginning to the end, many messages in flight."""

	def __init__(self, name, port, messages):
		super().__init__(daemon=True)
		self.name, self.port, self.messages = name, port, messages
		self.sent, self.error = [], None

	def run(self):
		try:
			device = Device(self.port)
			while len(self.sent) < self.messages:
				batch = [f"{self.name}.{len(self.sent) + i}" for i in range(PIPELINED)]
				device.send(b"".join(hl7.frame(HEAD + f"|{i}|".encode() + TAIL) for i in batch))
				for control_id in batch:
					answer = device.answer()
					if f"MSA|AA|{control_id}\r".encode() not in answer:
						raise Failure(f"{control_id} was answered with {answer!r}")
				self.sent += batch
		except (Failure, OSError) as error:
			self.error = error


def channel(name, ports, turn):
	"""The configuration of a channel at the nth reload."""
	text = f"""channel: {name}
source:
  mllp: {{listen: "127.0.0.1:{ports[name]}"}}
transform:
  - set: {{MSH-6: "T{turn}"}}
destinations:
  - name: ehr
    mllp: {{to: "127.0.0.1:{ports[name + "/ehr"]}"}}
    lanes: {turn % 4 + 1}
  - name: archive
    file: {{to: "{ports["folder"]}/{name}.hl7"}}
"""
	if turn % 3 == 1:
		text += f"""  - name: guest
    mllp: {{to: "127.0.0.1:{ports[name + "/guest"]}"}}
"""
	return text


def configure(folder, ports, turn):
	files = {f"channels/{name}.yaml": channel(name, ports, turn) for name in CHANNELS}
	if turn % 2:
		files["channels/visitor.yaml"] = channel("visitor", ports, 0)
	else:
		try:
			os.remove(os.path.join(folder, "channels/visitor.yaml"))
		except FileNotFoundError:
			pass
	files["afferent.yaml"] = "journal: journal\ncontrol: control.sock\nmemory: 16MiB\nlog_file: {rows: 1000}\n"
	for name, text in files.items():
		with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
			file.write(text)
		os.chmod(os.path.join(folder, name), 0o600)


def check_balance(engine):
	[stats] = engine.json_lines("journal", "stats", allowed=(0, 1))
	for ledger in stats["ledgers"]:
		if ledger["imbalance"]:
			raise Failure(f"the ledger does not add up: {ledger}")


def check_received(name, received, sent):
	"""Exactly once, in order."""
	if len(received) != len(set(received)):
		raise Failure(f"{name} got {len(received) - len(set(received))} messages twice")
	if set(received) != set(sent):
		raise Failure(f"{name} lacks {len(set(sent) - set(received))} messages")
	in_order(received)


def archived(path):
	with open(path, "rb") as file:
		return [hl7.get(message, "MSH-10") for message in file.read().split(b"\r\n\n") if message]


def stress(arguments, folder):
	os.mkdir(os.path.join(folder, "channels"), 0o700)
	ports = {"folder": folder, "visitor": free_port(), "visitor/ehr": free_port(), "visitor/guest": free_port()}
	for name in CHANNELS:
		ports.update({name: free_port(), f"{name}/ehr": free_port(), f"{name}/guest": free_port()})
	configure(folder, ports, 0)
	engine = Engine(arguments.afferent, folder)
	ehrs = {name: Ehr(ports[f"{name}/ehr"]) for name in CHANNELS}
	guests = [Ehr(ports[f"{name}/guest"]) for name in CHANNELS]
	try:
		engine.start()
		senders = {name: [Sender(f"{name}-{i}", ports[name], arguments.messages) for i in range(arguments.devices)]
		           for name in CHANNELS}
		everyone = [sender for group in senders.values() for sender in group]
		for sender in everyone:
			sender.start()
		for turn in range(1, arguments.reloads + 1):
			ehr = ehrs[CHANNELS[turn % 2]]
			ehr.hold()
			configure(folder, ports, turn)
			if turn % 2:
				engine.signal(signal.SIGHUP)
			else:
				told = engine.run("reload", "--socket", os.path.join(folder, "control.sock"))
				if told.returncode:
					raise Failure(f"afferent reload: exit {told.returncode}: {told.stdout}{told.stderr}")
			check_balance(engine)
			ehr.release()
			engine.log.wait(lambda lines: sum(FORCE in line for line in lines if line) >= turn, f"reload {turn}")
		for sender in everyone:
			sender.join()
			if sender.error:
				raise Failure(f"{sender.name}: {sender.error}")
		for name in CHANNELS:
			total = arguments.devices * arguments.messages
			for destination in ("ehr", "archive"):
				engine.wait_ledger(f"{name}/{destination}", {"received": total, "delivered": total, "pending": 0})
		check_balance(engine)
		engine.stop()
	finally:
		engine_log.extend(engine.lines()[-30:])
		engine.discard()
	for name in CHANNELS:
		sent = [control_id for sender in senders[name] for control_id in sender.sent]
		check_received(f"{name}/ehr", [hl7.get(m, "MSH-10") for m in ehrs[name].messages.items], sent)
		check_received(f"{name}/archive", archived(os.path.join(folder, f"{name}.hl7")), sent)
	received = [hl7.get(m, "MSH-10") for guest in guests for m in guest.messages.items]
	if len(received) != len(set(received)):
		raise Failure("a destination that came and went got messages twice")
	in_order(received)
	files = sum(name.endswith(".db") for name in os.listdir(os.path.join(folder, "journal")))
	print(f"{arguments.reloads} reloads, {sum(len(s.sent) for s in everyone)} messages, {files} log files, "
	      f"{len(received)} to guests")


def main():
	parser = argparse.ArgumentParser()
	parser.add_argument("--afferent", default="build/gcc/afferent")
	parser.add_argument("--reloads", type=int, default=12)
	parser.add_argument("--devices", type=int, default=3)
	parser.add_argument("--messages", type=int, default=1600)
	arguments = parser.parse_args()
	folder = tempfile.mkdtemp(prefix="afferent-reload-")
	try:
		stress(arguments, folder)
	except Failure as failure:
		print(f"FAIL reload: {failure}")
		print("\n".join(engine_log))
		print("0 passed, 1 failed, 0 skipped")
		sys.exit(1)
	finally:
		shutil.rmtree(folder, ignore_errors=True)
	print("1 passed, 0 failed, 0 skipped")


if __name__ == "__main__":
	main()
