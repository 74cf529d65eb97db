# SPDX-License-Identifier: Apache-2.0
"""What the engine is held to with everything on: for each gate its figure, and whether gate and goal are met."""


# what, unit, gate, goal, the row of the figures, the key in it; shares are to be reached, others not to be passed
SHARE = "% of the yardstick"
GATES = (
	("64 connections", SHARE, 50, 60, ("ingest", "connections", 64), "share"),
	("256 connections", SHARE, 60, 70, ("ingest", "connections", 256), "share"),
	("2,000 connections", SHARE, 45, 55, ("ingest", "connections", 2000), "share"),
	("256 connections, forwarding", SHARE, 40, 50, ("forward", "connections", 256), "share"),
	("10,000 messages/s, forwarding: p50", "ms", 0.8, 0.6, ("open", "rate", 10000), "p50_ms"),
	("10,000 messages/s, forwarding: p99", "ms", 5, 2, ("open", "rate", 10000), "p99_ms"),
	("10,000 messages/s, forwarding: p99.9", "ms", 15, 8, ("open", "rate", 10000), "p999_ms"),
	("CPU a message, 256 connections", "us", 18, 14, ("ingest", "connections", 256), "cpu_us"),
	("CPU a message, 256 connections, forwarding", "us", 28, 22, ("forward", "connections", 256), "cpu_us"),
	("written a message byte, forwarding, sealed", "bytes", 1.0, 0.8, ("written",), "written_share"),
	("longest answer in a minute at half load", "ms", 50, 20, ("longest",), "max_ms"),
	("search by an id, a sealed million rows", "ms", 10, 5, ("search",), "id, sealed"),
	("search by an id, an open million rows", "ms", 200, 120, ("search",), "id, open"),
	("search for dead letters, a sealed million rows", "ms", 10, 5, ("search",), "dead, sealed"),
	("search for dead letters, an open million rows", "ms", 200, 120, ("search",), "dead, open"),
	("ten steps, 500 rows, 12 readings: read, changed, written", "us", 15, 12,
	 ("library", "step", "parse + 10 steps + write"), "us"),
	("start with a million messages pending", "s", 2, 1, ("restart",), "start_s"),
	("check of 500 channels", "ms", 1000, 200, ("check",), "ms"),
	("p99 at 1,000 messages/s while reloading, to that without", "times", 2, 1.5, ("reload",), "p99_ratio"),
	("table load, 100,000 rows", "ms", 300, 150, ("tables",), "load_ms"),
	("table lookup, 100,000 rows", "ns", 200, 150, ("tables",), "lookup_ns"),
	("table lookup of an unknown code", "ns", 400, 250, ("tables",), "unknown_ns"),
)


def row_of(figures, part, column=None, value=None):
	"""A part of the figures, or the row of its table with this value."""
	rows = figures.get(part)
	if rows is None or column is None:
		return rows
	return next((row for row in rows if row[column] == value), None)


def figure_of(row, key, who):
	"""Of the engine or the yardstick; what is of neither is the engine's."""
	if key in row:
		return row[key] if who == "engine" else None
	return row[who][key]


def met(value, unit, limit):
	return value >= limit if unit == SHARE else value <= limit


def judged(figures):
	"""A row for each gate whose figure was taken, with the yardstick's where it has one."""
	rows = []
	for what, unit, gate, goal, where, key in GATES:
		row = row_of(figures, *where)
		if row is None:
			continue
		value = figure_of(row, key, "engine") * (100 if unit == SHARE else 1)
		rows.append({"what": what, "unit": unit, "value": round(value, 3), "gate": gate, "goal": goal,
		             "yardstick": figure_of(row, key, "yardstick"),
		             "met": "goal" if met(value, unit, goal) else "gate" if met(value, unit, gate) else "no"})
	return rows
