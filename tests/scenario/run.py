#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs scenarios: the real binary against scripted peers. tests/scenario/README.md has the words of a .scn file.

	run.py --afferent build/gcc/afferent [--jobs N] [--keep] [FILE.scn...]
"""

import argparse
import concurrent.futures
import errno
import fnmatch
import glob
import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback

import hl7
from engine import CANARY, Engine
from peers import PATIENCE, Device, Ehr, Failure, Fhir, Http, HttpClient, Monitor, free_port, until
from syslog_server import Syslog, make_certificates

HERE = os.path.dirname(os.path.abspath(__file__))
SIGNALS = {"kill": signal.SIGKILL, "term": signal.SIGTERM, "hup": signal.SIGHUP}


class Skip(Exception):
	pass


def statements(path):
	"""(file:line, words, block) for each statement; a block is the lines between "<<" at the end of a line and ">>"."""
	with open(path, encoding="utf-8") as file:
		lines = file.read().split("\n")
	at = 0
	while at < len(lines):
		place, line = f"{os.path.basename(path)}:{at + 1}", lines[at].strip()
		at += 1
		if not line or line.startswith("#"):
			continue
		block = None
		if line.endswith("<<"):
			end = lines.index(">>", at)
			line, block, at = line[:-2], lines[at:end], end + 1
		words = shlex.split(line)
		if words[0] == "include":
			yield from statements(os.path.join(HERE, words[1]))
		else:
			yield place, words, block


def path_get(value, path):
	"""entry[0].resource.status in JSON; None when it is not there."""
	for name, index in re.findall(r"([^.\[\]]+)|\[(\d+)\]", path):
		try:
			value = value[name] if name else value[int(index)]
		except (KeyError, IndexError, TypeError):
			return None
	return value


def compare(what, pairs, get):
	for pair in pairs:
		path, _, wanted = pair.partition("=")
		got = get(path)
		if got != wanted:
			raise Failure(f"{what}: {path} is {got!r}, not {wanted!r}")


class Scenario:
	def __init__(self, path, binary):
		self.path = path
		self.name = os.path.basename(path)[:-4]
		self.title = ""
		self.folder = tempfile.mkdtemp(prefix="afferent-")
		os.chmod(self.folder, 0o700)
		self.engine = Engine(binary, self.folder)
		self.binary = binary
		self.variables = {"dir": self.folder}
		self.messages = {}
		self.devices, self.ehrs, self.fhirs, self.https, self.syslogs = {}, {}, {}, {}, {}
		self.monitors, self.clients = {}, {}
		self.mounts, self.crowd = [], []
		self.tracer = None
		self.result, self.command = None, None

	def run(self):
		place = self.name
		try:
			for place, words, block in statements(self.path):
				words = [self.fill(word) for word in words]
				block = None if block is None else [self.fill(line) for line in block]
				getattr(self, "do_" + words[0].replace("-", "_"))(words[1:], block)
			if self.engine.process and self.engine.process.poll() is None:
				place = f"{self.name}: the end"
				self.engine.stop()
			self.check_phi()
		except Skip as why:
			return "skip", str(why)
		except Exception as error:
			text = str(error) if isinstance(error, Failure) else traceback.format_exc()
			log = "\n".join("    | " + line for line in self.engine.lines()[-15:])
			return "FAIL", f"{place}: {text}\n{log}"
		finally:
			self.engine.discard()
			if self.command and self.command.poll() is None:
				self.command.kill()
				self.command.wait()
			self.end_injection()
		return "ok", self.title

	def clean(self):
		for path in self.mounts:
			subprocess.run(["umount", path], check=True)
		shutil.rmtree(self.folder, ignore_errors=True)

	def fill(self, text):
		"""${port:ehr} is a free port, the same one at each use; ${dir} the scenario's folder."""
		def value(match):
			name = match[1]
			if name.startswith("port:") and name not in self.variables:
				self.variables[name] = str(free_port())
			return self.variables[name]
		return re.sub(r"\$\{([^}]*)\}", value, text)

	def check_phi(self):
		for line in self.engine.lines():
			if CANARY.search(line):
				raise Failure(f"a patient's data in the log: {line}")

	# ---- statements

	def do_scenario(self, words, block):
		self.title = words[0]

	def do_config(self, words, block):
		path = os.path.join(self.folder, words[0])
		os.makedirs(os.path.dirname(path), exist_ok=True)
		with open(path, "w", encoding="utf-8") as file:
			file.write("\n".join(block) + "\n")
		os.chmod(path, 0o600)

	def do_message(self, words, block):
		self.messages[words[0]] = hl7.message(block)

	def do_engine(self, words, block):
		verb, rest = words[0], words[1:]
		engine = self.engine
		if verb == "start":
			engine.start(files=int(rest[1]) if rest[:1] == ["files"] else 0)
		elif verb == "spawn":
			engine.spawn()
		elif verb == "stop":
			engine.stop()
		elif verb == "restart":
			engine.stop()
			engine.start()
		elif verb == "kill":
			engine.kill()
		elif verb in SIGNALS:
			engine.signal(SIGNALS[verb])
		elif verb == "exits":
			engine.exits(int(rest[0]))
		elif verb == "rests":
			engine.rests()
		elif verb == "logs":
			engine.logs(rest[0])
		elif verb == "logged":
			seen = sum(rest[1] in line for line in engine.lines())
			if seen != int(rest[0]):
				raise Failure(f"the log says {rest[1]!r} {seen} times")
		elif verb == "second":
			self.do_run([rest[0], "run", self.folder], None)
		else:
			raise ValueError(f"engine {verb}?")

	def content(self, name, control_id=None, changes=()):
		content = self.messages[name]
		if control_id:
			content = hl7.set_(content, "MSH-10", control_id)
		for change in changes:
			path, _, value = change.partition("=")
			content = hl7.set_(content, path, value)
		return content

	def several(self, words):
		"""MESSAGE ID [PATH=VALUE...] ID [PATH=VALUE...]... as messages."""
		found = []
		for word in words[1:]:
			if "=" in word:
				path, _, value = word.partition("=")
				found[-1] = hl7.set_(found[-1], path, value)
			else:
				found.append(self.content(words[0], word))
		return found

	def do_boundary(self, words, block):
		every = float(words[0])
		start = time.time() // every
		until(lambda: (time.time() // every > start, ""), "the next window")

	def do_device(self, words, block):
		name, verb, rest = words[0], words[1], words[2:]
		if verb == "connect":
			self.devices[name] = Device(int(rest[0] if rest else self.fill("${port:in}")))
			return
		if verb == "of":
			self.devices[name] = self.monitors[rest[0]].device(int(rest[1]))
			return
		device = self.devices[name]
		if verb == "send":
			device.send(hl7.frame(self.content(rest[0], rest[1], rest[2:])))
		elif verb == "send-both":
			device.send(b"".join(hl7.frame(self.content(rest[0], i)) for i in rest[1:]))
		elif verb == "send-rows":
			rows = int(rest[2])
			content = self.content(rest[0], rest[1])
			device.send(hl7.frame(content + hl7.message(f"NTE|{i}||{'x' * 200}" for i in range(rows))))
		elif verb == "send-pieces":
			device.send(hl7.frame(self.content(rest[1], rest[2])), pieces=int(rest[0]))
		elif verb in ("send-batch", "send-joined"):
			several = self.several(rest)
			content = hl7.batch(several) if verb == "send-batch" else b"".join(several)
			device.send(hl7.frame(content))
		elif verb == "send-raw":
			device.send(hl7.visible("\r".join(block)))
		elif verb == "expect":
			answer = device.answer()
			compare("the answer", rest, lambda path: hl7.get(answer, path))
		elif verb == "delivers":
			for control_id in rest[1:]:
				device.send(hl7.frame(self.content(rest[0], control_id)))
				answer = device.answer()
				compare("the answer", ["MSA-1=AA", f"MSA-2={control_id}"], lambda path: hl7.get(answer, path))
		elif verb == "delivers-many":
			ids = [f"{rest[1]}{i}" for i in range(int(rest[2]))]
			device.send(b"".join(hl7.frame(self.content(rest[0], i)) for i in ids))
			for control_id in ids:
				answer = device.answer()
				compare("the answer", ["MSA-1=AA", f"MSA-2={control_id}"], lambda path: hl7.get(answer, path))
		elif verb == "until-accepted":
			until(lambda: self.try_once(device, "AA", *rest), "the message to be accepted")
		elif verb == "until-refused":
			until(lambda: self.try_once(device, "AR", *rest), "the message to be refused")
		elif verb == "unanswered":
			device.unanswered()
		elif verb == "expect-closed":
			device.closed()
		elif verb == "close":
			device.close()
		elif verb == "half-close":
			device.half_close()
		elif verb == "reset":
			device.reset()
		else:
			raise ValueError(f"device {verb}?")

	def try_once(self, device, wanted, name, control_id):
		device.send(hl7.frame(self.content(name, control_id)))
		code = hl7.get(device.answer(), "MSA-1")
		return code == wanted, code

	def do_monitor(self, words, block):
		"""monitor M listen [PORT], stop, start, has N: a device that listens."""
		name, verb, rest = words[0], words[1], words[2:]
		if verb == "listen":
			self.monitors[name] = Monitor(int(rest[0] if rest else self.fill(f"${{port:{name}}}")))
		elif verb == "has":
			made = len(self.monitors[name].connections.items)
			if made != int(rest[0]):
				raise Failure(f"{made} connections were made to {name}, not {rest[0]}")
		elif verb in ("stop", "start"):
			getattr(self.monitors[name], verb)()
		else:
			raise ValueError(f"monitor {verb}?")

	def do_client(self, words, block):
		"""client C connect [PORT], post MESSAGE ID [PATH=VALUE...], expect STATUS [PATH=VALUE...] and so on."""
		name, verb, rest = words[0], words[1], words[2:]
		hl7_type = {"Content-Type": "application/hl7-v2"}
		if verb == "connect":
			self.clients[name] = HttpClient(int(rest[0] if rest else self.fill("${port:web}")))
			return
		client = self.clients[name]
		if verb in ("post", "post-chunked"):
			content = self.content(rest[0], rest[1], rest[2:])
			client.ask("POST", "/hl7", hl7_type, content, chunked=verb == "post-chunked")
		elif verb == "post-rows":
			content = self.content(rest[0], rest[1])
			content += hl7.message(f"NTE|{i}||{'x' * 200}" for i in range(int(rest[2])))
			client.ask("POST", "/hl7", hl7_type, content)
		elif verb == "ask":
			headers = dict(word.split("=", 1) for word in rest[2:])
			client.ask(rest[0], rest[1], headers, hl7.visible("\r".join(block)) if block else None)
		elif verb == "raw":
			client.raw(hl7.visible("\r\n".join(block)))
		elif verb == "expect":
			response = client.read()
			if response.status != int(rest[0]):
				raise Failure(f"status {response.status}, not {rest[0]}: {client.body!r}")
			compare("the answer", rest[1:], lambda path: hl7.get(client.body, path))
		elif verb == "header":
			compare("the response", rest, lambda header: client.response.headers.get(header, ""))
		elif verb == "says":
			if rest[0] not in client.body.decode("latin-1"):
				raise Failure(f"{rest[0]!r} is not in {client.body!r}")
		elif verb == "delivers":
			for control_id in rest[1:]:
				self.do_client([name, "post", rest[0], control_id], None)
				self.do_client([name, "expect", "200", "MSA-1=AA", f"MSA-2={control_id}"], None)
		elif verb == "delivers-many":
			ids = [f"{rest[1]}{i}" for i in range(int(rest[2]))]
			self.do_client([name, "delivers", rest[0], *ids], None)
		elif verb == "until":
			def probe():
				self.do_client([name, "post", rest[1], rest[2]], None)
				return client.read().status == int(rest[0]), client.response.status
			until(probe, f"status {rest[0]}")
		elif verb == "expect-closed":
			client.closed()
		elif verb == "close":
			client.close()
		else:
			raise ValueError(f"client {verb}?")

	def do_flood(self, words, block):
		"""flood N MESSAGE PREFIX COUNT: that it is stored comes before what became of it, and both once."""
		devices = [Device(int(self.fill("${port:in}"))) for _ in range(int(words[0]))]
		asked, count = ["MSH-15=AL", "MSH-16=AL"], int(words[3])
		for n, device in enumerate(devices):
			ids = (f"{words[2]}{n}-{i}" for i in range(count))
			device.send(b"".join(hl7.frame(self.content(words[1], i, asked)) for i in ids))
		for n, device in enumerate(devices):
			answers = [device.answer() for _ in range(2 * count)]
			for i in range(count):
				control_id = f"{words[2]}{n}-{i}"
				mine = [hl7.get(a, "MSA-1") for a in answers if hl7.get(a, "MSA-2") == control_id]
				if len(mine) != 2 or mine[0] != "CA":
					raise Failure(f"{control_id} was answered {' '.join(mine)}")
			device.close()

	def do_status(self, words, block):
		"""status PATH=VALUE...: waits until afferent status --json says so."""
		def probe():
			result = self.engine.run("status", self.folder, "--json")
			got = json.loads(result.stdout) if result.returncode == 0 else {}
			seen = {word: str(path_get(got, word.partition("=")[0])) for word in words}
			return all(word.partition("=")[2] == value for word, value in seen.items()), seen
		until(probe, "the status")

	def do_crowd(self, words, block):
		"""crowd N: N more connections that say nothing; crowd 0 closes them."""
		if words[0] == "0":
			while self.crowd:
				self.crowd.pop().close()
		for _ in range(int(words[0])):
			self.crowd.append(Device(int(self.fill("${port:in}"))))

	def do_refused(self, words, block):
		try:
			socket.create_connection(("127.0.0.1", int(words[0])), 5).close()
		except ConnectionRefusedError:
			return
		raise Failure(f"somebody listens on port {words[0]}")

	def server(self, table, kind, words):
		name, verb, rest = words[0], words[1], words[2:]
		if verb == "listen":
			table[name] = kind(int(rest[0] if rest else self.fill(f"${{port:{name}}}")))
			return None, verb, rest
		server = table[name]
		if verb in ("stop", "start", "hold", "release"):
			getattr(server, verb)()
		elif verb == "answers":
			server.answers(rest)
		elif verb == "expect":
			wanted = int(rest[0])
			server.messages.wait(lambda items: len(items) >= wanted, f"{wanted} messages at {name}")
		elif verb == "has":
			if len(server.messages.items) != int(rest[0]):
				raise Failure(f"{name} has {len(server.messages.items)} messages, not {rest[0]}")
		else:
			return server, verb, rest
		return None, verb, rest

	def do_ehr(self, words, block):
		ehr, verb, rest = self.server(self.ehrs, Ehr, words)
		if ehr is None:
			return
		if verb == "message":
			content = ehr.messages.items[int(rest[0]) - 1]
			compare("the message", rest[1:], lambda path: hl7.get(content, path))
		elif verb == "ids":
			until(lambda: (ehr.ids() == rest, ehr.ids()), f"the control ids {rest}")
		elif verb == "arrives":
			until(lambda: (rest[0] in ehr.ids(), ehr.ids()), f"the control id {rest[0]}")
		elif verb == "in-order":
			wanted = [f"{name}{i}" for name, n in zip(rest[::2], rest[1::2]) for i in range(int(n))]
			if ehr.ids() != wanted:
				raise Failure("messages are missing or out of order")
		elif verb == "spread":
			count, least = int(rest[0]), float(rest[1])
			ehr.messages.wait(lambda items: len(items) >= count, f"{count} messages")
			took = ehr.messages.times[count - 1] - ehr.messages.times[0]
			if took < least:
				raise Failure(f"{count} messages came in {took:.2f} s")
		elif verb == "readings":
			until(lambda: (ehr.readings() == int(rest[0]), ehr.readings()), f"{rest[0]} readings")
		elif verb == "unchanged":
			if len(set(ehr.messages.items)) != len(ehr.ids()):
				raise Failure("a message came again with other bytes")
		elif verb == "ids-begin":
			if ehr.ids()[:len(rest)] != rest:
				raise Failure(f"the first control ids are {ehr.ids()[:len(rest)]}")
		elif verb == "poison":
			ehr.poison, ehr.on_poison = set(rest), lambda: self.engine.signal(signal.SIGKILL)
		elif verb == "came":
			seen = sum(hl7.get(m, "MSH-10") == rest[1] for m in ehr.messages.items)
			if seen != int(rest[0]):
				raise Failure(f"{rest[1]} came {seen} times, not {rest[0]}")
		elif verb == "abandoned":
			ehr.abandoned()
		else:
			raise ValueError(f"ehr {verb}?")

	def do_fhir(self, words, block):
		server, verb, rest = self.server(self.fhirs, Fhir, words)
		if server is None:
			return
		if verb == "message":
			bundle = server.messages.items[int(rest[0]) - 1]
			compare("the bundle", rest[1:], lambda path: str(path_get(bundle, path)))
		elif verb == "resources":
			bundle = server.messages.items[int(rest[0]) - 1]
			kinds = [entry["resource"]["resourceType"] for entry in bundle["entry"]]
			compare("the bundle", rest[1:], lambda kind: str(kinds.count(kind)))
		elif verb == "same":
			first, second = (server.messages.items[int(number) - 1] for number in rest)
			if first != second:
				raise Failure(f"bundles {rest[0]} and {rest[1]} differ")
		elif verb == "differ":
			first, second = (server.messages.items[int(number) - 1] for number in rest)
			if first == second:
				raise Failure(f"bundles {rest[0]} and {rest[1]} are the same")
		else:
			raise ValueError(f"fhir {verb}?")

	def do_http(self, words, block):
		server, verb, rest = self.server(self.https, Http, words)
		if server is None:
			return
		content = server.messages.items
		if verb == "message":
			compare("the message", rest[1:], lambda path: hl7.get(content[int(rest[0]) - 1], path))
		elif verb == "ids":
			ids = [hl7.get(m, "MSH-10") for m in content]
			if ids != rest:
				raise Failure(f"the control ids are {ids}")
		else:
			raise ValueError(f"http {verb}?")

	def do_certificates(self, words, block):
		make_certificates(self.folder)

	def do_syslog(self, words, block):
		name, verb, rest = words[0], words[1], words[2:]
		if verb == "listen":
			words = [name, verb]

		def make(port):
			return Syslog(port, self.folder, rest[0], "client" in rest)
		server, verb, _ = self.server(self.syslogs, make, words)
		if server is None:
			return
		if verb == "refused":
			server.refused(int(rest[0]))
		elif verb == "more":
			server.more()
		elif verb == "check":
			server.check()
		elif verb == "save":
			server.save(os.path.join(self.folder, rest[0]))
		elif verb == "got":
			until(lambda: (server.has(rest[0]), f"{len(server.messages.items)} messages"), f"a message {rest[0]}")
		else:
			raise ValueError(f"syslog {verb}?")

	def do_copy(self, words, block):
		"""copy FROM TO: a folder; what was there goes."""
		source, target = (os.path.join(self.folder, word) for word in words)
		shutil.rmtree(target, ignore_errors=True)
		shutil.copytree(source, target)

	def do_copy_file(self, words, block):
		source, target = (os.path.join(self.folder, word) for word in words)
		shutil.copy(source, target)

	def do_ledger(self, words, block):
		self.engine.wait_ledger(words[0], {k: int(v) for k, v in (word.split("=") for word in words[1:])})

	def do_gauge(self, words, block):
		self.engine.wait_gauge(words[0])

	def do_journal(self, words, block):
		"""journal N SEARCH-OPTION...: the search finds N messages."""
		found = self.engine.search(*words[1:])
		if len(found) != int(words[0]):
			raise Failure(f"the journal has {len(found)} such messages, not {words[0]}: {found}")
		self.variables["id"] = str(found[0]["id"]) if found else ""

	def do_run(self, words, block):
		result = self.engine.run(*words[1:])
		self.finished(words[1:], result.returncode, result.stdout + result.stderr, int(words[0]))

	def finished(self, words, code, output, wanted):
		self.result = output
		if recorded := re.search(r'(?:recorded as |--resume |"number":|"replay":)(\d+)', output):
			self.variables["recorded"] = recorded[1]
		if code != wanted:
			raise Failure(f"afferent {' '.join(words)}: exit {code}, not {wanted}:\n{output}")

	def do_environment(self, words, block):
		"""environment NAME VALUE: of commands from here on."""
		self.engine.environment[words[0]] = words[1]

	def do_command(self, words, block):
		"""command start WORD...: an afferent command in the background; signal INT|TERM|KILL; exits CODE."""
		if words[0] == "start":
			self.command = subprocess.Popen([self.engine.binary, *words[1:]], stdin=subprocess.DEVNULL,
			                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
			                                cwd=self.folder)
		elif words[0] == "signal":
			self.command.send_signal(getattr(signal, "SIG" + words[1]))
		elif words[0] == "exits":
			output, _ = self.command.communicate(timeout=PATIENCE)
			self.finished(["command"], self.command.returncode, output, int(words[1]))
		else:
			raise ValueError(f"command {words[0]}?")

	def do_output(self, words, block):
		for text in words:
			if text not in self.result:
				raise Failure(f"the output lacks {text!r}:\n{self.result}")

	def do_file(self, words, block):
		"""file PATH COUNT TEXT: the file has the text so often."""
		def probe():
			try:
				with open(os.path.join(self.folder, words[0]), encoding="latin-1", newline="") as file:
					got = file.read().count(words[2])
			except FileNotFoundError:
				got = 0
			return got == int(words[1]), got
		until(probe, f"{words[1]} times {words[2]!r} in {words[0]}")

	def do_put(self, words, block):
		"""put PATH MESSAGE ID [PATH=VALUE...] [ID...]: a file with these messages is renamed into its place."""
		self.put(words[0], b"".join(self.several(words[1:])))

	def do_put_batch(self, words, block):
		self.put(words[0], hl7.batch(self.several(words[1:])))

	def do_put_raw(self, words, block):
		self.put(words[0], hl7.visible("\r".join(block) + "\r"))

	def do_put_many(self, words, block):
		"""put-many FOLDER MESSAGE PREFIX N: N files PREFIX0.hl7 and so on, as a program that writes fast makes them."""
		for i in range(int(words[3])):
			self.put(f"{words[0]}/{words[2]}{i:05d}.hl7", self.content(words[1], f"{words[2]}{i}"))

	def put(self, path, content):
		path = os.path.join(self.folder, path)
		os.makedirs(os.path.dirname(path), exist_ok=True)
		temporary = os.path.join(os.path.dirname(path), ".being-written")
		with open(temporary, "wb") as file:
			file.write(content)
		os.rename(temporary, path)

	def do_append(self, words, block):
		"""append PATH <<: these bytes behind what is there."""
		with open(os.path.join(self.folder, words[0]), "ab") as file:
			file.write(hl7.visible("\r".join(block) + "\r"))

	def do_files(self, words, block):
		"""files FOLDER NAME...: waits until the folder has these files, and no others; N: so many; N PATTERN: so
		many, all named like this, and not even a hidden one beside them."""
		folder, wanted = os.path.join(self.folder, words[0]), words[1:]
		count = int(wanted[0]) if wanted and wanted[0].isdigit() else None

		def probe():
			names = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
			got = [n for n in names if os.path.isfile(os.path.join(folder, n)) and n[0] != "."]
			if count is None:
				return got == sorted(wanted), got[:10]
			if wanted[1:]:
				return len(names) == count == len(fnmatch.filter(names, wanted[1])), names[:10]
			return len(got) == count, got[:10]
		until(probe, f"the files {wanted} in {words[0]}")

	def do_move(self, words, block):
		os.rename(*(os.path.join(self.folder, word) for word in words))

	def do_link(self, words, block):
		"""link TARGET PATH: a symbolic link."""
		os.symlink(words[0], os.path.join(self.folder, words[1]))

	def do_make_folder(self, words, block):
		os.makedirs(os.path.join(self.folder, words[0]), exist_ok=True)

	def do_mode(self, words, block):
		"""mode PATH OCTAL"""
		os.chmod(os.path.join(self.folder, words[0]), int(words[1], 8))

	def do_folder(self, words, block):
		"""folder PATH some|none TEXT: the text is in some file of the folder, or in none."""
		holding = []
		for base, _, names in os.walk(os.path.join(self.folder, words[0])):
			for name in names:
				with open(os.path.join(base, name), "rb") as file:
					if words[2].encode() in file.read():
						holding.append(name)
		if bool(holding) != (words[1] == "some"):
			raise Failure(f"{words[2]!r} is in {holding or 'no file'}")

	def do_small_disk(self, words, block):
		"""small-disk PATH SIZE: mounts a file system of this size there, or skips the scenario."""
		path = os.path.join(self.folder, words[0])
		os.makedirs(path, mode=0o700, exist_ok=True)
		command = ["mount", "-t", "tmpfs", "-o", f"size={words[1]},mode=700", "tmpfs", path]
		if os.geteuid() != 0 or subprocess.run(command, capture_output=True).returncode:
			raise Skip("needs the right to mount a small file system")
		self.mounts.append(path)

	def do_clock(self, words, block):
		"""clock OFFSET: the engine's wall clock goes wrong by so much (+0, -1h, +1d); before its first start, too."""
		path = os.path.join(self.folder, "clock")
		libraries = glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")
		if not libraries or re.search("address|thread", self.binary):
			raise Skip("needs libfaketime, and a build without sanitizers")
		with open(path + ".new", "w", encoding="ascii") as file:
			file.write(words[0] + "\n")
		os.rename(path + ".new", path)
		self.engine.environment = {
			"LD_PRELOAD": libraries[0], "FAKETIME_TIMESTAMP_FILE": path, "FAKETIME_NO_CACHE": "1",
			"FAKETIME_DONT_FAKE_MONOTONIC": "1", "FAKETIME_FORCE_MONOTONIC_FIX": "0"}

	def do_inject(self, words, block):
		"""inject SYSCALL:WHAT[:when=N]: strace's words; inject end."""
		self.end_injection()
		if words[0] == "end":
			return
		command = ["strace", "-f", "-o", "/dev/null", "-e", f"trace={words[0].split(':')[0]}", "-e",
		           f"inject={words[0]}", "-p", str(self.engine.process.pid)]
		try:
			self.tracer = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
		except FileNotFoundError:
			raise Skip("needs strace")
		said = self.tracer.stderr.readline()
		if "attached" not in said:
			raise Skip(f"needs the right to trace a process: {said.strip()}")

	def end_injection(self):
		if self.tracer:
			self.tracer.terminate()
			self.tracer.communicate()
		self.tracer = None

	def do_fill_disk(self, words, block):
		"""fill-disk PATH: writes zeros into a file until the file system is full; remove PATH makes room again."""
		with open(os.path.join(self.folder, words[0]), "wb", buffering=0) as file:
			try:
				while file.write(bytes(65536)):
					pass
			except OSError as error:
				if error.errno != errno.ENOSPC:
					raise

	def do_remove(self, words, block):
		os.remove(os.path.join(self.folder, words[0]))


def run_one(path, arguments):
	scenario = Scenario(path, arguments.afferent)
	result = scenario.run()
	if arguments.keep and not scenario.mounts:
		print(f"     {scenario.name}: {scenario.folder}")
	else:
		scenario.clean()
	return scenario.name, result


def main():
	parser = argparse.ArgumentParser()
	parser.add_argument("--afferent", default="build/gcc/afferent")
	parser.add_argument("--jobs", type=int, default=4)
	parser.add_argument("--keep", action="store_true", help="leave the scenarios' folders")
	parser.add_argument("files", nargs="*")
	arguments = parser.parse_args()
	files = arguments.files or sorted(os.path.join(HERE, f) for f in os.listdir(HERE) if f.endswith(".scn"))
	if not os.access(arguments.afferent, os.X_OK):
		sys.exit(f"FAIL: there is no {arguments.afferent}; run make first")
	counts = {"ok": 0, "FAIL": 0, "skip": 0}
	with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
		for name, (status, text) in pool.map(lambda path: run_one(path, arguments), files):
			counts[status] += 1
			print(f"{status:4} {name}: {text}", flush=True)
	print(f"{counts['ok']} passed, {counts['FAIL']} failed, {counts['skip']} skipped")
	sys.exit(1 if counts["FAIL"] else 0)


if __name__ == "__main__":
	main()
