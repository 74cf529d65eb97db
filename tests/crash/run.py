#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The promise behind an AA: senders under load, the engine is killed with SIGKILL in the middle of it, or while it
starts, again and again. What a sender had no answer to it sends again, byte by byte, when the engine is back. After the
last start every message that was ever acknowledged is in the journal exactly once, beside the duplicates, and has
reached the destination at least once and always with the same key, each connection's messages in order.

	run.py --afferent build/gcc/afferent [--cycles N] [--senders N] [--acks N]
"""

import argparse
import os
import shutil
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "scenario"))

from peers import Failure  # noqa: E402
from trial import Trial  # noqa: E402


class Kill:
	journal, deafens = "journal", False

	def prepare(self, folder):
		pass

	def cut(self, engine, starting):
		engine.kill()

	def clean(self):
		pass


def arguments_of(cycles):
	parser = argparse.ArgumentParser()
	parser.add_argument("--afferent", default="build/gcc/afferent")
	parser.add_argument("--cycles", type=int, default=cycles)
	parser.add_argument("--senders", type=int, default=8)
	parser.add_argument("--acks", type=int, default=250, help="at most so many a cycle, about")
	parser.add_argument("--verify-every", type=int, default=5, help="verify the journal after each Nth cut")
	arguments = parser.parse_args()
	if not os.access(arguments.afferent, os.X_OK):
		sys.exit(f"FAIL: there is no {arguments.afferent}; run make first")
	return arguments


def main(what, how, cycles):
	arguments = arguments_of(cycles)
	folder = tempfile.mkdtemp(prefix="afferent-crash-")
	trial = None
	try:
		trial = Trial(arguments, folder, how)
		trial.run(arguments.cycles, arguments.verify_every)
	except Failure as failure:
		print(f"FAIL {what}: {failure}")
		if trial:
			print("\n".join("    | " + line for line in trial.engine.lines()[-15:]))
		print("0 passed, 1 failed, 0 skipped")
		sys.exit(1)
	finally:
		how.clean()
		shutil.rmtree(folder, ignore_errors=True)
	print("1 passed, 0 failed, 0 skipped")


if __name__ == "__main__":
	main("crash", Kill(), 20)
