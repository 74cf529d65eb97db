#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The figures: what the library needs for a message, and what the engine does on loopback beside the yardstick (a bare
group commit on the same disk) and beside its gates. Engine and yardstick take turns, medians over the rounds are shown;
everything goes to a JSON file too.

	bench.py --build build/gcc [--rounds N] [--seconds N] [--json FILE] [--only PART]...

library  parsing, checking, rendering            ingest   journaled and answered; the destination is down
floor    parsing beside what it takes at least   forward  the same with a destination that keeps up
idle     start, memory                           open     forwarding at fixed rates
longest  the longest answer at half load         written  bytes to the disk, sealing included
search   searching a million rows                restart  a start with a million messages pending
priority alarms past 100,000 observations        tables   a mapping table of 100,000 rows
check    a configuration of 500 channels         reload   answers while the engine reloads
"""

import argparse
import datetime
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import threading
import time

import gates
import library
import reloads
import tables
from rounds import MESSAGE, Bench, progress
import hl7
from peers import Device, Ehr
from servers import Behind, Clear, ClearForwarding, Engine, Forwarding, Pending, Sealing, Yardstick

INGEST = (64, 256, 2000)
FORWARD = (1, 16, 64, 256)
RATES = (1000, 10000, 25000)
LOADED = 256
OPEN_CONNECTIONS = 64
LONGEST_S, LONGEST_YARDSTICK_S = 60, 20
ROWS = 1000000


def ingest(bench, _):
	return [{"connections": c, **bench.compared(f"{c} connections", Engine, "--connections", c)} for c in INGEST]


def forward(bench, _):
	return [{"connections": c, **bench.compared(f"{c} connections, forwarding", Forwarding, "--connections", c)}
	        for c in FORWARD]


def open_loop(bench, _):
	return [{"rate": r, **bench.compared(f"{r} messages/s", Forwarding, "--connections", OPEN_CONNECTIONS, "--rate", r)}
	        for r in RATES]


def encryption(bench, _):
	"""With encryption and without, in turn: the medians of rate and CPU time, and of their ratios."""
	rows = []
	for kind, clear in ((Engine, Clear), (Forwarding, ClearForwarding)):
		runs = {kind: [], clear: []}
		for number in range(bench.rounds):
			for which in (kind, clear) if number % 2 else (clear, kind):
				progress(f"{which.__name__}, round {number + 1} of {bench.rounds}")
				runs[which].append(bench.one(which, "--connections", LOADED, "--seconds", bench.seconds))
		row = {"what": kind.__name__.lower()}
		for key in ("rate", "cpu_us"):
			row[key] = [statistics.median(run[key] for run in runs[which]) for which in (clear, kind)]
			row[f"{key}_ratio"] = statistics.median(b[key] / a[key] for a, b in zip(runs[clear], runs[kind]))
		rows.append(row)
	return rows


def longest(bench, figures):
	"""Half of what it reached with as many connections, in this run or in one more."""
	reached = [row["engine"]["rate"] for row in figures.get("forward", ()) if row["connections"] == LOADED]
	progress("half load")
	rate = reached[0] if reached else bench.one(Forwarding, "--connections", LOADED, "--seconds", bench.seconds)["rate"]
	half = ("--connections", LOADED, "--rate", int(rate / 2))
	progress(f"the longest answer: {int(rate / 2)} messages/s for {LONGEST_YARDSTICK_S} + {LONGEST_S} s")
	return {"rate": int(rate / 2), "yardstick": bench.one(Yardstick, *half, "--seconds", LONGEST_YARDSTICK_S),
	        "engine": bench.one(Forwarding, *half, "--seconds", LONGEST_S)}


def written(bench, _):
	progress("bytes written")
	return bench.one(Sealing, "--connections", LOADED, "--seconds", 2 * bench.seconds)


def search(bench, _):
	"""The slowest search by an id, and dead letters, in the open log file and when it is sealed."""
	progress(f"searching {ROWS} rows")
	result = subprocess.run([bench.program("journal"), "--writes", "0", "--rows", str(ROWS), "--folder", bench.work,
	                         "--message", MESSAGE], capture_output=True, text=True, check=False)
	if result.returncode:
		sys.exit(result.stderr)
	times = {"rows": ROWS, "times": {}}
	for what, state, ms in re.findall(r"^search (.*) \((open|sealed)\) +([0-9.]+) ms$", result.stdout, re.M):
		times["times"][f"{what}, {state}"] = float(ms)
		key = f"{'dead' if what == 'dead' else 'id'}, {state}"
		times[key] = max(float(ms), times.get(key, 0))
	return times


def idle(bench, _):
	runs = []
	for _ in range(bench.rounds):
		progress("start and idle memory")
		engine = Forwarding(bench)
		runs.append({"start_ms": engine.start_ms, "rss_mb": engine.rss_mb()})
		engine.stop()
	return {key: round(statistics.median(run[key] for run in runs), 1) for key in runs[0]}


def restart(bench, _):
	progress(f"a start with {Pending.messages} messages pending")
	engine = Pending(bench)
	row = {"pending": Pending.messages, "start_s": round(engine.start_ms / 1000, 2), "rss_mb": engine.rss_mb()}
	engine.stop()
	return row


def alarm(engine, device, control_id):
	"""Sends one; the time at which it was answered."""
	device.send(hl7.frame(hl7.message([f"MSH|^~\\&|M|ICU|EHR|H|20260110081500||ORU^R40^ORU_R40|{control_id}|P|2.6"])))
	device.answer()
	return time.monotonic()


def arrival(ehr, control_id):
	def place(items):
		return next((i for i, m in enumerate(items) if hl7.get(m, "MSH-10") == control_id), None)
	return ehr.messages.times[place(ehr.messages.wait(lambda items: place(items) is not None, "an alarm"))]


def priority(bench, _):
	"""How long an alarm takes past 100,000 observations: the worst of ten at a rate of 50 a second, and of ten from the
	moment at which a receiver listens again."""
	progress("alarms past 100,000 observations")
	engine = Behind(bench)
	device = Device(engine.port)
	paced = []
	for i in range(10):
		begin = alarm(engine, device, f"A{i}")
		paced.append(arrival(engine.ehr, f"A{i}") - begin)
	threading.Event().wait(5)  # the pauses between the tries have grown
	ehr = Ehr(engine.away)
	begin = time.monotonic()
	back = [arrival(ehr, f"A{i}") - begin for i in range(10)]
	engine.stop()
	return {"pending": Behind.messages, "paced_ms": round(1000 * max(paced), 1), "back_ms": round(1000 * max(back), 1)}


PARTS = {
	"library": lambda bench, _: library.library(bench),
	"floor": lambda bench, _: library.floor(bench),
	"idle": idle, "ingest": ingest, "forward": forward, "open": open_loop, "encryption": encryption,
	"longest": longest, "written": written,
	"search": search, "restart": restart, "priority": priority,
	"tables": lambda bench, _: tables.tables(bench),
	"check": reloads.check, "reload": reloads.reload,
}


def table(titles, rows):
	cells = [titles, *([str(cell) for cell in row] for row in rows)]
	widths = [max(len(row[i]) for row in cells) for i in range(len(titles))]
	for row in cells:
		print("  ".join(cell.ljust(width) if i == 0 else cell.rjust(width)
		                for i, (cell, width) in enumerate(zip(row, widths))).rstrip())
	print()


def show_library(rows):
	table(["library", "bytes", "step", "ns", "best", "ns/byte", "messages/s", "instructions", "allocations"],
	      [[r["message"], r["bytes"], r["step"], f"{r['ns']:.0f}", f"{r['best_ns']:.0f}", f"{r['ns'] / r['bytes']:.2f}",
	        f"{1e9 / r['ns']:,.0f}", r["instructions"] or "-", f"{r['allocations']:g}"] for r in rows])


def show_floor(rows):
	table(["parsing", f"floor ({library.FLOOR_MODEL}) ns", "parse ns", "ratio"],
	      [[row["message"], f"{row['floor_ns']:.0f}", f"{row['parse_ns']:.0f}", f"{row['ratio']:.2f}"] for row in rows])


def show_compared(title, key, rows):
	table([title, "yardstick/s", "engine/s", "share", "answer p50", "p99 ms", "yardstick p99", "p99.9 ms", "delivered",
	       "CPU us", "yardstick CPU"],
	      [[row[key], f"{row['yardstick']['rate']:,.0f}", f"{row['engine']['rate']:,.0f}",
	        f"{100 * row['share']:.0f} %", f"{row['engine']['p50_ms']:.2f}", f"{row['engine']['p99_ms']:.2f}",
	        f"{row['yardstick']['p99_ms']:.2f}", f"{row['engine']['p999_ms']:.2f}",
	        f"{100 * row['engine']['delivered_share']:.0f} %" if "delivered" in row["engine"] else "-",
	        f"{row['engine']['cpu_us']:.0f}", f"{row['yardstick']['cpu_us']:.0f}"] for row in rows])


def show_others(figures):
	if "longest" in figures:
		row = figures["longest"]
		print(f"at half load, {row['rate']:,} messages/s: longest answer in {LONGEST_S} s "
		      f"{row['engine']['max_ms']:.1f} ms; of the yardstick in {LONGEST_YARDSTICK_S} s "
		      f"{row['yardstick']['max_ms']:.1f} ms")
	if "written" in figures:
		row = figures["written"]
		print(f"written a message byte: {row['written_share']:.2f}, {row['files']} log files, "
		      f"{row['acked']:,} messages of {row['bytes']} bytes")
	if "search" in figures:
		print("search: " + "; ".join(f"{what} {ms:.1f} ms" for what, ms in figures["search"]["times"].items()))
	if "restart" in figures:
		row = figures["restart"]
		print(f"ready with {row['pending']:,} messages pending after {row['start_s']:.2f} s, "
		      f"{row['rss_mb']:.0f} MB")
	if "priority" in figures:
		row = figures["priority"]
		print(f"alarms past {row['pending']:,} observations: after {row['paced_ms']:.0f} ms at a rate of 50 a second, "
		      f"{row['back_ms']:.0f} ms after the receiver is back")
	if "tables" in figures:
		row = figures["tables"]
		print(f"a mapping table of {row['rows']:,} rows: read and checked in {row['load_ms']:.0f} ms, a row found in "
		      f"{row['lookup_ns']:.0f} ns, told that there is none in {row['unknown_ns']:.0f} ns")
	if "check" in figures:
		row = figures["check"]
		print(f"a check of {row['channels']} channels of ten steps: {row['ms']:.0f} ms")
	if "reload" in figures:
		row = figures["reload"]
		print(f"{row['rate']:,} messages/s while {row['reloads']} reloads: answers p99 {row['with']['p99_ms']:.2f} ms, "
		      f"longest {row['with']['max_ms']:.1f} ms; without: {row['without']['p99_ms']:.2f} ms, "
		      f"{row['without']['max_ms']:.1f} ms")
	if "idle" in figures:
		row = figures["idle"]
		print(f"start to listening {row['start_ms']:.0f} ms, idle memory {row['rss_mb']:.1f} MB")
	print()


def show(figures):
	print(f"\n{figures['date']}  {figures['machine']}  {figures['version']}\n")
	if "library" in figures:
		show_library(figures["library"])
	if figures.get("floor"):
		show_floor(figures["floor"])
	if "ingest" in figures:
		show_compared("journaled only: connections", "connections", figures["ingest"])
	if "forward" in figures:
		show_compared("forwarding: connections", "connections", figures["forward"])
	if "open" in figures:
		show_compared("forwarding: messages/s due", "rate", figures["open"])
	if "encryption" in figures:
		table(["encryption", "clear/s", "encrypted/s", "ratio", "clear CPU us", "encrypted CPU us", "ratio"],
		      [[row["what"], *(f"{rate:,.0f}" for rate in row["rate"]), f"{row['rate_ratio']:.2f}",
		        *(f"{us:.1f}" for us in row["cpu_us"]), f"{row['cpu_us_ratio']:.2f}"] for row in figures["encryption"]])
	show_others(figures)
	if figures["gates"]:
		table(["held to", "figure", "gate", "goal", "", "met", "yardstick"],
		      [[row["what"], f"{row['value']:g}", f"{row['gate']:g}", f"{row['goal']:g}", row["unit"], row["met"],
		        "" if row["yardstick"] is None else f"{row['yardstick']:g}"] for row in figures["gates"]])


def machine():
	with open("/proc/cpuinfo", encoding="utf-8") as file:
		model = re.search(r"model name\s*:\s*(.*)", file.read())
	return f"{os.cpu_count()} x {model[1] if model else platform.machine()}, Linux {platform.release()}"


def main():
	parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
	parser.add_argument("--build", default="build/gcc")
	parser.add_argument("--rounds", type=int, default=3)
	parser.add_argument("--seconds", type=int, default=2)
	parser.add_argument("--json")
	parser.add_argument("--only", action="append", choices=PARTS)
	arguments = parser.parse_args()
	bench = Bench(arguments.build, arguments.rounds, arguments.seconds)
	version = subprocess.run([bench.afferent, "version"], stdout=subprocess.PIPE, text=True, check=True).stdout
	figures = {"date": datetime.date.today().isoformat(), "machine": machine(), "version": version.split("\n")[0],
	           "rounds": bench.rounds}
	try:
		for part in arguments.only or PARTS:
			figures[part] = PARTS[part](bench, figures)
	finally:
		bench.close()
	progress("")
	figures["gates"] = gates.judged(figures)
	show(figures)
	if arguments.json:
		with open(arguments.json, "w", encoding="utf-8") as file:
			json.dump(figures, file, indent=1)
			file.write("\n")


if __name__ == "__main__":
	main()
