# SPDX-License-Identifier: Apache-2.0
"""A syslog server that speaks TLS (RFC 5425), and the certificates for it."""

import os
import re
import socket
import ssl
import subprocess
import threading

from peers import Ehr, Failure, until

# One syslog message (RFC 5424) as the engine sends it: no structured data, a text.
MESSAGE = re.compile(rb"<(\d{1,3})>1 (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z) ([!-~]{1,255}) (afferent) (\d+)"
                     rb" ([!-~]{1,32}) - (.+)\Z", re.DOTALL)


def openssl(folder, *words):
	result = subprocess.run(["openssl", *words], cwd=folder, capture_output=True, text=True)
	if result.returncode:
		raise Failure(f"openssl {' '.join(words)}: {result.stderr}")


def make_certificates(folder):
	"""In folder/tls: ca.pem and other-ca.pem; server.pem (127.0.0.1), named.pem (logs.example), expired.pem and
	client.pem, each with its .key, issued by ca.pem; other.pub, a public Ed25519 key."""
	tls = os.path.join(folder, "tls")
	os.makedirs(tls, mode=0o700)
	openssl(tls, "genpkey", "-algorithm", "ed25519", "-out", "other.key")
	openssl(tls, "pkey", "-in", "other.key", "-pubout", "-out", "other.pub")
	key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
	for name in ("ca", "other-ca"):
		openssl(tls, "req", "-x509", *key, "-keyout", f"{name}.key", "-out", f"{name}.pem", "-days", "30",
		        "-subj", f"/CN={name}")
	for name, names, days in (("server", "IP:127.0.0.1", "30"), ("named", "DNS:logs.example", "30"),
	                          ("expired", "IP:127.0.0.1", "-1"), ("client", "DNS:engine.example", "30")):
		with open(os.path.join(tls, "extensions"), "w", encoding="ascii") as file:
			file.write(f"subjectAltName = {names}\n")
		openssl(tls, "req", "-new", *key, "-keyout", f"{name}.key", "-out", "request", "-subj", f"/CN={name}")
		openssl(tls, "x509", "-req", "-in", "request", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
		        "-days", days, "-extfile", "extensions", "-out", f"{name}.pem")
		os.chmod(os.path.join(tls, f"{name}.key"), 0o600)


class Syslog(Ehr):
	"""Takes messages. certificate: a name of make_certificates; "none": it does not speak TLS, "mute": it does not
	answer at all. client: it wants a certificate that ca.pem issued."""

	def __init__(self, port, folder, certificate, client=False):
		self.failures = self.before = 0
		self.context = None
		self.mute = certificate == "mute"
		if certificate not in ("none", "mute"):
			tls = os.path.join(folder, "tls")
			self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
			paths = (os.path.join(tls, f"{certificate}.{kind}") for kind in ("pem", "key"))
			self.context.load_cert_chain(*paths)
			if client:
				self.context.verify_mode = ssl.CERT_REQUIRED
				self.context.load_verify_locations(os.path.join(tls, "ca.pem"))
		super().__init__(port)

	def serve(self, connection):
		pending = b""
		try:
			if self.mute:
				while connection.recv(65536):
					pass
				return
			if self.context:
				plain, connection = connection, self.context.wrap_socket(connection, server_side=True)
				self.connections.discard(plain)
				self.connections.add(connection)
			while data := connection.recv(65536):
				pending += data
				if not self.context:
					connection.sendall(b"220 this is no TLS\r\n")
					break
				while frame := re.match(rb"([1-9]\d{0,5}) ", pending):
					end = frame.end() + int(frame[1])
					if len(pending) < end:
						break
					self.messages.put(pending[frame.end():end])
					pending = pending[end:]
		except OSError:
			pass
		if not self.context or not getattr(connection, "version", lambda: None)():
			self.failures += 1
		self.connections.discard(connection)
		connection.close()

	def stop(self):
		for connection in list(self.connections):
			connection.shutdown(socket.SHUT_RDWR)  # wakes who reads it, without the good-bye of TLS
		super().stop()
		self.before = len(self.messages.items)

	def more(self):
		"""Waits for a message that came after the stop."""
		self.messages.wait(lambda items: len(items) > self.before, "a message after the stop")

	def refused(self, wanted):
		"""Waits for so many connections on which nothing was received."""
		until(lambda: (self.failures >= wanted, f"{self.failures} connections"), "connections that came to nothing")

	def check(self):
		"""Every message is one of RFC 5424."""
		for message in self.messages.items:
			if not MESSAGE.match(message):
				raise Failure(f"not a syslog message: {message!r}")

	def save(self, path):
		"""Writes a file as syslog servers do: a line each, with a header of their own."""
		with open(path, "ab") as file:
			for message in self.messages.items:
				header = MESSAGE.match(message)
				if not header:
					raise Failure(f"not a syslog message: {message!r}")
				file.write(b"%s %s %s[%s]: %s\n" % (header[2], header[3], header[4], header[5], header[7]))

	def has(self, identity):
		"""Whether there is a message with this MSGID."""
		found = (MESSAGE.match(message) for message in self.messages.items)
		return any(match and match[6].decode() == identity for match in found)
