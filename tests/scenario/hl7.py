# SPDX-License-Identifier: Apache-2.0
"""Just enough HL7 v2 for scripted peers, written independently of the library under test."""

import re

PATH = re.compile(r"^([A-Z][A-Z0-9]{2})(?:\[(\d+)\])?-(\d+)(?:\[(\d+)\])?(?:\.(\d+))?(?:\.(\d+))?$")
VISIBLE = re.compile(rb"<(x[0-9a-f]{2}|VT|FS|CR|LF)>")
NAMES = {b"VT": b"\x0b", b"FS": b"\x1c", b"CR": b"\r", b"LF": b"\n"}


def visible(text):
	"""Bytes of a readable text: <VT> <FS> <CR> <LF> and <x1b> stand for control bytes."""
	return VISIBLE.sub(lambda m: NAMES.get(m[1]) or bytes([int(m[1][1:], 16)]), text.encode())


def message(lines):
	"""One segment a line, each ended by a carriage return."""
	return visible("".join(line + "\r" for line in lines))


def batch(messages, control_id="B1", count=None):
	"""The messages between BHS and BTS."""
	count = len(messages) if count is None else count
	return (message([f"BHS|^~\\&|MONITOR|ICU|EHR|HOSP|20260110081500|||why|{control_id}"]) + b"".join(messages)
	        + message([f"BTS|{count}"]))


def frame(content):
	return b"\x0b" + content + b"\x1c\r"


def _segment(segments, name, nth):
	found = [i for i, s in enumerate(segments) if s.split("|")[0] == name]
	return found[nth - 1] if len(found) >= nth else None


def _split(path):
	match = PATH.match(path)
	if not match:
		raise ValueError(f"no path: {path}")
	name, nth, field, repetition, component, sub = match.groups()
	number = int(field)
	return name, int(nth or 1), number - 1 if name in ("MSH", "BHS", "FHS") else number, repetition, component, sub


def get(content, path):
	"""The text at a path such as OBX[2]-5.1; "" when it is not there. Delimiters are the usual ones."""
	name, nth, field, repetition, component, sub = _split(path)
	segments = content.decode("latin-1").split("\r")
	at = _segment(segments, name, nth)
	if at is None:
		return ""
	parts = segments[at].split("|")
	value = parts[field] if field < len(parts) else ""
	for delimiter, number in (("~", repetition), ("^", component), ("&", sub)):
		if number:
			parts = value.split(delimiter)
			value = parts[int(number) - 1] if int(number) <= len(parts) else ""
	return value


def set_(content, path, value):
	"""Content with a field, or a component of it, replaced."""
	name, nth, field, _, component, _ = _split(path)
	segments = content.decode("latin-1").split("\r")
	at = _segment(segments, name, nth)
	parts = segments[at].split("|")
	parts += [""] * (field + 1 - len(parts))
	if component:
		pieces = parts[field].split("^")
		pieces += [""] * (int(component) - len(pieces))
		pieces[int(component) - 1] = value
		value = "^".join(pieces)
	parts[field] = value
	segments[at] = "|".join(parts)
	return "\r".join(segments).encode("latin-1")


def answer(content, code, control_id=None):
	"""The answer an EHR gives."""
	control_id = get(content, "MSH-10") if control_id is None else control_id
	return message([f"MSH|^~\\&|EHR|HOSP|AFFERENT|HOSP|20260101000000||ACK^R01^ACK|A{control_id}|P|2.6",
	                f"MSA|{code}|{control_id}"])
