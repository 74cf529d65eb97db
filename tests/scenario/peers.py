# SPDX-License-Identifier: Apache-2.0
"""Scripted peers of a running engine: a device, an EHR that speaks MLLP, a FHIR server. Every wait has a deadline."""

import collections
import http.client
import http.server
import json
import os
import random
import re
import select
import socket
import struct
import threading
import time

import hl7

# Builds that are slow by nature (sanitizers) get more time.
PATIENCE = float(os.environ.get("AFF_PATIENCE", "1")) * 20


def expect_closed(read):
	"""The engine closes the connection and says nothing more."""
	try:
		data = read()
	except ConnectionResetError:
		return
	except socket.timeout:
		raise Failure("the connection is still open")
	if data:
		raise Failure(f"not closed but answered: {data!r}")


class Failure(Exception):
	"""What a scenario expected did not happen."""


class Box:
	"""A list that one thread fills and another one waits for."""

	def __init__(self):
		self.items = []
		self.times = []  # monotonic, of each
		self.changed = threading.Condition()

	def put(self, item):
		with self.changed:
			self.items.append(item)
			self.times.append(time.monotonic())
			self.changed.notify_all()

	def wait(self, ready, what):
		with self.changed:
			if not self.changed.wait_for(lambda: ready(self.items), PATIENCE):
				raise Failure(f"waited {PATIENCE:.0f} s for {what}; there are {len(self.items)}")
			return list(self.items)


def free_port(taken=set(), lock=threading.Lock()):
	"""A port nobody listens on, below the range from which outgoing connections get theirs."""
	with lock:
		while True:
			port = random.randrange(20000, 32000)
			with socket.socket() as probe:
				try:
					probe.bind(("127.0.0.1", port))
				except OSError:
					continue
			if port not in taken:
				taken.add(port)
				return port


def reset(connection):
	"""Closes with a RST."""
	connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
	connection.close()


class Device:
	"""A monitor: sends frames, reads answers."""

	def __init__(self, port=None, connection=None):
		self.socket = connection or socket.create_connection(("127.0.0.1", port), PATIENCE)
		self.socket.settimeout(PATIENCE)
		self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
		self.pending = b""

	def send(self, data, pieces=0):
		size = pieces or len(data) or 1
		for i in range(0, len(data), size):
			self.socket.sendall(data[i:i + size])

	def answer(self):
		while b"\x1c\r" not in self.pending:
			try:
				data = self.socket.recv(65536)
			except socket.timeout:
				raise Failure("no answer came")
			except OSError as error:
				raise Failure(f"the connection broke before the answer: {error}")
			if not data:
				raise Failure("the connection was closed before the answer")
			self.pending += data
		content, self.pending = self.pending.split(b"\x1c\r", 1)
		if not content.startswith(b"\x0b"):
			raise Failure(f"the answer is not framed: {content!r}")
		return content[1:]

	def unanswered(self):
		"""Nothing has come so far."""
		ready, _, _ = select.select([self.socket], [], [], 0)
		if self.pending or ready:
			raise Failure(f"answered: {self.answer()!r}")

	def closed(self):
		"""Waits for the engine to close; anything but silence before is a failure."""
		expect_closed(lambda: self.pending or self.socket.recv(65536))

	def close(self):
		self.socket.close()

	def half_close(self):
		self.socket.shutdown(socket.SHUT_WR)

	def reset(self):
		reset(self.socket)


class HttpClient:
	"""Sends messages over HTTP on one connection that is kept."""

	def __init__(self, port):
		self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
		self.connection.connect()
		self.response, self.body = None, b""

	def ask(self, method, path, headers, body, chunked=False):
		if chunked:
			pieces = (body[i:i + 50] for i in range(0, len(body), 50))
			self.connection.request(method, path, pieces, headers, encode_chunked=True)
		else:
			self.connection.request(method, path, body, headers)

	def raw(self, data):
		self.connection.sock.sendall(data)

	def read(self):
		try:
			self.response = self.connection.getresponse()
			self.body = self.response.read()
		except (OSError, http.client.HTTPException) as error:
			raise Failure(f"no response: {error!r}")
		return self.response

	def closed(self):
		"""Waits for the engine to close the connection without a response."""
		expect_closed(lambda: self.connection.sock.recv(65536))

	def close(self):
		self.connection.close()


class Monitor:
	"""A device that listens: whoever connects gets what it sends."""

	def __init__(self, port):
		self.port = port
		self.connections = Box()
		self.start()

	def start(self):
		self.listener = socket.create_server(("127.0.0.1", self.port), backlog=16)
		threading.Thread(target=self.accept, args=(self.listener,), daemon=True).start()

	def stop(self):
		self.listener.shutdown(socket.SHUT_RDWR)
		self.listener.close()

	def accept(self, listener):
		while True:
			try:
				connection, _ = listener.accept()
			except OSError:
				return
			self.connections.put(connection)

	def device(self, number):
		"""The connection that was made as the so-manieth."""
		made = self.connections.wait(lambda items: len(items) >= number, f"{number} connections to the device")
		return Device(connection=made[number - 1])


class Server:
	"""What both kinds of receivers share: a script of answers, messages so far, doors that can be shut."""

	default = "AA"

	def __init__(self, port):
		self.port = port
		self.messages = Box()
		self.script = collections.deque()
		self.open = threading.Event()
		self.open.set()

	def answers(self, script):
		self.script.extend(script)

	def next_answer(self):
		return self.script.popleft() if self.script else self.default

	def hold(self):
		self.open.clear()

	def release(self):
		self.open.set()


class Ehr(Server):
	"""An MLLP receiver. Answers: AA AE AR CA CE CR, nothing, wrong-id, garbage, reset, late (before the next)."""

	def __init__(self, port):
		super().__init__(port)
		self.late = []
		self.poison, self.on_poison = set(), None
		self.connections = set()
		self.listener = None
		self.start()

	def start(self):
		self.listener = socket.create_server(("127.0.0.1", self.port), backlog=128)
		threading.Thread(target=self.accept, args=(self.listener,), daemon=True).start()

	def stop(self):
		"""Away: nobody listens, connections are cut."""
		self.listener.shutdown(socket.SHUT_RDWR)
		self.listener.close()
		for connection in list(self.connections):
			reset(connection)
		self.connections.clear()

	def accept(self, listener):
		while True:
			try:
				connection, _ = listener.accept()
			except OSError:
				return
			connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
			self.connections.add(connection)
			threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

	def serve(self, connection):
		pending = b""
		try:
			while data := connection.recv(1 << 20):
				pending += data
				while b"\x1c\r" in pending:
					content, pending = pending.split(b"\x1c\r", 1)
					self.receive(connection, content[1:])
		except OSError:
			pass
		self.connections.discard(connection)
		connection.close()

	def abandoned(self):
		"""Waits until the engine has closed all its connections."""
		until(lambda: (not self.connections, f"{len(self.connections)} connections"), "the connections to be closed")

	def receive(self, connection, content):
		self.messages.put(content)
		if self.poison and hl7.get(content, "MSH-10") in self.poison:
			self.on_poison()
			return
		self.open.wait()
		kind = self.next_answer()
		late, self.late = self.late, []
		for answer in late:
			connection.sendall(hl7.frame(answer))
		if kind == "late":
			self.late.append(hl7.answer(content, "AA"))
		elif kind == "wrong-id":
			connection.sendall(hl7.frame(hl7.answer(content, "AA", "SOMEBODY-ELSE")))
		elif kind == "garbage":
			connection.sendall(hl7.frame(b"this is no HL7"))
		elif kind == "reset":
			reset(connection)
		elif kind != "nothing":
			connection.sendall(hl7.frame(hl7.answer(content, kind)))

	def readings(self):
		"""How many readings the first row of each message stands for: OBX-17 says so, else one."""
		first = {hl7.get(m, "MSH-10"): hl7.get(m, "OBX[1]-17.5") for m in self.messages.items}
		counts = [re.search(r" of (\d+) reading", text or "") for text in first.values()]
		return sum(int(count[1]) if count else 1 for count in counts)

	def ids(self):
		"""Control ids in order of their first arrival."""
		return list(dict.fromkeys(hl7.get(m, "MSH-10") for m in self.messages.items))


class Fhir(Server):
	"""An HTTP server that takes bundles. Answers: a status, a status with Retry-After such as 503/1, or reset."""

	default = "200"
	type = "application/fhir+json"

	def __init__(self, port):
		super().__init__(port)
		self.start()

	def read(self, body):
		return json.loads(body)

	def reply(self, answer, body):
		"""Status, pause, type and body of an answer."""
		status, _, pause = answer.partition("/")
		return int(status), pause, self.type, b'{"resourceType": "Bundle", "type": "transaction-response"}'

	def start(self):
		owner = self

		class Handler(http.server.BaseHTTPRequestHandler):
			protocol_version = "HTTP/1.1"
			disable_nagle_algorithm = True

			def do_POST(self):
				body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
				if self.headers.get("Content-Type", "").split(";")[0] != owner.type:
					self.send_error(415)
					return
				owner.messages.put(owner.read(body))
				owner.open.wait()
				answer = owner.next_answer()
				if answer == "reset":
					reset(self.connection)
					self.close_connection = True
					return
				status, pause, kind, reply = owner.reply(answer, body)
				self.send_response(status)
				if pause:
					self.send_header("Retry-After", pause)
				self.send_header("Content-Type", kind)
				self.send_header("Content-Length", str(len(reply)))
				self.end_headers()
				self.wfile.write(reply)

			def log_message(self, *arguments):
				pass

		class Quiet(http.server.ThreadingHTTPServer):
			daemon_threads = True

			def handle_error(self, request, client_address):
				pass

		self.server = Quiet(("127.0.0.1", self.port), Handler)
		threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

	def stop(self):
		self.server.shutdown()
		self.server.server_close()


class Http(Fhir):
	"""An HTTP server that takes HL7. Answers: AA AE AR with 200, such as 500:AE with another status, a status such as
	204 or 503/1 without a body, wrong-id, page, reset."""

	default = "AA"
	type = "application/hl7-v2"

	def read(self, body):
		return body

	def reply(self, answer, body):
		status, _, pause = answer.partition("/")
		if answer == "page":
			return 200, "", "text/html", b"<html>log in</html>"
		if answer == "wrong-id":
			return 200, "", self.type, hl7.answer(body, "AA", "SOMEBODY-ELSE")
		if status.isdigit():
			return int(status), pause, self.type, b""
		status, _, code = answer.rpartition(":")
		return int(status or 200), "", self.type, hl7.answer(body, code)


def until(probe, what):
	"""Calls probe until it returns something true; what it last saw is told when time runs out."""
	deadline = time.monotonic() + PATIENCE
	pause = threading.Event()
	while True:
		done, seen = probe()
		if done:
			return seen
		if time.monotonic() > deadline:
			raise Failure(f"waited {PATIENCE:.0f} s for {what}; last seen: {seen}")
		pause.wait(0.03)
