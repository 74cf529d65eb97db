# SPDX-License-Identifier: Apache-2.0
"""What the crash tests share: senders that remember what was acknowledged to them, a destination that remembers what it
was sent, an engine between the two that is cut off again and again, and what must hold at the end.

A trial is told how the engine is cut off by an object with these words: `journal`, where the journal lies in the
trial's folder; `deafens`: what the engine says after the cut counts for nothing; prepare(folder), before the first
start; cut(engine, starting); clean().
"""

import os
import random
import threading

import hl7
from engine import Engine
from peers import Box, Device, Ehr, Failure, free_port

MESSAGE = hl7.message([
	"MSH|^~\\&|MONITOR|ICU|EHR|HOSP|20260110081500+0100||ORU^R01^ORU_R01|ID|P|2.6",
	"PID|||CANARY4711^^^HOSP^PI||Canary^Zofia",
	"OBR|1|||182777000^monitoring of patient^SCT|||20260110081459+0100",
	"OBX|1|NM|147842^MDC_ECG_HEART_RATE^MDC|1.1.1.1|78|264864^MDC_DIM_BEAT_PER_MIN^MDC|60-100|N|||R",
	"NTE|1||SERIAL",
])
ENGINE = """journal: {journal}
control: control.sock
log_file: {{rows: 2500}}
"""
CHANNEL = """channel: crash
source:
  mllp: {{listen: "127.0.0.1:{port_in}"}}
destinations:
  - name: ehr
    mllp: {{to: "127.0.0.1:{port_out}"}}
    lanes: 4
    retry: {{first: 50ms, most: 200ms}}
"""
START_SECONDS = 0.08  # about what a start takes: some cuts fall into it
COMMIT_SECONDS = 0.005
AT_START = 8          # one cut in so many


def message(control_id):
	"""The serial number stands in the text, too: a copy with another MSH-10 would be known by it."""
	return hl7.set_(hl7.set_(MESSAGE, "MSH-10", control_id), "NTE-3", control_id)


class Sender(threading.Thread):
	"""One connection a cycle, one message in flight, until the engine dies: first those that had no answer the last
	time, then new ones. Remembers what was acknowledged and what had no answer."""

	def __init__(self, name, port, acked, again):
		super().__init__(daemon=True)
		self.prefix, self.port, self.acked = name, port, acked
		self.again, self.unanswered = list(again), list(again)
		self.sent = 0
		self.deaf = False  # what is answered from now on nobody hears

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
				device.send(hl7.frame(message(control_id)))
				answer = device.answer()
				if self.deaf:
					continue
				if hl7.get(answer, "MSA-2") == control_id and hl7.get(answer, "MSA-1") == "AA":
					self.acked.put(control_id)
					self.unanswered.remove(control_id)
		except (Failure, OSError):
			pass


def journaled(engine, *query):
	"""Control ids of all messages that a search finds, page after page."""
	ids, before = [], None
	while True:
		page = engine.search(*query, "--limit", "1000", *(["--before", str(before)] if before else []))
		ids += [row["control_id"] for row in page]
		if len(page) < 1000:
			return ids
		before = min(int(row["id"]) for row in page)


def out_of_order(received, resent=()):
	"""Messages that arrived for the first time after a later one of their connection. Which connection one came over
	that was sent again is not known."""
	last, wrong = {}, []
	for control_id in dict.fromkeys(i for i in received if i not in resent):
		connection, number = control_id.rsplit(".", 1)
		if int(number) < last.get(connection, -1):
			wrong.append(f"{control_id} arrived after {connection}.{last[connection]}")
		last[connection] = max(int(number), last.get(connection, -1))
	return wrong


def in_order(received):
	wrong = out_of_order(received)
	if wrong:
		raise Failure(wrong[0])


def without_key(messages):
	"""Copies of a message that differ from its first one: nobody could tell that they are the same."""
	first, wrong = {}, []
	for content in messages:
		serial = hl7.get(content, "NTE-3")
		if first.setdefault(serial, content) != content:
			wrong.append(f"{serial} came as {hl7.get(content, 'MSH-10')}")
	return wrong


def at_random_within(seconds):
	threading.Event().wait(random.random() * seconds)


class Trial:
	def __init__(self, arguments, folder, how):
		self.how, self.senders, self.acks = how, arguments.senders, arguments.acks
		self.port_in, port_out = free_port(), free_port()
		os.mkdir(os.path.join(folder, "channels"), 0o700)
		for name, text in (("afferent.yaml", ENGINE.format(journal=how.journal)),
		                   ("channels/crash.yaml", CHANNEL.format(port_in=self.port_in, port_out=port_out))):
			path = os.path.join(folder, name)
			with open(path, "w", encoding="utf-8") as file:
				file.write(text)
			os.chmod(path, 0o600)
		how.prepare(folder)
		self.engine, self.ehr, self.acked = Engine(arguments.afferent, folder), Ehr(port_out), Box()
		self.sent, self.resent = 0, set()
		self.unanswered = [[] for _ in range(self.senders)]
		self.at_start = 0
		self.set_aside = set()  # told as dead letters, because their tries alone met a kill three times

	def cut_at_start(self):
		self.engine.spawn()
		at_random_within(START_SECONDS)
		self.how.cut(self.engine, starting=True)
		self.at_start += 1

	def cut_under_load(self, cycle):
		self.engine.start()
		before = len(self.acked.items)
		senders = [Sender(f"{cycle}-{i}", self.port_in, self.acked, self.unanswered[i]) for i in range(self.senders)]
		for sender in senders:
			sender.start()
		target = before + random.randrange(self.acks)
		self.acked.wait(lambda items: len(items) >= target, f"{target} acknowledgements")
		at_random_within(COMMIT_SECONDS)
		for sender in senders:
			sender.deaf = self.how.deafens
		self.how.cut(self.engine, starting=False)
		for sender in senders:
			sender.join()
			self.sent += sender.sent
		self.resent.update(*self.unanswered)
		self.unanswered = [sender.unanswered for sender in senders]

	def run(self, cycles, verify_every):
		try:
			for cycle in range(1, cycles + 1):
				if random.randrange(AT_START) == 0:
					self.cut_at_start()
				else:
					self.cut_under_load(cycle)
				if cycle % verify_every == 0:
					self.engine.verify()
			self.finish(cycles)
		finally:
			self.engine.discard()

	def finish(self, cycles):
		engine = self.engine
		engine.start()
		engine.wait_ledger("crash/ehr", {"pending": 0})
		accepted, duplicates = journaled(engine, "--verdict", "accepted"), journaled(engine, "--verdict", "duplicate")
		self.set_aside = set(journaled(engine, "--status", "dead"))
		engine.stop()
		engine.verify()
		self.judge(cycles, accepted, duplicates)

	def judge(self, cycles, accepted, duplicates):
		promised, stored = set(self.acked.items), set(accepted)
		received = [hl7.get(m, "MSH-10") for m in self.ehr.messages.items]
		lost = [f"{i} is not in the journal" for i in sorted(promised - stored)]
		lost += [f"{i} was not delivered" for i in sorted(promised - set(received) - self.set_aside)]
		strange = without_key(self.ehr.messages.items)
		strange += ["a message that was sent again was taken for a new one"] * (len(accepted) - len(stored))
		wrong = out_of_order(received, self.resent)
		if len(self.set_aside) > 1 + cycles // 100:
			strange.append(f"{len(self.set_aside)} messages were set aside that no end was the fault of")
		print(f"{cycles} cycles ({self.at_start} at the start), {self.sent} messages sent, "
		      f"{len(self.resent)} sent again, {len(duplicates)} known again, {len(set(received))} delivered, "
		      f"{len(received) - len(set(received))} delivered again with the same key, "
		      f"{len(self.set_aside)} dead letters: tried alone at three kills")
		print(f"{cycles} cycles, {len(promised)} messages acknowledged, {len(lost)} lost, "
		      f"{len(strange)} duplicated without key, {len(wrong)} out of order")
		for text in lost + strange + wrong:
			raise Failure(text)
		if set(duplicates) - stored:
			raise Failure("a duplicate has no original")
