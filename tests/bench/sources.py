#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How fast messages come in over HTTP and from a folder: made durable, answered, journal only.

	sources.py [--afferent build/gcc/afferent] [--messages 10000] [--connections 8] [--folder DIR]

Over HTTP each connection sends the next message when it has the response to the last one. The files of the folder hold
one message each and lie there before the engine starts. --folder: where the journal and the files are, to measure
another disk.
"""

import argparse
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

MESSAGE = "\r".join((
	"MSH|^~\\&|MONITOR|ICU|EHR|HOSP|20260110081500+0100||ORU^R01^ORU_R01|{id}|P|2.6",
	"PID|||4711^^^HOSP^PI||Test^Patient||19620914|F",
	"PV1||I|ICU^2^BED7^HOSP",
	"OBR|1|||182777000^monitoring of patient^SCT|||20260110081459+0100",
	*(f"OBX|{i}|NM|147842^MDC_ECG_HEART_RATE^MDC|1.1.1.{i}|78|264864^MDC_DIM_BEAT_PER_MIN^MDC|60-100|N|||R|||"
	  "20260110081459+0100" for i in range(1, 8)))) + "\r"


def free_port():
	with socket.create_server(("127.0.0.1", 0)) as probe:
		return probe.getsockname()[1]


def write(path, text):
	os.makedirs(os.path.dirname(path), exist_ok=True)
	with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8", newline="") as file:
		file.write(text)


class Engine:
	def __init__(self, binary, folder):
		self.binary, self.folder = binary, folder
		self.process = subprocess.Popen([binary, "run", folder], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
		                                stderr=subprocess.STDOUT, text=True)
		for line in self.process.stdout:
			if line.rstrip().endswith("ready"):
				return
		sys.exit("the engine did not start")

	def channel(self, name):
		status = json.loads(subprocess.run([self.binary, "status", self.folder, "--json"], capture_output=True,
		                                   check=True).stdout)
		return next(channel for channel in status["channels"] if channel["channel"] == name)

	def stop(self):
		self.process.send_signal(signal.SIGTERM)
		self.process.communicate(timeout=60)


def post_all(port, messages, connections):
	"""Posts them; the seconds that took, and each response's time."""
	selector = selectors.DefaultSelector()
	left, times, waiting = messages, [], 0

	def request(number):
		body = MESSAGE.format(id=f"H{number}").encode()
		return (b"POST /hl7 HTTP/1.1\r\nHost: x\r\nContent-Type: application/hl7-v2\r\n"
		        b"Content-Length: %d\r\n\r\n" % len(body)) + body

	begin = time.monotonic()
	for _ in range(connections):
		client = socket.create_connection(("127.0.0.1", port))
		client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
		client.sendall(request(left))
		left, waiting = left - 1, waiting + 1
		selector.register(client, selectors.EVENT_READ, [time.monotonic(), b""])
	while waiting:
		for key, _ in selector.select():
			client, state = key.fileobj, key.data
			state[1] += client.recv(65536)
			head, end, body = state[1].partition(b"\r\n\r\n")
			if not end or len(body) < int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0]):
				continue
			if not head.startswith(b"HTTP/1.1 200 "):
				sys.exit(f"not accepted: {head!r}")
			now = time.monotonic()
			times.append(now - state[0])
			waiting -= 1
			if left > 0:
				client.sendall(request(left))
				left, waiting, state[0], state[1] = left - 1, waiting + 1, now, b""
	return time.monotonic() - begin, sorted(times)


def main():
	parser = argparse.ArgumentParser()
	parser.add_argument("--afferent", default="build/gcc/afferent")
	parser.add_argument("--messages", type=int, default=10000)
	parser.add_argument("--connections", type=int, default=8)
	parser.add_argument("--folder")
	arguments = parser.parse_args()
	pause = threading.Event()
	with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
		port = free_port()
		write(f"{folder}/afferent.yaml", "journal: journal\ncontrol: control.sock\n")
		write(f"{folder}/channels/web.yaml", f'channel: web\nsource: {{http: {{listen: "127.0.0.1:{port}"}}}}\n'
		      "destinations: none\n")
		write(f"{folder}/channels/lab.yaml", "channel: lab\n"
		      "source: {directory: {path: in, settle: 0s, every: 100ms}}\ndestinations: none\n")
		for i in range(arguments.messages):
			write(f"{folder}/in/{i:06d}.hl7", MESSAGE.format(id=f"F{i}"))
		begin = time.monotonic()
		engine = Engine(arguments.afferent, folder)
		while engine.channel("lab")["accepted"] < arguments.messages or os.listdir(f"{folder}/in/.taken"):
			pause.wait(0.02)
		took = time.monotonic() - begin
		print(f"folder: {arguments.messages} files in {took:.2f} s with the start, {arguments.messages / took:.0f}/s")
		took, times = post_all(port, arguments.messages, arguments.connections)
		print(f"http: {len(times)} messages over {arguments.connections} connections in {took:.2f} s, "
		      f"{len(times) / took:.0f}/s; response p50 {times[len(times) // 2] * 1000:.2f} ms, "
		      f"p99 {times[len(times) * 99 // 100] * 1000:.2f} ms")
		engine.stop()


if __name__ == "__main__":
	main()
